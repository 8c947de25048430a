"""Faults of an endpoint cost one question or end the work, alike for runner, judge and refining."""

from __future__ import annotations

import gzip
import json
import re
import socket

import pytest
from attempts import Attempts
from chat_askers import (
    KEY,
    EndedError,
    by_refining,
    everybody,
)
from faulty_server import CUT, Reply, completion, error, serving, stream


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


N = 6


BAD = 3


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
    "a status that is none": (Reply(b"x", 0), "illegal status line: 'HTTP/1.1 0 '", 4),
    "cut": (CUT, "connection was cut", 4),
    "half a body": (Reply(b'{"id": "x", "cho'), "expected JSON", 4),
    "a body shorter than declared": (
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
        said = ask(server.url, numbers, timeout=60.0)
    assert set(said[1::2]) == {"CORRECT"}
    outcomes = {
        fault: (failed[:300], server.asked[2 * place])
        for place, (fault, failed) in enumerate(zip(faults, said[::2], strict=True))
    }
    expected = {}
    for fault, (reply, reason, n_sent) in FAILS.items():
        assert outcomes[fault][0].startswith("failed: ")
        assert re.search(reason, outcomes[fault][0]), (fault, outcomes[fault])
        # Refining asks once more without a schema where a request is refused as such.
        refused = ask is by_refining and isinstance(reply, Reply) and reply.status in (400, 422)
        expected[fault] = n_sent + refused
    assert {fault: n_sent for fault, (_, n_sent) in outcomes.items()} == expected
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
def test_a_drip_is_left_after_the_time_that_a_reply_may_take(ask, monkeypatch):
    Attempts(monkeypatch, lambda _, messages: 0.4 if f"question {BAD}" in messages else None)
    with serving(lambda number, body: Reply(b" ", drip=0.05) if number == BAD else None) as server:
        said = ask(server.url, range(N), timeout=60.0)
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


@everybody
def test_a_question_that_is_too_long_changes_nothing_for_the_others(ask):
    long = error(400, "max_tokens is too large: this model's maximum context length is 9 tokens")
    with serving(lambda number, body: long if number == BAD else None) as server:
        said = ask(server.url, range(12), concurrency=1)
    assert said.count("CORRECT") == 11
    assert all("max_tokens" in body for body in server.requests)
