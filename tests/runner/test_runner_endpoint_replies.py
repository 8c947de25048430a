"""Replies of a server: answers, thinking, limits, and replies without an answer."""

from __future__ import annotations

import pytest
from scripted_server import KEY, completion, error, model_at, serving

from omni_persona_artifacts.run_folder import read_predictions
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.run_loop import RunSummary, run


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


# ---- replies that are no answers


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (completion(choices=[]), "a reply without choices"),
        ({"id": "x", "object": "chat.completion"}, "a reply without choices"),
        ({}, "a reply without choices"),
        (completion(choices=[{"index": 0, "finish_reason": "stop"}]), "a reply without choices"),
        (completion(None, message={"refusal": "I do not look at faces."}), "refused: I do not look at faces."),
        (completion("", "content_filter"), "stopped by the server's content filter"),
        (completion(""), "an empty answer"),
        (completion(None), "an empty answer"),
        (completion("", "length"), "an empty answer, cut at 256 tokens"),
        (completion("<think>Who", "length"), "the thinking has no end within 256 tokens"),
        (error(400, "the prompt is too long"), "the server replied 400: the prompt is too long"),
    ],
    ids=range(11),
)
def test_a_reply_without_an_answer_is_a_failed_item(dataset, tmp_path, reply, reason):
    with serving(lambda *_: reply) as server:
        assert run(model_at(server), dataset, tmp_path / "run", limit=2) == RunSummary(0, 0, 2)
    lines = read_predictions(tmp_path / "run").values()
    assert {(line.status, line.prediction, line.error) for line in lines} == {("failed", None, reason)}


def test_an_answer_cut_at_its_limit_is_flagged(items, said):
    with serving(lambda *_: completion("a nurse who", "length")) as server:
        (answer,) = said(model_at(server), items[:1])
    assert (answer.text, answer.finish) == ("a nurse who", "length")


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": 10**400, "completion_tokens": -1}, "many", [1]], ids=str)
def test_a_reply_without_counts_is_an_answer(items, said, usage):
    with serving(lambda *_: completion(usage=usage)) as server:
        (answer,) = said(model_at(server), items[:1])
    assert (answer.text, answer.input_tokens, answer.output_tokens) == ("a nurse", None, None)


@pytest.mark.parametrize(
    ("reply", "thinking"),
    [
        (completion("<think>Her voice.</think>a nurse"), "Her voice."),
        (completion("a nurse", message={"reasoning_content": "Her voice."}), "Her voice."),
        (completion("a nurse"), None),
    ],
)
def test_the_answer_is_what_follows_the_thinking(items, said, reply, thinking):
    with serving(lambda *_: reply) as server:
        (answer,) = said(model_at(server, prompt=Prompt(reason=True)), items[:1])
    assert (answer.text, answer.thinking) == ("a nurse", thinking)


def test_thinking_that_the_limit_cuts_is_no_answer(items, said):
    with serving(lambda *_: completion("Her voice is", "length")) as server:
        (failed,) = said(model_at(server, prompt=Prompt(reason=True)), items[:1])
    assert "the thinking has no end within 256 tokens" in failed.message
