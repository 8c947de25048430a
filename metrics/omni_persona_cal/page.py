"""The parts of the Space's page as HTML: headline scores, tables, figure.

Answers, gold answers and IDs are untrusted. `_text` escapes every text.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from . import figure
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
.cal-plot svg { width: 100%; max-width: 480px; height: auto; }
"""

SHOWN_ITEMS = 200
"""Maximum number of answers in the table of a page; the downloaded file contains all."""

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


def headline(scores: Mapping[str, Any], n_without_answer: int) -> str:
    """The cards at the top, with warnings and a sentence about the items, the judge and the protocol."""
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
        notes.append(f"{n_without_answer} items have no prediction; no score counts them.")
    if scores["n_unjudged"]:
        notes.append(
            f"{scores['n_unjudged']} answers have no verdict; Ans leaves them out, so do not compare it with others."
        )
    if scores["inconsistent"]:
        notes.append("Unguarded Ans exceeds 1-FA: the judge called abstentions CORRECT.")
    about = (
        f"{scores['n']} items over {scores['n_source_samples']} sets of memories, {scores['n_answerable']} answerable; "
        f"judge: {scores['judge']}; protocol: {scores['protocol']}; all figures x 100, with 95 % intervals."
    )
    warnings = "".join(f'<div class="cal-note">{_text(note)}</div>' for note in notes)
    return f'{warnings}<div class="cal-cards">{cards}</div><p>{_text(about)}</p>'


def score_table(scores: Mapping[str, Any]) -> str:
    """A table with one row for all items, each group, each kind of absence and each task."""
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
    """A table of the first answers, with the gold answer and the outcome of each."""
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
    """An error message, shown instead of results."""
    return f'<div class="cal-note error">{_text(message)}</div>'


def picture(scores: Mapping[str, Any] | None, *, released: bool = True) -> str:
    """A figure of Ans and true abstention: the scores and, for the released items, the published rows."""
    rows = (
        [
            *((f"{row['model']} {row['regime']}", row["ta"], row["ans"]) for row in PAPER_TABLE_2.rows),
            *((f"{row['model']} {row['regime']} (v2.2)", row["ta"], row["ans_guarded"]) for row in RELEASE_V2_2.rows),
        ]
        if released
        else []
    )
    published = [(name, float(ta) / 100, float(ans) / 100) for name, ta, ans in rows]
    points = []
    alt = f"Ans against TA of {len(published)} published rows." if published else "Ans against TA."
    if scores is not None and scores["ans"] is not None and scores["ta"] is not None:
        ends = [scores.get("intervals", {}).get(name) for name in ("ta", "ans")]
        points.append(("These predictions", scores["ta"], scores["ans"], *ends))
        alt += f" These predictions: TA {100 * scores['ta']:.1f}, Ans {100 * scores['ans']:.1f}."
    with figure.settings():
        drawn = figure.inline(figure.plane(points, published), "plane", alt)
    note = "" if released else "Published results are not shown, because they are for other items."
    return f'<div class="cal-plot">{drawn}</div><p>{_text(note)}</p>'


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
