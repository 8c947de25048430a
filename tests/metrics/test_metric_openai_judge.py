"""A judge at an endpoint: order, faults, keys, progress."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from fake_endpoint import serve
from openai_judge import KEY, honest, judge

from omni_persona_cal import JudgeError, compute, make_judge


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


# ---- asking


def test_each_pair_gets_its_own_verdict_in_order() -> None:
    pairs = [("harbour pilot", f"a pilot {i}" if i % 3 else f"a baker {i}") for i in range(40)]
    with serve(honest) as endpoint:
        endpoint.delay = 0.02
        said = judge(endpoint, concurrency=5).judge(pairs)
        assert endpoint.answers() == 40
        assert 1 < endpoint.most_at_once <= 5
    assert [one.verdict for one in said] == ["CORRECT" if i % 3 else "WRONG" for i in range(40)]
    assert said[0].raw == "It is not.\nWRONG"
    assert endpoint.keys == {f"Bearer {KEY}"}
    assert endpoint.requests[0]["temperature"] == 0


TROUBLE = {
    "429": 429,
    "500": 500,
    "503": 503,
    "cut": None,
    "no JSON": b"<html>busy</html>",
    "half JSON": b'{"choices": [',
    "no choices": {"id": "1", "choices": []},
    "null choices": {"id": "1", "choices": None},
    "a list": b"[1, 2]",
}


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_that_passes_loses_and_doubles_nothing(name: str) -> None:
    pairs = [("harbour pilot", "a pilot"), ("harbour pilot", "a baker"), ("harbour pilot", "a pilot")]
    with serve(lambda prompt, before: TROUBLE[name] if before < 2 else honest(prompt, before)) as endpoint:
        said = judge(endpoint).judge(pairs)
        assert endpoint.seen == {"a pilot": 3, "a baker": 3}
    assert [one.verdict for one in said] == ["CORRECT", "WRONG", "CORRECT"]


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_that_stays_leaves_items_unjudged_and_says_why(name: str) -> None:
    with serve(lambda prompt, before: TROUBLE[name]) as endpoint:
        said = judge(endpoint).judge([("harbour pilot", "a pilot")])
        assert endpoint.answers() == 4
    assert [one.verdict for one in said] == ["UNJUDGED"]
    assert said[0].raw.startswith("no reply: ")


def test_a_slow_endpoint_is_waited_for_and_a_stuck_one_is_not() -> None:
    with serve(honest) as endpoint:
        endpoint.delay = 0.3
        assert judge(endpoint).judge([("pilot", "pilot")])[0].verdict == "CORRECT"
        said = judge(endpoint, timeout=0.05, attempts=2).judge([("pilot", "a pilot")])
    assert said[0].verdict == "UNJUDGED"
    assert "time" in said[0].raw.lower()


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_key_or_an_unknown_model_stops_at_once(status: int) -> None:
    def reply(prompt: str, before: int) -> dict[str, Any]:
        return {"status": status, "body": {"error": {"message": f"bad key {KEY}"}}}

    with serve(reply) as endpoint:
        with pytest.raises(JudgeError) as error:
            judge(endpoint, concurrency=2).judge([("gold", f"prediction {i}") for i in range(50)])
        assert endpoint.answers() <= 4
    assert endpoint.url in str(error.value)
    assert ("model 'm'" if status == 404 else "OPENAI_API_KEY") in str(error.value)
    assert KEY not in str(error.value)


def test_a_request_that_is_refused_as_such_is_not_repeated() -> None:
    with serve(lambda prompt, before: 400) as endpoint:
        said = judge(endpoint).judge([("gold", "prediction")])
        assert endpoint.answers() == 1
    assert (said[0].verdict, said[0].raw) == ("UNJUDGED", "no reply: the server replied 400: no")


def test_what_a_newer_model_refuses_is_left_out() -> None:
    def reply(prompt: str, before: int) -> Any:
        request = endpoint.requests[-1]
        for name in ("max_tokens", "temperature"):
            if name in request:
                return {"status": 400, "body": {"error": {"message": f"Unsupported parameter: '{name}'"}}}
        return "CORRECT"

    with serve(reply) as endpoint:
        said = judge(endpoint, concurrency=1).judge([("a", "b"), ("a", "c")])
        assert endpoint.requests[-1].keys() == {"model", "messages", "max_completion_tokens"}
    assert [one.verdict for one in said][1] == "CORRECT"


def test_a_dead_endpoint_is_given_up() -> None:
    with serve(lambda prompt, before: 500) as endpoint:
        said = judge(endpoint, concurrency=1, attempts=1, give_up_after=3).judge([("a", str(i)) for i in range(30)])
        assert endpoint.answers() == 3
    assert {one.verdict for one in said} == {"UNJUDGED"}
    assert said[-1].raw == "not asked: 3 questions in a row got no reply"


# ---- the metric


def test_through_compute_and_inside_a_running_loop(reference) -> None:
    references = [reference(0), reference(1), reference(2, "absent_persona")]
    predictions = ["a pilot", "a baker", "never judged"]

    async def score(url: str) -> dict[str, Any]:
        options = {"model": "m", "base_url": url}
        return compute(predictions, references, judge="openai", judge_options=options, n_resamples=0)

    with serve(honest) as endpoint:
        scores = asyncio.run(score(endpoint.url))
        assert endpoint.seen == {"a pilot": 1, "a baker": 1}
    assert (scores["judge"], scores["ans"], scores["complete"]) == ("openai:m", 0.5, True)


def test_a_judge_that_never_answers_gives_no_score(reference) -> None:
    with serve(lambda prompt, before: 500) as endpoint:
        scores = compute(["a", "b"], [reference(0), reference(1)], judge=judge(endpoint, attempts=1), n_resamples=10)
    assert (scores["ans"], scores["n_unjudged"], scores["complete"]) == (None, 2, False)


def test_the_key_is_neither_logged_nor_returned(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    def reply(prompt: str, before: int) -> Any:
        return f"your key is {KEY}" if before == 0 else {"status": 500, "body": {"error": {"message": KEY}}}

    caplog.set_level(logging.DEBUG)
    with serve(reply) as endpoint:
        asked = judge(endpoint, attempts=2, cache_dir=tmp_path)
        said = asked.judge([("a", "b")])
    assert KEY not in str(said) + asked.name + repr(asked) + caplog.text + next(tmp_path.iterdir()).read_text()


def test_a_key_is_needed_for_the_default_endpoint_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ValueError, match=r"OPENAI_API_KEY, or an endpoint that needs none .--judge-url"):
        make_judge("openai", {"model": "m"})
    with pytest.raises(ValueError, match="name of a model"):
        make_judge("openai", {"model": "", "base_url": "http://x"})
    with serve(honest) as endpoint:
        assert judge(endpoint).judge([("pilot", "pilot")])[0].verdict == "CORRECT"


def test_progress_is_reported_for_every_pair_once(tmp_path: Path) -> None:
    done: list[int] = []
    with serve(honest) as endpoint:
        asked = judge(endpoint, cache_dir=tmp_path, on_judged=lambda: done.append(1))
        asked.judge([("a", "b"), ("a", "c"), ("a", "b")])
        asked.judge([("a", "b")])
    assert len(done) == 3
