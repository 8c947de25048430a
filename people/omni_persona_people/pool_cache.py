"""On-disk cache of digests, clip lengths and vectors in POOL/.omni-persona; moves and is deleted with the pool.

If the folder is not writable, results are computed afresh each time. Entries are keyed by a hash of the file's content,
which is computed whenever a pool is read, so an entry is never used for another file. Tables that are broken, oversized
or of the wrong shape are ignored; nothing is unpickled, and no link is followed.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import stat
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import write_atomically
from omni_persona_perception import Vectors

FOLDER = ".omni-persona"
"""The cache folder inside a pool's folder."""
MAX_TABLE = 1 << 30
"""Maximum size in bytes of a table that is read."""
_LARGEST = 1e6
"""Maximum absolute value of a vector's numbers."""


class PoolCache:
    """Vectors by kind and by the hash of the content that they describe."""

    def __init__(self, pool: Path | None) -> None:
        """pool: its folder; None caches in memory only."""
        self._folder = None if pool is None else pool / FOLDER
        self._tables: dict[str, dict[str, Vectors]] = {}

    def known(self, kind: str) -> dict[str, Vectors]:
        """Cached vectors of a kind by key: those on disk and those added by `learn`."""
        if kind not in self._tables:
            self._tables[kind] = self._load(kind)
        return self._tables[kind]

    def learn(self, kind: str, made: dict[str, Vectors]) -> None:
        """Add vectors of a kind and write them to disk. All of a kind have the same length; others are dropped."""
        if not made:
            return
        width = len(next(iter(made.values())))
        kept = {key: vector for key, vector in self.known(kind).items() if len(vector) == width}
        self._tables[kind] = kept | made
        self._save(kind)

    def vectors(
        self, kind: str, keys: Sequence[str], make: Callable[[int], Vectors], progress: Callable[[int], None]
    ) -> Vectors:
        """The vectors of n things, shape (n, d); those missing from the cache are computed in parallel and added.

        kind: the method that computes them, such as `light-face`. keys: n unique keys. make: computes the vector of the
        i-th thing, shape (d,). progress: called with the number of things done.
        """
        known = self.known(kind)
        places = {key: place for place, key in enumerate(keys) if key not in known}
        made: dict[str, Vectors] = {}
        progress(len(keys) - len(places))
        # Decoders and torch release the GIL, so threads help.
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            for done, (key, vector) in enumerate(zip(places, workers.map(make, places.values()), strict=True), start=1):
                made[key] = vector
                progress(len(keys) - len(places) + done)
        self.learn(kind, made)
        known = self.known(kind)
        if any(key not in known for key in keys):  # the cached vectors had another length
            return self.vectors(kind, keys, make, progress)
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, 1), np.float32)

    def _load(self, kind: str) -> dict[str, Vectors]:
        """Read a table; empty if the file is missing or was not written by this package."""
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
                    keys, vectors, checksum = table["key"], table["vector"], str(table["checksum"])
        except (OSError, ValueError, EOFError, KeyError, MemoryError, zipfile.BadZipFile, NotImplementedError):
            return {}
        ours = (
            keys.dtype.kind == "U"
            and keys.ndim == 1
            and vectors.dtype == np.float32
            and vectors.ndim == 2
            and len(keys) == len(vectors)
            and bool((np.abs(vectors) <= _LARGEST).all())  # false for NaN
            and checksum == _checksum(keys.tolist(), vectors)
        )
        return dict(zip(keys.tolist(), vectors, strict=True)) if ours else {}

    def _save(self, kind: str) -> None:
        """Write a table atomically; if that fails, it is computed again next time."""
        # A read-only folder is left alone even if the user could write to it, as root can.
        if self._folder is None or self._folder.is_symlink() or not self._folder.parent.stat().st_mode & 0o222:
            return
        table = self._tables[kind]
        keys, vectors = list(table), np.stack(list(table.values())).astype(np.float32)
        content = io.BytesIO()
        np.savez(content, key=keys, vector=vectors, checksum=_checksum(keys, vectors))
        with suppress(OSError, ArtifactError):
            self._folder.mkdir(exist_ok=True)
            file = self._folder / f"{kind}.npz"
            if file.is_symlink():
                file.unlink()
            write_atomically(file, content.getbuffer())


def _checksum(keys: Sequence[str], vectors: Vectors) -> str:
    """A checksum that detects whether a table was changed after it was written."""
    return hashlib.sha256("\n".join(keys).encode() + vectors.tobytes()).hexdigest()


def _require_honest_sizes(file: Any, size: int) -> None:
    """Raise `ValueError` if a table would take more memory than its file takes on disk."""
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
