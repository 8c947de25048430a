"""Reject input that cannot be scored, naming the index or ID and what was expected.

`evaluate` itself accepts much of it: None after the first row, a number instead of a text,
a struct with a missing key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .scores import ABSENCES, GROUPS, NO_ABSENCE, PROTOCOLS, VERDICTS

_NEVER_BLANK = ("augmented_id", "source_sample_id", "group", "task", "absence")
REFERENCE_KEYS = (*_NEVER_BLANK, "gold_answer", "answerable")
"""Required keys of a reference. All values are strings except `answerable`, a bool."""

OPTIONAL_KEYS = ("other_answers", "person")
"""What a reference may hold besides, None where it is not known: what the other notes say of the asked field, a list of
strings, and whom the item asks about, a name or number of theirs as a string."""


def check_inputs(predictions: object, references: object) -> None:
    """Raise ValueError unless there is one string per reference, at least one, and all are well formed."""
    predictions = _listed("predictions", predictions, "strings")
    references = _listed("references", references, "dicts")
    if len(predictions) != len(references):
        raise ValueError(
            f"expected one prediction per reference, got {len(predictions)} predictions "
            f"and {len(references)} references"
        )
    if not predictions:
        raise ValueError("expected at least one prediction and its reference, got empty lists")
    first_index: dict[str, int] = {}
    for index, (prediction, reference) in enumerate(zip(predictions, references, strict=True)):
        _check_reference(reference, f"references[{index}]")
        augmented_id = reference["augmented_id"]
        if augmented_id in first_index:
            raise ValueError(
                f"references[{index}]: expected each augmented_id once, got {augmented_id!r} "
                f"in references[{first_index[augmented_id]}], too"
            )
        first_index[augmented_id] = index
        if not isinstance(prediction, str):
            raise ValueError(
                f"predictions[{index}] (item {augmented_id}): expected a string, got {_described(prediction)}"
            )


def check_verdicts(verdicts: object, references: Sequence[Mapping[str, Any]]) -> None:
    """Raise ValueError unless each answerable reference has a verdict. Others may have None."""
    verdicts = _listed("verdicts", verdicts, f"verdicts, each one of {_either(VERDICTS)}")
    if len(verdicts) != len(references):
        raise ValueError(f"expected one verdict per item, {len(references)}, got {len(verdicts)}")
    for index, (verdict, reference) in enumerate(zip(verdicts, references, strict=True)):
        if verdict is None and not reference["answerable"]:
            continue
        if not isinstance(verdict, str) or verdict not in VERDICTS:
            raise ValueError(
                f"verdicts[{index}] (item {reference['augmented_id']}): "
                f"expected one of {_either(VERDICTS)}, got {_described(verdict)}"
            )


def check_protocol(protocol: object) -> None:
    """Raise ValueError unless `protocol` is one of `scores.PROTOCOLS`."""
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol: expected one of {_either(PROTOCOLS)}, got {_described(protocol)}")


def check_resampling(n_resamples: object, confidence: object, seed: object) -> None:
    """Raise ValueError unless these are valid settings of intervals."""
    for name, value in (("n_resamples", n_resamples), ("seed", seed)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValueError(f"{name}: expected a whole number, 0 or more, got {_described(value)}")
    if not isinstance(confidence, float) or not 0 < confidence < 1:
        raise ValueError(f"confidence: expected a number between 0 and 1, such as 0.95, got {_described(confidence)}")


def _listed(name: str, values: object, of_what: str) -> Sequence[Any]:
    if not isinstance(values, Sequence) or isinstance(values, (str, bytes)):
        raise ValueError(f"{name}: expected a list of {of_what}, got {_described(values)}")
    return values


def _check_reference(reference: object, where: str) -> None:
    if not isinstance(reference, Mapping):
        keys = ", ".join(REFERENCE_KEYS)
        raise ValueError(f"{where}: expected a dict with the keys {keys}, got {_described(reference)}")
    augmented_id = reference.get("augmented_id")
    if isinstance(augmented_id, str):
        where = f"{where} (item {augmented_id})"

    faults = [f"no {key}" for key in REFERENCE_KEYS if key not in reference]
    faults += [f"an unknown {key}" for key in reference if key not in (*REFERENCE_KEYS, *OPTIONAL_KEYS)]
    if faults:
        raise ValueError(f"{where}: expected the keys {', '.join(REFERENCE_KEYS)}, got {' and '.join(faults)}")

    for key in REFERENCE_KEYS:
        kind, expected = (bool, "True or False") if key == "answerable" else (str, "a string")
        if not isinstance(reference[key], kind):
            raise ValueError(f"{where}: {key}: expected {expected}, got {_described(reference[key])}")
    for key in _NEVER_BLANK:
        if not reference[key].strip():
            raise ValueError(f"{where}: {key}: expected a string that is not blank, got {reference[key]!r}")
    for key, allowed in (("group", GROUPS), ("absence", ABSENCES)):
        if reference[key] not in allowed:
            raise ValueError(f"{where}: {key}: expected one of {_either(allowed)}, got {reference[key]!r}")

    _check_optional(reference, where)
    answerable, absence = reference["answerable"], reference["absence"]
    if answerable != (absence == NO_ABSENCE):
        raise ValueError(f"{where}: answerable: expected {not answerable} with absence {absence!r}, got {answerable}")
    if answerable and not reference["gold_answer"].strip():
        raise ValueError(f"{where}: gold_answer: expected the answer to an answerable item, got a blank string")


def _check_optional(reference: Mapping[str, Any], where: str) -> None:
    person, others = reference.get("person"), reference.get("other_answers")
    if person is not None and (not isinstance(person, str) or not person.strip()):
        raise ValueError(f"{where}: person: expected a string that is not blank, or None, got {_described(person)}")
    if others is None:
        return
    if not isinstance(others, (list, tuple)) or not all(isinstance(answer, str) for answer in others):
        raise ValueError(f"{where}: other_answers: expected a list of strings, or None, got {_described(others)}")
    gold = _folded(reference["gold_answer"])
    if reference["answerable"] and gold in map(_folded, others):
        raise ValueError(f"{where}: other_answers: expected answers other than the gold answer, which is among them")


def _folded(answer: str) -> str:
    return " ".join(answer.split()).casefold()


def _either(allowed: Collection[str]) -> str:
    return ", ".join(repr(value) for value in allowed)


def _described(value: object) -> str:
    """A value as shown in an error: shortened, and with its type if that is the mistake."""
    shown = repr(value)
    if len(shown) > 60:
        shown = f"{shown[:60]}..."
    return shown if value is None or isinstance(value, str) else f"{shown} ({type(value).__name__})"
