"""The endpoint that writes: what is sent, what is tried again, what ends the work and what only one question."""

import asyncio
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
from attempts import Attempts

from omni_persona_people.errors import PoolError
from omni_persona_people.refine.cache import ReplyCache
from omni_persona_people.refine.client import ChatClient, NoReplyError, RefusalError

KEY = "sk-very-secret"
ASKED = [{"role": "system", "content": "s"}, {"role": "user", "content": '{"facts": {}}'}]
SCHEMA = {"type": "object"}


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def ask(model, times=1, **settings):
    async def work():
        async with ChatClient(model.url, "org/m", **{"first_wait": 0.01, **settings}) as client:
            return [await client.reply(ASKED, SCHEMA) for _ in range(times)]

    return asyncio.run(work())


def scripted(*replies):
    """Answers one after the other; the last one again and again."""
    left = list(replies)
    return lambda payload, turn: left.pop(0) if len(left) > 1 else left[0]


def test_a_request_is_a_chat_completion_with_a_schema_and_the_key(fake):
    with fake.serving(scripted({"a": 1})) as model:
        assert ask(model) == ['{"a": 1}']
    (request,) = model.requests
    assert request["messages"] == ASKED
    assert (request["model"], request["temperature"], request["max_tokens"]) == ("org/m", 0.0, 8192)
    assert request["response_format"]["type"] == "json_schema"
    assert request["response_format"]["json_schema"]["schema"] == SCHEMA
    assert model.headers[0]["authorization"] == f"Bearer {KEY}"


def test_the_key_comes_from_the_named_variable(fake, monkeypatch):
    monkeypatch.setenv("OTHER", "sk-other")
    monkeypatch.delenv("OPENAI_API_KEY")
    with fake.serving(scripted({"a": 1})) as model:
        ask(model, api_key_env="OTHER")
        ask(model)
    assert [one["authorization"] for one in model.headers] == ["Bearer sk-other", "Bearer none"]


@pytest.mark.parametrize("trouble", [(429, "slow down"), (500, "oops"), (503, {}), "CUT", b"{"], ids=str)
def test_what_passes_is_tried_again(fake, trouble):
    trouble = fake.CUT if trouble == "CUT" else (502, trouble) if isinstance(trouble, bytes) else trouble
    with fake.serving(scripted(trouble, trouble, {"a": 1})) as model:
        assert ask(model) == ['{"a": 1}']
    assert len(model.requests) == 3


def test_a_server_that_hangs_is_left_after_the_time_out(fake, monkeypatch):
    attempts = Attempts(monkeypatch, lambda *_: None)
    with fake.serving() as model:
        model.delay = 0.6
        with pytest.raises(NoReplyError, match="timed out"):
            ask(model, timeout=0.1, attempts=2)
    assert attempts.count == 2


def test_errors_that_stay_concern_one_question_until_there_are_many_in_a_row(fake):
    with fake.serving(scripted((500, "oops"))) as model:
        with pytest.raises(NoReplyError, match="the server replied 500: oops"):
            ask(model, attempts=2)
        assert len(model.requests) == 2
        with pytest.raises(PoolError, match=r"no reply to 1 questions in a row.*repeat the command to continue"):
            ask(model, attempts=1, give_up_after=1)


@pytest.mark.parametrize(("status", "says"), [(401, "API key"), (403, "forbids"), (404, "no such model")])
def test_what_no_question_can_change_ends_the_work_at_once(fake, status, says):
    # What a server forbids may be one question: it is asked another one, and only then is it over.
    n_requests = 2 if status == 403 else 1
    with fake.serving(scripted((status, f"no {KEY}"))) as model, pytest.raises(PoolError, match=says) as caught:
        ask(model)
    assert len(model.requests) == n_requests
    assert "org/m" in str(caught.value)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_web_page_is_no_endpoint(fake):
    with (
        fake.serving(scripted(b"<html>Welcome</html>")) as model,
        pytest.raises(PoolError, match="no OpenAI-compatible"),
    ):
        ask(model)


def test_a_server_that_knows_no_schemas_is_asked_without_from_then_on(fake):
    def answer(payload, turn):
        return (400, "response_format is not supported") if "response_format" in model.requests[-1] else {"a": 1}

    with fake.serving(answer) as model:
        assert ask(model, times=2) == ['{"a": 1}'] * 2
    assert ["response_format" in request for request in model.requests] == [True, False, False]


def test_a_request_that_is_refused_either_way_takes_no_schemas_away(fake):
    replies = scripted((400, "too long"), (400, "too long"), {"a": 1})
    with fake.serving(replies) as model:

        async def work():
            async with ChatClient(model.url, "org/m", first_wait=0.01) as client:
                with pytest.raises(NoReplyError, match="replied 400: too long"):
                    await client.reply(ASKED, SCHEMA)
                await client.reply(ASKED, SCHEMA)

        asyncio.run(work())
    assert ["response_format" in request for request in model.requests] == [True, False, True]


def test_newer_names_are_taken_up(fake):
    def answer(payload, turn):
        request = model.requests[-1]
        if "max_tokens" in request:
            return 400, "use max_completion_tokens"
        return (400, "temperature has to be 1") if "temperature" in request else {"a": 1}

    with fake.serving(answer) as model:
        ask(model, times=2)
    assert len(model.requests) == 4
    assert model.requests[-1]["max_completion_tokens"] == 8192


def test_refusals_and_silence_are_told_apart_from_replies(fake):
    for reply, reason in (
        (fake.completion(None, refusal="I will not."), "refused: I will not."),
        (fake.completion("x", finish="content_filter"), "content filter"),
        (fake.completion("  "), "an empty answer"),
        (fake.completion("<think>hm</think>"), "an empty answer"),
        (fake.completion(None, finish="length"), "an empty answer, cut at 8192 tokens"),
        (fake.completion("x" * 100_001), "100001 characters"),
    ):
        with fake.serving(scripted(reply)) as model, pytest.raises(RefusalError, match=reason):
            ask(model)


def test_thinking_is_no_part_of_a_reply_and_the_key_is_never_in_it(fake):
    with fake.serving(scripted(f'<think>{{"b": 2}}</think>{{"a": "{KEY} \\ud83d"}}')) as model:
        (text,) = ask(model)
    assert text == '{"a": "*** \\ud83d"}'


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x/v1", "http://", "http://user:pw@/v1"])
def test_an_address_has_to_be_one_and_a_model_a_name(url):
    with pytest.raises(PoolError, match="expected an endpoint such as") as caught:
        ChatClient(url, "m")
    assert "pw" not in str(caught.value)
    for name in ("", "a b", "a`b", "a" * 201):
        with pytest.raises(PoolError, match="expected the name of a model"):
            ChatClient("http://x/v1", name)


def test_nobody_there_is_reported():
    with socket.socket() as nobodys:
        nobodys.bind(("127.0.0.1", 0))  # and does not listen
        there = SimpleNamespace(url=f"http://127.0.0.1:{nobodys.getsockname()[1]}/v1")
        with pytest.raises(PoolError, match="no connection to http"):
            ask(there, attempts=2)


def test_replies_are_kept_by_model_and_messages(tmp_path):
    file = tmp_path / "deep" / "cache.jsonl"
    cache = ReplyCache(file, "m")
    assert cache.get(ASKED) is None
    cache.put(ASKED, "half \ud83d")
    for other in (ReplyCache(file, "m"), cache):
        assert other.get(ASKED) == "half \ud83d"
        assert other.get(ASKED[:1]) is None
    assert ReplyCache(file, "n").get(ASKED) is None
    assert KEY not in file.read_text()


@pytest.mark.parametrize("half", [b'{"key": "a', b"\xff\xfe", b"[1]\n", b'{"key": 1}\n'])
def test_a_line_that_is_no_record_is_passed_over_and_the_next_one_kept(tmp_path, half):
    file = tmp_path / "cache.jsonl"
    ReplyCache(file, "m").put(ASKED, "one")
    with file.open("ab") as stream:
        stream.write(half)
    cache = ReplyCache(file, "m")
    assert cache.get(ASKED) == "one"
    cache.put(ASKED[:1], "two")
    assert (ReplyCache(file, "m").get(ASKED), ReplyCache(file, "m").get(ASKED[:1])) == ("one", "two")


def test_reading_a_pool_needs_no_client():
    script = "import sys, omni_persona_people.pool; print('openai' in sys.modules, 'tenacity' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "False False\n"
