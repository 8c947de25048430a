"""The nouns of a run: a model, what it says to an item, and what is said of an item it could not answer.

A model is anything that fits `Model`: a baseline, a transformers checkpoint, an endpoint. It draws items from an
iterator as it wants them, many at a time or one, and hands over each outcome as soon as it has it, in any order. A
failed item is a `ModelError` in the place of its answer and costs no other item anything.
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
    """What a model said to one item."""

    item_id: str
    text: str
    """The answer alone: no prompt, no special tokens, no thinking."""
    input_tokens: int | None
    """Length of the prompt in tokens, media included; None where a model has no tokens."""
    output_tokens: int | None
    """Number of generated tokens, the one that ends the answer included."""
    seconds: float
    """Wall time; for an item of a batch, its equal share of the batch's."""
    finish: Finish | None = None
    """None where a model cannot tell."""
    thinking: str | None = None
    """What it wrote before the answer, where it thought first."""
    dropped: tuple[str, ...] = ()
    """What the model was not shown because it cannot take it."""


class LoadError(Exception):
    """A model that cannot be used at all; the message says what is wrong with it and what to do."""


class ModelError(ItemError):
    """One item that a model could not answer."""


Outcome: TypeAlias = Answer | ModelError
"""What becomes of an item."""


class Model(Protocol):
    """What `run` needs of a model."""

    @property
    def name(self) -> str:
        """What a table calls it, such as `baseline:abstain` or `ORG/MODEL`."""

    def describe(self) -> dict[str, Any]:
        """What the manifest says of it, JSON values only; two models that may answer differently differ here.

        The keys `prompt`, `cues`, `generation`, `seed`, `device` and `versions` stand on their own in the manifest,
        all others identify the model. Only `device` and `versions` may differ when a run is resumed.
        """

    def check(self, items: Iterable[Item]) -> None:
        """Raise `LoadError` where an item shows what the model cannot take, before any is asked.

        items: one of each make (task group, number of contexts, query media); their media hold no bytes.
        """

    def answer(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Answer items: one outcome for each, as soon as it is there, in any order.

        Items of one source sample follow each other. `items` reads from disk: no more of it should be drawn than
        is needed soon. Whatever is raised ends the run: `LoadError` where the model cannot be used after all.
        """


@runtime_checkable
class GoesOn(Protocol):
    """A model that wants to know whether it goes on with a run: one that has answered before does work."""

    def goes_on(self, n_answered: int) -> None:
        """Say how many items of the run have an answer already; called before `answer`."""
