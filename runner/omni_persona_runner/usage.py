"""Resources used by a run: tokens, seconds and money."""

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
    """Prices per million tokens, in a currency of the user's choice."""

    per_million_in: float
    per_million_out: float

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """The cost of some tokens."""
        return (tokens_in * self.per_million_in + tokens_out * self.per_million_out) / 1e6


@dataclass(frozen=True)
class Usage:
    """The resources that some answers used."""

    input_tokens: int
    output_tokens: int
    seconds: float
    """Summed over items; concurrent items each count in full."""
    n_counted: int
    """Number of answers with known token counts."""
    n_answers: int
    cost: float | None = None
    """None if no prices were given."""

    def as_dict(self) -> dict[str, Any]:
        """Dictionary form, for `scores.json`."""
        return asdict(self)

    def summary(self) -> str:
        """One-line summary."""
        known = "" if self.n_counted == self.n_answers else f" (known of {self.n_counted} of {self.n_answers} answers)"
        cost = "" if self.cost is None else f", cost {self.cost:.4g}"
        return f"{self.input_tokens:,} tokens in, {self.output_tokens:,} out{known}, {self.seconds:,.1f} s{cost}"


def usage(lines: Iterable[Prediction | PredictionLine], prices: Prices | None = None) -> Usage:
    """Sum the usage of the answers among some prediction lines."""
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
    """The prices in a run's manifest. Raises `RunFolderError` for invalid numbers."""
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
    """Usage of a run, over all its repeats, at the prices in its manifest."""
    lines = (line for folder in repeat_folders(run) for line in read_predictions(folder).values())
    return usage(lines, prices_of(run))


class Budget:
    """A limit on the total number of tokens; items are handed out until it is reached."""

    def __init__(self, tokens: int) -> None:
        """Raise `ValueError` for a budget below one token."""
        if tokens < 1:
            raise ValueError(f"expected at least 1 token, got {tokens}")
        self.tokens = tokens
        self.used = 0
        self.n_left = 0
        """Items that were not asked."""

    def spend(self, input_tokens: int | None, output_tokens: int | None) -> None:
        """Count an answer. Raises `ValueError` if its token counts are unknown."""
        if input_tokens is None or output_tokens is None:
            raise ValueError("the model reports no token counts, which a limit on tokens in total needs")
        self.used += input_tokens + output_tokens

    @property
    def is_spent(self) -> bool:
        """Whether the budget is used up."""
        return self.used >= self.tokens

    def within(self, items: Sequence[_T]) -> Iterator[_T]:
        """Yield items while budget is left; items in flight when it runs out are still answered."""
        for place, item in enumerate(items):
            if self.is_spent:
                self.n_left += len(items) - place
                return
            yield item
