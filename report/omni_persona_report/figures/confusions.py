"""Sources of answers: which person's note, at which position, and how similar that person was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from omni_persona_cal import figure as drawing
from omni_persona_report.figures.figure import Figure, first
from omni_persona_report.runs.outcomes import Outcome
from omni_persona_report.runs.report_run import ReportRun

LEFT, ROW, HEAD = 1.32, 0.15, 0.2
RIGHT = 0.68

CUES = {"I2I": "face", "A2A": "voice", "T2T": "text", "T2Any": "text"}
"""Group -> the modality whose similarity its queries test."""

UNSUPPORTED: tuple[Outcome, ...] = ("wrong_person", "wrong_attribute", "wrong_unclear", "hallucinated")

Row = tuple[str, float | None, str, float | None]
"""Label, length of the bar (0..1), text to its right, and position of a reference line (0..1)."""


def confusions(runs: Sequence[ReportRun], measure: str) -> Figure:
    """Up to three blocks of bars per run."""
    shown, more = first(runs)
    blocks: list[tuple[int, str, list[Row]]] = []
    said: list[str] = []
    for place, run in enumerate(shown):
        for head, rows in (_origins(run, said), _positions(run, said), _nearness(run, said)):
            if rows:
                blocks.append((place, head, rows))
    height = sum(HEAD + ROW * len(rows) for _, _, rows in blocks) + HEAD * len(shown)
    figure = drawing.sheet(height + 0.2)
    box = drawing.axes(figure, LEFT, 0.06, drawing.WIDTH - LEFT - RIGHT, height)
    box.set(xlim=(0, 1), ylim=(height, 0), xticks=[], yticks=[])
    box.spines[["left", "bottom"]].set_visible(False)
    y, before = 0.0, -1
    for place, head, rows in blocks:
        if place != before:
            drawing.words(figure, 0.1, 0.06 + y + 0.13, drawing.short(shown[place].name, 50), fontweight="bold")
            y, before = y + HEAD, place
        drawing.words(figure, 0.1, 0.06 + y + 0.13, head, color=drawing.MUTED, fontsize=7)
        y += HEAD
        for row in rows:
            _bar(box, y + ROW / 2, row, drawing.SERIES[place % len(drawing.SERIES)])
            y += ROW
    return Figure(
        "confusions",
        "Where answers come from",
        "The note that an answer's words come from, found by comparing words. Unsupported answers: whose note they "
        "quote. Positions: how often the memory at each position is quoted (bar), and how often the person asked about "
        f"is there (line); without position bias, the two are equal ({measure})." + more,
        "; ".join(said) + ".",
        figure,
    )


def _origins(run: ReportRun, said: list[str]) -> tuple[str, list[Row]]:
    counts: Counter[str] = Counter()
    for item_id, found in run.outcomes.items():
        source, target = run.sources[item_id], run.dataset.entries[item_id].target
        if found in UNSUPPORTED:
            counts["no note" if source is None else "the right person" if source == target else "another person"] += 1
    total = sum(counts.values())
    kinds = ("another person", "the right person", "no note")
    if total:
        listed = ", ".join(f"{kind} {count}" for kind, count in counts.most_common())
        said.append(f"{run.name}: unsupported answers quote {listed}")
    rows: list[Row] = [(kind, counts[kind] / max(1, total), _share(counts[kind], total), None) for kind in kinds]
    return f"Unsupported answers ({total}) quote", rows


def _positions(run: ReportRun, said: list[str]) -> tuple[str, list[Row]]:
    sources = Counter(source for source in run.sources.values() if source is not None)
    asked = (run.dataset.entries[item_id].target for item_id in run.outcomes)
    targets = Counter(target for target in asked if target is not None)
    n_contexts = max((len(entry.memories) for entry in run.dataset.entries.values()), default=0)
    total, meant = sum(sources.values()), sum(targets.values())
    if not total or not n_contexts:
        return "", []
    shares = [sources[place] / total for place in range(n_contexts)]
    listed = ", ".join(f"{place + 1}: {100 * share:.0f} %" for place, share in enumerate(shares))
    said.append(f"{run.name}: quoted positions {listed}")
    rows: list[Row] = [
        (f"position {place + 1}", share, _share(sources[place], total), targets[place] / meant if meant else None)
        for place, share in enumerate(shares)
    ]
    return f"Answers ({total}) quote the memory at", rows


def _nearness(run: ReportRun, said: list[str]) -> tuple[str, list[Row]]:
    """How similar the quoted distractor was to the person asked about, compared with the other distractors."""
    if not run.dataset.has_similarity:
        return "", []
    rows: list[Row] = []
    for group, modality in CUES.items():
        quoted: list[float] = []
        others: list[float] = []
        for item_id, source in run.sources.items():
            entry = run.dataset.entries[item_id]
            if entry.group != group or source is None or source == entry.target or run.outcomes[item_id] == "right":
                continue
            for position, memory in enumerate(entry.memories):
                if position != entry.target and modality in memory.similarity:
                    (quoted if position == source else others).append(memory.similarity[modality])
        if not quoted or not others:
            rows.append((f"{group}, {modality}", None, "none quoted", None))
            continue
        one, other = sum(quoted) / len(quoted), sum(others) / len(others)
        rows.append((f"{group}, {modality} ({len(quoted)})", one, f"{one:.2f} / {other:.2f}", other))
        said.append(f"{run.name}, {group}: quoted distractors {one:.2f}, others {other:.2f} by {modality}")
    return "Similarity of the quoted distractor / of others (line)", rows


def _bar(box: Any, y: float, row: Row, colour: str) -> None:
    label, value, text, line = row
    box.text(-0.03, y, label, ha="right", va="center", fontsize=6.5)
    box.text(1.03, y, text, va="center", fontsize=6.5)
    if value is not None:
        box.barh([y], [max(0.0, min(1.0, value))], height=0.1, color=colour, alpha=0.45)
    if line is not None:
        at = max(0.0, min(1.0, line))
        box.plot([at, at], [y - 0.06, y + 0.06], color=drawing.INK, linewidth=1)
    box.plot([0, 0], [y - 0.07, y + 0.07], color=drawing.MUTED, linewidth=0.6)


def _share(count: int, total: int) -> str:
    return f"{count} ({100 * count / total:.0f} %)" if total else "0"
