"""How answers are drawn: greedily, or at random with a temperature, once or several times."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar, runtime_checkable


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. Raises `ValueError` for a number out of range."""

    temperature: float = 0.0
    """0 takes the most likely token; above, tokens are drawn."""
    top_p: float = 1.0
    """Draw from the most likely tokens that have this share of the probability together."""
    seed: int = 0
    """Of the first repeat; the others count on from it."""

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 100:
            raise ValueError(f"expected a temperature from 0 to 100, got {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"expected top-p above 0 and at most 1, got {self.top_p}")
        if self.seed < 0:
            raise ValueError(f"expected a seed of at least 0, got {self.seed}")
        if self.is_greedy and self.top_p < 1:
            raise ValueError("top-p says how to draw tokens: it needs a temperature above 0")

    @property
    def is_greedy(self) -> bool:
        """Whether nothing is drawn."""
        return self.temperature == 0

    def describe(self) -> dict[str, Any]:
        """What the manifest says of it under `generation`."""
        drawn = {} if self.is_greedy else {"top_p": self.top_p}
        return {"temperature": self.temperature or 0, **drawn}

    def seeds(self) -> dict[str, int]:
        """What the manifest says of it beside `generation`: nothing where no seed matters."""
        return {} if self.is_greedy else {"seed": self.seed}

    def settings(self) -> dict[str, Any]:
        """What a request to a server says of it."""
        if self.is_greedy:
            return {"temperature": 0}
        return {"temperature": self.temperature, "top_p": self.top_p, "seed": self.seed}

    def seed_of(self, item_ids: Sequence[str]) -> int:
        """The seed of a batch: of its items and ours alone, so that a run that was resumed draws the same again."""
        return zlib.crc32("\0".join([str(self.seed), *item_ids]).encode())

    def repeat(self, number: int) -> Sampling:
        """The sampling of a repeat; 1 is the first."""
        return replace(self, seed=self.seed + number - 1)


_M = TypeVar("_M", covariant=True)


@runtime_checkable
class Repeatable(Protocol[_M]):
    """A model that can be asked again, with other draws."""

    def repeat(self, number: int) -> _M:
        """The same model for another repeat; 1 is this one."""
