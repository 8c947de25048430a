"""Recompute the published rows from each other, and find figures that do not match.

Group figures and group sizes determine the counts behind a row: one item of a group is a step of 0.4 to 2.4 in its
printed percentage, so each figure corresponds to one count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .published import GROUP_SIZES, PAPER_TABLE_2, PAPER_TABLE_S2, RELEASE_V2_2, Table

TOLERANCE = 0.1
"""Maximum difference between a figure and its recomputation that rounding both to one decimal can cause."""

UNWEIGHTED = "unweighted mean of the groups"
ITEM_WEIGHTED = "item-weighted mean of the groups"
NEITHER = "neither"

HOLDS = "holds"
DOES_NOT_HOLD = "does not hold"

_SEVEN = ("cal", "ans", "unans", "abs_f1", "rouge_l", "token_f1", "bertscore")


@dataclass(frozen=True)
class Finding:
    """One figure of a published row, recomputed from others."""

    check: str
    """What was recomputed: `ans`, `unans`, `cal`, `cal_weighted`, `abstention_avg`, `avg_all`, `ans<=1-fa` or
    `tables agree on` a figure."""
    source: str
    """Where the row is printed."""
    model: str
    regime: str
    printed: float
    """The printed figure, x 100."""
    recomputed: float
    """The recomputed value, x 100; for `ans` and `unans` the nearer mean, for `ans<=1-fa` the bound."""
    says: str
    """For `ans` and `unans`, which mean the figure is; otherwise `holds` or `does not hold`."""


def audit_published() -> list[Finding]:
    """Perform every check on every row of `published.py`, in order of tables and rows.

    ans, unans        Table 2: which mean of the group figures the overall one is
    cal               the paper: the mean of Ans and Unans
    abstention_avg    the paper: the mean of 1-FA and TA
    avg_all           the supplement: the mean of its first seven scores
    cal_weighted      the release: (Ans x N_a + TA x N_u) / (N_a + N_u)
    ans<=1-fa         a right answer is an answer: Ans cannot exceed 1-FA
    tables agree on   a figure printed in Table 2 and in the supplement
    """
    return [*_of_paper_table_2(), *_of_supplement(), *_of_release()]


def counts_of_groups(row: Mapping[str, str], kind: str) -> dict[str, int]:
    """Group -> number of items behind the printed figures of a row of Table 2; `kind` is `ans` or `unans`."""
    return {
        group: round(
            float(row[f"{group.lower()}_{kind}"]) / 100 * (size.answerable if kind == "ans" else size.unanswerable)
        )
        for group, size in GROUP_SIZES.items()
    }


def findings_in_words() -> str:
    """Summarise the audit in three sentences, for a card."""
    findings = audit_published()
    ans = [one for one in findings if one.check == "ans"]
    weighted = [one for one in ans if one.says == ITEM_WEIGHTED]
    n_unweighted = sum(one.says == UNWEIGHTED for one in ans)
    regimes = " and ".join(sorted({one.regime for one in weighted}))
    cal = [one for one in findings if one.check == "cal"]
    broken = [one for one in cal if one.says != HOLDS]
    rows = ", ".join(
        f"{one.model} {one.regime} in {one.source.split(', ')[-1]} ({one.printed} for {one.recomputed:.2f})"
        for one in broken
    )
    bounded = [one for one in findings if one.check == "ans<=1-fa"]
    n_impossible = sum(one.says != HOLDS for one in bounded)
    return (
        f"The overall Ans of {n_unweighted} of the {len(ans)} rows of the paper's Table 2 is the unweighted mean of "
        f"the four groups, and that of the {len(weighted)} {regimes} rows the item-weighted one, so that rows of "
        "different training regimes are not on one scale. "
        f"Cal is not the stated mean of Ans and Unans in {len(broken)} of {len(cal)} rows: {rows}. "
        f"Ans exceeds 1-FA, which no honest judge allows, in {n_impossible} of {len(bounded)} rows, and the release "
        "weighs answerable and unanswerable items by their number where the paper does not: compare Cal within one "
        "protocol only."
    )


def _of_paper_table_2() -> Iterator[Finding]:
    supplement = {(row["model"], row["regime"]): row for row in PAPER_TABLE_S2.rows}
    for row in PAPER_TABLE_2.rows:
        yield _mean_of_groups(row, "ans", "ans")
        yield _mean_of_groups(row, "unans", "ta")
        yield from _shared(PAPER_TABLE_2, row, ta="ta", average="avg")
        other = supplement[row["model"], row["regime"]]
        for name, its_name in (("ans", "ans"), ("cal", "cal"), ("one_minus_fa", "one_minus_fa"), ("ta", "unans")):
            yield _checked(PAPER_TABLE_2, row, f"tables agree on {name}", row[name], float(other[its_name]))


def _of_supplement() -> Iterator[Finding]:
    for row in PAPER_TABLE_S2.rows:
        yield from _shared(PAPER_TABLE_S2, row, ta="unans", average="avg_abstention")
        mean = sum(float(row[name]) for name in _SEVEN) / len(_SEVEN)
        # Seven rounded figures: twice the tolerance of two.
        yield _checked(PAPER_TABLE_S2, row, "avg_all", row["avg_all"], mean, tolerance=2 * TOLERANCE)


def _of_release() -> Iterator[Finding]:
    n_answerable = sum(size.answerable for size in GROUP_SIZES.values())
    n_unanswerable = sum(size.unanswerable for size in GROUP_SIZES.values())
    for row in RELEASE_V2_2.rows:
        ans, ta = float(row["ans_guarded"]), float(row["ta"])
        weighted = (ans * n_answerable + ta * n_unanswerable) / (n_answerable + n_unanswerable)
        yield _checked(RELEASE_V2_2, row, "cal_weighted", row["cal_count_weighted"], weighted)
        yield _bounded(RELEASE_V2_2, row, row["ans_guarded"])


def _shared(table: Table, row: Mapping[str, str], ta: str, average: str) -> Iterator[Finding]:
    yield _checked(table, row, "cal", row["cal"], (float(row["ans"]) + float(row[ta])) / 2)
    yield _checked(table, row, "abstention_avg", row[average], (float(row["one_minus_fa"]) + float(row[ta])) / 2)
    yield _bounded(table, row, row["ans"])


def _mean_of_groups(row: Mapping[str, str], kind: str, overall: str) -> Finding:
    counts = counts_of_groups(row, kind)
    sizes = {group: size.answerable if kind == "ans" else size.unanswerable for group, size in GROUP_SIZES.items()}
    means = {
        UNWEIGHTED: 100 * sum(counts[group] / sizes[group] for group in sizes) / len(sizes),
        ITEM_WEIGHTED: 100 * sum(counts.values()) / sum(sizes.values()),
    }
    printed = float(row[overall])
    nearer = min(means, key=lambda name: abs(means[name] - printed))
    says = nearer if abs(means[nearer] - printed) <= TOLERANCE else NEITHER
    return Finding(kind, PAPER_TABLE_2.source, row["model"], row["regime"], printed, means[nearer], says)


def _checked(
    table: Table, row: Mapping[str, str], check: str, printed: str, recomputed: float, tolerance: float = TOLERANCE
) -> Finding:
    # Slightly more than the tolerance, because of binary rounding of decimal differences.
    says = HOLDS if abs(float(printed) - recomputed) <= tolerance + 1e-9 else DOES_NOT_HOLD
    return Finding(check, table.source, row["model"], row["regime"], float(printed), recomputed, says)


def _bounded(table: Table, row: Mapping[str, str], ans: str) -> Finding:
    bound = float(row["one_minus_fa"])
    says = HOLDS if float(ans) <= bound + TOLERANCE else DOES_NOT_HOLD
    return Finding("ans<=1-fa", table.source, row["model"], row["regime"], float(ans), bound, says)
