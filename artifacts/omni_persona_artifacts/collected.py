"""Answers that others collected, checked against the dataset that they are said to answer.

IDs alone do not tell a dataset: every one that we build counts its samples from 0. So questions and gold answers that
stand beside the answers are compared, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omni_persona_artifacts.references import questions, references
from omni_persona_artifacts.run_reader import Run, RunFolderError, read_run
from omni_persona_cal import CANONICAL_ABSTENTION


def read_collected(file: str | Path, dataset: str | Path, *, partial: bool = False) -> Run:
    """Read a file of answers to the items of a dataset folder, with the verdicts beside it.

    file: lines of `augmented_id` and `prediction`, of the v2.2 release's scripts or of a batch API, samples of
    lmms-eval, or a log of inspect_ai. partial: allow items that the file does not mention.
    Raises `RunFolderError` with counts for lines that cannot be read, items that appear twice, answers to another
    dataset, and items that are missing.
    """
    file = Path(file)
    known = {one["augmented_id"]: one for one in references(dataset)}
    problems: list[str] = []
    run = read_run(file, rows=list(known), on_problem=problems.append)
    if problems:
        more = f" (and {len(problems) - 1} more lines like it)" if len(problems) > 1 else ""
        raise RunFolderError(f"{problems[0]}{more}")
    others = [name for name in run.predictions if name not in known]
    if others:
        raise RunFolderError(
            f"{file}: expected answers to items of {dataset}, got {len(others)} of {len(run.predictions)} to other "
            f"items, such as {others[0]!r:.80}"
        )
    _require_same_items(run, known, questions(dataset), dataset)
    missing = [name for name in known if name not in run.predictions]
    if missing and not partial:
        raise RunFolderError(
            f"{file}: expected a line for each of the {len(known)} items of {dataset}, got none for {len(missing)}, "
            f"such as {missing[0]!r:.80}; --partial scores the others"
        )
    return run


def _require_same_items(
    run: Run, known: Mapping[str, Mapping[str, Any]], asked: Mapping[str, str], dataset: str | Path
) -> None:
    """Raise `RunFolderError` where lines name another question and another gold answer than the dataset has."""
    differing = [
        name for name, line in run.predictions.items() if not _agrees(line.record, known[name], asked.get(name, ""))
    ]
    if differing:
        raise RunFolderError(
            f"{run.path}: expected answers to items of {dataset}, got {len(differing)} of {len(run.predictions)} to "
            f"other questions of the same ids, such as {differing[0]!r:.80}: another dataset"
        )


def _agrees(record: Mapping[str, Any], reference: Mapping[str, Any], question: str) -> bool:
    """Whether a line is about an item, as far as it tells; either the question or the gold answer is enough."""
    supervision = record.get("answer_supervision")
    golds = _texts(record.get("target"), supervision.get("gold_answer") if isinstance(supervision, Mapping) else None)
    texts = _texts(record.get("query_text"), record.get("input"))
    if not golds and not texts:
        return True
    expected = {_folded(str(reference["gold_answer"] or CANONICAL_ABSTENTION))}
    if not reference["answerable"]:
        expected.add(_folded(CANONICAL_ABSTENTION))
    return any(gold in expected for gold in golds) or any(_folded(question) in text for text in texts)


def _texts(*values: object) -> Sequence[str]:
    return [_folded(value) for value in values if isinstance(value, str) and value.strip()]


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
