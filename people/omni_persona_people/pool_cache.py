"""On-disk cache of digests, clip lengths and vectors in POOL/.omni-persona; moves and is deleted with the pool.

Vectors are keyed by a hash of the file's content, so an entry is never used for another file; which file has which
hash is known as long as the file does not change (`known_files`). A table ends with its HMAC-SHA256 under the user's
own key (`cache_key`); one that is broken or oversized, or that anybody else wrote, is computed anew, and nothing in it
is read before that is known. No link is followed. If there is no key, or the folder is not writable, results are
computed afresh each time.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import write_atomically
from omni_persona_people.cache_key import cache_key
from omni_persona_perception import Vectors

FOLDER = ".omni-persona"
"""The cache folder inside a pool's folder."""
MAX_TABLE = 1 << 30
"""Maximum size in bytes of a table that is read."""
_FORMAT = "pool-cache-2"
"""What a table holds, and how; changed with it, so that a table of another version is computed anew."""
_SIGNATURE_BYTES = hashlib.sha256().digest_size
_AS_IT_IS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Follow no link, and wait for no other end of a pipe."""


class PoolCache:
    """Vectors by kind and by the hash of the content that they describe."""

    def __init__(self, pool: Path | None) -> None:
        """pool: its folder; None caches in memory only."""
        key = None if pool is None else cache_key()
        self._folder = None if pool is None or key is None else pool / FOLDER
        self._key = key or b""
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
        """Read a table of vectors; empty if the file is missing or was not written by this user."""
        columns = self.columns(kind)
        return dict(zip(columns["key"].tolist(), columns["vector"], strict=True)) if columns else {}

    def columns(self, kind: str) -> dict[str, NDArray[Any]]:
        """The columns of a table, by name; empty if the file is missing or was not written by this user."""
        if self._folder is None or self._folder.is_symlink():
            return {}
        try:
            place = self._folder / f"{kind}.npz"
            with open(place, "rb", opener=lambda path, mode: os.open(path, mode | _AS_IT_IS)) as file:
                found = os.fstat(file.fileno())
                if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_TABLE:
                    return {}
                content = memoryview(file.read())
        except OSError:
            return {}
        table, signature = content[:-_SIGNATURE_BYTES], bytes(content[-_SIGNATURE_BYTES:])
        if not hmac.compare_digest(signature, self._signature(kind, table)):
            return {}
        with np.load(io.BytesIO(table), allow_pickle=False) as columns:
            return dict(columns)

    def _save(self, kind: str) -> None:
        known = self._tables[kind]
        vectors = np.stack(list(known.values())).astype(np.float32)
        self.write_columns(kind, {"key": np.array(list(known)), "vector": vectors})

    def write_columns(self, kind: str, columns: Mapping[str, NDArray[Any]]) -> None:
        """Write a table atomically; if that fails, it is computed again next time."""
        # A read-only folder is left alone even if the user could write to it, as root can.
        if self._folder is None or self._folder.is_symlink() or not self._folder.parent.stat().st_mode & 0o222:
            return
        table = io.BytesIO()
        np.savez(table, **dict[str, Any](columns))
        content = table.getbuffer()
        with suppress(OSError, ArtifactError):
            self._folder.mkdir(exist_ok=True)
            file = self._folder / f"{kind}.npz"
            if file.is_symlink():
                file.unlink()
            write_atomically(file, b"".join((content, self._signature(kind, content))))

    def _signature(self, kind: str, table: memoryview) -> bytes:
        """What nobody without the user's key can put under a table of this kind."""
        signed = hmac.new(self._key, f"{_FORMAT}/{kind}\0".encode(), hashlib.sha256)
        signed.update(table)
        return signed.digest()
