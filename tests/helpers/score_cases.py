"""Runs with verdicts, and a plain recount of their scores."""

from __future__ import annotations

from functools import partial

import pytest

import omni_persona_cal

# Intervals have a test file of their own.
compute = partial(omni_persona_cal.compute, n_resamples=0)


ABSENCES = ["none", "absent_persona", "absent_attribute"]


RATES = [
    "ans", "ans_guarded", "ans_unguarded", "unans", "ta", "cal", "cal_mean", "cal_weighted", "one_minus_fa",
    "false_abstention_rate", "hallucination_rate", "abstention_avg", "abs_f1", "rouge_l", "token_f1",
]  # fmt: skip


def assert_close(scores: dict, expected: dict) -> None:
    for key, value in expected.items():
        if isinstance(value, float):
            assert scores[key] == pytest.approx(value, rel=0, abs=1e-12), key
        else:
            assert scores[key] == value, key
