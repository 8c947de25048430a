"""Exclude the people of another dataset, so that no test person is used for training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from omni_persona_artifacts.construction import read_construction
from omni_persona_artifacts.data_files import data_files
from omni_persona_artifacts.parquet_files import open_parquet, read_columns
from omni_persona_build.errors import BuildError
from omni_persona_build.write import NAMED_BY, media_name
from omni_persona_people.persona import Persona

_NAMES = ("contexts.list.element.image.path", "contexts.list.element.audio.path")
_QUERY_NAMES = ("query_assets.image.path", "query_assets.audio.path")


class Exclusion:
    """Excludes the people of another dataset.

    As a context manager, it adds the number of excluded people to a `BuildError` raised in its block, since they may be
    its cause.
    """

    def __init__(self, folder: Path | None) -> None:
        """folder: the other dataset, or None to exclude nobody."""
        self._folder = folder
        self.n_left_out = 0

    def left(self, people: Sequence[Persona]) -> list[Persona]:
        """The people who remain. Raises `BuildError` as `without` does."""
        if self._folder is None:
            return list(people)
        left = without(people, self._folder)
        self.n_left_out = len(people) - len(left)
        return left

    def __enter__(self) -> Exclusion:
        """Enter the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Add the number of excluded people to a `BuildError`."""
        if isinstance(error, BuildError) and self.n_left_out:
            raise BuildError(f"{error} (--exclude {self._folder} left out {self.n_left_out} people)") from None


def without(people: Sequence[Persona], folder: Path) -> list[Persona]:
    """The people who are not in `folder`: neither their id (if it was built by this package), nor any picture or clip.

    Media are compared by content, whatever their file names. Raises `BuildError` if `folder` is not a built or imported
    dataset, or if nobody is left.
    """
    construction = read_construction(folder) or {}
    ids = {row[column] for rows in construction.values() for row in rows for column in ("person", "queried_person")}
    known = _content(folder)
    left = [
        persona
        for persona in people
        if persona.persona_id not in ids
        and known.isdisjoint(PurePosixPath(media_name(medium)).stem for medium in persona.media())
    ]
    if not left:
        raise BuildError(f"--exclude {folder}: it holds all {len(people)} people of the pool")
    return left


def _content(folder: Path) -> set[str]:
    """The content hashes of a dataset's media, from their names, without reading the media."""
    try:
        files = data_files(folder)
    except FileNotFoundError:
        files = []
    except ValueError as error:
        raise BuildError(f"--exclude {error}") from None
    try:
        # Datasets made by others may name their media differently.
        if files and all(NAMED_BY in (pq.read_metadata(file).metadata or {}) for file in files):
            return {PurePosixPath(name).stem for file in files for name in _media_names(file)}
    except pa.ArrowInvalid as error:
        raise BuildError(f"--exclude {folder}: {error}") from None
    raise BuildError(f"--exclude {folder}: expected a dataset folder that `omni-persona build` or `import` wrote")


def _media_names(file: Path) -> Iterable[str]:
    """The names of the media in a file of rows."""
    table = read_columns(open_parquet(file), [*_NAMES, *_QUERY_NAMES])
    contexts = table["contexts"].combine_chunks().flatten()
    for media in (contexts, table["query_assets"].combine_chunks()):
        for kind in ("image", "audio"):
            yield from (name for name in pc.struct_field(media, [kind, "path"]).to_pylist() if name is not None)
