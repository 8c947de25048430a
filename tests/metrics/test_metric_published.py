"""The published rows: what comes out of the metric when it is fed with the counts behind them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

import omni_persona_cal
from omni_persona_cal import CANONICAL_ABSTENTION, compute
from omni_persona_cal.audit import (
    ITEM_WEIGHTED,
    NEITHER,
    UNWEIGHTED,
    audit_published,
    counts_of_groups,
    findings_in_words,
)
from omni_persona_cal.published import GROUP_SIZES, PAPER_TABLE_2, PAPER_TABLE_S2, RELEASE_V2_2

N_ANSWERABLE, N_UNANSWERABLE = 391, 359


def items(
    reference: Any, group: str, n: int, n_right: int, n_abstaining: int, absence: str = "none"
) -> tuple[list, list, list]:
    """Items of a group, `n_right` of them CORRECT and `n_abstaining` others abstaining."""
    references = [
        reference(0, absence, group=group, augmented_id=f"{group}_{absence}_{i}", source_sample_id=f"{group}_{i}")
        for i in range(n)
    ]
    predictions = ["harbour pilot"] * (n - n_abstaining) + [CANONICAL_ABSTENTION] * n_abstaining
    verdicts = [None if absence != "none" else "CORRECT" if i < n_right else "WRONG" for i in range(n)]
    return predictions, references, verdicts


def scores_of(*blocks: tuple[list, list, list], **options: Any) -> dict[str, Any]:
    predictions, references, verdicts = ([row for block in blocks for row in block[column]] for column in range(3))
    return compute(predictions, references, verdicts=verdicts, n_resamples=0, **options)


def printed(rate: float) -> str:
    return f"{100 * rate:.1f}"


def test_the_sizes_of_groups_add_up() -> None:
    assert sum(size.answerable for size in GROUP_SIZES.values()) == N_ANSWERABLE
    assert sum(size.unanswerable for size in GROUP_SIZES.values()) == N_UNANSWERABLE


@pytest.mark.parametrize("row", RELEASE_V2_2.rows, ids=lambda row: f"{row['model']} {row['regime']}")
def test_the_rows_of_the_release_come_out_to_the_printed_digit(reference, row: dict[str, str]) -> None:
    n_right = round(float(row["ans_guarded"]) / 100 * N_ANSWERABLE)
    n_answered = round(float(row["one_minus_fa"]) / 100 * N_ANSWERABLE)
    n_abstaining = round(float(row["ta"]) / 100 * N_UNANSWERABLE)
    scores = scores_of(
        items(reference, "I2I", N_ANSWERABLE, n_right, N_ANSWERABLE - n_answered),
        items(reference, "I2I", N_UNANSWERABLE, 0, n_abstaining, "absent_persona"),
        protocol="v2.2",
    )
    found = {name: printed(scores[name]) for name in ("ans", "cal", "one_minus_fa", "ta")}
    assert found == {
        "ans": row["ans_guarded"],
        "cal": row["cal_count_weighted"],
        "one_minus_fa": row["one_minus_fa"],
        "ta": row["ta"],
    }


RLVR = [row for row in PAPER_TABLE_2.rows if row["regime"] == "RLVR"]


@pytest.mark.parametrize("row", RLVR, ids=lambda row: row["model"])
def test_the_rlvr_rows_of_the_paper_come_out_to_the_printed_digit(reference, row: dict[str, str]) -> None:
    right, refused = counts_of_groups(row, "ans"), counts_of_groups(row, "unans")
    blocks = []
    for group, size in GROUP_SIZES.items():
        blocks.append(items(reference, group, size.answerable, right[group], 0))
        blocks.append(items(reference, group, size.unanswerable, 0, refused[group], "absent_persona"))
    scores = scores_of(*blocks, protocol="paper")
    for group in GROUP_SIZES:
        part = scores["by_group"][group]
        assert printed(part["ans"]) == row[f"{group.lower()}_ans"]
        assert printed(part["unans"]) == row[f"{group.lower()}_unans"]
        # The paper halves the sum of printed digits, which may end in a 5 that goes either way.
        assert 100 * part["cal"] == pytest.approx(float(row[f"{group.lower()}_cal"]), abs=0.1)
    assert printed(scores["ans"]) == row["ans"]
    assert printed(scores["ta"]) == row["ta"]
    assert 100 * scores["cal"] == pytest.approx(float(row["cal"]), abs=0.1)


def test_what_the_audit_finds() -> None:
    findings = audit_published()

    def rows(check: str, says: str) -> set[tuple[str, str]]:
        return {(one.model, one.regime) for one in findings if one.check == check and one.says == says}

    everyone = {(row["model"], row["regime"]) for row in PAPER_TABLE_2.rows}
    rlvr = {(row["model"], row["regime"]) for row in RLVR}
    assert len(everyone) == 22
    assert rows("ans", ITEM_WEIGHTED) == rlvr
    assert rows("ans", UNWEIGHTED) == everyone - rlvr
    assert rows("unans", ITEM_WEIGHTED) == rlvr | {("Qwen3-Omni-30B", "zero-shot")}
    assert rows("unans", UNWEIGHTED) == set()
    assert rows("unans", NEITHER) == everyone - rows("unans", ITEM_WEIGHTED)
    broken = [(one.source, one.model, one.regime) for one in findings if one.check == "cal" and "not" in one.says]
    assert broken == [
        (PAPER_TABLE_2.source, "Qwen3-Omni-30B", "zero-shot"),
        (PAPER_TABLE_S2.source, "Qwen3-Omni-30B", "zero-shot"),
        (PAPER_TABLE_S2.source, "Qwen2.5-Omni-7B", "RLVR"),
    ]
    assert rows("ans<=1-fa", "does not hold") == set()
    for check in ("abstention_avg", "avg_all", "cal_weighted", "tables agree on ta", "tables agree on one_minus_fa"):
        assert rows(check, "does not hold") == set(), check
        assert rows(check, "holds"), check
    assert rows("tables agree on ans", "does not hold") == {("Qwen3-Omni-30B", "zero-shot")}
    assert rows("tables agree on cal", "does not hold") == {
        ("Qwen3-Omni-30B", "zero-shot"),
        ("Qwen2.5-Omni-7B", "RLVR"),
    }


def test_the_finding_stands_in_the_card_in_three_sentences() -> None:
    card = Path(omni_persona_cal.__file__).with_name("README.md").read_text(encoding="utf-8")
    words = findings_in_words()
    assert words in " ".join(card.split())
    assert words.count(". ") == 2
    assert "The overall Ans of 18 of the 22 rows" in words
    assert "that of the 4 RLVR rows" in words


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("paper_table2.csv", PAPER_TABLE_2),
        ("paper_table_s2.csv", PAPER_TABLE_S2),
        ("release_v2_2_main_table.csv", RELEASE_V2_2),
    ],
)
def test_the_rows_are_the_published_ones(shared: Path, name: str, table: Any) -> None:
    with (shared / "facts" / name).open(encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == [dict(row) for row in table.rows]
