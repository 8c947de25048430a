"""Ask a model about rows of a dataset folder and validate what it returns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, get_args

from omni_persona import Item
from omni_persona_artifacts.dataset_folder import DatasetFolder, Row
from omni_persona_artifacts.errors import ItemError
from omni_persona_artifacts.run_folder import Finish
from omni_persona_runner.model import Answer, Model, ModelError, Outcome


def ask(model: Model, folder: DatasetFolder, rows: Iterable[Row]) -> Iterator[Outcome]:
    """Yield one outcome per row: the model's answer, or the reason why the item could not be read and was not asked.

    Raises `ValueError` if the model violates the `Model` protocol, and whatever the model raises.
    """
    broken: list[ModelError] = []
    open_ids = set[str]()

    def whole() -> Iterator[Item]:
        for item in folder.items(rows):
            if isinstance(item, ItemError):
                broken.append(ModelError(item.item_id, item.message))
            else:
                open_ids.add(item.augmented_id)
                yield item

    for outcome in map(_checked, model.answer(whole())):
        if outcome.item_id not in open_ids:
            raise ValueError(f"{model.name} answered {outcome.item_id}, which it was not asked")
        open_ids.remove(outcome.item_id)
        yield outcome
    yield from broken
    if open_ids:
        raise ValueError(f"{model.name} left out {len(open_ids)} items, such as {min(open_ids)}")


def _checked(outcome: Any) -> Outcome:
    """Validate an outcome before it is written: models are third-party code, and one bad value must not spoil the file.

    An answer without text becomes a failed item; optional values of the wrong type are dropped.
    """
    if not isinstance(outcome, Answer | ModelError) or not isinstance(outcome.item_id, str):
        raise ValueError(f"expected a model to give an Answer or a ModelError with an item id, got {outcome!r:.80}")
    if isinstance(outcome, ModelError):
        return outcome
    text: object = outcome.text
    if not isinstance(text, str):
        return ModelError(outcome.item_id, f"expected the text of an answer, got {text!r:.80}")
    return replace(
        outcome,
        input_tokens=_count(outcome.input_tokens),
        output_tokens=_count(outcome.output_tokens),
        seconds=_seconds(outcome.seconds),
        finish=outcome.finish if outcome.finish in get_args(Finish) else None,
        thinking=outcome.thinking if isinstance(outcome.thinking, str) else None,
        dropped=tuple(one for one in outcome.dropped or () if isinstance(one, str)),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) and value >= 0 else 0.0
