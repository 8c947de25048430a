"""What is known of media from a pool's cache, so that checks after a build compute nothing that the build computed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from omni_persona_build.checks.media_facts import CLIP_FACTS, PICTURE_FACTS
from omni_persona_people.near_copies import SEARCHED, told_apart
from omni_persona_people.pool_cache import PoolCache
from omni_persona_perception import Vectors, face_vectors, is_print, voice_vectors

Sort = Literal["image", "audio"]
Part = Literal["vector", "facts", "print", "measures"]

TABLES: dict[Sort, dict[Part, str]] = {
    "image": {
        "vector": "light-face",
        "facts": "picture-facts",
        "print": "print-picture",
        "measures": "picture-measures",
    },
    "audio": {"vector": "light-voice", "facts": "clip-facts", "print": "print-clip", "measures": "clip-measures"},
}
"""The cache's table of each part. A build fills prints and measures of all media, and what it compares of others."""
PRINTED: dict[Sort, str] = {"image": "picture", "audio": "clip"}


class KnownMedia:
    """Parts of descriptions by the SHA-256 of the content described."""

    def __init__(self, cache: PoolCache | None = None) -> None:
        """cache: that of a pool; None keeps nothing."""
        self._cache = cache
        # Read before media are described, which several threads do.
        self._tables = {
            (sort, part): cache.known(table)
            for sort, tables in TABLES.items()
            for part, table in tables.items()
            if cache is not None
        }
        self._searched = {} if cache is None else cache.known(SEARCHED)
        self._made: dict[tuple[Sort, Part], dict[str, Vectors]] = {}

    def row(self, sort: Sort, part: Part, digest: str, make: Callable[[], NDArray[Any]]) -> Vectors:
        """A part of a medium's description, shape (d,): the one that is known, or else a new one."""
        found = self._tables.get((sort, part), {}).get(digest)
        if found is not None and _usable(found, sort, part):
            return found
        made = np.asarray(make(), np.float32)
        if self._cache is not None:
            self._made.setdefault((sort, part), {})[digest] = made
        return made

    def told_apart(self, one: str, other: str) -> bool:
        """Whether the pool was searched, and two contents are no near copies of each other; by their SHA-256."""
        return told_apart(self._searched.get(one), self._searched.get(other))

    def keep(self) -> None:
        """Write what is new to the cache."""
        for (sort, part), made in self._made.items():
            if self._cache is not None:
                self._cache.learn(TABLES[sort][part], made)
        self._made = {}


def _usable(row: Vectors, sort: Sort, part: Part) -> bool:
    """Whether a cached row has the form of its part: a pool's folder may come from anywhere."""
    if part == "print":
        return is_print(row, PRINTED[sort])
    return len(row) == _widths()[sort, part]


@cache
def _widths() -> dict[tuple[Sort, Part], int]:
    """The number of values of each part."""
    from PIL import Image

    return {
        ("image", "vector"): face_vectors([Image.new("RGB", (64, 64))]).shape[1],
        ("audio", "vector"): voice_vectors([(np.zeros(16_000, np.float32), 16_000)]).shape[1],
        ("image", "facts"): sum(PICTURE_FACTS.values()),
        ("audio", "facts"): sum(CLIP_FACTS.values()),
        ("image", "measures"): 1,
        ("audio", "measures"): 2,
    }
