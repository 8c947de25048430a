"""The Parquet files of a dataset folder: which they are, and whether they are still what they were.

Apart from the reader of rows, so that what needs neither rows nor media does not import `datasets`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

DATA_FILES = "data/test-*.parquet"
"""Where a dataset folder keeps its rows, as `omni_persona.DATA_FILES` has it; other files beside them are no rows."""

State = list[list[str | int]]
"""Of each file its name, its size in bytes and when it was last written, in nanoseconds."""


def data_files(path: str | Path) -> list[Path]:
    """The files of rows, in their order. Raises `FileNotFoundError` where there are none."""
    files = sorted(Path(path).glob(DATA_FILES))
    if not files:
        raise FileNotFoundError(
            f"{path} has no {DATA_FILES}: expected a dataset folder, as `omni-persona build` writes"
        )
    return files


def dataset_state(path: str | Path) -> State:
    """What the file system says of the files of rows. Raises `FileNotFoundError` where there are none.

    Files in the same state are the same files, unwritten; others may still hold the same bytes.
    """
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in data_files(path)]


def dataset_fingerprint(path: str | Path) -> str:
    """SHA-256 in hex of the contents of a dataset folder's rows, in the order of their names.

    Neither the folder's place nor the files' times matter. Raises `FileNotFoundError` where there are none.
    """
    digest = hashlib.sha256()
    for file in data_files(path):
        one = hashlib.sha256()
        with file.open("rb") as content:
            while block := content.read(2**20):
                one.update(block)
        # The digest of each file, so that bytes that move from one file to the next are another dataset.
        digest.update(one.digest())
    return digest.hexdigest()
