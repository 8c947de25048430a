"""Write files beside whatever else their folders hold, and replace none that somebody else wrote.

A file that exists is ours if it bears our mark, or if the list of its folder (`file_list`) describes it as it is. Any
other is replaced only with `--overwrite`; links, pipes, devices and inputs never are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.file_list import enter, holds, is_ours
from omni_persona_artifacts.files import (
    make_folder,
    open_regular,
    reason,
    require_folder_or_nothing,
    require_writable_target,
    write_atomically,
)

_MARK_WITHIN = 1000
"""Bytes at the start of a file that are searched for a mark."""


@dataclass(frozen=True)
class _Output:
    file: Path
    content: bytes
    mark: bytes | None
    beside: tuple[Path, ...]


class OutputFiles:
    """The files that a command writes beside others: collected, checked together, then written.

    Nothing is written unless all of them may be.
    """

    def __init__(self, *, overwrite: bool = False, inputs: Iterable[Path] = ()) -> None:
        """overwrite: replace files that somebody else wrote. inputs: files and folders that are not written to."""
        self._overwrite = overwrite
        self._inputs = [Path(one) for one in inputs]
        self._outputs: list[_Output] = []

    def require_folder(self, folder: Path) -> None:
        """Raise `ArtifactError` unless files may be written into `folder`: checked before any long work."""
        require_folder_or_nothing(folder)
        if (read := self._input_around(folder)) is not None:
            raise _is_input(folder, read)

    def require_file(self, file: Path, mark: bytes | None = None, beside: Iterable[Path] = ()) -> None:
        """Raise `ArtifactError` unless `file` may be written; mark, beside: as for `add`."""
        require_folder_or_nothing(file.parent)
        require_writable_target(file)
        read = self._input_around(file)
        if read is not None and read not in beside:
            raise _is_input(file, read)
        if os.path.lexists(file) and not _is_known(file, mark):
            if read is not None:
                raise _is_input(file, read)
            if not self._overwrite:
                raise ArtifactError(
                    f"{file} exists and was not written by omni-persona, or has changed since; move it, write "
                    "elsewhere, or replace it with --overwrite"
                )

    def add(self, file: Path, content: bytes, mark: bytes | None = None, beside: Iterable[Path] = ()) -> None:
        """Collect a file.

        mark: bytes near the start of every file of this kind, by which ours are known; without one they are known by
        the list of their folder. beside: inputs in which the file may be created.
        """
        self._outputs.append(_Output(file, content, mark, tuple(beside)))

    def write(self) -> list[Path]:
        """Check all files, then write them; return them in the order of `add`. Raises `ArtifactError`."""
        changed = [one for one in self._outputs if not holds(one.file, one.content)]
        for one in changed:
            self.require_file(one.file, one.mark, one.beside)
        listed: dict[Path, dict[str, bytes]] = {}
        for one in changed:
            make_folder(one.file.parent)
            if one.mark is None:
                listed.setdefault(one.file.parent, {})[one.file.name] = one.content
        for folder, files in listed.items():
            enter(folder, files)
        for one in changed:
            write_atomically(one.file, one.content)
        return [one.file for one in self._outputs]

    def _input_around(self, place: Path) -> Path | None:
        """The input that a place is, or lies in."""
        try:
            resolved = place.resolve()
            return next((one for one in self._inputs if resolved.is_relative_to(one.resolve())), None)
        except (OSError, ValueError, RuntimeError) as error:
            raise ArtifactError(f"cannot write {os.fsdecode(place)!r}: {reason(error)}") from None


def _is_input(place: Path, read: Path) -> ArtifactError:
    how = "is" if place.resolve() == read.resolve() else "is in"
    return ArtifactError(f"{place} {how} the input {read}, which is left as it is; write elsewhere")


def _is_known(file: Path, mark: bytes | None) -> bool:
    """Whether an existing file is ours; an empty one with a mark may be replaced, because nothing is lost."""
    if mark is None:
        return is_ours(file)
    with open_regular(file) as old:
        start = old.read(_MARK_WITHIN)
    return not start or mark in start
