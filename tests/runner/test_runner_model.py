from __future__ import annotations

import pytest

from omni_persona_runner.model import ModelError
from omni_persona_runner.thinking import Reply, split_thinking


def test_a_failed_item_says_whose_and_why():
    error = ModelError("sample_3__aug_0", "no clip")
    assert (error.item_id, error.message) == ("sample_3__aug_0", "no clip")
    assert str(error) == "item sample_3__aug_0: no clip"


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("a nurse", Reply("a nurse", None)),
        ("  a nurse\n", Reply("a nurse", None)),
        ("<think>Who? Ah.</think>\n\na nurse", Reply("a nurse", "Who? Ah.")),
        # The chat template opened the thinking.
        ("Who? Ah.</think>a nurse", Reply("a nurse", "Who? Ah.")),
        ("<think></think>a nurse", Reply("a nurse", "")),
        ("<think>One </think> two </think> a nurse", Reply("a nurse", "One </think> two")),
        ("<think>Who?</think>", Reply("", "Who?")),
    ],
)
def test_the_answer_is_what_follows_the_thinking(text, reply):
    assert split_thinking(text) == reply


@pytest.mark.parametrize("text", ["<think>Who", "<think>Who?</think><think>Or who", "well <think>"])
def test_thinking_without_an_end_is_no_answer(text):
    with pytest.raises(ValueError, match="the thinking has no end"):
        split_thinking(text)
