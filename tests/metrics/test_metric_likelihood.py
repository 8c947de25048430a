"""Verdicts read out of likelihoods."""

from __future__ import annotations

import math

import pytest

from omni_persona_cal.chat_reply import read_reply
from omni_persona_cal.likelihood import log_sum, margin_of_words, read_margin


def test_a_margin_is_the_difference_of_summed_likelihoods() -> None:
    half, quarter = math.log(0.5), math.log(0.25)
    first = {"CORRECT": quarter, " Correct": quarter, "WR": math.log(0.125), "The": math.log(0.375)}
    assert margin_of_words(first) == pytest.approx(half - math.log(0.125))
    # What is not among the likeliest is at most as likely as the least of them.
    assert margin_of_words({"CORRECT": half, "The": quarter}) == pytest.approx(half - quarter)
    assert margin_of_words({"WRONG": half, "The": quarter}) == pytest.approx(quarter - half)
    assert margin_of_words({"The": half, "C": quarter}) is None
    assert margin_of_words({}) is None
    assert margin_of_words({"INCORRECT": half}) is None


@pytest.mark.parametrize(
    ("margin", "verdict"),
    [(0.1, "CORRECT"), (-1e9, "WRONG"), (0.0, "UNJUDGED"), (None, "UNJUDGED"), (math.nan, "UNJUDGED")],
)
def test_the_sign_of_a_margin_is_the_verdict(margin: float | None, verdict: str) -> None:
    assert read_margin(margin)[0] == verdict


def test_likelihoods_are_summed() -> None:
    assert log_sum([math.log(0.25)] * 3) == pytest.approx(math.log(0.75))
    assert log_sum([]) == log_sum([-math.inf]) == -math.inf


@pytest.mark.parametrize(
    ("logprobs", "found"),
    [
        ({"content": [{"token": "C", "top_logprobs": [{"token": "CORRECT", "logprob": -0.5}]}]}, {"CORRECT": -0.5}),
        ({"content": [{"top_logprobs": [{"token": 3, "logprob": -1}, {"token": "a", "logprob": "x"}, 7, None]}]}, {}),
        ({"content": [{"top_logprobs": [{"token": "a", "logprob": 2.0}, {"token": "b", "logprob": True}]}]}, {}),
        ({"content": []}, {}),
        ({"content": [None]}, {}),
        ({"tokens": ["CORRECT"], "token_logprobs": [-0.1]}, {}),
        ("CORRECT", {}),
        (None, {}),
    ],
)
def test_what_a_server_tells_of_the_first_token(logprobs: object, found: dict[str, float]) -> None:
    choice = {"message": {"content": "C"}, "finish_reason": "length", "logprobs": logprobs}
    assert read_reply({"choices": [choice]}).first_token == found
