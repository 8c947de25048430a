"""Decoding settings: greedy, or sampled at a temperature, once or several times."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar, runtime_checkable


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. Raises `ValueError` for a number out of range."""

    temperature: float = 0.0
    """0 decodes greedily; a positive value samples."""
    top_p: float = 1.0
    """Sample from the most likely tokens that together have this probability (nucleus sampling)."""
    seed: int = 0
    """Seed of the first repeat; each further repeat adds 1."""

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
        """Whether decoding is greedy."""
        return self.temperature == 0

    def describe(self) -> dict[str, Any]:
        """The manifest's `generation` entry."""
        drawn = {} if self.is_greedy else {"top_p": self.top_p}
        return {"temperature": self.temperature or 0, **drawn}

    def seeds(self) -> dict[str, int]:
        """The manifest's `seed` entry; empty if no seed matters."""
        return {} if self.is_greedy else {"seed": self.seed}

    def settings(self) -> dict[str, Any]:
        """The sampling parameters of a request to a server."""
        if self.is_greedy:
            return {"temperature": 0}
        return {"temperature": self.temperature, "top_p": self.top_p, "seed": self.seed}

    def seed_of(self, item_ids: Sequence[str]) -> int:
        """A seed that depends only on a batch's items and our seed, so that a resumed run draws the same."""
        return zlib.crc32("\0".join([str(self.seed), *item_ids]).encode())

    def repeat(self, number: int) -> Sampling:
        """The sampling settings of a repeat, counted from 1."""
        return replace(self, seed=self.seed + number - 1)


_M = TypeVar("_M", covariant=True)


@runtime_checkable
class Repeatable(Protocol[_M]):
    """A model that can be asked again with different random draws."""

    def repeat(self, number: int) -> _M:
        """The same model for another repeat, counted from 1."""
