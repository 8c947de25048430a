from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import omni_persona_cal
from omni_persona_cal import lexical_judge
from omni_persona_cal.text import plain, stem, words

PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parent / "lexical_pairs.jsonl").read_text(encoding="utf-8").splitlines()
]
AMONG_OTHERS: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).parent / "judge_pairs.jsonl").read_text(encoding="utf-8").splitlines()
]
ROUNDS = ("later", "fourth_round", "unseen")
"""Parts of pairs that were written after the rule; nothing was written to fit those of the last."""
KINDS = {
    "exact", "superset", "inflection", "paraphrase", "partial", "wrong", "other_person", "negation", "several",
    "hedge", "abstention", "empty", "scattered", "reasoning", "long",
}  # fmt: skip


def test_the_labelled_pairs_are_whole() -> None:
    assert len(PAIRS) == 164
    assert {pair["kind"] for pair in PAIRS} == KINDS
    assert {pair["label"] for pair in PAIRS} == {"CORRECT", "WRONG"}
    assert len({pair["id"] for pair in PAIRS}) == len(PAIRS)
    assert len({(pair["gold"], pair["prediction"]) for pair in PAIRS}) == len(PAIRS)


def agreement(pairs: list[dict[str, Any]]) -> str:
    """Precision, recall and Cohen's kappa of the rule for CORRECT, in the words of the card."""
    counts = Counter(
        (lexical_judge(pair["gold"], pair["prediction"], pair.get("other_answers", ())), pair["label"])
        for pair in pairs
    )
    hits, misses = counts["CORRECT", "CORRECT"], counts["WRONG", "CORRECT"]
    false_alarms, rejections = counts["CORRECT", "WRONG"], counts["WRONG", "WRONG"]
    n = len(pairs)
    observed = (hits + rejections) / n
    by_chance = ((hits + false_alarms) * (hits + misses) + (misses + rejections) * (false_alarms + rejections)) / n**2
    kappa = (observed - by_chance) / (1 - by_chance)
    precision, recall = hits / (hits + false_alarms), hits / (hits + misses)
    return f"precision {precision:.3f}, recall {recall:.3f} and Cohen's kappa {kappa:.3f}"


def half_of(gold: str) -> str:
    """The half that a gold answer's pairs belong to, fixed before the rule was written."""
    return "held_out" if int(hashlib.sha256(gold.encode()).hexdigest(), 16) % 2 else "development"


def test_the_pairs_with_other_answers_are_whole() -> None:
    assert len(AMONG_OTHERS) == 784
    assert len({(pair["gold"], pair["prediction"]) for pair in AMONG_OTHERS}) == len(AMONG_OTHERS)
    for pair in AMONG_OTHERS:
        assert pair["part"] in (half_of(pair["gold"]), *ROUNDS)
        assert pair["gold"] not in pair["other_answers"]
    for part in ("development", "held_out", *ROUNDS):
        assert {pair["label"] for pair in AMONG_OTHERS if pair["part"] == part} == {"CORRECT", "WRONG"}


def test_agreement_with_the_labels_is_what_the_card_says(capsys: pytest.CaptureFixture[str]) -> None:
    card = Path(omni_persona_cal.__file__).with_name("README.md").read_text(encoding="utf-8")
    words = " ".join(card.replace("*", "").split())
    parts = {
        part: [pair for pair in AMONG_OTHERS if pair["part"] == part] for part in ("development", "held_out", *ROUNDS)
    }
    parts |= {"without other answers": PAIRS, "the first": PAIRS[:121], "the later": PAIRS[121:]}
    for name, pairs in parts.items():
        figures = agreement(pairs)
        with capsys.disabled():
            print(f"\nlexical judge, {name}, {len(pairs)} labelled pairs: {figures}")
        assert figures in words, name


def test_an_answer_of_16000_words_takes_little_more_than_four_times_one_of_4000() -> None:
    def steps(text: str) -> int:
        """Python lines and calls: what the rule does, whatever else the machine does."""
        n = 0

        def count(frame: Any, event: str, argument: Any) -> Any:
            nonlocal n
            n += 1
            return count

        sys.settrace(count)
        try:
            lexical_judge("a wheel of cheese on the eve of the fair", text, ["a swarm on the car of the mayor"])
        finally:
            sys.settrace(None)
        return n

    for piece in (
        "lorem ipsum dolor, ",
        "wheel of cheese eve ",
        "swarm mayor car ",
        "the ",
        "She said so. ",
        "wheel or ",
    ):
        n_words = len(piece.split())
        short, long = (steps(piece * (n // n_words)) for n in (400, 1600))
        assert long <= 5 * short, piece


@pytest.mark.parametrize(
    "piece",
    [
        " ",
        "\n",
        "a",
        "e",
        "er",
        "- ",
        "<think>",
        "((",
        pytest.param("1) ", marks=pytest.mark.slow),
        pytest.param("one hundred ", marks=pytest.mark.slow),
        pytest.param("it's ", marks=pytest.mark.slow),
        "\u0301",
        "?! ",
        ".",
        "?!",
        ",",
        pytest.param("<|channel|>final<|message|>", marks=pytest.mark.slow),
        pytest.param("<|channel|>analysis<|message|>", marks=pytest.mark.slow),
    ],
)
def test_a_long_run_of_anything_is_judged_at_once(piece: str) -> None:
    for text in (piece * 30_000, f"x{piece * 30_000}x"):
        assert lexical_judge("harbour pilot", text, ["baker"]) == "WRONG"
    assert lexical_judge(f"nobody {piece * 10_000}", "harbour pilot?") == "WRONG"


GOOD = [
    ("São Paulo", "Sao Paulo"),
    ("Sao Paulo", "We met in Sa\u0303o Paulo."),
    ("cheese maker", "She is a cheesemaker."),
    ("cheesemaker", "They make cheese."),
    ("beekeeping", "He keeps bees."),
    ("sea-glass collecting", "Hobby:\n- sea glass\ncollecting"),
    ("moved house three times", "They moved house 3 times."),
    ("a 5 km run", "A five-kilometre run."),
    ("26-year-old woman", "a woman aged 26"),
    ("Oslo, Norway", "In Oslo."),
    ("harbour pilot", "A baker? No. A harbour pilot."),
    ("harbour pilot", "A baker... no, wait, a harbour pilot."),
    ("photography", "Taking photographs."),
    ("harbour pilot", "**Answer**: harbour pilot"),
    ("harbour pilot", "My final answer is: a harbour pilot."),
    ("harbour pilot", "Harbour pilot. I hope this answer is helpful!"),
    ("harbour pilot", "Let me think.</think>A harbour pilot."),
    ("Dr. J. Smith", "It is Dr. J. Smith, from Leeds."),
    ("3.5 million stamps", "About 3.5 million stamps."),
    ("The Who", "Their favourite band is The Who."),
    ("many possible careers", "They spoke of many possible careers."),
    ("the answer is patience", "The answer is patience"),
    ("maybe today, maybe tomorrow", "Maybe today, maybe tomorrow."),
    ("ENFP", "They are ENFP, not INTJ."),
    ("ÆRØ", "They live on ærø."),
    ("26-year-old woman", "A woman, twenty-six years old."),
    ("Rome", "Rome, where they paint, sing or write."),
    ("brown hair worn loose over a shirt", "Brown hair that she wore loose over a shirt."),
]
BAD = [
    ("harbour pilot", "One of the notes mentions a harbour pilot."),
    ("harbour pilot", "Harbour pilot / baker"),
    ("harbour pilot", "The harbour pilot is somebody else's job."),
    ("harbour pilot", "Is it a harbour pilot?"),
    ("harbour pilot", "1) baker 2) harbour pilot 3) nurse"),
    ("harbour pilot", "Person A: a baker\nPerson B: a harbour pilot"),
    ("harbour pilot", "I doubt that she is a harbour pilot."),
    ("a 5 km run", "a 10 km run"),
    ("a 5 km run", "a 5 mile run"),
    ("dark red coat", "She wore a dark blue coat and red shoes."),
    ("a white apron over a wool jumper", "A wool jumper over a white apron."),
    ("...", "..."),
    ("pilot", "She do n't pilot anything."),
    ("two dogs", "three dogs"),
    ("pilot", "She is a copilot."),
    ("ENFP", "ENFP, or rather INTJ"),
    ("Rome", "Rome, Milan or Naples."),
    ("Rome", "Rome, New York, or maybe Naples."),
    ("nurse", "I cannot determine that, though a nurse is mentioned."),
    ("a short grey woollen winter coat", "A short black woollen winter coat."),
]


@pytest.mark.parametrize(("gold", "prediction"), GOOD)
def test_is_correct(gold: str, prediction: str) -> None:
    assert lexical_judge(gold, prediction) == "CORRECT"


@pytest.mark.parametrize(("gold", "prediction"), BAD)
def test_is_wrong(gold: str, prediction: str) -> None:
    assert lexical_judge(gold, prediction) == "WRONG"


def test_a_long_gold_may_lack_a_fifth_of_its_words_but_no_number() -> None:
    gold = "A 26-year-old woman with short silver hair and an attentive expression"
    assert lexical_judge(gold, "A 26-year-old woman with silver hair and an attentive expression") == "CORRECT"
    assert lexical_judge(gold, "A woman, years old, with short silver hair and an attentive expression") == "WRONG"
    assert lexical_judge(gold, "A 26-year-old woman with short hair") == "WRONG"


def test_a_negation_reaches_to_the_end_of_its_clause() -> None:
    assert lexical_judge("harbour pilot", "They do not seem to me to be a harbour pilot.") == "WRONG"
    assert lexical_judge("harbour pilot", "They do not bake, they are a harbour pilot.") == "CORRECT"
    assert lexical_judge("harbour pilot", "They are not shy. They are a harbour pilot.") == "CORRECT"


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60), st.text(max_size=120))
def test_any_text_gets_one_of_two_verdicts(gold: str, prediction: str) -> None:
    assert lexical_judge(gold, prediction) in ("CORRECT", "WRONG")


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=60))
def test_the_gold_itself_is_correct_and_nothing_is_wrong(gold: str) -> None:
    if words(plain(gold)):
        assert lexical_judge(gold, gold) == "CORRECT"
        assert lexical_judge(gold, "") == "WRONG"


@pytest.mark.parametrize(
    ("word", "same"),
    [
        ("pilots", "pilot"), ("harbour", "harbor"), ("restoring", "restores"), ("families", "family"),
        ("running", "run"), ("dresses", "dress"), ("energised", "energize"), ("theatre", "theater"),
        ("grey", "gray"), ("quietly", "quiet"), ("30s", "30"), ("boxes", "box"), ("writing", "writes"),
        ("wore", "wears"), ("taught", "teaching"),
    ],
)  # fmt: skip
def test_forms_of_a_word_share_a_stem(word: str, same: str) -> None:
    assert stem(word) == stem(same)


@pytest.mark.parametrize(
    ("word", "other"),
    [("caring", "car"), ("art", "party"), ("bus", "bu"), ("designer", "design"), ("this", "thi")],
)
def test_different_words_do_not(word: str, other: str) -> None:
    assert stem(word) != stem(other)


def test_plain_form() -> None:
    assert plain("Washington, D.C.") == "washington, dc"
    assert plain("twenty-six, Thirty, one and nineteen") == "26, 30, one and 19"
    assert plain("“It’s” **bold**") == '"it\'s"  bold '
    assert plain("1,200 and 3.5") == "1200 and 35"
