"""The one splitter of thoughts and answer."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_persona_cal import abstains, compute, lexical_judge
from omni_persona_cal.judge_prompt import question
from omni_persona_cal.thinking import Reply, answer_of, is_open, split_thinking

DOUBT = "I cannot determine at once who this is. A uniform..."

PAIRS = [
    ("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<thought>", "</thought>"), ("<Think>", "</THINK>"),
    ("[THINK]", "[/THINK]"), ("<reasoning>", "</reasoning>"), ("&lt;think&gt;", "&lt;/think&gt;"),
    ("<think lang='en'>", "</think >"), ("<seed:think>", "</seed:think>"), ("◁think▷", "◁/think▷"),
    ("<|START_THINKING|>", "<|END_THINKING|>"), ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|channel>thought\n", "<channel|>"), ("<|channel>", "<channel|>"), ("<unused94>thought\n", "<unused95>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("<|channel|>commentary to=user<|message|>", "<|end|><|start|>assistant<|channel|>final <|constrain|>x<|message|>"),
    ("analysis", "assistantfinal"),
]  # fmt: skip
ENDS = [
    "", "<|im_end|>", "</s>", "<eos>", "<end_of_turn>\n", "<turn|>", "<|return|>", " <|eot_id|><|end_of_text|> ",
    "<｜end▁of▁sentence｜>",
]  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("opening", "closing"), PAIRS)
def test_every_kind_of_thoughts_ends_where_the_answer_begins(opening: str, closing: str, end: str) -> None:
    assert split_thinking(f"{opening}{DOUBT}{closing}\n\nA nurse.{end}") == Reply("A nurse.", DOUBT)


@pytest.mark.parametrize(("opening", "closing"), PAIRS)
def test_thoughts_that_are_cut_leave_no_answer(opening: str, closing: str) -> None:
    if opening == "analysis":
        return  # a word like any other until its end mark follows
    for text in (opening + DOUBT, f"{opening}a{closing if 'final' not in closing else ''}{opening}{DOUBT}"):
        with pytest.raises(ValueError, match="the thinking has no end"):
            split_thinking(text)
        assert answer_of(text) == ""


@pytest.mark.parametrize(("opening", "closing"), PAIRS)
def test_thoughts_that_the_prompt_began(opening: str, closing: str) -> None:
    if opening == "analysis":
        return
    assert is_open(f"user: who?\nassistant: {opening}")
    assert not is_open(f"user: who?\nassistant: {opening}hm{closing}")
    assert split_thinking(f"{DOUBT}{closing}A nurse.", opened=True) == Reply("A nurse.", DOUBT)
    assert split_thinking(f"{DOUBT}{closing}A nurse.") == Reply("A nurse.", DOUBT)


@pytest.mark.parametrize(
    ("text", "opened", "reply"),
    [
        # a closing mark too many
        ("A nurse.</think>", False, Reply("A nurse.", None)),
        ("A nurse. </thinking><|im_end|>", False, Reply("A nurse.", None)),
        ("<think>hm</think>A nurse.</think>", False, Reply("A nurse.", "hm")),
        ("hm</think>A nurse.</think>", True, Reply("A nurse.", "hm")),
        ("hm</think>", True, Reply("", "hm")),
        ("<think>hm</think>", False, Reply("", "hm")),
        ("A nurse.<think>hm</think>", False, Reply("A nurse.", "hm")),
        # thoughts twice, of two kinds
        ("<think>a</think>b<thinking>c</thinking>A nurse.", False, Reply("A nurse.", "a</think>b<thinking>c")),
        # what only looks like a mark
        ("They like <b>thinking</b>.", False, Reply("They like <b>thinking</b>.", None)),
        ("A [thinker] and < think about it", False, Reply("A [thinker] and < think about it", None)),
        ("analysis of data is their job", False, Reply("analysis of data is their job", None)),
        ("<|im_end|> <|x", False, Reply("<|im_end|> <|x", None)),
    ],
)
def test_odd_texts(text: str, opened: bool, reply: Reply) -> None:
    assert split_thinking(text, opened=opened) == reply


_PIECES = [
    "<think>", "</think>", "<think", "[THINK]", "[/THINK]", "<|channel|>", "analysis", "assistant", "final",
    "<|message|>", "<|end|>", "<|channel>", "<channel|>", "</s>", "<", ">", "a", " ", "\n",
]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_an_answer_holds_no_thoughts(text: str) -> None:
    answer = answer_of(text)
    assert answer == answer.strip()
    assert "<think>" not in answer
    assert answer_of(answer) == answer


@pytest.mark.slow
def test_long_texts_take_linear_time() -> None:
    def seconds(text: str) -> float:
        start = time.process_time()
        answer_of(text)
        return time.process_time() - start

    for piece in ("<think> ", "< ", "   ", "</think>a", "<|channel|>analysis ", "<|a|>", "[think", "&lt;think "):
        short, long = (min(seconds(piece * n) for _ in range(3)) for n in (5_000, 50_000))
        assert long < 40 * short + 0.05, piece


def test_doubt_in_thoughts_is_no_abstention_and_a_gold_in_thoughts_is_no_answer(reference) -> None:
    thought = f"<think>{DOUBT} Could be a harbour pilot or a baker.</think>"
    assert not abstains(f"{thought} A harbour pilot.")
    assert abstains(f"{thought} I cannot determine that from the provided context.")
    assert not abstains(f"<think>{DOUBT}")
    assert lexical_judge("harbour pilot", f"{thought} A harbour pilot.") == "CORRECT"
    assert lexical_judge("harbour pilot", f"{thought} A baker.") == "WRONG"
    assert lexical_judge("harbour pilot", "<think>A harbour pilot.") == "WRONG"
    assert "uniform" not in question("harbour pilot", f"{thought} A harbour pilot.")
    said = ["A harbour pilot.", "A baker.", "I cannot determine that."]
    references = [reference(0), reference(1), reference(2, "absent_persona")]
    plain = compute(said, references, n_resamples=0)
    assert compute([thought + text for text in said], references, n_resamples=0) == plain
    assert plain["ans"] == 0.5
