"""The record of how a dataset was built, stored as JSON in the footer of its first Parquet file.

`omni-persona build` writes the recipe, the seed, the kind of people and more; `omni-persona import` writes its source.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from omni_persona_artifacts.data_files import data_files
from omni_persona_artifacts.errors import ArtifactError

KEY = b"omni_persona"
"""The footer's key of the record."""

PeopleKind: TypeAlias = Literal["invented", "rendered", "real"]
"""`invented`: drawn or otherwise made up; `rendered`: invented, with faces rendered in 3D; `real`: existing people."""

PEOPLE: dict[str, str] = {
    "invented": "invented people",
    "rendered": "invented people with rendered faces",
    "real": "real people",
}
"""Kind of people -> the words for them."""
assert tuple(PEOPLE) == get_args(PeopleKind)


def read_build_record(folder: Path) -> dict[str, Any]:
    """Read the build record of a dataset folder; empty for a dataset that another program wrote.

    Raises `FileNotFoundError` if the folder has no data files, and `ArtifactError` if the first one is not Parquet or
    its record is not a JSON object.
    """
    file = data_files(folder)[0]
    try:
        metadata = pq.read_schema(file.absolute()).metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise ArtifactError(f"{file}: not a Parquet file: {error}") from None
    try:
        record = json.loads(metadata.get(KEY, b"{}"))
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise ArtifactError(f"{file}: expected its footer to tell how it was built, in JSON; build the dataset again")
    return record


def people_kind(record: dict[str, Any]) -> PeopleKind | None:
    """The kind of people in a build record; None if it is not recorded or unknown to this version."""
    kind = record.get("people")
    return next((known for known in get_args(PeopleKind) if known == kind), None)
