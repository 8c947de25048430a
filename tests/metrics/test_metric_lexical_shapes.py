"""The lexical judge reads right answers in whatever shape they come, and no shape hides that there are several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from slow_cases import slow_but

from omni_persona_cal import lexical_judge
from omni_persona_cal.layout import laid_out

HERE = Path(__file__).parent
SHAPES: list[dict[str, str]] = [
    json.loads(line) for line in (HERE / "answer_shapes.jsonl").read_text(encoding="utf-8").splitlines()
]
"""Format strings: {g} is the gold, {a}, {b} and {c} are values of three notes, {w} is a wrong one, {L} its field."""
EVERY = 5
"""One in so many golds of `judge_pairs.jsonl` is tried, to save time."""


def _asked() -> list[dict[str, Any]]:
    pairs = [json.loads(line) for line in (HERE / "judge_pairs.jsonl").read_text(encoding="utf-8").splitlines()]
    golds = {pair["gold"]: pair for pair in pairs if len(pair["other_answers"]) > 1}
    return list(golds.values())[::EVERY]


ASKED = _asked()


def _verdicts(shape: str, first: int) -> list[bool]:
    """Whether each gold in a shape is CORRECT; the gold is the value number `first` of those that are listed."""
    said = []
    for pair in ASKED:
        gold, others = pair["gold"], pair["other_answers"]
        values = [value.rstrip(".") for value in (*others[:first], gold, *others[first:], others[0])]
        names = {"L": "Detail", "l": "detail", "x": "detail", "g": gold, "w": others[0]}
        text = shape.format(**names, **dict(zip("abc", values, strict=False)))
        said.append(lexical_judge(gold, text, others) == "CORRECT")
    return said


def test_shapes_are_whole() -> None:
    assert len(ASKED) >= 20
    assert len({(one["kind"], one["shape"]) for one in SHAPES}) == len(SHAPES) == 479


@pytest.mark.parametrize("part", slow_but(["first", "tags"], ["first", "second", "held_out", "tags"]))
def test_right_answers_are_correct_in_every_shape(part: str) -> None:
    for one in SHAPES:
        if one["kind"] == "right" and one["part"] == part:
            said = _verdicts(one["shape"], 0)
            assert sum(said) >= 0.9 * len(said), one["shape"]


@pytest.mark.parametrize("part", slow_but(["first"], ["first", "second", "held_out", "tags"]))
def test_listing_what_several_notes_say_earns_nothing(part: str) -> None:
    shapes = [one["shape"] for one in SHAPES if one["kind"] == "gamed" and one["part"] == part]
    earned = {shape: _verdicts(shape, 0) + _verdicts(shape, 1) for shape in shapes}
    assert sum(map(sum, earned.values())) <= 0.02 * sum(map(len, earned.values()))
    for shape, said in earned.items():
        assert sum(said) <= 0.05 * len(said), shape


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| Person | Job |\n|---|---|\n| 2 | pilot |", "Person: 2.\nJob: pilot."),
        ("Look:\n| Job |\n|-|\n| pilot |\nBye", "Look:\nJob: pilot.\nBye"),
        ("| A | B |\n|---|---|\n| 1 | x |\n| 2 | y |", "1: x.\n2: y."),
        ("| A | B | C |\n|---|---|---|\n| 1 | x | |\n| 2 | y | z | more |", "1:\nB: x.\n2:\nB: y.\nC: z.\nmore."),
        ("┌─┬─┐\n│A│B│\n├─┼─┤\n│1│x│\n└─┴─┘", "A: 1.\nB: x."),
        ("| | |\n|---|---|\n| | pilot |", "pilot."),
        ("pilot | baker", "pilot | baker"),
        ("|---|---|", "|---|---|"),
        ("a\n---\nb", "a\n---\nb"),
        ("<b>pilot</b>, <harbour pilot> <i class='x'>", " pilot ,  harbour pilot   "),
        ("1. Match: the second\n2. Job: pilot", "Match: the second\nJob: pilot"),
        ("1. Baker: no\n2. Pilot: yes", "1. Baker: no\n2. Pilot: yes"),
        ("1. Job: pilot\n2. Job: baker", "1. Job: pilot\n2. Job: baker"),
        ("job: |\n  pilot", "job:\n  pilot"),
        ("pilot²\n\n² note 3", "pilot\n\n note 3"),
        ("", ""),
    ],
)
def test_layout(text: str, expected: str) -> None:
    assert laid_out(text) == expected


@pytest.mark.parametrize(
    ("prediction", "verdict"),
    [
        ("Answer: a baker. Answer: a harbour pilot.", "WRONG"),
        ("Answer: a baker? The voice is deeper. Answer: a harbour pilot.", "CORRECT"),
        ("Answer: a baker. No, that is the second person. Answer: a harbour pilot.", "CORRECT"),
        ("The answer is a harbour pilot. Answer: harbour pilot", "CORRECT"),
        ("A harbour pilot, if not a baker.", "WRONG"),
        ("A harbour pilot. A baker. A harbour pilot.", "WRONG"),
        ("Pilot, a baker, harbour pilot", "WRONG"),
    ],
)
def test_answers_in_a_row_all_count(prediction: str, verdict: str) -> None:
    assert lexical_judge("harbour pilot", prediction, ["baker"]) == verdict


@pytest.mark.parametrize(
    ("prediction", "verdict"),
    [
        ('<p title="harbour pilot">', "CORRECT"),
        ('<p title="harbour pilot, baker">', "WRONG"),
        ('<p title="not a baker">harbour pilot</p>', "CORRECT"),
        ('<p title="the baker">harbour pilot</p>', "WRONG"),
        ('<p title="the harbour pilot">harbour pilot</p>', "CORRECT"),
        (f'<p title="{"x " * 900}baker">harbour pilot</p>', "WRONG"),
        ("harbour &lt;b&gt;pilot&lt;/b&gt;", "CORRECT"),
        ("b&#97;ker, harbour pilot", "WRONG"),
        (r'{"job": "harbour\u0020pilot"}', "CORRECT"),
        ("[harbour pilot](https://example.org/harbour%20pilot)", "CORRECT"),
        (r"\ud83d harbour pilot", "CORRECT"),
    ],
)
def test_what_tags_and_escapes_hold_counts(prediction: str, verdict: str) -> None:
    assert lexical_judge("harbour pilot", prediction, ["baker"]) == verdict


@pytest.mark.parametrize(
    "piece",
    [
        "| ",
        "|-\n",
        "|a|b\n|-|-\n",
        "<a ",
        pytest.param("<a b=c", marks=pytest.mark.slow),
        pytest.param("<a></a>", marks=pytest.mark.slow),
        pytest.param("<a" + " " * 990 + "!>", marks=pytest.mark.slow),
        pytest.param("<a b='c'>", marks=pytest.mark.slow),
        pytest.param("1. who: x\n", marks=pytest.mark.slow),
        "+-",
        "│",
        ":|\n",
        pytest.param("Answer: a. ", marks=pytest.mark.slow),
    ],
)
def test_a_long_run_of_layout_is_read_at_once(piece: str) -> None:
    # The longest piece takes the square of its length, as often as it stands there.
    assert lexical_judge("harbour pilot", piece * min(20_000, 500_000 // len(piece)), ["baker"]) == "WRONG"
