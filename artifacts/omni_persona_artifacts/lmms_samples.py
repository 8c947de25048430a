"""Read the samples that lmms-eval logs (`--log_samples`): JSON lines with `doc_id`, `target` and `filtered_resps`.

The harness writes a mark in the place of an answer where a request failed or its budget ran out, and an empty text
where a backend swallowed an exception. Both are failed items here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from omni_persona_artifacts.chat import split_thinking

_MARK = re.compile(r"\s*\[(LMMS_EVAL_[A-Z_]+)([^\]]*)\]\s*(.*)", re.DOTALL)
_LONGEST_REASON = 200
_TOKENS = ("input_tokens", "output_tokens")


def failure_in(text: object) -> str | None:
    """The reason that a text gives instead of an answer; None if it is an answer.

    Examples:
        >>> failure_in("[LMMS_EVAL_REQUEST_FAILED after 5 retries] Connection error.")
        'LMMS_EVAL_REQUEST_FAILED after 5 retries: Connection error.'
    """
    if not isinstance(text, str) or not text.strip():
        return "an empty answer"
    mark = _MARK.match(text)
    if mark is None:
        return None
    why = " ".join(mark[3].split())[:_LONGEST_REASON]
    return f"{mark[1]}{mark[2]}" + f": {why}" * bool(why)


def is_lmms_line(record: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a logged sample."""
    return "doc_id" in record and "filtered_resps" in record and "prediction" not in record


def plain_line(record: Mapping[str, Any], rows: Sequence[str] | None = None) -> dict[str, Any]:
    """Convert a logged sample to a prediction line, with the sample's `target` and `input`.

    rows: the dataset's item IDs in order, for samples that name no item: their `doc_id` counts its rows.
    Raises `ValueError` for a sample without an item and for one with several answers.
    """
    answer = _only(record["filtered_resps"])
    line = {
        "augmented_id": _item(record, rows),
        "prediction": None,
        "status": "failed",
        **_tokens(record.get("token_counts")),
        **{key: record[key] for key in ("target", "input") if isinstance(record.get(key), str)},
    }
    if failure := failure_in(answer):
        return {**line, "error": failure}
    try:
        said = split_thinking(str(answer))
    except ValueError as error:
        return {**line, "error": str(error)}
    if not said.answer:
        return {**line, "error": "an empty answer"}
    return {**line, "prediction": said.answer, "thinking": said.thinking, "status": "ok"}


def _item(record: Mapping[str, Any], rows: Sequence[str] | None) -> str:
    named = {
        held["augmented_id"]
        for held in (record, *record.values())
        if isinstance(held, Mapping) and isinstance(held.get("augmented_id"), str)
    }
    if len(named) == 1:
        return str(named.pop())
    row = record["doc_id"]
    if named:
        raise ValueError(f"expected a sample of one item, got one that names {len(named)}: {', '.join(sorted(named))}")
    if rows is None:
        raise ValueError("expected a sample with an augmented_id, got none: --dataset tells the item by its doc_id")
    if not isinstance(row, int) or isinstance(row, bool) or not 0 <= row < len(rows):
        raise ValueError(f"expected a doc_id of a row, 0 to {len(rows) - 1}, got {row!r:.60}")
    return rows[row]


def _only(answers: object) -> object:
    """The one answer in nested lists of one."""
    while isinstance(answers, list):
        if len(answers) != 1:
            raise ValueError(f"expected one answer, got {len(answers)}: repeats are scored by `omni-persona run` alone")
        answers = answers[0]
    return answers


def _tokens(counts: object) -> dict[str, int]:
    held = counts[0] if isinstance(counts, list) and len(counts) == 1 else counts
    if not isinstance(held, Mapping):
        return {}
    return {key: held[key] for key in _TOKENS if type(held.get(key)) is int and held[key] >= 0}
