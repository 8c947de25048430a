"""From answers to scores: verdicts on what was answered, then the metric.

An item that failed, or was never asked, has no answer to judge. It is missing: left out of every rate,
counted in `n_missing`, and the scores are not `complete`. It is never an empty answer that counts as wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import omni_persona
import omni_persona_cal
from omni_persona import Item
from omni_persona_artifacts.dataset_folder import dataset_fingerprint
from omni_persona_artifacts.run_folder import (
    SCORES,
    VERDICTS,
    RunFolderError,
    read_manifest,
    write_json,
    write_lines,
)
from omni_persona_artifacts.run_reader import judges_of, read_predictions, verdicts_of
from omni_persona_cal import Judge, JudgeError, Judgement


def run_items(run: str | Path) -> Iterator[Item]:
    """The items of the dataset that a run was made with.

    Raises `RunFolderError` where it is gone from its place or has changed since.
    """
    manifest = read_manifest(Path(run))["dataset"]
    path = manifest["path"]
    try:
        fingerprint = dataset_fingerprint(path)
    except FileNotFoundError as error:
        raise RunFolderError(f"{run} was made with a dataset that is gone: {error}") from None
    if fingerprint != manifest["fingerprint"]:
        raise RunFolderError(f"{run} was made with another dataset than what {path} holds now")
    return omni_persona.read(path)


def judge_run(run: str | Path, items: Iterable[Item], judge: Judge) -> dict[str, Judgement]:
    """Judge a run's answers to the answerable ones of `items` and write `verdicts.jsonl`.

    Returns the judgements, by item. Raises `JudgeError` where the judge cannot work at all, or has no verdict on any
    answer; the run then keeps the verdicts that it had.
    """
    run = Path(run)
    answers = _answers(run)
    asked = [item for item in items if item.answerable and item.augmented_id in answers]
    said = judge.judge([(item.gold_answer, answers[item.augmented_id]) for item in asked])
    if said and all(one.verdict == "UNJUDGED" for one in said):
        reason = " ".join((said[0].raw or "no reply").split())[:200]
        raise JudgeError(f"{judge.name} judged none of {len(said)} answers, and {run} keeps what it had: {reason}")
    judgements = {item.augmented_id: one for item, one in zip(asked, said, strict=True)}
    lines = (
        {"augmented_id": item_id, "verdict": one.verdict, "judge": judge.name, "raw": one.raw}
        for item_id, one in judgements.items()
    )
    write_lines(run / VERDICTS, lines)
    return judgements


def score_run(run: str | Path, items: Iterable[Item], protocol: str = "guarded") -> dict[str, Any]:
    """Score a run's answers to `items`, those of its dataset, and write `scores.json`: the metric's result, and

        n_items      items of the dataset
        n_missing    those without an answer: failed, or not asked; in no rate
        n_failed     the failed ones among them
        complete     every item has an answer and every answer to an answerable item a verdict
        judge        who judged

    Answers are judged by `verdicts.jsonl` (one without a verdict is UNJUDGED) or, where a run has none,
    lexically. protocol: which Ans and which Cal the headline keys hold, see `omni_persona_cal.compute`.
    Raises `RunFolderError` where no item has an answer.
    """
    run = Path(run)
    predictions = read_predictions(run)
    answers = {item_id: line.prediction for item_id, line in predictions.items() if line.prediction is not None}
    references = [omni_persona.reference(item) for item in items]
    scored = [reference for reference in references if reference["augmented_id"] in answers]
    if not scored:
        raise RunFolderError(f"{run} holds no answer to any item of its dataset")
    ids = [reference["augmented_id"] for reference in scored]
    judged = verdicts_of(run, predictions)
    result = omni_persona_cal.compute(
        predictions=[answers[item_id] for item_id in ids],
        references=scored,
        protocol=protocol,
        verdicts=None
        if judged is None
        else [judged[item_id].verdict if item_id in judged else "UNJUDGED" for item_id in ids],
    )
    n_missing = len(references) - len(scored)
    failed = {item_id for item_id, prediction in predictions.items() if prediction.status == "failed"}
    scores = {
        **result,
        "judge": result["judge"] if judged is None else judges_of(judged),
        "n_items": len(references),
        "n_missing": n_missing,
        "n_failed": sum(reference["augmented_id"] in failed for reference in references),
        "complete": result["complete"] and n_missing == 0,
    }
    write_json(run / SCORES, scores)
    return scores


def _answers(run: Path) -> dict[str, str]:
    """What a run's model said, by item; failed items have said nothing."""
    predictions = read_predictions(run).values()
    return {line.augmented_id: line.prediction for line in predictions if line.prediction is not None}
