"""Ask a model some rows of a dataset folder, and hold it to its contract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from omni_persona import Item
from omni_persona_artifacts.dataset_folder import DatasetFolder, Row
from omni_persona_artifacts.errors import ItemError
from omni_persona_runner.model import Model, ModelError, Outcome


def ask(model: Model, folder: DatasetFolder, rows: Iterable[Row]) -> Iterator[Outcome]:
    """What a model says to the item of each row once, and why an item that cannot be read was not asked.

    Raises `ValueError` where the model breaks its contract, and what the model raises.
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

    for outcome in model.answer(whole()):
        if outcome.item_id not in open_ids:
            raise ValueError(f"{model.name} answered {outcome.item_id}, which it was not asked")
        open_ids.remove(outcome.item_id)
        yield outcome
    yield from broken
    if open_ids:
        raise ValueError(f"{model.name} left out {len(open_ids)} items, such as {min(open_ids)}")
