"""The only parser of prediction lines and verdict lines.

Reads the lines of a run folder (`predictions.jsonl`, `verdicts.jsonl`) and those of the v2.2 release's scripts
(`model_prediction`, `judge_verdict`, `[SKIP] ...` instead of an answer if a request was refused). The caller chooses
strict or lenient parsing with `on_problem`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from .records import OnProblem, Source, raise_problem, read_records, shown
from .scores import CORRECT, UNJUDGED, WRONG

_VERDICT_OF_WORD = {"CORRECT": CORRECT, "WRONG": WRONG, "INCORRECT": WRONG, "UNJUDGED": UNJUDGED}
"""The scripts of the release write INCORRECT."""

_MOST = 10**12
"""The largest number of tokens that a line may name: sums of longer ones have more digits than Python writes."""

_SKIPPED = re.compile(r"\s*\[SKIP\](?=\s|:|$):?")


@dataclass(frozen=True)
class VerdictLine:
    """A judge's verdict on one answer."""

    augmented_id: str
    verdict: str
    """CORRECT, WRONG or UNJUDGED."""
    judge: str | None = None
    """The judge's name; None if the line does not give it."""
    raw: str | None = None
    """The judge's text; JSON if the line contains something other than a string."""
    reason: str | None = None
    """Why the answer is UNJUDGED."""
    margin: float | None = None
    """Log-likelihood of CORRECT minus that of WRONG."""
    where: str = field(default="", compare=False)
    """`FILE:LINE`."""


@dataclass(frozen=True)
class PredictionLine:
    """A model's answer to one item, or its failure."""

    augmented_id: str
    prediction: str | None
    """The model's answer; None exactly if the item failed."""
    status: Literal["ok", "failed"]
    error: str | None = None
    """Why there is no answer."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    seconds: float | None = None
    finish: str | None = None
    """Why the answer ended, in the runner's terms."""
    thinking: str | None = None
    """The text before the answer."""
    dropped: tuple[str, ...] = ()
    """Parts of the item left out because the model cannot take them."""
    confidence: float | None = None
    """The model's confidence in its answer, 0..1."""
    verdict: VerdictLine | None = None
    """The verdict, if the line contains one, as in the release's judged files."""
    record: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The whole line."""
    where: str = field(default="", compare=False)
    """`FILE:LINE`."""

    @property
    def of_release(self) -> bool:
        """Whether the release's scripts wrote the line."""
        return "model_prediction" in self.record


_Line = TypeVar("_Line", PredictionLine, VerdictLine)


def read_predictions(
    source: Source, name: str | None = None, *, on_problem: OnProblem = raise_problem, drop_half_line: bool = False
) -> Iterator[PredictionLine]:
    """Parse the prediction lines of a file or text, as an iterator; arguments as for `records.read_records`.

    >>> [line.prediction for line in read_predictions('{"augmented_id": "a", "prediction": "a baker"}')]
    ['a baker']
    """
    for record, where in read_records(source, name, on_problem=on_problem, drop_half_line=drop_half_line):
        line = prediction_line(record, where, on_problem=on_problem)
        if line is not None:
            yield line


def read_verdicts(
    source: Source, name: str | None = None, *, on_problem: OnProblem = raise_problem, drop_half_line: bool = False
) -> Iterator[VerdictLine]:
    """Parse the verdict lines of a file or text, as an iterator; arguments as for `records.read_records`."""
    for record, where in read_records(source, name, on_problem=on_problem, drop_half_line=drop_half_line):
        line = verdict_line(record, where, on_problem=on_problem)
        if line is not None:
            yield line


def prediction_line(
    record: Mapping[str, Any], where: str, *, on_problem: OnProblem = raise_problem
) -> PredictionLine | None:
    """Parse the prediction in a JSON object.

    An object without a status is a failed item if its prediction is null or begins with `[SKIP]`, or if it gives an
    `error`; so is a `model_prediction` that begins with `[SKIP]`. If `on_problem` returns, an object without an id or
    without an answer or a failure gives None, and an optional value of a wrong type is dropped.
    """
    item_id = _id(record, where, on_problem)
    if item_id is None:
        return None
    of_release = "prediction" not in record
    text = record.get("model_prediction") if of_release else record["prediction"]
    error = record.get("error")
    has_error = isinstance(error, str) and bool(error.strip())
    status = record.get("status", "failed" if text is None or has_error else "ok")
    place = f"{where} ({_name(item_id)})"
    if status not in ("ok", "failed"):
        on_problem(f"{place}: expected status ok or failed, got {shown(status)}")
        return None
    if "status" not in record and not has_error and of_release and "model_prediction" not in record:
        on_problem(f"{place}: expected a prediction (or model_prediction), got none")
        return None
    if status == "ok" and not isinstance(text, str):
        on_problem(f"{place}: expected prediction to be a string, got {shown(text)}")
        return None
    values = _Values(record, place, on_problem)
    error = values.text("error")
    if isinstance(text, str) and status == "ok" and (of_release or "status" not in record):
        # With our status "ok", the same text is the model's answer.
        skipped = _SKIPPED.match(text)
        if skipped:
            status, error = "failed", text[skipped.end() :].strip() or error
    return PredictionLine(
        augmented_id=item_id,
        prediction=text if status == "ok" else None,
        status=status,
        error=error,
        input_tokens=values.whole("input_tokens"),
        output_tokens=values.whole("output_tokens"),
        seconds=values.number("seconds"),
        finish=values.text("finish"),
        thinking=values.text("thinking"),
        dropped=values.texts("dropped"),
        confidence=values.number("confidence", 0.0, 1.0),
        verdict=_verdict_of(record, item_id, where, values),
        record=record,
        where=where,
    )


def verdict_line(record: Mapping[str, Any], where: str, *, on_problem: OnProblem = raise_problem) -> VerdictLine | None:
    """Parse the verdict in a JSON object.

    If `on_problem` returns, an object without an id gives None, and one with a verdict other than CORRECT, WRONG
    (or the release's INCORRECT) and UNJUDGED is UNJUDGED.
    """
    item_id = _id(record, where, on_problem)
    if item_id is None:
        return None
    values = _Values(record, f"{where} ({_name(item_id)})", on_problem)
    word = record["verdict"] if "verdict" in record else record.get("judge_verdict")
    return _verdict(word, item_id, where, values)


def by_item(lines: Iterable[_Line], *, on_problem: OnProblem = raise_problem) -> dict[str, _Line]:
    """Item ID -> line, in the order of each item's first line.

    A failed prediction is replaced by a later line. A second answer, or verdict, of an item is a problem; if
    `on_problem` returns, the last one counts.
    """
    found: dict[str, _Line] = {}
    for line in lines:
        before = found.get(line.augmented_id)
        failed = isinstance(before, PredictionLine) and before.status == "failed"
        if before is not None and not failed:
            of = f", as in {before.where}" if before.where else ""
            on_problem(f"{line.where}: expected each augmented_id once, got {shown(line.augmented_id)} again{of}")
        found[line.augmented_id] = line
    return found


def _verdict_of(record: Mapping[str, Any], item_id: str, where: str, values: _Values) -> VerdictLine | None:
    """The verdict in a prediction line; None if there is none."""
    word = record.get("verdict")
    if word is None:
        word = record.get("judge_verdict")
    return None if word is None else _verdict(word, item_id, where, values)


def _verdict(word: object, item_id: str, where: str, values: _Values) -> VerdictLine:
    verdict = _VERDICT_OF_WORD.get(word.strip().upper()) if isinstance(word, str) else None
    reason = values.text("reason")
    if verdict is None:
        expected = ", ".join(_VERDICT_OF_WORD)
        values.problem(f"expected a verdict among {expected}, got {shown(word)}")
        verdict, reason = UNJUDGED, f"its line has {shown(word)} for a verdict"
    return VerdictLine(
        augmented_id=item_id,
        verdict=verdict,
        judge=values.text("judge_model") or values.text("judge"),
        raw=_as_text(next((record for key in _RAW if (record := values.record.get(key)) is not None), None)),
        reason=reason,
        margin=values.number("margin"),
        where=where,
    )


_RAW = ("raw", "judge_raw", "judge_response")
"""Keys of the judge's text in a line: ours, and two that the release's scripts use."""


def _as_text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _id(record: Mapping[str, Any], where: str, on_problem: OnProblem) -> str | None:
    item_id = record.get("augmented_id")
    if isinstance(item_id, str) and item_id.strip():
        return item_id
    on_problem(f"{where}: expected augmented_id to be a string, got {shown(item_id)}")
    return None


def _name(item_id: str) -> str:
    """An ID as shown in a message: without quotes if it is plain."""
    return item_id if item_id.isprintable() and len(item_id) <= 60 else shown(item_id)


@dataclass(frozen=True)
class _Values:
    """Reads the optional values of a line; an invalid one is reported and becomes None."""

    record: Mapping[str, Any]
    place: str
    on_problem: OnProblem

    def problem(self, text: str) -> None:
        self.on_problem(f"{self.place}: {text}")

    def text(self, key: str) -> str | None:
        value = self.record.get(key)
        if value is None or isinstance(value, str):
            return value
        self.problem(f"expected {key} to be a string, got {shown(value)}")
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.record.get(key)
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self.problem(f"expected {key} to be a list of strings, got {shown(value)}")
        return ()

    def number(self, key: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        value = self.record.get(key)
        if value is None:
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high:
            try:
                if math.isfinite(value):
                    return float(value)
            except OverflowError:  # an integer too large for a float
                pass
        between = "" if math.isinf(low) else f" from {low:g} to {high:g}"
        self.problem(f"expected {key} to be a number{between}, got {shown(value)}")
        return None

    def whole(self, key: str) -> int | None:
        value = self.record.get(key)
        if value is None:
            return None
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and 0 <= value <= _MOST and value == int(value):
            return int(value)
        self.problem(f"expected {key} to be a whole number, got {shown(value)}")
        return None
