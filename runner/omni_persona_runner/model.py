"""The types of a run: a model, its answer to an item, and the error of an item that it could not answer.

A model is anything that implements `Model`: a baseline, a transformers checkpoint, an endpoint. It takes items from an
iterator at its own pace, one or many at a time, and yields each outcome as soon as it has it, in any order. A
failed item yields a `ModelError` in place of its answer and does not affect other items.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from omni_persona import Item
from omni_persona_artifacts.errors import ItemError
from omni_persona_artifacts.run_folder import Finish


@dataclass(frozen=True)
class Answer:
    """A model's answer to one item."""

    item_id: str
    text: str
    """The answer only: no prompt, no special tokens, no thinking."""
    input_tokens: int | None
    """Length of the prompt in tokens, including media; None for a model without tokens."""
    output_tokens: int | None
    """Number of generated tokens, including the end token."""
    seconds: float
    """Wall time in seconds; for an item of a batch, its equal share of the batch's."""
    finish: Finish | None = None
    """Why the answer ended; None if unknown."""
    thinking: str | None = None
    """The text before the answer, if the model thought first."""
    dropped: tuple[str, ...] = ()
    """Parts of the item left out because the model cannot take them."""


class LoadError(Exception):
    """A model that cannot be used at all; the message says what is wrong and what to do."""


class ModelError(ItemError):
    """One item that a model could not answer."""


Outcome: TypeAlias = Answer | ModelError
"""The result for one item."""


class Model(Protocol):
    """The interface that `run` requires of a model."""

    @property
    def name(self) -> str:
        """Display name, such as `baseline:abstain` or `ORG/MODEL`."""

    def describe(self) -> dict[str, Any]:
        """The model's part of the manifest, JSON values only; models that may answer differently must differ here.

        The keys `prompt`, `cues`, `generation`, `seed`, `device` and `versions` become manifest entries of their own;
        all others identify the model. Only `device` and `versions` may differ when a run is resumed.
        """

    def check(self, items: Iterable[Item]) -> None:
        """Raise `LoadError` if the model cannot take an item's media; called before any item is asked.

        items: one of each kind (task group, number of contexts, query media); their media hold no bytes.
        """

    def answer(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Yield one outcome per item, as soon as it is available, in any order.

        Items of one source sample are adjacent. `items` reads from disk, so take no more from it than
        is needed soon. Any exception ends the run: `LoadError` if the model cannot be used after all.
        """


@runtime_checkable
class Resumable(Protocol):
    """A model that is informed when a run is resumed, which shows that it has worked before."""

    def resume(self, n_answered: int) -> None:
        """Receive the number of items of the run that are already answered; called before `answer`."""
