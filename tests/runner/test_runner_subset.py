"""A part of a dataset that stands for the whole."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_persona_artifacts.run_folder import read_manifest
from omni_persona_build.recipes import load_recipe
from omni_persona_runner.model import Answer
from omni_persona_runner.run_loop import run
from omni_persona_runner.scoring import score_run
from omni_persona_runner.subset import added_error, subset

TASK_GROUPS = {"visual": "I2I", "voice": "A2A", "semantic": "T2T", "dialogue": "T2Any"}


def items_of(recipe: str) -> list[dict[str, Any]]:
    rows = [row for row, count in load_recipe(recipe).counts().items() for _ in range(count)]
    return [
        {"augmented_id": f"sample_{i}", "task": task, "absence": absence, "group": TASK_GROUPS[task.split("_")[0]]}
        for i, (task, absence) in enumerate(rows)
    ]


V2_2 = items_of("v2_2")


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(st.integers(1, 750), st.randoms(use_true_random=False))
def test_every_stratum_gives_in_proportion(n: int, shuffler: random.Random) -> None:
    chosen = [V2_2[index] for index in subset(V2_2, n)]
    assert len(chosen) == n
    for keys in (("absence",), ("absence", "group"), ("absence", "group", "task")):
        whole, part = (Counter(tuple(item[key] for key in keys) for item in some) for some in (V2_2, chosen))
        for stratum, count in whole.items():
            assert abs(part[stratum] - n * count / len(V2_2)) < 1, (stratum, n)
    # The same items in whatever order they stand.
    shuffled = shuffler.sample(V2_2, len(V2_2))
    assert {shuffled[index]["augmented_id"] for index in subset(shuffled, n)} == {one["augmented_id"] for one in chosen}


@given(st.integers(1, 40), st.integers(1, 60), st.integers(1, 60))
def test_a_larger_part_holds_a_smaller_one(size: int, n: int, m: int) -> None:
    small, large = (subset(V2_2[:size], count) for count in sorted((n, m)))
    assert set(small) <= set(large)
    assert len(large) == min(size, max(n, m))
    assert large == sorted(large)


def test_no_part_of_no_items() -> None:
    with pytest.raises(ValueError, match="expected a subset of at least 1 item, got 0"):
        subset(V2_2, 0)


def test_the_error_that_a_part_adds() -> None:
    assert added_error({True: 100, False: 80}, {True: 100, False: 80}) == 0
    assert added_error({True: 10}, {True: 100, False: 80}) is None
    # Parts of a set of right and wrong answers, half of either kind right: how far Cal lies from that of the set.
    rng, (n_a, n_u), (a, u) = np.random.default_rng(0), (200, 160), (50, 40)
    right = np.repeat([True, False], n_a // 2), np.repeat([True, False], n_u // 2)
    drawn = [
        [rng.choice(one, size, replace=False).mean() for one, size in zip(right, (a, u), strict=True)]
        for _ in range(4000)
    ]
    spread = np.mean(drawn, axis=1).std()
    assert added_error({True: a, False: u}, {True: n_a, False: n_u}) == pytest.approx(spread, rel=0.05)


class Gold:
    """Answers with the gold answer."""

    name = "fake:gold"

    def describe(self):
        return {}

    def check(self, items):
        pass

    def answer(self, items):
        return (Answer(item.augmented_id, item.gold_answer, None, None, 0.0) for item in items)


def test_a_run_of_a_subset_misses_nothing_and_may_grow(dataset, tmp_path) -> None:
    out = tmp_path / "run"
    assert run(Gold(), dataset, out, subset=6).n_done == 6
    assert read_manifest(out)["subset"] == 6
    scores = score_run(out)
    assert (scores["n_items"], scores["n_missing"], scores["complete"]) == (6, 0, True)
    recorded = scores["subset"]
    assert (recorded["n_items"], recorded["n_of"]) == (6, 16)
    assert recorded["added_error_cal"] > 0
    grown = run(Gold(), dataset, out, subset=10)
    assert (grown.n_done, grown.n_skipped) == (4, 6)
    assert score_run(out)["n_items"] == 10
    assert run(Gold(), dataset, out).n_done == 6
    assert score_run(out)["subset"] is None
    with pytest.raises(ValueError, match="a limit or a subset, got both"):
        run(Gold(), dataset, tmp_path / "other", limit=3, subset=3)
