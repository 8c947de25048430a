"""What a build found out about a pool's media, kept in the pool's own folder.

A pool in a folder that cannot be written to is read afresh each time. Everything is kept by the hash of a file's
content, which is made anew whenever a pool is read, so that nothing of another file is ever taken for its own. Tables
that are broken, oversized or not of the shape that is written here are dropped; nothing is unpickled, and no link is
followed.
"""

from __future__ import annotations

import hashlib
import math
import os
import stat
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from omni_persona_perception import Vectors

FOLDER = ".omni-persona"
"""In a pool's folder: what is kept of it."""
MAX_TABLE = 1 << 30
"""Bytes of a table that is read."""
_LARGEST = 1e6
"""No number of a vector is larger."""


class PoolCache:
    """Vectors, by what they are vectors of and the content of what they describe."""

    def __init__(self, pool: Path | None) -> None:
        """pool: its folder; None keeps nothing beyond this object."""
        self._folder = None if pool is None else pool / FOLDER
        self._tables: dict[str, dict[str, Vectors]] = {}

    def known(self, kind: str) -> dict[str, Vectors]:
        """The vectors of a kind by key, those that are kept, and those that `learn` added."""
        if kind not in self._tables:
            self._tables[kind] = self._load(kind)
        return self._tables[kind]

    def learn(self, kind: str, made: dict[str, Vectors]) -> None:
        """Add vectors of a kind and write them down. All of a kind have one length; others are dropped."""
        if not made:
            return
        width = len(next(iter(made.values())))
        kept = {key: vector for key, vector in self.known(kind).items() if len(vector) == width}
        self._tables[kind] = kept | made
        self._save(kind)

    def vectors(
        self, kind: str, keys: Sequence[str], make: Callable[[int], Vectors], progress: Callable[[int], None]
    ) -> Vectors:
        """The vectors of n things, shape (n, d), those that are not known made side by side and kept.

        kind: what makes them, such as `light-face`. keys: n, which tell things apart. make: the vector of the i-th
        thing, shape (d,). progress: called with the number of things that are done.
        """
        known = self.known(kind)
        places = {key: place for place, key in enumerate(keys) if key not in known}
        made: dict[str, Vectors] = {}
        progress(len(keys) - len(places))
        # Decoders and torch let other threads run meanwhile.
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            for done, (key, vector) in enumerate(zip(places, workers.map(make, places.values()), strict=True), start=1):
                made[key] = vector
                progress(len(keys) - len(places) + done)
        self.learn(kind, made)
        known = self.known(kind)
        if any(key not in known for key in keys):  # what was kept had another length
            return self.vectors(kind, keys, make, progress)
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, 1), np.float32)

    def _load(self, kind: str) -> dict[str, Vectors]:
        """A table; none where there is no such file, or not one of ours."""
        if self._folder is None or self._folder.is_symlink():
            return {}
        try:
            descriptor = os.open(self._folder / f"{kind}.npz", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_TABLE:
                    return {}
                _require_honest_sizes(file, found.st_size)
                file.seek(0)
                with np.load(file, allow_pickle=False) as table:
                    keys, vectors, told = table["key"], table["vector"], str(table["checksum"])
        except (OSError, ValueError, EOFError, KeyError, MemoryError, zipfile.BadZipFile, NotImplementedError):
            return {}
        ours = (
            keys.dtype.kind == "U"
            and keys.ndim == 1
            and vectors.dtype == np.float32
            and vectors.ndim == 2
            and len(keys) == len(vectors)
            and bool((np.abs(vectors) <= _LARGEST).all())  # false for what is no number
            and told == _checksum(keys.tolist(), vectors)
        )
        return dict(zip(keys.tolist(), vectors, strict=True)) if ours else {}

    def _save(self, kind: str) -> None:
        """Write a table whole; where that cannot be, it is made anew next time."""
        # A folder that is marked as not to be written to is left alone, also by a user who could.
        if self._folder is None or self._folder.is_symlink() or not self._folder.parent.stat().st_mode & 0o222:
            return
        table = self._tables[kind]
        draft: Path | None = None
        try:
            self._folder.mkdir(exist_ok=True)
            descriptor, name = tempfile.mkstemp(".npz", f".{kind}.", self._folder)
            draft = Path(name)
            with os.fdopen(descriptor, "wb") as file:
                keys, vectors = list(table), np.stack(list(table.values())).astype(np.float32)
                np.savez(file, key=keys, vector=vectors, checksum=_checksum(keys, vectors))
            draft.replace(self._folder / f"{kind}.npz")
        except OSError:
            if draft is not None:
                with suppress(OSError):
                    draft.unlink()


def _checksum(keys: Sequence[str], vectors: Vectors) -> str:
    """Tells a table that was written here, whole, from one that was changed since."""
    return hashlib.sha256("\n".join(keys).encode() + vectors.tobytes()).hexdigest()


def _require_honest_sizes(file: Any, size: int) -> None:
    """Raise `ValueError` where a table would take more memory than its file does on disk."""
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > size:
                raise ValueError("unpacks to more than it is")
            with archive.open(member) as column:
                if np.lib.format.read_magic(column) != (1, 0):
                    raise ValueError("of another version")
                shape, _, kind = np.lib.format.read_array_header_1_0(column)
            if math.prod(shape) * kind.itemsize > size:
                raise ValueError("tells of more than it holds")
