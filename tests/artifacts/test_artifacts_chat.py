"""One policy for all who ask a server: runner, refining and judge, against every shape, status and dialect."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import re
import socket
import time

import numpy as np
import pytest
import soundfile
from faulty_server import CUT, Reply, completion, error, serving, stream
from PIL import Image

import omni_persona
from omni_persona import Context, Item, Media
from omni_persona_artifacts.chat import ChatClient, EndpointError, form_of, run_blocking
from omni_persona_cal import JudgeError, make_judge
from omni_persona_people.errors import PoolError
from omni_persona_people.refine.client import ChatClient as RefiningClient
from omni_persona_people.refine.client import NoReplyError, RefusalError
from omni_persona_runner.endpoint import EndpointModel
from omni_persona_runner.model import LoadError, ModelError

KEY = "sk-very-secret-key"


class EndedError(Exception):
    """The work ended: no question can be answered."""


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def _picture():
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 30, 30)).save(buffer, "PNG")
    return Media(buffer.getvalue(), "p.png")


def _clip():
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.2 * np.sin(np.arange(800) / 5), 8000, format="WAV", subtype="PCM_16")
    return Media(buffer.getvalue(), "c.wav")


PICTURE, CLIP = _picture(), _clip()


def item(number):
    return Item(
        augmented_id=f"sample_{number}__aug_0",
        source_sample_id=f"sample_{number}",
        task=omni_persona.TASKS["voice_to_bio"],
        absence="none",
        target_concept_id="concept_0",
        contexts=(Context("concept_0", PICTURE, CLIP, "She is a nurse.", True),),
        query_image=None,
        query_audio=CLIP,
        query_text=f"question {number}",
        gold_answer="nurse",
        asked_subfield="role",
    )


def by_runner(url, numbers, *, concurrency=4, timeout=5.0, **settings):
    """Each answer, or `failed: ` and why."""
    model = EndpointModel(url, "m", concurrency=concurrency, timeout=timeout, first_wait=0.01, **settings)
    try:
        outcomes = {one.item_id: one for one in model.answer(item(number) for number in numbers)}
    except LoadError as ended:
        raise EndedError(str(ended)) from None
    found = [outcomes[item(number).augmented_id] for number in numbers]
    return [f"failed: {one.message}" if isinstance(one, ModelError) else one.text for one in found]


def by_judge(url, numbers, *, concurrency=4, timeout=5.0, **settings):
    options = {"longest_pause": 0.01, "concurrency": concurrency, "timeout": timeout, **settings}
    judge = make_judge("openai", {"model": "m", "base_url": url, **options})
    try:
        said = judge.judge([("nurse", f"question {number}") for number in numbers])
    except JudgeError as ended:
        raise EndedError(str(ended)) from None
    return [f"failed: {one.raw}" if one.verdict == "UNJUDGED" else one.verdict for one in said]


def by_refining(url, numbers, *, concurrency=4, timeout=5.0, **settings):
    async def work():
        places = asyncio.Semaphore(concurrency)
        async with RefiningClient(url, "m", timeout=timeout, first_wait=0.01, **settings) as client:

            async def ask(number):
                messages = [{"role": "system", "content": "s"}, {"role": "user", "content": f"question {number}"}]
                async with places:
                    try:
                        return await client.reply(messages, {"type": "object"})
                    except (NoReplyError, RefusalError) as failed:
                        return f"failed: {failed}"

            return await asyncio.gather(*(ask(number) for number in numbers))

    try:
        return asyncio.run(work())
    except PoolError as ended:
        raise EndedError(str(ended)) from None


ASKERS = [by_runner, by_judge, by_refining]
everybody = pytest.mark.parametrize("ask", ASKERS, ids=["runner", "judge", "refining"])
N = 6
BAD = 3


# ---- replies that hold an answer, whatever their shape

GOOD = {
    "a text": completion(),
    "a list of parts": completion([{"type": "text", "text": "COR"}, {"type": "text", "text": "RECT"}]),
    "one part": completion({"type": "text", "text": "CORRECT"}),
    "a part of an unknown type": completion([{"type": "tool"}, "CORRECT"]),
    "a part with thoughts": completion(
        [{"type": "thinking", "thinking": [{"type": "text", "text": "WRONG"}]}, {"type": "text", "text": "CORRECT"}]
    ),
    "thoughts beside it": completion(message={"reasoning_content": "WRONG, I first thought"}),
    "thoughts within it": completion("<think>WRONG? No.</think>CORRECT"),
    "no usage": completion(usage=None),
    "a usage that is none": completion(usage=[1, 2]),
    "counts that are none": completion(usage={"prompt_tokens": "many", "completion_tokens": -3}),
    "two choices": completion(
        choices=[{"message": {"content": text}, "finish_reason": "stop"} for text in ("CORRECT", "WRONG")]
    ),
    "an empty error": completion(error=None),
    "a refusal of nothing": completion(message={"refusal": ""}),
    "a reason to finish that nobody knows": completion(finish={"odd": 1}),
    "no reason to finish": completion(finish=None),
    "plain text that is JSON": Reply(completion(), kind="text/plain"),
    "a stream": stream(
        {"choices": [{"delta": {"role": "assistant", "content": None}}]},
        {"choices": [{"delta": {"reasoning_content": "WRONG"}}]},
        {"choices": [{"delta": {"content": "COR"}}]},
        {"choices": [{"delta": {"content": "RECT"}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 3}},
    ),
}


@everybody
def test_an_answer_is_found_in_whatever_shape(ask):
    shapes = list(GOOD)
    with serving(lambda number, body: GOOD[shapes[number]]) as server:
        said = dict(zip(shapes, ask(server.url, range(len(shapes))), strict=True))
    assert said == dict.fromkeys(shapes, "CORRECT")
    assert set(server.asked.values()) == {1}


# ---- one bad question among good ones

ONCE, AGAIN = 1, 6
FAILS = {
    "403": (error(403, "moderation"), "403: moderation", ONCE),
    "400": (error(400, "the picture is odd"), "400: the picture is odd", ONCE),
    "413": (error(413, "a large request"), "413: a large request", ONCE),
    "422 with details": (
        Reply({"detail": [{"loc": ["body", "x"], "msg": "no", "input": "…" * 5000}]}, 422),
        "422: body.x: no",
        ONCE,
    ),
    "429": (error(429, "slow down"), "429: slow down", AGAIN),
    "500": (error(500, "no memory"), "500: no memory", AGAIN),
    "502 in HTML": (Reply(b"<html>Bad gateway</html>", 502, kind="text/html"), "502: <html>Bad gateway", AGAIN),
    "408": (error(408, "late"), "408: late", AGAIN),
    "a body that is no text": (Reply(b"\xff\xfe\x00", 500), "500", AGAIN),
    "cut": (CUT, "connection was cut", 4),
    "half a body": (Reply(b'{"id": "x", "cho'), "expected JSON", 4),
    "a body shorter than told": (
        Reply(b'{"id": ', headers={"content-length": "5000", "connection": "close"}),
        "connection was cut",
        4,
    ),
    "HTML": (Reply(b"<html>Welcome</html>", kind="text/html"), "no OpenAI-compatible endpoint", ONCE),
    "nothing": (Reply(b""), "expected JSON", 4),
    "a list": (Reply([1, 2]), "expected a chat completion", 4),
    "a number": (Reply(7), "expected a chat completion", 4),
    "200,000 brackets": (Reply(b"[" * 200_000), "expected JSON", 4),
    "200,000 brackets that close": (Reply(b"[" * 200_000 + b"]" * 200_000), "expected", 4),
    "choices a dict": (completion(choices={"0": {}}), "expected choices to be a list", 4),
    "choices null": (completion(choices=None), "without choices", 4),
    "choices empty": (completion(choices=[]), "without choices", 4),
    "choices of texts": (completion(choices=["CORRECT"]), "expected a choice to be an object", 4),
    "message a string": (completion(choices=[{"message": "CORRECT"}]), "expected message to be an object", 4),
    "message missing": (completion(choices=[{"text": "CORRECT"}]), "without choices", 4),
    "content a number": (completion(7), "expected content to be a text", 4),
    "an error with 200": (Reply({"error": {"message": "the provider is down"}}), "the provider is down", ONCE),
    "an error of one word with 200": (Reply({"error": "overloaded"}), "overloaded", ONCE),
    "an error that names 502, with 200": (Reply({"error": {"message": "upstream", "code": 502}}), "upstream", AGAIN),
    "an error in a choice": (
        completion(choices=[{"error": {"message": "upstream", "code": 502}, "finish_reason": "error"}]),
        "upstream",
        AGAIN,
    ),
    "an error in a stream": (stream({"error": {"message": "upstream", "code": 503}}), "upstream", AGAIN),
    "a stream without an end": (
        stream({"choices": [{"delta": {"content": "CORRECT"}}]}, done=False),
        "a stream without an end",
        4,
    ),
    "a reply that never ends": (Reply(b" " * 2**16, endless=True), "a reply of more than 8388608 bytes", ONCE),
    "an error that never ends": (Reply(b"x" * 2**16, 400, endless=True), "400: xxx", ONCE),
    "compressed": (
        Reply(gzip.compress(json.dumps(completion()).encode()), headers={"content-encoding": "gzip"}),
        "encoded as",
        4,
    ),
    "sent on": (Reply(b"", 307, {"location": "http://127.0.0.1:9/v1"}), "http://127.0.0.1:9/v1, which is not", ONCE),
}


@everybody
def test_one_bad_question_costs_no_other(ask):
    """Every fault at one question, with a good one after each."""
    faults = list(FAILS)
    numbers = range(2 * len(faults))
    with serving(lambda number, body: None if number % 2 else FAILS[faults[number // 2]][0]) as server:
        said = ask(server.url, numbers, timeout=20.0)
    assert set(said[1::2]) == {"CORRECT"}
    told = {
        fault: (failed[:300], server.asked[2 * place])
        for place, (fault, failed) in enumerate(zip(faults, said[::2], strict=True))
    }
    expected = {}
    for fault, (reply, reason, n_sent) in FAILS.items():
        assert told[fault][0].startswith("failed: ")
        assert re.search(reason, told[fault][0]), (fault, told[fault])
        # Refining asks once more without a schema where a request is refused as such.
        refused = ask is by_refining and isinstance(reply, Reply) and reply.status in (400, 422)
        expected[fault] = n_sent + refused
    assert {fault: n_sent for fault, (_, n_sent) in told.items()} == expected
    assert max(map(len, said)) < 400


NO_ANSWER = {
    "a filter": (completion("CORRECT", "content_filter"), "content filter"),
    "an error": (completion("CORRECT", "error"), "broken off by an error"),
    "a refusal": (completion(None, message={"refusal": "I will not."}), "refused: I will not."),
    "a refusal object": (completion(None, message={"refusal": {"message": "No faces."}}), "refused: No faces."),
    "a refusal in parts": (completion([{"type": "refusal", "refusal": "I will not."}]), "refused: I will not."),
    "a refusal in a stream": (
        stream({"choices": [{"delta": {"refusal": "I will not."}, "finish_reason": "stop"}]}),
        "refused: I will not.",
    ),
}


@everybody
def test_a_reply_that_is_no_answer_fails_its_question_and_says_why(ask):
    shapes = list(NO_ANSWER)
    with serving(lambda number, body: NO_ANSWER[shapes[number]][0] if number < len(shapes) else None) as server:
        *said, last = ask(server.url, range(len(shapes) + 1))
    assert last == "CORRECT"
    for shape, failed in zip(shapes, said, strict=True):
        assert failed.startswith("failed: ")
        assert NO_ANSWER[shape][1] in failed, shape


@everybody
def test_a_drip_is_left_after_the_time_that_a_reply_may_take(ask):
    with serving(lambda number, body: Reply(b" ", drip=0.05) if number == BAD else None) as server:
        start = time.monotonic()
        said = ask(server.url, range(N), timeout=0.4)
        assert time.monotonic() - start < 20
    assert said[BAD].startswith("failed: ")
    assert "timed out" in said[BAD]
    assert said.count("CORRECT") == N - 1


@everybody
def test_what_passes_is_tried_until_it_has_passed(ask):
    def script(number, body):
        return [error(429, headers={"retry-after": "0"}), error(503), CUT, None][min(server.asked[number] - 1, 3)]

    with serving(script) as server:
        assert ask(server.url, range(N)) == ["CORRECT"] * N


# ---- what ends the work

ENDS = {
    "401": (error(401, f"bad key {KEY}"), "does not accept the API key"),
    "402": (error(402, "pay first"), "asks for payment"),
    "404": (error(404, "no model m"), "has no such model"),
    "405": (Reply(b"<html>", 405, kind="text/html"), "no /chat/completions at this address"),
    "no credit": (error(429, "You exceeded your quota", code="insufficient_quota"), "no credit left"),
    "401 with 200": (Reply({"error": {"message": "bad key", "code": 401}}), "does not accept the API key"),
}


@everybody
@pytest.mark.parametrize("fault", ENDS)
@pytest.mark.parametrize("after", [0, 4])
def test_what_no_question_can_change_ends_the_work_at_once(ask, fault, after):
    reply, reason = ENDS[fault]
    with serving(lambda number, body: None if number < after else reply) as server, pytest.raises(EndedError) as ended:
        ask(server.url, range(20), concurrency=2)
    assert len(server.requests) <= after + 4
    assert reason in str(ended.value)
    assert server.url in str(ended.value)
    assert KEY not in str(ended.value)
    assert "\n" not in str(ended.value)


@everybody
@pytest.mark.parametrize("fault", ["403", "HTML", "sent on"])
def test_what_stands_for_all_questions_ends_the_work_before_anything_was_answered(ask, fault):
    with serving(lambda number, body: FAILS[fault][0]) as server, pytest.raises(EndedError, match=FAILS[fault][1]):
        ask(server.url, range(20), concurrency=2)
    assert len(server.requests) <= 4


@everybody
def test_the_same_at_the_first_question_alone_costs_that_one(ask):
    """The server is asked whether it is there, before its refusal of one question is taken for one of all."""
    with serving(lambda number, body: error(403, "moderation") if number == 0 else None) as server:
        said = ask(server.url, range(3), concurrency=1)
    assert said[1:] == ["CORRECT"] * 2
    assert "403: moderation" in said[0]
    assert server.asked[-1] == 1


@everybody
def test_nobody_there_ends_the_work(ask):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(EndedError, match=f"no connection to {url}: "):
            ask(url, range(20))


# ---- servers differ


def refusing(*names):
    """Refuses each of some settings, one at a time, as OpenAI does."""

    def script(number, body):
        for name in names:
            if name in body:
                return error(400, f"Unsupported parameter: '{name}' is not supported with this model.", param=name)
        return None

    return script


@everybody
@pytest.mark.parametrize("names", [("temperature",), ("max_tokens",), ("temperature", "max_tokens")], ids="+".join)
def test_what_a_server_refuses_is_left_out_for_all_requests_under_way(ask, names):
    with serving(refusing(*names)) as server:
        assert ask(server.url, range(24), concurrency=8) == ["CORRECT"] * 24
    # Those under way at first are refused, and no other.
    assert len(server.requests) <= 24 + 8 * len(names)
    last = server.requests[-1]
    assert not set(names) & set(last)
    assert ("max_completion_tokens" in last) == ("max_tokens" in names)


@everybody
def test_a_question_that_is_too_long_changes_nothing_for_the_others(ask):
    long = error(400, "max_tokens is too large: this model's maximum context length is 9 tokens")
    with serving(lambda number, body: long if number == BAD else None) as server:
        said = ask(server.url, range(12), concurrency=1)
    assert said.count("CORRECT") == 11
    assert all("max_tokens" in body for body in server.requests)


def clips(body):
    parts = [
        part for message in body["messages"] if isinstance(message["content"], list) for part in message["content"]
    ]
    return [part for part in parts if "audio" in part["type"]]


def test_clips_are_written_as_the_dialect_says():
    for dialect in ("openai", "audio_url", "data-uri"):
        with serving() as server:
            assert by_runner(server.url, [0], dialects=[dialect]) == ["CORRECT"]
        first, second = clips(server.requests[0])
        assert first == second
        if dialect == "audio_url":
            assert first["type"] == "audio_url"
            assert first["audio_url"]["url"].startswith("data:audio/wav;base64,UklGR")
        else:
            data = first["input_audio"]["data"]
            assert data.startswith("UklGR" if dialect == "openai" else "data:audio/wav;base64,UklGR")


@pytest.mark.parametrize("taken", ["audio_url", "data-uri"])
def test_a_server_that_takes_no_input_audio_is_given_another_form_of_clips(taken):
    def script(number, body):
        (clip, _) = clips(body)
        is_url = clip["type"] == "audio_url"
        is_uri = not is_url and clip["input_audio"]["data"].startswith("data:")
        if (taken == "audio_url" and is_url) or (taken == "data-uri" and is_uri):
            return None
        return error(400, f"Invalid value: '{clip['type']}'. The audio is not as supported.", param="messages[1]")

    with serving(script) as server:
        assert by_runner(server.url, range(24), concurrency=8) == ["CORRECT"] * 24
    assert len(server.requests) <= 24 + 16


def test_a_server_that_hears_nothing_fails_items_and_keeps_its_form():
    with serving(lambda number, body: error(400, "this model takes no audio") if clips(body) else None) as server:
        assert set(by_runner(server.url, range(3), concurrency=1)) == {
            "failed: the server replied 400: this model takes no audio"
        }
    assert len(server.requests) == 9


def test_replies_come_in_parts_by_dialect_or_where_a_server_insists():
    events = [{"choices": [{"delta": {"content": "CORRECT"}, "finish_reason": "stop"}]}]

    def script(number, body):
        return stream(*events) if body.get("stream") else error(400, "This model only supports stream mode.")

    with serving(script) as server:
        assert by_runner(server.url, range(8), dialects=["stream"]) == ["CORRECT"] * 8
        assert by_runner(server.url, range(8), concurrency=1) == ["CORRECT"] * 8
    assert len(server.requests) == 17
    assert server.requests[0]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(("dialects", "reason"), [(["mp3"], "among openai"), (["audio_url", "data-uri"], "one way")])
def test_dialects_are_known_and_one_for_clips(dialects, reason):
    with pytest.raises(ValueError, match=reason):
        form_of(dialects)


# ---- secrets


@everybody
def test_no_secret_of_an_address_or_a_header_comes_back(ask):
    """A server that echoes all headers and its address, as an answer and as errors."""

    def script(number, body):
        echo = json.dumps(server.headers[-1]) + server.paths[-1] + "secret%20word letmein-12345"
        replies = [
            completion(f"CORRECT {echo}"),
            error(500, echo),
            error(400, echo),
            completion(None, message={"refusal": echo}),
        ]
        return replies[number % 4]

    with serving(script) as server:
        url = server.url.replace("http://", "http://me:secret%20word@") + "?api_key=letmein-12345"
        said = ask(url, range(8))
    assert server.paths[0] == "/v1/chat/completions?api_key=letmein-12345"
    told = "\n".join(said)
    for secret in (KEY, "secret%20word", "secret word", "letmein-12345", "bWU6c2VjcmV0IHdvcmQ="):
        assert secret not in told, secret


@everybody
def test_a_redirect_takes_nothing_elsewhere(ask):
    with serving() as elsewhere:
        location = {"location": elsewhere.url + "/chat/completions?token=abcdefgh"}
        with serving(lambda number, body: Reply(b"", 307, location)) as server, pytest.raises(EndedError) as ended:
            ask(server.url, range(4))
        assert elsewhere.requests == []
    assert f"sends requests on to {elsewhere.url}/chat/completions, which is not followed" in str(ended.value)
    assert "abcdefgh" not in str(ended.value)


@everybody
@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://x/v1", "http://", "http://me:secretword@/v1", "http://x:port"]
)
def test_an_address_has_to_be_one(ask, url):
    with pytest.raises((ValueError, EndedError), match="expected an endpoint such as") as told:
        ask(url, [0])
    assert "secretword" not in str(told.value)


def test_work_is_done_where_an_event_loop_runs():
    async def notebook():
        return run_blocking(lambda: asyncio.sleep(0, "done"))

    assert asyncio.run(notebook()) == run_blocking(lambda: asyncio.sleep(0, "done")) == "done"


def test_a_client_serves_one_block_after_the_other():
    """Each in a loop of its own, and with nothing left over of what ended the one before."""
    client = ChatClient("http://127.0.0.1:9/v1", "m", first_wait=0.01)

    async def ask(url):
        client._target = f"{url}/chat/completions"
        async with client:
            return (await client.ask([{"role": "user", "content": "question 1"}], {})).text

    with serving(lambda number, body: error(403)) as server, pytest.raises(EndpointError):
        asyncio.run(ask(server.url))
    with serving() as server:
        assert [asyncio.run(ask(server.url)) for _ in range(2)] == ["CORRECT"] * 2
