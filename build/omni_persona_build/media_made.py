"""Make the media of a graph's people alike where people would be told apart by them, and say what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from omni_persona_artifacts.progress import Progress
from omni_persona_build.equalise import equalised
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.mixed_media import mixed_media
from omni_persona_build.recipes import Recipe
from omni_persona_build.recognition import Recognition, recognition
from omni_persona_people.pool_cache import PoolCache
from omni_persona_perception import Perception


@dataclass(frozen=True)
class MediaMade:
    """A graph whose people have the media that are built from."""

    graph: PersonaGraph
    equalised: bool
    """Whether media were made alike."""
    mixed: tuple[str, ...] = ()
    """How recordings told people apart, if that was looked at."""
    recognised: Mapping[str, Recognition] = field(default_factory=dict)
    """`faces` and `voices` -> how well people are recognised before and after media were made alike, if measured."""


def media_made(
    graph: PersonaGraph,
    recipe: Recipe,
    seed: int,
    equalise: bool | None,
    perception: Perception,
    cache: PoolCache,
    folder: Path,
    progress: Progress,
) -> MediaMade:
    """Make media alike if `equalise` is true, or if it is None and recordings tell people apart.

    How well people are recognised is measured if perception is that of the specialists.
    folder: where media are written.
    """
    mixed: list[str] = []
    if equalise is None:
        mixed = mixed_media(graph.people, cache, partial(progress, "comparing recordings"))
        equalise = bool(mixed)
    if not equalise:
        return MediaMade(graph, False, tuple(mixed))
    alike = equalised(graph.people, folder, seed, recipe.clip_seconds, partial(progress, "making media alike"))
    recognised: Mapping[str, Recognition] = {}
    if perception.name == "specialists":
        shown = partial(progress, "recognising people")
        recognised = recognition(graph.people, alike, perception, cache, shown)
    return MediaMade(graph.with_media(alike), True, tuple(mixed), recognised)
