"""Answers and secrets of an endpoint, alike for runner, judge and refining."""

from __future__ import annotations

import asyncio
import json
import os
import signal

import pytest
from chat_askers import (
    KEY,
    EndedError,
    everybody,
)
from faulty_server import Reply, completion, error, serving, stream

from omni_persona_artifacts.chat import ChatClient, EndpointError, EventLoop


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


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
    shown = "\n".join(said)
    for secret in (KEY, "secret%20word", "secret word", "letmein-12345", "bWU6c2VjcmV0IHdvcmQ="):
        assert secret not in shown, secret


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
    with pytest.raises((ValueError, EndedError), match="expected an endpoint such as") as caught:
        ask(url, [0])
    assert "secretword" not in str(caught.value)


def test_work_is_done_where_an_event_loop_runs():
    def done():
        with EventLoop() as loop:
            return loop.run(asyncio.sleep(0, "done"))

    async def notebook():
        return done()

    assert asyncio.run(notebook()) == done() == "done"


def test_a_signal_reaches_whoever_waits_and_no_task(capfd):
    """Its exception ends what runs, which cleans up after itself."""
    events = []

    async def asks():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(60)
        except BaseException as error:
            events.append(type(error))
            await asyncio.sleep(0.01)
            events.append("tidy")
            raise

    def wait():
        with EventLoop() as loop:
            loop.run(asks())

    with pytest.raises(KeyboardInterrupt):
        wait()
    assert events == [asyncio.CancelledError, "tidy"]
    assert capfd.readouterr() == ("", "")


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
