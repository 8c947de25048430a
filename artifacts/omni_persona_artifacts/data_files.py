"""Find the Parquet files of a dataset folder, and detect whether they have changed.

Separate from the reader of rows, so that code which needs neither rows nor media does not import `datasets`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

DATA_FILES = tuple(f"data/{split}-*.parquet" for split in ("test", "train"))
"""Where a dataset folder keeps its rows, of one of `omni_persona.SPLITS`; other files beside them are not rows."""

DATASET_FILE = "a Parquet file of a dataset"
"""What a data file is, in errors."""

RELEASE_FILE = "data/release.parquet"
"""Where an imported dataset keeps the paths of the release's media, and its fields that have no column."""

MOST_ROWS = 1_000_000
"""Maximum number of rows of a Parquet file of a dataset, which are read into memory without their media."""

State = list[list[str | int]]
"""For each file: name, size in bytes, and modification time in nanoseconds."""


def data_files(path: str | Path) -> list[Path]:
    """The data files, in order.

    Raises `FileNotFoundError` if there are none, and `ValueError` if there are two splits, or if one is no regular
    file: opening a pipe would wait for ever.
    """
    held = [files for pattern in DATA_FILES if (files := sorted(Path(path).glob(pattern)))]
    if not held:
        raise FileNotFoundError(
            f"{path} has no {DATA_FILES[0]}: expected a dataset folder, as `omni-persona build` writes"
        )
    if len(held) > 1:
        raise ValueError(f"{path}: expected rows of one split, got files of test and train")
    if odd := [file for file in held[0] if not file.is_file()]:
        raise ValueError(f"{odd[0]}: expected {DATASET_FILE}, got no regular file")
    return held[0]


def split_of(path: str | Path) -> str:
    """The split that a dataset folder holds. Raises what `data_files` raises."""
    return data_files(path)[0].name.partition("-")[0]


def dataset_state(path: str | Path) -> State:
    """The file system's state of the data files. Raises `FileNotFoundError` if there are none.

    Equal states mean unchanged files; with different states the contents may still be equal.
    """
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in data_files(path)]


def dataset_fingerprint(path: str | Path) -> str:
    """SHA-256, in hex, of the contents of a dataset folder's data files, in order of their names.

    The folder's path and the files' times do not matter. Raises `FileNotFoundError` if there are none.
    """
    digest = hashlib.sha256()
    for file in data_files(path):
        one = hashlib.sha256()
        with file.open("rb") as content:
            while block := content.read(2**20):
                one.update(block)
        # Digest each file separately, so that moving bytes from one file to the next changes the result.
        digest.update(one.digest())
    return digest.hexdigest()
