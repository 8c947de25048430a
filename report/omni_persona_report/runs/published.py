"""The published rows that ship with the metric, in the form of a report's own rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from omni_persona_cal.audit import NEITHER, audit_published
from omni_persona_cal.published import PAPER_TABLE_2, PAPER_TABLE_S2, RELEASE_V2_2
from omni_persona_report.runs.measures import GROUP_NAMES, Measure, shown

_NAMES = {
    "avg": "abstention_avg",
    "avg_abstention": "abstention_avg",
    "cal_count_weighted": "cal_weighted",
    "ans_guarded": "ans",
}
"""Column of a published table -> our name of the score, if different."""

_NO_RATES = ("model", "regime", "mean_len")


@dataclass(frozen=True)
class PublishedRow:
    """One row of a published table. Rates are in 0..1, as in `scores.json`."""

    model: str
    regime: str
    """Such as zero-shot, or how it was trained."""
    source: str
    """Where it was published."""
    table: str
    """`table_2`, `table_s2` or `release`."""
    mean: str
    """How its overall figures are averaged over items or groups."""
    values: Mapping[str, float]
    """Score -> figure, over all items."""
    groups: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Group -> score -> figure."""

    @property
    def name(self) -> str:
        name = self.model if self.regime == "zero-shot" else f"{self.model} {self.regime}"
        return f"{name} (v2.2)" if self.table == "release" else name

    def shown(self, measure: Measure) -> str:
        """Format a figure for a table: a dash if the row has none."""
        return shown(self.values.get(measure.key), measure)


def published_rows() -> tuple[PublishedRow, ...]:
    """All rows of the published tables, as printed."""
    return (
        *_rows(PAPER_TABLE_2.rows, PAPER_TABLE_2.source, "table_2"),
        *_rows(PAPER_TABLE_S2.rows, PAPER_TABLE_S2.source, "table_s2"),
        *_rows(RELEASE_V2_2.rows, RELEASE_V2_2.source, "release"),
    )


def for_the_page(rows: tuple[PublishedRow, ...]) -> list[PublishedRow]:
    """One row per model and regime of the paper, and the release's.

    Scores missing from Table 2 are taken from the supplement; if both print a score, Table 2's is used.
    """
    lent = {(row.model, row.regime): row for row in rows if row.table == "table_s2"}
    merged = []
    for row in rows:
        if row.table == "table_2":
            other = lent.get((row.model, row.regime))
            merged.append(row if other is None else replace(row, values={**other.values, **row.values}))
        elif row.table == "release":
            merged.append(row)
    return merged


def _rows(printed: tuple[Mapping[str, str], ...], source: str, table: str) -> Iterator[PublishedRow]:
    means = _means()
    for row in printed:
        figures = {
            _NAMES.get(key, key): float(text) / (1 if key in _NO_RATES else 100)
            for key, text in row.items()
            if key not in ("model", "regime")
        }
        groups: dict[str, dict[str, float]] = {}
        for name in GROUP_NAMES:
            prefix = f"{name.lower()}_"
            groups[name] = {
                key.removeprefix(prefix): figures.pop(key) for key in list(figures) if key.startswith(prefix)
            }
        if "ta" in figures:
            figures.setdefault("unans", figures["ta"])
        yield PublishedRow(
            model=row["model"],
            regime=row["regime"],
            source=source,
            table=table,
            mean="Cal over all items" if table == "release" else means.get((row["model"], row["regime"]), ""),
            values=figures,
            groups=groups if any(groups.values()) else {},
        )


def _means() -> dict[tuple[str, str], str]:
    """Model and regime -> how the paper's Ans and Unans are averaged over groups, according to the audit."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for finding in audit_published():
        if finding.check in ("ans", "unans") and finding.source == PAPER_TABLE_2.source:
            found.setdefault((finding.model, finding.regime), {})[finding.check] = finding.says
    return {
        row: f"Ans and Unans: {said['ans']}"
        if said.get("ans") == said.get("unans")
        else "; ".join(f"{score.capitalize()}: {_said(says)}" for score, says in said.items())
        for row, said in found.items()
    }


def _said(finding: str) -> str:
    return "fits no mean of the groups" if finding == NEITHER else finding
