"""Figures of `interval_coverage.py`: printed in tables, and simulated again if they are out of bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

HOLDING, DIFFERING = (0.93, 0.98), (0.0, 0.06)
"""Bounds of the shares of intervals that contain the true score, and of equal models that are called different."""
AGAIN = 5
"""How many times as many runs a figure out of bounds is simulated again with."""


@dataclass
class Figure:
    """A simulated share of a score, and how to simulate those of all scores again, from a number of runs."""

    label: str
    name: str
    share: float
    bounds: tuple[float, float]
    again: Callable[..., dict[str, float]]

    @property
    def outside(self) -> bool:
        """Whether it lies out of bounds. A share that is not told (NaN) does not."""
        return not math.isnan(self.share) and not self.bounds[0] <= self.share <= self.bounds[1]


def settle(figures: Sequence[Figure], n_runs: int) -> None:
    """Simulate the figures that are out of bounds again, and print those that stay there."""
    unsure = [one for one in figures if one.outside]
    # Several scores of the same runs may be out of bounds.
    tables = {id(one.again): one.again for one in unsure}
    found = {key: again(n_runs=AGAIN * n_runs) for key, again in tables.items()}
    for one in unsure:
        one.share = found[id(one.again)][one.name]
    stay = [one for one in unsure if one.outside]
    print(f"\nOut of bounds: {len(unsure)} of {len(figures)} figures; {len(stay)} after {AGAIN} times as many runs")
    for one in stay:
        print(f"  {one.label:60}{one.share:8.3f}")


def line(label: str, shares: list[float]) -> str:
    """A row of a table."""
    return f"  {label:24}" + "".join("       -" if math.isnan(share) else f"{share:8.3f}" for share in shares)


def tabled(
    row: str,
    label: str,
    again: Sequence[Callable[..., dict[str, float]]],
    rates: Sequence[tuple[float, float]],
    names: Sequence[str],
    shown: Sequence[str],
    bounds: tuple[float, float],
    n_runs: int,
) -> list[Figure]:
    """Simulate each score at each of some rates, print the rows of some scores, and return all figures."""
    tables = [one(n_runs=n_runs) for one in again]
    for name in shown:
        print(line(row % name, [table[name] for table in tables]))
    return [
        Figure(f"{label} {name} at {rate}", name, table[name], bounds, one)
        for rate, one, table in zip(rates, again, tables, strict=True)
        for name in names
    ]
