"""Exclude the people of another dataset, so that no test person is used for training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from omni_persona_artifacts.construction import excluded_by, read_construction
from omni_persona_artifacts.dataset_folder import media_digests
from omni_persona_build.recipes.errors import BuildError
from omni_persona_people.persona import Persona


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

    The content of media is compared, with and without metadata, whatever their file names. For media that were
    equalised, that of the pool's media is compared, which the side file has; without one, their people are not known.
    Raises `BuildError` if `folder` is no dataset, or if nobody is left.
    """
    ids, sources = excluded_by(read_construction(folder) or {})
    known = _content(folder) | sources
    left = [
        persona
        for persona in people
        if persona.persona_id not in ids
        and known.isdisjoint(one for medium in persona.media() for one in (medium.digest, medium.stored))
    ]
    if not left:
        raise BuildError(f"--exclude {folder}: it holds all {len(people)} people of the pool")
    return left


def _content(folder: Path) -> set[str]:
    """The SHA-256, in hex, of the content of every picture and clip of a dataset."""
    try:
        return {digest.hex() for digest in media_digests(folder)}
    except FileNotFoundError:
        raise BuildError(f"--exclude {folder}: expected a dataset folder, got no Parquet file in it") from None
    except ValueError as error:
        raise BuildError(f"--exclude {error}") from None
