"""Files of predictions and references, as runs and the v2.2 release's scripts write them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .scores import CORRECT, NO_ABSENCE, UNJUDGED, WRONG
from .validation import REFERENCE_KEYS

_GROUP_OF_SCENARIO = {
    "visual_identity": "I2I",
    "voice_identity": "A2A",
    "same_modal_semantic": "T2T",
    "cross_modal_semantic_bridge": "T2Any",
}
_VERDICT_OF_WORD = {"CORRECT": CORRECT, "WRONG": WRONG, "INCORRECT": WRONG, "UNJUDGED": UNJUDGED}
"""The scripts of the release write INCORRECT."""


@dataclass(frozen=True)
class Answers:
    """What `evaluation.compute` takes, read from files."""

    predictions: list[str]
    references: list[dict[str, Any]]
    """In the order of `predictions`."""
    verdicts: list[str | None] | None
    """None where the file holds no verdicts."""
    n_without_answer: int
    """Items whose line holds no prediction: failed ones. They are left out."""


def read_answers(predictions: str, references: str = "") -> Answers:
    """Predictions and the references they belong to, matched by `augmented_id`.

    Args:
        predictions: JSON lines, or a JSON list, of objects with `augmented_id` and `prediction` (or
            `model_prediction`), and perhaps `verdict` (or `judge_verdict`).
        references: The same of references as `compute` takes them, or of rows of the release. Where it is blank,
            the lines of `predictions` must be rows of the release, too, as those that its scripts write.

    Raises:
        ValueError: names the file, line and item, and says what was expected.
    """
    said = list(_records("predictions", predictions))
    known = {}
    source = "references" if references.strip() else "predictions"
    for record, where in _records("references", references) if references.strip() else said:
        known[_id(record, where)] = _reference(record, where, source)
    texts, matched, verdicts, seen, n_without = [], [], [], set(), 0
    for record, where in said:
        item_id = _id(record, where)
        if item_id in seen:
            raise ValueError(f"{where}: expected each augmented_id once, got {item_id!r} again")
        seen.add(item_id)
        if item_id not in known:
            raise ValueError(f"{where}: there is no reference with augmented_id {item_id!r}")
        text = record.get("prediction", record.get("model_prediction"))
        if text is None:
            n_without += 1
            continue
        texts.append(text)
        matched.append(known[item_id])
        verdicts.append(_verdict(record, where))
    if not texts:
        raise ValueError("predictions: expected at least one line with a prediction, got none")
    return Answers(texts, matched, verdicts if any(verdicts) else None, n_without)


def _records(name: str, text: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The objects of a text, each with where it stands."""
    stripped = text.strip()
    if stripped.startswith("["):
        try:
            rows = [(row, f"{name}[{index}]") for index, row in enumerate(json.loads(stripped))]
        except ValueError as error:
            raise ValueError(f"{name}: not JSON: {error}") from None
    else:
        # JSON lines end with \n alone: other line ends may stand inside a string.
        rows = [(line, f"{name}, line {index}") for index, line in enumerate(text.split("\n"), start=1) if line.strip()]
    for row, where in rows:
        if isinstance(row, str):
            try:
                row = json.loads(row)
            except ValueError as error:
                raise ValueError(f"{where}: not JSON: {error}") from None
        if not isinstance(row, dict):
            raise ValueError(f"{where}: expected a JSON object, got {type(row).__name__}")
        yield row, where


def _id(record: Mapping[str, Any], where: str) -> str:
    item_id = record.get("augmented_id")
    if not isinstance(item_id, str):
        raise ValueError(f"{where}: expected augmented_id to be a string, got {item_id!r}")
    return item_id


def _reference(record: Mapping[str, Any], where: str, source: str) -> dict[str, Any]:
    if all(key in record for key in REFERENCE_KEYS):
        return {key: record[key] for key in REFERENCE_KEYS}
    supervision = record.get("answer_supervision")
    scenario = record.get("scenario")
    if not isinstance(supervision, Mapping) or scenario not in _GROUP_OF_SCENARIO:
        hint = "" if source == "references" else " (or give references of their own)"
        raise ValueError(
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


def _verdict(record: Mapping[str, Any], where: str) -> str | None:
    said = record.get("verdict", record.get("judge_verdict"))
    if said is None:
        return None
    word = said.strip().upper() if isinstance(said, str) else ""
    if word not in _VERDICT_OF_WORD:
        raise ValueError(f"{where}: expected a verdict among {', '.join(_VERDICT_OF_WORD)}, got {said!r}")
    return _VERDICT_OF_WORD[word]
