"""From predictions and references to the scores: check, judge, count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .abstention import abstains
from .lexical import judge as lexical_judge
from .overlap import rouge_l_recall, token_f1
from .scores import JudgedItem, summary
from .validation import check_inputs, check_judge, check_verdicts

JUDGES: dict[str, Callable[[str, str], str]] = {"lexical": lexical_judge}
"""The judges by name. Each takes a gold answer and a prediction, and returns one of `scores.VERDICTS`."""


def compute(
    predictions: Sequence[str],
    references: Sequence[Mapping[str, Any]],
    judge: str = "lexical",
    verdicts: Sequence[str | None] | None = None,
) -> dict[str, Any]:
    """The scores of a model's predictions, as a dict that JSON can hold.

    Args:
        predictions: What the model said, one string per item; an empty one is an answer that says nothing.
        references: One dict per item with exactly the keys of `validation.REFERENCE_KEYS`.
        judge: Who says whether an answer matches the gold: a name in `JUDGES`. Not asked where `verdicts`
            are given.
        verdicts: CORRECT, WRONG or UNJUDGED per item, from a judge of yours. Those of unanswerable items may
            be None: they are not read, because abstaining alone decides there.

    Returns:
        `judge` (its name, or "given"), the keys of `scores.rates` for all items, and the same keys for each
        slice under `by_group`, `by_task` and `by_absence`.

    Raises:
        ValueError: names the index or id, and says what was expected.
    """
    check_judge(judge, JUDGES)
    check_inputs(predictions, references)
    if verdicts is None:
        ask = JUDGES[judge]
        verdicts = [
            ask(reference["gold_answer"], prediction) if reference["answerable"] else None
            for prediction, reference in zip(predictions, references, strict=True)
        ]
        judged_by = judge
    else:
        check_verdicts(verdicts, references)
        judged_by = "given"
    items = [_judged(*row) for row in zip(predictions, references, verdicts, strict=True)]
    return {"judge": judged_by, **summary(items)}


def _judged(prediction: str, reference: Mapping[str, Any], verdict: str | None) -> JudgedItem:
    answerable, gold = reference["answerable"], reference["gold_answer"]
    return JudgedItem(
        augmented_id=reference["augmented_id"],
        source_sample_id=reference["source_sample_id"],
        group=reference["group"],
        task=reference["task"],
        absence=reference["absence"],
        answerable=answerable,
        abstaining=abstains(prediction),
        verdict=verdict if answerable else None,
        n_words=len(prediction.split()),
        rouge_l=rouge_l_recall(gold, prediction) if answerable else None,
        token_f1=token_f1(gold, prediction) if answerable else None,
    )
