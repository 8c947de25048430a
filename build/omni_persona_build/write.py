"""Write rows as Parquet that stores every medium once in its row group."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import omni_persona
from omni_persona_artifacts.build_record import KEY
from omni_persona_artifacts.file_list import enter_written
from omni_persona_artifacts.progress import Steps
from omni_persona_artifacts.row_schema import row_schema
from omni_persona_build.row_group import Row, RowGroup, media_name
from omni_persona_build.row_group_file import RowGroupFile, RowGroupProcess, RowGroups

MEDIA_BYTES = 96 << 20
"""Maximum number of distinct media in a row group."""
PARTITION_BYTES = 72 << 20
"""Maximum bytes of the media of people who share a row group; it leaves room for rows already in the group."""
UNPACKED_BYTES = 1_800_000_000
"""Maximum bytes of one media column of a row group with repetitions: readers cannot unpack 2 GiB into one column."""

NAMED_BY = KEY
"""Footer key of files written by this package; their media have the names given by `media_name`."""


@dataclass(frozen=True)
class Written:
    """Summary of the written file."""

    counts: Counter[tuple[str, str]]
    """Number of items by (task, absence)."""
    content: str
    """Hash of all rows and media, 16 hex digits."""


def write_parquet(
    partitions: Iterable[Iterable[Sequence[Row]]],
    folder: Path,
    about: dict[str, Any],
    split: str = omni_persona.SPLIT,
    *,
    apart: bool = False,
    progress: Steps = lambda done, total: None,
) -> Written:
    """Write `data/SPLIT-00000-of-00001.parquet`; `about` is stored in its footer as JSON, for `omni-persona check`.

    partitions: the rows of each source sample, in parts that share no media. Rows of a source sample stay in one row
    group; so do those of a partition, as far as its media fit into one. apart: write in a process of its own, beside
    the making of rows. progress: called with the numbers of row groups that are written, and that are complete, while
    that process is waited for.
    """
    counts: Counter[tuple[str, str]] = Counter()
    content = hashlib.sha256()
    path = folder / "data" / f"{split}-00000-of-00001.parquet"
    path.parent.mkdir(exist_ok=True)
    group = RowGroup()
    apart = apart and os.name == "posix" and bool(sys.executable)
    file: RowGroups = RowGroupProcess(path, progress) if apart else RowGroupFile(path)
    with closing(file):
        for partition in partitions:
            for sample in partition:
                for row in sample:
                    group.add(row)
                    counts[row["selected_task"], row["absence"]] += 1
                    content.update(json.dumps(row, default=media_name, sort_keys=True).encode())
                if group.media_bytes >= MEDIA_BYTES or group.unpacked_bytes >= UNPACKED_BYTES:
                    file.write(group)
                    group = RowGroup()
            if group.n_rows and group.media_bytes >= MEDIA_BYTES - PARTITION_BYTES:
                file.write(group)
                group = RowGroup()
        if group.n_rows:
            file.write(group)
        footer = {**(row_schema().metadata or {}), NAMED_BY: json.dumps(about, sort_keys=True).encode()}
        hashed = file.end(footer)
    enter_written(folder, path.relative_to(folder).as_posix(), *hashed)
    return Written(counts, content.hexdigest()[:16])
