"""Keep the people of another dataset out, so that what is trained on is never tested on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

import omni_persona
from omni_persona_build.construction import read_construction
from omni_persona_build.errors import BuildError
from omni_persona_build.pool import Persona
from omni_persona_build.write import media_name

_NAMES = ("contexts.list.element.image.path", "contexts.list.element.audio.path")
_QUERY_NAMES = ("query_assets.image.path", "query_assets.audio.path")


def without(people: Sequence[Persona], folder: Path) -> list[Persona]:
    """The people of whom `folder`, a built dataset, holds neither the id nor any picture or clip.

    Media are compared by content. Raises `BuildError` where `folder` is no built dataset, or nobody is left.
    """
    construction = read_construction(folder)
    files = sorted(folder.glob(omni_persona.DATA_FILES))
    if construction is None or not files:
        raise BuildError(f"--exclude {folder}: expected a dataset folder that `omni-persona build` wrote")
    ids = {row[column] for rows in construction.values() for row in rows for column in ("person", "queried_person")}
    names = {name for file in files for name in _media_names(file)}
    left = [
        persona
        for persona in people
        if persona.persona_id not in ids and names.isdisjoint(media_name(medium) for medium in persona.media())
    ]
    if not left:
        raise BuildError(f"--exclude {folder}: it holds all {len(people)} people of the pool")
    return left


def _media_names(file: Path) -> set[str]:
    """The content names of the media in a file of rows, read without the media."""
    table = pq.ParquetFile(file).read(columns=[*_NAMES, *_QUERY_NAMES])
    contexts = table["contexts"].combine_chunks().flatten()
    names: set[str] = set()
    for media in (contexts, table["query_assets"].combine_chunks()):
        for kind in ("image", "audio"):
            names.update(name for name in pc.struct_field(media, [kind, "path"]).to_pylist() if name is not None)
    return names
