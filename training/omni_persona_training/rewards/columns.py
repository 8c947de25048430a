"""Validate the columns of a training example that a reward reads: an invalid label is an error, never a zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KINDS = ("verification", "localization", "question")
"""Kind of answer: yes or no, the number of a context, or an attribute in words."""
ABSENCES = ("none", "absent_persona", "absent_attribute")


class LabelError(ValueError):
    """A label from which no reward can be computed; the message names the example."""


@dataclass(frozen=True)
class Label:
    """The supervision of one example."""

    example_id: str
    kind: str
    """One of `KINDS`."""
    answer: str
    """`yes` or `no`; a context number or `none`; or the gold answer."""
    absence: str
    """One of `ABSENCES`."""
    context: int | None
    """The context in question, counted from 1; 0 if the person is in none; None if unknown."""


def labels(n: int, columns: Mapping[str, Sequence[Any]]) -> list[Label]:
    """The labels of n completions from the columns `kind`, `answer`, `absence`, `context` and `example_id`.

    Only `kind` and `answer` are required. Raises `LabelError` for a missing column or one of the wrong length, and
    for an invalid value.
    """
    for name in ("kind", "answer"):
        if name not in columns:
            raise LabelError(f"expected a column {name!r} beside the completions, got {', '.join(sorted(columns))}")
    given = {name: columns[name] for name in ("kind", "answer", "absence", "context", "example_id") if name in columns}
    for name, values in given.items():
        if len(values) != n:
            raise LabelError(f"expected {n} values in column {name!r}, one a completion, got {len(values)}")
    return [_label(place, {name: values[place] for name, values in given.items()}) for place in range(n)]


def _label(place: int, row: Mapping[str, Any]) -> Label:
    name = str(row.get("example_id", f"completion {place}"))
    kind, absence, answer = row["kind"], row.get("absence", "none"), row["answer"]
    if kind not in KINDS:
        raise LabelError(f"{name}: expected a kind among {', '.join(KINDS)}, got {kind!r}")
    if absence not in ABSENCES:
        raise LabelError(f"{name}: expected an absence among {', '.join(ABSENCES)}, got {absence!r}")
    if not isinstance(answer, str) or not answer.strip():
        raise LabelError(f"{name}: expected an answer in words, got {answer!r}")
    if kind == "verification" and answer not in ("yes", "no"):
        raise LabelError(f"{name}: expected the answer of a verification to be yes or no, got {answer!r}")
    if kind == "localization" and answer != "none" and not (answer.isdecimal() and 0 < int(answer) < 1000):
        raise LabelError(f"{name}: expected the answer of a localization to be a number or none, got {answer!r}")
    context = row.get("context")
    if context is not None and (not isinstance(context, int) or isinstance(context, bool) or context < 0):
        raise LabelError(f"{name}: expected the number of a context, 0 or null, got {context!r}")
    if absence == "absent_persona" and context:
        raise LabelError(f"{name}: the person is in none of the contexts, and context {context} is said to be theirs")
    return Label(name, kind, answer, absence, context)
