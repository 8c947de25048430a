"""What became of an item, and whose note an answer quotes."""

from __future__ import annotations

import pytest

from omni_persona import ABSTENTION
from omni_persona_report.runs.outcomes import OUTCOMES, outcome, source_of

NOTES = [
    "They restore harpsichords in Lisbon and wear a green scarf.",
    "They keep bees near Bergen and wear a grey jumper.",
    "They draw maps of caves and wear walking boots.",
]


@pytest.mark.parametrize(
    ("prediction", "source"),
    [
        ("They keep bees.", 1),
        ("a green scarf", 0),
        ("Cave maps", 2),
        ("I met them in Lisbon.", 0),
        ("They wear something.", None),
        ("bees and harpsichords", None),
        ("a purple hat", None),
        ("", None),
        ("?!", None),
    ],
)
def test_an_answer_is_traced_to_the_note_it_quotes(prediction, source):
    assert source_of(prediction, "What did I note of them?", NOTES) == source


def test_words_of_the_question_point_at_nobody():
    assert source_of("The one who keeps bees", "What does the one who keeps bees wear?", NOTES) is None


def test_without_notes_there_is_no_source():
    assert source_of("bees", "What?", []) is None


@pytest.mark.parametrize(
    ("prediction", "answerable", "verdict", "source", "target", "expected"),
    [
        (None, True, "CORRECT", None, 1, "failed"),
        ("x", None, "CORRECT", None, 1, "unknown"),
        (ABSTENTION, False, None, None, None, "right"),
        ("x", False, None, 2, None, "hallucinated"),
        (ABSTENTION, True, "CORRECT", None, 1, "false_abstention"),
        (ABSTENTION, True, None, None, 1, "false_abstention"),
        ("x", True, "CORRECT", 2, 1, "right"),
        ("x", True, "UNJUDGED", 2, 1, "unjudged"),
        ("x", True, None, 2, 1, "unjudged"),
        ("x", True, "WRONG", 2, 1, "wrong_person"),
        ("x", True, "WRONG", 1, 1, "wrong_attribute"),
        ("x", True, "WRONG", None, 1, "wrong_unclear"),
        ("x", True, "WRONG", 1, None, "wrong_unclear"),
    ],
)
def test_outcomes(prediction, answerable, verdict, source, target, expected):
    found = outcome(prediction, answerable=answerable, verdict=verdict, source=source, target=target)
    assert found == expected
    assert found in OUTCOMES
