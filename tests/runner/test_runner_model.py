from __future__ import annotations

import pytest

from omni_persona_runner.model import ModelError
from omni_persona_runner.thinking import Reply, split_thinking, split_tokens


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


@pytest.fixture(scope="module")
def tokenizer():
    """Words, and marks of thoughts that are special tokens."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    marks = ["<|channel>", "<channel|>", "<turn|>", "<pad>"]
    words = ["thought", "who", "a", "nurse", "<think>", "</think>"]
    inner = Tokenizer(models.WordLevel({word: index for index, word in enumerate([*marks, *words])}, unk_token="a"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", eos_token="<turn|>", additional_special_tokens=marks[:2]
    )


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("<|channel> thought who <channel|> a nurse <turn|>", Reply("a nurse", "who")),
        ("<think> who </think> a nurse <turn|>", Reply("a nurse", "who")),
        ("a nurse <turn|>", Reply("a nurse", None)),
        ("who <channel|> a nurse <turn|> <pad> <pad>", Reply("a nurse", "who")),
        ("<|channel> thought who <channel|> <turn|>", Reply("", "who")),
    ],
)
def test_marks_that_are_special_tokens_are_seen(tokenizer, text, reply):
    assert split_tokens(tokenizer, tokenizer.encode(text, add_special_tokens=False)) == reply


def test_thoughts_between_special_tokens_without_an_end_are_no_answer(tokenizer):
    tokens = tokenizer.encode("<|channel> thought who a nurse", add_special_tokens=False)
    with pytest.raises(ValueError, match="the thinking has no end"):
        split_tokens(tokenizer, tokens)
