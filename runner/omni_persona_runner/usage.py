"""What a run has used: tokens, seconds and money."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from omni_persona_artifacts.repeats import repeat_folders
from omni_persona_artifacts.run_folder import (
    MANIFEST,
    Prediction,
    RunFolderError,
    read_manifest,
    read_predictions,
)
from omni_persona_cal.reading import PredictionLine

_T = TypeVar("_T")


@dataclass(frozen=True)
class Prices:
    """In a currency of the user's choice, for a million tokens."""

    per_million_in: float
    per_million_out: float

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """What so many tokens cost."""
        return (tokens_in * self.per_million_in + tokens_out * self.per_million_out) / 1e6


@dataclass(frozen=True)
class Usage:
    """What some answers have used."""

    input_tokens: int
    output_tokens: int
    seconds: float
    """Summed over items; items that were under way at the same time each count in full."""
    n_counted: int
    """Answers whose tokens are known."""
    n_answers: int
    cost: float | None = None
    """None where no prices were given."""

    def as_dict(self) -> dict[str, Any]:
        """For `scores.json`."""
        return asdict(self)

    def told(self) -> str:
        """One line."""
        known = "" if self.n_counted == self.n_answers else f" (known of {self.n_counted} of {self.n_answers} answers)"
        cost = "" if self.cost is None else f", cost {self.cost:.4g}"
        return f"{self.input_tokens:,} tokens in, {self.output_tokens:,} out{known}, {self.seconds:,.1f} s{cost}"


def usage(lines: Iterable[Prediction | PredictionLine], prices: Prices | None = None) -> Usage:
    """What the answers among some lines have used."""
    answers = [line for line in lines if line.status == "ok"]
    counted = [line for line in answers if line.input_tokens is not None and line.output_tokens is not None]
    tokens_in = sum(line.input_tokens or 0 for line in counted)
    tokens_out = sum(line.output_tokens or 0 for line in counted)
    return Usage(
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        seconds=round(sum(line.seconds or 0.0 for line in answers), 3),
        n_counted=len(counted),
        n_answers=len(answers),
        cost=None if prices is None else prices.cost(tokens_in, tokens_out),
    )


def prices_of(run: str | Path) -> Prices | None:
    """The prices that a run's manifest names. Raises `RunFolderError` for ones that are no numbers."""
    if not (Path(run) / MANIFEST).is_file():
        return None
    prices = read_manifest(Path(run)).get("prices")
    if prices is None:
        return None
    try:
        return Prices(float(prices["in"]), float(prices["out"]))
    except (TypeError, KeyError, ValueError):
        raise RunFolderError(f"{Path(run) / MANIFEST}: expected prices with in and out, got {prices!r}") from None


def usage_of_run(run: str | Path) -> Usage:
    """What a run has used, all its repeats together, by the prices in its manifest."""
    lines = (line for folder in repeat_folders(run) for line in read_predictions(folder).values())
    return usage(lines, prices_of(run))


class Budget:
    """Tokens that may be used in all; items are handed out until they are."""

    def __init__(self, tokens: int) -> None:
        """Raise `ValueError` for less than one token."""
        if tokens < 1:
            raise ValueError(f"expected at least 1 token, got {tokens}")
        self.tokens = tokens
        self.used = 0
        self.n_left = 0
        """Items that were not asked."""

    def spend(self, input_tokens: int | None, output_tokens: int | None) -> None:
        """Count an answer. Raises `ValueError` where its tokens are not known."""
        if input_tokens is None or output_tokens is None:
            raise ValueError("the model tells no token counts, which a limit on tokens in total needs")
        self.used += input_tokens + output_tokens

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.used >= self.tokens

    def within(self, items: Sequence[_T]) -> Iterator[_T]:
        """Items as long as there is something left; those under way when it is spent are answered still."""
        for place, item in enumerate(items):
            if self.is_spent:
                self.n_left += len(items) - place
                return
            yield item
