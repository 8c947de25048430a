"""The parts of the Space's page as HTML: headline, tables, picture.

Answers, golds and ids come from models and strangers. Every text goes through `_text` and is shown as text.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from .published import PAPER_TABLE_2, RELEASE_V2_2
from .scores import JudgedItem

CSS = """
.cal-cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px;
             margin: 4px 0 12px; }
.cal-card { border: 1px solid var(--border-color-primary); border-radius: 12px; padding: 14px 16px;
            background: var(--background-fill-primary); }
.cal-card.first { border-color: #4f46e5; box-shadow: inset 4px 0 0 #4f46e5; }
.cal-card .name { font-size: 13px; opacity: .75; }
.cal-card .value { font-size: 30px; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.25; }
.cal-card .range { font-size: 12px; opacity: .75; font-variant-numeric: tabular-nums; }
.cal-scroll { overflow-x: auto; }
.cal-table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
.cal-table, .cal-table tr, .cal-table th, .cal-table td { border: 0 !important; }
.cal-table th, .cal-table td { padding: 6px 7px !important; text-align: right; white-space: nowrap;
                               border-bottom: 1px solid var(--border-color-primary) !important; }
.cal-table th:first-child, .cal-table td:first-child { text-align: left; }
.cal-table small { opacity: .65; display: block; font-size: 11px; }
.cal-table.words td { text-align: left; white-space: pre-wrap; overflow-wrap: anywhere; vertical-align: top;
                      max-width: 420px; }
.cal-table.words th { text-align: left; }
.cal-note { border-left: 4px solid #d97706; padding: 8px 12px; margin: 8px 0; background: rgba(217, 119, 6, .1); }
.cal-note.error { border-color: #dc2626; background: rgba(220, 38, 38, .1); overflow-wrap: anywhere; }
.cal-plot text { fill: var(--body-text-color); font-family: inherit; }
.cal-plot .grid { stroke: var(--border-color-primary); }
"""

SHOWN_ITEMS = 200
"""Answers in the table of a page; the file has all."""

_COLUMNS = {
    "cal": "Cal",
    "ans": "Ans",
    "ta": "Unans (TA)",
    "one_minus_fa": "1-FA",
    "hallucination_rate": "Hallucination",
    "abs_f1": "Abs-F1",
    "rouge_l": "ROUGE-L",
    "token_f1": "Token F1",
}
_REGIMES = {"zero-shot": "#64748b", "SFT-1K": "#0d9488", "SFT-10K": "#0e7490", "RLVR": "#d97706"}


def headline(scores: Mapping[str, Any], n_without_answer: int) -> str:
    """The cards at the top, and what a reader must know before believing them."""
    names = {
        **{key: _COLUMNS[key] for key in ("cal", "ans", "ta", "one_minus_fa")},
        "audio_visual_gap": "Face minus voice",
    }
    cards = "".join(
        f'<div class="cal-card{" first" if key == "cal" else ""}"><div class="name">{_text(name)}</div>'
        f'<div class="value">{_percent(scores[key])}</div><div class="range">{_range(scores, key)}</div></div>'
        for key, name in names.items()
    )
    notes = []
    if n_without_answer:
        notes.append(f"{n_without_answer} items have no prediction and are in no score.")
    if scores["n_unjudged"]:
        notes.append(f"{scores['n_unjudged']} answers have no verdict and are in no Ans: not comparable with others.")
    if scores["inconsistent"]:
        notes.append("Ans without the guard exceeds 1-FA: the judge called abstentions CORRECT.")
    about = (
        f"{scores['n']} items over {scores['n_source_samples']} sets of memories, {scores['n_answerable']} answerable; "
        f"judge: {scores['judge']}; protocol: {scores['protocol']}; all figures x 100, with 95 % intervals."
    )
    warnings = "".join(f'<div class="cal-note">{_text(note)}</div>' for note in notes)
    return f'{warnings}<div class="cal-cards">{cards}</div><p>{_text(about)}</p>'


def score_table(scores: Mapping[str, Any]) -> str:
    """A row for all items, each group, each kind of absence and each task."""
    rows = [("All items", scores)]
    rows += [(f"Group {name}", part) for name, part in scores["by_group"].items()]
    rows += [(f"Absence: {name}", part) for name, part in scores["by_absence"].items()]
    rows += [(name, part) for name, part in scores["by_task"].items()]
    head = "".join(f"<th>{_text(name)}</th>" for name in ("x 100", "items", *_COLUMNS.values()))
    body = "".join(
        f"<tr><td>{_text(name)}</td><td>{part['n']}</td>"
        + "".join(
            f'<td title="{_text(part["null_because"].get(key, ""))}">{_percent(part[key])}'
            f"<small>{_range(part, key)}</small></td>"
            for key in _COLUMNS
        )
        + "</tr>"
        for name, part in rows
    )
    return f'<div class="cal-scroll"><table class="cal-table"><tr>{head}</tr>{body}</table></div>'


def item_table(items: Sequence[JudgedItem], predictions: Sequence[str]) -> str:
    """The first answers, with what the gold says and how each was counted."""
    head = "".join(f"<th>{name}</th>" for name in ("item", "gold answer", "prediction", "counted as"))
    body = "".join(
        "<tr>"
        + "".join(f"<td>{_text(cell)}</td>" for cell in (item.augmented_id, _gold(item), prediction, _counted_as(item)))
        + "</tr>"
        for item, prediction in list(zip(items, predictions, strict=True))[:SHOWN_ITEMS]
    )
    more = f"<p>The first {SHOWN_ITEMS} of {len(items)}.</p>" if len(items) > SHOWN_ITEMS else ""
    return f'{more}<div class="cal-scroll"><table class="cal-table words"><tr>{head}</tr>{body}</table></div>'


def error(message: str) -> str:
    """What went wrong, in place of results."""
    return f'<div class="cal-note error">{_text(message)}</div>'


def picture(scores: Mapping[str, Any] | None) -> str:
    """Ans against true abstention: the published rows, and the scores' own place among them."""
    left, top, size = 56, 16, 460

    def x(ta: float) -> float:
        return left + size * ta / 100

    def y(ans: float) -> float:
        return top + size * (1 - ans / 100)

    parts = []
    for tick in range(0, 101, 20):
        parts.append(
            f'<line class="grid" x1="{x(tick)}" y1="{y(0)}" x2="{x(tick)}" y2="{y(100)}"/>'
            f'<line class="grid" x1="{x(0)}" y1="{y(tick)}" x2="{x(100)}" y2="{y(tick)}"/>'
            f'<text x="{x(tick)}" y="{y(0) + 18}" font-size="11" text-anchor="middle">{tick}</text>'
            f'<text x="{x(0) - 8}" y="{y(tick) + 4}" font-size="11" text-anchor="end">{tick}</text>'
        )
    # Along such a line Cal stays the same.
    for cal in (25, 50, 75):
        first, last = max(0, 2 * cal - 100), min(100, 2 * cal)
        parts.append(
            f'<line x1="{x(first)}" y1="{y(last)}" x2="{x(last)}" y2="{y(first)}" stroke="#6366f1" opacity=".45" '
            f'stroke-dasharray="4 4"/><text x="{x(last) - 4}" y="{y(first) - 6}" font-size="11" text-anchor="end" '
            f'opacity=".8">Cal {cal}</text>'
        )
    parts += [_published_point(x, y, row, "ans", "paper") for row in PAPER_TABLE_2.rows]
    parts += [_published_point(x, y, row, "ans_guarded", "release v2.2") for row in RELEASE_V2_2.rows]
    if scores is not None and scores["ans"] is not None and scores["ta"] is not None:
        parts.append(_own_point(x, y, scores))
    for index, (name, color) in enumerate(_REGIMES.items()):
        parts.append(_legend(left + size + 24, top + 16 + 22 * index, color, f"{name} (paper)"))
    parts.append(_legend(left + size + 24, top + 16 + 22 * 4, "none", "outlined: release v2.2", stroke="#64748b"))
    if scores is not None:
        parts.append(_legend(left + size + 24, top + 16 + 22 * 5, "#4f46e5", "these predictions"))
    parts.append(
        f'<text x="{left + size / 2}" y="{y(0) + 42}" font-size="13" text-anchor="middle">'
        "TA: abstains where it should (x 100)</text>"
        f'<text transform="translate(16 {top + size / 2}) rotate(-90)" font-size="13" text-anchor="middle">'
        "Ans: answers rightly where it can (x 100)</text>"
    )
    return (
        f'<svg class="cal-plot" viewBox="0 0 {left + size + 190} {top + size + 56}" role="img" '
        f'aria-label="Ans against TA" style="width: 100%; max-width: 820px">{"".join(parts)}</svg>'
    )


def _published_point(x: Any, y: Any, row: Mapping[str, str], ans: str, source: str) -> str:
    color = _REGIMES[row["regime"]]
    fill = color if source == "paper" else "none"
    title = f"{row['model']}, {row['regime']} ({source}): Ans {row[ans]}, TA {row['ta']}"
    return (
        f'<circle cx="{x(float(row["ta"]))}" cy="{y(float(row[ans]))}" r="5" fill="{fill}" stroke="{color}" '
        f'stroke-width="1.5" opacity=".85"><title>{_text(title)}</title></circle>'
    )


def _own_point(x: Any, y: Any, scores: Mapping[str, Any]) -> str:
    ans, ta = 100 * scores["ans"], 100 * scores["ta"]
    (ans_low, ans_high), (ta_low, ta_high) = (
        [100 * end for end in scores["intervals"][name]] for name in ("ans", "ta")
    )
    return (
        f'<g stroke="#4f46e5" stroke-width="2.5"><line x1="{x(ta_low)}" y1="{y(ans)}" x2="{x(ta_high)}" y2="{y(ans)}"/>'
        f'<line x1="{x(ta)}" y1="{y(ans_low)}" x2="{x(ta)}" y2="{y(ans_high)}"/>'
        f'<circle cx="{x(ta)}" cy="{y(ans)}" r="8" fill="#4f46e5" stroke="white"><title>These predictions: '
        f"Ans {ans:.1f}, TA {ta:.1f}</title></circle></g>"
    )


def _legend(x: float, y: float, fill: str, name: str, stroke: str = "none") -> str:
    return (
        f'<circle cx="{x}" cy="{y}" r="6" fill="{fill}" stroke="{stroke}" stroke-width="1.5"/>'
        f'<text x="{x + 14}" y="{y + 4}" font-size="12">{_text(name)}</text>'
    )


def _gold(item: JudgedItem) -> str:
    return item.gold_answer if item.answerable else f"({item.absence})"


def _counted_as(item: JudgedItem) -> str:
    if not item.answerable:
        return "right: abstains" if item.abstaining else "hallucination"
    return "false abstention" if item.abstaining else str(item.verdict)


def _text(value: str) -> str:
    return html.escape(str(value), quote=True)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _range(scores: Mapping[str, Any], key: str) -> str:
    pair = scores["intervals"].get(key)
    return "" if pair is None else f"{100 * pair[0]:.1f} – {100 * pair[1]:.1f}"
