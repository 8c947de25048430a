"""Judge the answers of a run. An item that failed or was never asked has no answer to judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from omni_persona import Item
from omni_persona_artifacts.dataset_rows import read
from omni_persona_artifacts.references import references
from omni_persona_artifacts.run_folder import MANIFEST, VERDICTS, write_lines
from omni_persona_artifacts.run_reader import read_predictions
from omni_persona_cal import Judge, JudgeError, Judgement, Question, ask
from omni_persona_runner.scoring import dataset_of


def run_items(run: str | Path) -> Iterator[Item]:
    """The items of the dataset that a run used.

    Raises `RunFolderError` if the dataset is missing or has changed since the run.
    """
    return read(dataset_of(run))


def judge_run(run: str | Path, items: Iterable[Item], judge: Judge) -> dict[str, Judgement]:
    """Judge a run's answers to the answerable ones among `items` and write `verdicts.jsonl`.

    Returns judgements by item ID. Raises `JudgeError` if the judge cannot work at all, or reaches no verdict on any
    answer; the run then keeps its previous verdicts.
    """
    run = Path(run)
    predictions = read_predictions(run)
    answers = {item_id: line.prediction for item_id, line in predictions.items() if line.prediction is not None}
    asked = [item for item in items if item.answerable and item.augmented_id in answers]
    others = _other_answers(run)
    said = ask(
        judge,
        [
            Question(item.gold_answer, answers[item.augmented_id], tuple(others.get(item.augmented_id, ())))
            for item in asked
        ],
    )
    if said and all(one.verdict == "UNJUDGED" for one in said):
        reason = " ".join((said[0].raw or "no reply").split())[:200]
        raise JudgeError(f"{judge.name} judged none of {len(said)} answers, and {run} keeps what it had: {reason}")
    judgements = {item.augmented_id: one for item, one in zip(asked, said, strict=True)}
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
    write_lines(run / VERDICTS, lines)
    return judgements


def _other_answers(run: Path) -> dict[str, Sequence[str]]:
    """What other people's notes state for the field that each item asks for; empty if the run names no dataset."""
    if not (run / MANIFEST).exists():
        return {}
    return {one["augmented_id"]: one.get("other_answers", ()) for one in references(dataset_of(run))}
