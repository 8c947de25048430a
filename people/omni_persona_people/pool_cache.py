"""What was found out about a pool's media, kept in the pool's own folder: it goes where the pool goes, and with it.

A pool in a folder that cannot be written to is read afresh each time. A file is taken for the one it was while its
size and its time of change are; the hash of its content is compared again whenever it is read.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from omni_persona_perception import Vectors

FOLDER = ".omni-persona"
"""In a pool's folder: what is kept of it."""


@dataclass(frozen=True)
class FileFacts:
    """What is known of a picture or a clip."""

    size: int
    """Bytes."""
    changed: int
    """When its content last changed, in nanoseconds."""
    digest: str
    """SHA-256 of its content, in hex."""
    seconds: float
    """How long a clip lasts; 0 for a picture."""


class PoolCache:
    """Facts of files, by what they are and their path in the pool, and vectors, by what they are vectors of."""

    def __init__(self, pool: Path | None) -> None:
        """pool: its folder; None remembers nothing beyond this object."""
        self._folder = None if pool is None else pool / FOLDER
        self._files = {
            str(key): FileFacts(int(size), int(changed), str(digest), float(seconds))
            for key, size, changed, digest, seconds in _columns(
                self._load("files"), "key", "size", "changed", "digest", "seconds"
            )
        }
        self._new_files = False

    def file(self, key: str, stat: os.stat_result) -> FileFacts | None:
        """What is known of a file that is still what it was; key: such as `clip media/p1/a.wav`."""
        facts = self._files.get(key)
        same = facts is not None and (facts.size, facts.changed) == (stat.st_size, stat.st_mtime_ns)
        return facts if same else None

    def learn_file(self, key: str, facts: FileFacts) -> None:
        """Keep the facts of a file."""
        self._files[key] = facts
        self._new_files = True

    def keep_files(self) -> None:
        """Write down what was learnt of files."""
        if self._new_files:
            facts = list(self._files.values())
            self._save(
                "files",
                key=list(self._files),
                size=np.array([one.size for one in facts], np.int64),
                changed=np.array([one.changed for one in facts], np.int64),
                digest=[one.digest for one in facts],
                seconds=np.array([one.seconds for one in facts]),
            )
            self._new_files = False

    def vectors(
        self, kind: str, keys: Sequence[str], make: Callable[[int], Vectors], progress: Callable[[int], None]
    ) -> Vectors:
        """The vectors of n things, shape (n, d), those that are not known made side by side and kept.

        kind: what makes them, such as `light-face`. keys: n, which tell things apart. make: the vector of the i-th
        thing, shape (d,). progress: called with the number of things that are done.
        """
        known = {str(key): vector for key, vector in _columns(self._load(kind), "key", "vector")}
        places = {key: place for place, key in enumerate(keys) if key not in known}
        progress(len(keys) - len(places))
        # Decoders and torch let other threads run meanwhile.
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            for done, (key, vector) in enumerate(zip(places, workers.map(make, places.values()), strict=True), start=1):
                known[key] = vector
                progress(len(keys) - len(places) + done)
        if places:
            self._save(kind, key=list(known), vector=np.stack(list(known.values())))
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, 1), np.float32)

    def _load(self, name: str) -> dict[str, Any]:
        """The columns of a table; none where there is no such file, or not one of ours."""
        if self._folder is None:
            return {}
        try:
            with (self._folder / f"{name}.npz").open("rb") as file, np.load(file, allow_pickle=False) as table:
                return {column: table[column] for column in table.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return {}

    def _save(self, name: str, **columns: Any) -> None:
        """Write a table whole; where that cannot be, it is made anew next time."""
        # A folder that is marked as not to be written to is left alone, also by a user who could.
        if self._folder is None or not self._folder.parent.stat().st_mode & 0o222:
            return
        draft = self._folder / f".{name}.{os.getpid()}.npz"
        try:
            self._folder.mkdir(exist_ok=True)
            with draft.open("wb") as file:
                np.savez(file, **columns)
            draft.replace(self._folder / f"{name}.npz")
        except OSError:
            with suppress(OSError):
                draft.unlink()


def _columns(table: dict[str, Any], *names: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a table; none where a column is missing or of another length."""
    if any(name not in table for name in names) or len({len(table[name]) for name in names}) != 1:
        return iter(())
    return zip(*(table[name] for name in names), strict=True)
