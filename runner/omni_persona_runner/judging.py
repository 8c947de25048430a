"""Judge the answers of a run. An item that failed or was never asked has no answer to judge."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from omni_persona import Item
from omni_persona_artifacts.collected import read_collected
from omni_persona_artifacts.dataset_rows import read
from omni_persona_artifacts.files import read_regular
from omni_persona_artifacts.references import references
from omni_persona_artifacts.run_folder import MANIFEST, RunFolderError, write_lines
from omni_persona_artifacts.run_reader import read_predictions, verdicts_file
from omni_persona_cal import Judge, JudgeError, Judgement, Question, ask, reading
from omni_persona_runner.scoring import dataset_of


def run_items(run: str | Path) -> Iterator[Item]:
    """The items of the dataset that a run used.

    Raises `RunFolderError` if the dataset is missing or has changed since the run.
    """
    return read(dataset_of(run))


def judge_file(file: str | Path, dataset: str | Path, judge: Judge, *, partial: bool = False) -> dict[str, Judgement]:
    """Judge answers collected elsewhere, and write the verdicts beside them, to `FILE.verdicts.jsonl`.

    file, partial: see `collected.read_collected`, which raises `RunFolderError` for answers that are not the dataset's.
    Returns and raises what `judge_run` does.
    """
    _require_verdicts(verdicts_file(Path(file)))
    run = read_collected(file, dataset, partial=partial)
    known = [(one["augmented_id"], one["gold_answer"]) for one in references(dataset) if one["answerable"]]
    return _judged(run.path, known, run.answers, _other_answers(dataset), judge)


def judge_run(run: str | Path, items: Iterable[Item], judge: Judge) -> dict[str, Judgement]:
    """Judge a run's answers to the answerable ones among `items` and write `verdicts.jsonl`.

    Returns judgements by item ID. Raises `JudgeError` if the judge cannot work at all, or reaches no verdict on any
    answer; the run then keeps its previous verdicts.
    """
    run = Path(run)
    predictions = read_predictions(run)
    answers = {item_id: line.prediction for item_id, line in predictions.items() if line.prediction is not None}
    known = [(item.augmented_id, item.gold_answer) for item in items if item.answerable]
    # Without a manifest, what other notes say is not known.
    others = _other_answers(dataset_of(run)) if (run / MANIFEST).exists() else {}
    return _judged(run, known, answers, others, judge)


def _judged(
    run: Path,
    known: Iterable[tuple[str, str]],
    answers: Mapping[str, str],
    others: Mapping[str, Sequence[str]],
    judge: Judge,
) -> dict[str, Judgement]:
    """Judge the answers to items given as ID and gold answer, and write the verdicts of a run folder or file."""
    asked = [(item_id, gold) for item_id, gold in known if item_id in answers]
    said = ask(judge, [Question(gold, answers[item_id], tuple(others.get(item_id, ()))) for item_id, gold in asked])
    if said and all(one.verdict == "UNJUDGED" for one in said):
        reason = " ".join((said[0].raw or "no reply").split())[:200]
        raise JudgeError(f"{judge.name} judged none of {len(said)} answers, and {run} keeps what it had: {reason}")
    judgements = {item_id: one for (item_id, _), one in zip(asked, said, strict=True)}
    lines = (
        {
            "augmented_id": item_id,
            "verdict": one.verdict,
            "judge": judge.name,
            "raw": one.raw,
            **({"reason": one.reason} if one.reason else {}),
            **({"margin": one.margin} if one.margin is not None else {}),
        }
        for item_id, one in judgements.items()
    )
    write_lines(verdicts_file(run), lines)
    return judgements


def _require_verdicts(file: Path) -> None:
    """Raise `RunFolderError` if a file exists, is not empty and holds no verdict, so that it would be lost."""
    if os.path.lexists(file) and read_regular(file).strip():
        problems: list[str] = []
        if not list(reading.read_verdicts(file, on_problem=problems.append, drop_half_line=True)):
            raise RunFolderError(f"{file} exists and holds no verdicts, which would be written there; move it")


def _other_answers(dataset: str | Path) -> dict[str, Sequence[str]]:
    """Item ID -> what other people's notes state for the field that it asks for."""
    return {one["augmented_id"]: one.get("other_answers", ()) for one in references(dataset)}
