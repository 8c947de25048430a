"""The nouns of a run: a model, what it says to an item, and what is said of an item it could not answer.

A model is anything that fits `Model`: a baseline, a transformers checkpoint, an endpoint. It gets items a
batch at a time and answers each in its place. One failed item must not cost its neighbours, so that a model
puts a `ModelError` in the place of its answer; a model that answers one item at a time may raise it instead,
and `outcomes` then asks again for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from omni_persona import Item


@dataclass(frozen=True)
class Answer:
    """What a model said to one item."""

    text: str
    """The answer alone: no prompt, no special tokens."""
    input_tokens: int | None
    """Length of the prompt in tokens, media included; None where a model has no tokens."""
    output_tokens: int | None
    """Number of generated tokens, the one that ends the answer included."""
    seconds: float
    """Wall time; for an item of a batch, its equal share of the batch's."""


class LoadError(Exception):
    """A model that cannot be used at all; the message says what is wrong with it and what to do."""


class ModelError(Exception):
    """One item that a model could not answer."""

    def __init__(self, item_id: str, message: str) -> None:
        super().__init__(f"item {item_id}: {message}")
        self.item_id = item_id
        self.message = message


class Model(Protocol):
    """What `run` needs of a model."""

    @property
    def name(self) -> str:
        """What a table calls it, such as `baseline:abstain` or `ORG/MODEL`."""

    @property
    def batch_size(self) -> int:
        """How many items it wants at once."""

    def describe(self) -> dict[str, Any]:
        """What the manifest says of it, JSON values only; two models that may answer differently differ here.

        The keys `prompt`, `cues`, `generation`, `seed` and `device` stand on their own in the manifest, all
        others identify the model. Only `device` may differ when a run is resumed.
        """

    def answer(self, items: Sequence[Item]) -> Sequence[Answer | ModelError]:
        """Answer each item in its place: as many outcomes as items, in their order.

        Raises `ModelError` for one item that cannot be answered, when that is simpler than to put it in
        place; anything else that is raised ends the run.
        """


def outcomes(model: Model, items: Sequence[Item]) -> list[Answer | ModelError]:
    """Ask a model for the answers to a batch: one outcome per item, in the order of `items`.

    A `ModelError` that the model raises takes its item's place, and the others are asked again without it.
    Raises `ValueError` where the model breaks its contract.
    """
    failed: dict[str, Answer | ModelError] = {}
    remaining = list(items)
    answers: Sequence[Answer | ModelError] = ()
    while remaining:
        try:
            answers = model.answer(remaining)
            break
        except ModelError as error:
            if error.item_id not in {item.augmented_id for item in remaining}:
                raise ValueError(f"{model.name} failed on {error.item_id}, which it was not asked") from error
            failed[error.item_id] = error
            remaining = [item for item in remaining if item.augmented_id != error.item_id]
    if len(answers) != len(remaining):
        raise ValueError(f"{model.name} gave {len(answers)} answers to {len(remaining)} items")
    answered = {item.augmented_id: answer for item, answer in zip(remaining, answers, strict=True)}
    return [(failed | answered)[item.augmented_id] for item in items]
