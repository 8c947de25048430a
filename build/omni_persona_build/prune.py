"""Rebuild the items that a shortcut solves too surely, a bounded number of times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omni_persona_artifacts.progress import Steps
from omni_persona_build.assemble import UnfilledError, assemble
from omni_persona_build.checks import examine
from omni_persona_build.dataset_rows import DatasetRows
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.recipes import Recipe
from omni_persona_build.sample import Sample
from omni_persona_build.write import Written
from omni_persona_people.pool_cache import PoolCache

TOO_SURE = 0.5
"""Leak from which on an item is rebuilt. In datasets without a leak, nearly all items stay below 0.4."""
ROUNDS = 4
"""Maximum number of times that items are rebuilt."""


@dataclass(frozen=True)
class Pruned:
    """What came of rebuilding."""

    rounds: int
    """How often items were rebuilt."""
    rebuilt: int
    """Sets of memories that were drawn anew, over all rounds."""
    left: int
    """Items that a shortcut still solves too surely."""

    def __str__(self) -> str:
        """The result in one line."""
        if not self.rebuilt and not self.left:
            return "no item is solved too surely by a shortcut, so none was rebuilt"
        return (
            f"{self.rebuilt} sets of memories rebuilt in {self.rounds} rounds; "
            f"{self.left} items are still solved too surely by a shortcut"
        )


@dataclass
class Part:
    """Samples of one partition of people."""

    people: Sequence[int] | None
    """Indices of its people; None for all."""
    samples: list[Sample]


def pruned(
    folder: Path,
    rows: DatasetRows,
    parts: Sequence[Part],
    graph: PersonaGraph,
    recipe: Recipe,
    seed: int,
    questions: Mapping[str, Sequence[str]],
    progress: Steps,
) -> tuple[Written, Pruned]:
    """Write samples, and draw those of items that a shortcut solves too surely anew, until none is left or rounds are.

    A new sample asks the same tasks at the same position. The samples of the parts are replaced. progress: called with
    (rounds done, rounds in all).
    """
    rounds = rebuilt = 0
    known = PoolCache(None)
    while True:
        written = rows.write(part.samples for part in parts)
        left, numbers = _too_sure(folder, known)
        if not numbers or rounds == ROUNDS or not _draw_again(parts, numbers, graph, recipe, [seed, rounds], questions):
            return written, Pruned(rounds, rebuilt, left)
        rounds += 1
        rebuilt += len(numbers)
        progress(rounds, ROUNDS)


def _too_sure(folder: Path, known: PoolCache) -> tuple[int, set[int]]:
    """How many items of a folder are solved too surely, and the numbers of their samples.

    known: what is known of media, to which what is found out is added.
    """
    found = [one.augmented_id for one in examine(folder, known=known)[1] if one.leak >= TOO_SURE]
    return len(found), {int(name.partition("__")[0].removeprefix("sample_")) for name in found}


def _draw_again(
    parts: Sequence[Part],
    numbers: set[int],
    graph: PersonaGraph,
    recipe: Recipe,
    seeds: Sequence[int],
    questions: Mapping[str, Sequence[str]],
) -> bool:
    """Replace samples by others of the same plans; false, with nothing replaced, if the pool cannot fill one."""
    rng = np.random.default_rng([*seeds, 1])
    drawn: list[tuple[Part, int, Sample]] = []
    before = 0
    for part in parts:
        places = [place for place in range(len(part.samples)) if before + place in numbers]
        before += len(part.samples)
        plans = [part.samples[place].planned for place in places]
        try:
            new = [*assemble(graph, recipe, plans, rng, questions, part.people)]
        except UnfilledError:
            return False
        drawn += [(part, place, sample) for place, sample in zip(places, new, strict=True)]
    for part, place, sample in drawn:
        part.samples[place] = sample
    return True
