"""Where answers come from: which person's note, and which position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from omni_persona_report.figures.svg import Canvas, Figure, short
from omni_persona_report.gather import ReportRun

WIDTH, ROW = 680, 22
LABEL, LEFT, RIGHT = 196, 208, 560

_CUE = {"I2I": "face", "A2A": "voice", "T2T": "text", "T2Any": "text"}
"""Group -> the similarity that its queries ask for."""


def confusions(runs: Sequence[ReportRun]) -> Figure:
    """Three parts per run: whose note unsupported answers quote, from which position, and how near that person was."""
    canvas = Canvas()
    y = 18.0
    said: list[str] = []
    for place, run in enumerate(runs):
        canvas.marker(15, y - 4, place, run.name)
        canvas.text(26, y, short(run.name, 70), "strong", hint=run.name)
        y += 14
        y = _origins(canvas, y, run, place, said)
        y = _positions(canvas, y, run, place, said)
        y = _nearness(canvas, y, run, place, said)
        y += 26
    return Figure(
        "confusions",
        "Where answers come from",
        "The note that an answer's words come from, by a rule of thumb. Above: answers that no gold answer supports. "
        "Below: at which position the quoted context stood (bar), and how often the person asked about stood there "
        "(line); a model without position bias has both alike.",
        "; ".join(said) + ".",
        WIDTH,
        int(y),
        str(canvas),
    )


def _origins(canvas: Canvas, y: float, run: ReportRun, place: int, said: list[str]) -> float:
    counts: Counter[str] = Counter()
    for item_id, found in run.outcomes.items():
        source, target = run.sources[item_id], run.dataset.entries[item_id].target
        if found not in ("wrong_person", "wrong_attribute", "wrong_unclear", "hallucinated"):
            continue
        kind = (
            "no note in particular" if source is None else "the right person" if source == target else "another person"
        )
        counts[kind] += 1
    total = sum(counts.values())
    canvas.text(10, y + 8, f"Unsupported answers quote ({total})", "mut small")
    y += 12
    for kind in ("another person", "the right person", "no note in particular"):
        _bar(canvas, y, kind, counts[kind], total, place)
        y += ROW
    if total:
        told = ", ".join(f"{kind} {count}" for kind, count in counts.most_common())
        said.append(f"{run.name}: unsupported answers quote {told}")
    return y + 8


def _positions(canvas: Canvas, y: float, run: ReportRun, place: int, said: list[str]) -> float:
    sources = Counter(source for source in run.sources.values() if source is not None)
    asked = (run.dataset.entries[item_id].target for item_id in run.outcomes)
    targets = Counter(target for target in asked if target is not None)
    n_contexts = max((len(entry.memories) for entry in run.dataset.entries.values()), default=0)
    total, meant = sum(sources.values()), sum(targets.values())
    if not total or not n_contexts:
        return y
    canvas.text(10, y + 8, f"Answers quote the context at ({total})", "mut small")
    y += 12
    for position in range(n_contexts):
        _bar(canvas, y, f"position {position + 1}", sources[position], total, place)
        if meant:
            x = LEFT + (RIGHT - LEFT) * targets[position] / meant
            canvas.line(x, y + 1, x, y + ROW - 5, "axis")
        y += ROW
    said.append(
        f"{run.name}: quoted positions "
        + ", ".join(f"{position + 1}: {100 * sources[position] / total:.0f} %" for position in range(n_contexts))
    )
    return y + 8


def _nearness(canvas: Canvas, y: float, run: ReportRun, place: int, said: list[str]) -> float:
    """How alike the quoted distractor was to the person asked about, beside the distractors that were not quoted."""
    if not run.dataset.has_similarity:
        return y
    canvas.text(10, y + 8, "Similarity of the distractor quoted (sign) and of those not quoted (line)", "mut small")
    y += 12
    for group, modality in _CUE.items():
        quoted: list[float] = []
        others: list[float] = []
        for item_id, source in run.sources.items():
            entry = run.dataset.entries[item_id]
            if entry.group != group or source is None or source == entry.target or run.outcomes[item_id] == "right":
                continue
            for position, memory in enumerate(entry.memories):
                if position != entry.target and modality in memory.similarity:
                    (quoted if position == source else others).append(memory.similarity[modality])
        canvas.text(LABEL, y + 13, f"{group}, {modality} ({len(quoted)})", "small", "end")
        canvas.line(LEFT, y + 9, RIGHT, y + 9, "grid")
        if quoted and others:
            one, other = sum(quoted) / len(quoted), sum(others) / len(others)
            x_one, x_other = (LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, value)) for value in (one, other))
            canvas.line(x_other, y + 2, x_other, y + 16, "axis")
            hint = f"{run.name}, {group}: quoted distractors {one:.2f}, others {other:.2f} by {modality}"
            canvas.marker(x_one, y + 9, place, hint)
            canvas.text(RIGHT + 12, y + 13, f"{one:.2f} against {other:.2f}", "small")
            said.append(hint)
        else:
            canvas.text(RIGHT + 12, y + 13, "none quoted", "mut small")
        y += ROW
    return y + 8


def _bar(canvas: Canvas, y: float, label: str, count: int, total: int, place: int) -> None:
    share = count / total if total else 0.0
    canvas.text(LABEL, y + 13, label, "small", "end")
    canvas.rect(LEFT, y + 3, (RIGHT - LEFT) * share, ROW - 9, f"f{place % 8} soft", f"{label}: {count}", 2)
    canvas.line(LEFT, y + 1, LEFT, y + ROW - 5, "axis")
    canvas.text(RIGHT + 12, y + 13, f"{count}  ({100 * share:.0f} %)" if total else "0", "small")
