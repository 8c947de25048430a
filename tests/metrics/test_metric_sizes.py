"""Inputs of unusual size are scored in time that grows as they do."""

from __future__ import annotations

import pytest

from omni_persona_cal import compute, lexical_judge
from omni_persona_cal.intervals import intervals
from omni_persona_cal.scores import GUARDED, JudgedItem

pytestmark = pytest.mark.slow


def test_an_answer_of_half_a_megabyte_is_scored(reference) -> None:
    said = "They work as a harbour pilot. " + "Then we went on along the river and talked of other things. " * 8_000
    scores = compute([said], [reference(0)], n_resamples=0)
    assert len(said) > 450_000
    assert (scores["ans"], scores["mean_len"]) == (1.0, len(said.split()))


def test_a_gold_of_thirty_thousand_words_is_judged() -> None:
    gold = " ".join(f"word{number}" for number in range(30_000))
    assert lexical_judge(gold, "a harbour pilot") == "WRONG"
    assert lexical_judge(gold, gold) == "CORRECT"


def test_a_hundred_thousand_items_of_one_source_have_no_intervals() -> None:
    """One cluster tells nothing of how clusters differ."""
    items = [
        JudgedItem(
            augmented_id=f"sample_0__aug_{number}", source_sample_id="sample_0", group="I2I", task="visual_to_bio",
            absence="none", answerable=True, gold_answer="pilot", abstaining=False, abstaining_judged=False,
            verdict="CORRECT" if number % 3 else "WRONG", n_words=3, rouge_l=1.0, token_f1=1.0, bertscore=None,
            person=None,
        )
        for number in range(100_000)
    ]  # fmt: skip
    found = intervals(items, GUARDED, 0.95)
    assert set(found[()].values()) == {None}
