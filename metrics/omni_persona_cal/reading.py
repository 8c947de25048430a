"""Read files of predictions, verdicts and references, as written by runs and by the v2.2 release's scripts.

The face of the metric's parsers: `lines` (predictions and verdicts) and `records` (JSON lines). `read_answers` matches
two files that a user brings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .lines import (
    PredictionLine,
    VerdictLine,
    by_item,
    prediction_line,
    read_predictions,
    read_verdicts,
    verdict_line,
)
from .records import OnProblem, ReadingError, raise_problem, read_records, shown
from .scores import NO_ABSENCE
from .validation import REFERENCE_KEYS

__all__ = [
    "Answers",
    "OnProblem",
    "PredictionLine",
    "ReadingError",
    "VerdictLine",
    "by_item",
    "prediction_line",
    "raise_problem",
    "read_answers",
    "read_predictions",
    "read_records",
    "read_verdicts",
    "verdict_line",
]

_GROUP_OF_SCENARIO = {
    "visual_identity": "I2I",
    "voice_identity": "A2A",
    "same_modal_semantic": "T2T",
    "cross_modal_semantic_bridge": "T2Any",
}


@dataclass(frozen=True)
class Answers:
    """The arguments of `evaluation.compute`, read from files."""

    predictions: list[str]
    references: list[dict[str, Any]]
    """In the order of `predictions`."""
    verdicts: list[str | None] | None
    """None if the file contains no verdicts."""
    n_without_answer: int
    """IDs of failed items, whose lines have no prediction. They are left out."""


def read_answers(predictions: str, references: str = "") -> Answers:
    """Read predictions and match them with their references by `augmented_id`.

    Args:
        predictions: JSON lines, or a JSON list, of objects with `augmented_id` and `prediction` (or
            `model_prediction`), and perhaps `verdict` (or `judge_verdict`).
        references: The same of references as `compute` takes them, or of rows of the release. Where it is blank,
            the lines of `predictions` must be rows of the release, too, as those that its scripts write.

    Raises:
        ReadingError: (a ValueError) invalid input; names the file, line and item, and what was expected.
    """
    said = list(by_item(read_predictions(predictions, "predictions")).values())
    known: dict[str, dict[str, Any]] = {}
    if references.strip():
        for record, where in read_records(references, "references"):
            item_id = record.get("augmented_id")
            if not isinstance(item_id, str):
                raise ReadingError(f"{where}: expected augmented_id to be a string, got {shown(item_id)}")
            known[item_id] = _reference(record, where, "references")
    else:
        known = {line.augmented_id: _reference(line.record, line.where, "predictions") for line in said}
    unknown = next((line for line in said if line.augmented_id not in known), None)
    if unknown:
        raise ReadingError(f"{unknown.where}: there is no reference with augmented_id {shown(unknown.augmented_id)}")
    answered = [line for line in said if line.prediction is not None]
    if not answered:
        raise ReadingError("predictions: expected at least one line with a prediction, got none")
    verdicts = [line.verdict.verdict if line.verdict else None for line in answered]
    return Answers(
        predictions=[line.prediction for line in answered if line.prediction is not None],
        references=[known[line.augmented_id] for line in answered],
        verdicts=verdicts if any(verdicts) else None,
        n_without_answer=len(said) - len(answered),
    )


def _reference(record: Mapping[str, Any], where: str, source: str) -> dict[str, Any]:
    if all(key in record for key in REFERENCE_KEYS):
        return {key: record[key] for key in REFERENCE_KEYS}
    supervision = record.get("answer_supervision")
    scenario = record.get("scenario")
    if not isinstance(supervision, Mapping) or not isinstance(scenario, str) or scenario not in _GROUP_OF_SCENARIO:
        hint = "" if source == "references" else " (or pass separate references)"
        raise ReadingError(
            f"{where}: expected a reference with {', '.join(REFERENCE_KEYS)}, or a row of the release with scenario "
            f"and answer_supervision{hint}"
        )
    answerable = supervision.get("answerable_from_context")
    absence = NO_ABSENCE if answerable else "absent_persona" if record.get("no_GT") else "absent_attribute"
    return {
        "augmented_id": record["augmented_id"],
        "source_sample_id": record.get("source_sample_id"),
        "group": _GROUP_OF_SCENARIO[scenario],
        "task": record.get("selected_task"),
        "absence": absence,
        "gold_answer": supervision.get("gold_answer") or "",
        "answerable": answerable,
    }
