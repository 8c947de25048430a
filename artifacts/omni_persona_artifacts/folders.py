"""Write folders atomically, and never replace a folder that contains anything we did not write.

`--overwrite` replaces a folder only if its list of files (`file_list`) exists and matches all of its contents.

A folder is written as a hidden draft beside its final path, `.NAME.draft-TOKEN`. A process that is killed
leaves its draft behind; the next command that writes to the same path removes it and reports that.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.file_list import LOCK, MARKER, contents, foreign_files, list_files
from omni_persona_artifacts.files import abandoned, kind_of, lock, reason

_NAMED = 5
"""Maximum number of foreign files named in an error."""

_log = logging.getLogger("omni_persona")


@contextmanager
def whole_folder(out: Path, *, overwrite: bool = False, inputs: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield a draft folder to write into; it becomes `out` if the block succeeds and is deleted if it fails.

    Missing parents of `out` are created, and removed again on failure. An existing `out` is replaced only with
    `overwrite`, and only where it holds nothing but what was written here.
    inputs: files and folders that the block reads; `out` must not be, contain or lie inside any of them.
    Raises `ArtifactError` if `out` exists and may not be replaced, appears meanwhile, or is being written by another
    process, and if the disk is full; any previous `out` is then unchanged.
    """
    _tidy(out)
    before = _require_free(out, overwrite, [Path(one) for one in inputs])
    missing = [parent for parent in out.parents if not parent.exists()]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draft, held = _new_draft(out)
    except (OSError, ValueError) as error:
        raise ArtifactError(f"cannot write {os.fsdecode(out)!r}: {reason(error)}") from None
    try:
        with held:
            _require_alone(out, draft)
            try:
                yield draft
                list_files(draft)
            except OSError as error:
                # The disk may become full anywhere in the block; report the folder.
                if error.errno is None or isinstance(error, FileExistsError | FileNotFoundError):
                    raise
                raise ArtifactError(f"cannot write {out}: {reason(error)}") from error
            _put(draft, out, before)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        with suppress(OSError):  # keep a parent that now contains `out` or anything else
            for parent in missing:
                parent.rmdir()


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a temporary folder that only the user can read; it is deleted at the end.

    Temporary folders that killed processes left are deleted first, because they may hold copies of faces and voices.
    """
    place = Path(tempfile.gettempdir()) / "omni-persona-scratch"
    for left in _siblings(place, "draft"):
        _remove_abandoned(left)
    folder, held = _new_draft(place, mode=0o700)
    try:
        with held:
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _new_draft(out: Path, mode: int = 0o777) -> tuple[Path, BinaryIO]:
    """Create a new draft beside `out`, with permissions `mode` less the umask, and its open, locked lock file."""
    while True:
        draft = out.parent / f".{out.name}.draft-{secrets.token_hex(8)}"
        draft.mkdir(mode)
        with suppress(FileNotFoundError):  # another command considered it abandoned before it was locked
            held = (draft / LOCK).open("xb")
            if lock(held.fileno(), draft / LOCK):
                return draft, held
            held.close()


def _require_free(out: Path, overwrite: bool, inputs: list[Path]) -> dict[str, Any] | None:
    """A snapshot of an existing `out` that may be replaced; None if there is none."""
    try:
        mode = os.lstat(out).st_mode
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ArtifactError(f"cannot write {os.fsdecode(out)!r}: {reason(error)}") from None
    if not stat.S_ISDIR(mode):
        raise ArtifactError(f"{out} exists and is {kind_of(mode)}, which is never replaced; choose another --out")
    place = out.resolve()
    for one in inputs:
        read = one.resolve()
        if read == place or read.is_relative_to(place) or place.is_relative_to(read):
            how = "is" if read == place else "contains" if read.is_relative_to(place) else "is in"
            raise ArtifactError(f"{out} {how} the input {one}; choose another --out")
    if not overwrite:
        raise ArtifactError(f"{out} exists; choose another --out, or replace it with --overwrite")
    foreign = foreign_files(out)
    if foreign is None and any(contents(out)):
        raise ArtifactError(
            f"{out} was not written by omni-persona (it has no {MARKER}), so --overwrite does not replace it"
        )
    if foreign:
        more = f" (and {len(foreign) - _NAMED} others)" if len(foreign) > _NAMED else ""
        raise ArtifactError(
            f"{out} contains files that omni-persona did not write or that have changed since: "
            f"{', '.join(foreign[:_NAMED])}{more}; move them elsewhere, or choose another --out"
        )
    return _snapshot(out)


def _put(draft: Path, out: Path, before: dict[str, Any] | None) -> None:
    """Move the draft to its final path, unless something appeared or changed there meanwhile."""
    old: Path | None = None
    if before is not None:
        old = out.parent / f".{out.name}.old-{secrets.token_hex(8)}"
        out.rename(old)
        if _snapshot(old) != before:
            old.rename(out)
            raise ArtifactError(f"{out} changed while its replacement was written; it was left as it is")
    try:
        # Only one of several writers can create the folder; ours, still empty, is then replaced atomically.
        out.mkdir()
    except OSError as error:
        if old is not None and not os.path.lexists(out):
            old.rename(out)
        happened = "appeared" if isinstance(error, FileExistsError) else f"cannot be made ({reason(error)})"
        kept = f"; its contents are in {old}" if old is not None and old.exists() else ""
        raise ArtifactError(f"{out} {happened} while it was being written; it was left as it is{kept}") from None
    try:
        draft.rename(out)
    except OSError as error:
        with suppress(OSError):
            out.rmdir()
            if old is not None:
                old.rename(out)
        raise ArtifactError(f"cannot write {out}: {reason(error)}") from None
    with suppress(OSError):
        (out / LOCK).unlink()
    if old is not None:
        _discard(old, out)


def _discard(old: Path, out: Path) -> None:
    """Remove a folder of ours that was moved aside from `out`.

    It is a draft first, which whoever comes next removes in any state: of a folder that lost its list, because the
    process was killed here, nobody knows that it is ours.
    """
    draft = out.parent / f".{out.name}.draft-{secrets.token_hex(8)}"
    with suppress(OSError):
        old.rename(draft)
        shutil.rmtree(draft, ignore_errors=True)


def _require_alone(out: Path, draft: Path) -> None:
    """Raise if another living process is writing the same folder."""
    for other in _siblings(out, "draft"):
        if other != draft and not _remove_abandoned(other):
            raise ArtifactError(f"another command is writing {out}: wait until it ends, or choose another --out")


def _tidy(out: Path) -> None:
    """Remove drafts that killed processes left beside `out`, and restore a folder that one had moved aside."""
    in_use = False
    for draft in _siblings(out, "draft"):
        if _remove_abandoned(draft):
            _log.warning("removed %s, which an interrupted command had left", draft)
        else:
            in_use = True
    for old in () if in_use else _siblings(out, "old"):
        with suppress(OSError):  # made for a draft that was never moved there
            out.rmdir()
        with suppress(OSError):
            if not os.path.lexists(out):
                old.rename(out)
                _log.warning("put %s back, which an interrupted command had moved to %s", out, old)
            elif foreign_files(old) == []:
                _discard(old, out)
                _log.warning("removed %s, which an interrupted command had left", old)


def _remove_abandoned(draft: Path) -> bool:
    """Remove a draft whose process has ended, as its free lock shows; return whether it was one."""
    if not os.path.lexists(draft / LOCK):
        shutil.rmtree(draft, ignore_errors=True)
        return True
    with abandoned(draft / LOCK) as is_abandoned:
        if is_abandoned:
            shutil.rmtree(draft, ignore_errors=True)
        return is_abandoned


def _siblings(out: Path, kind: str) -> list[Path]:
    start = f".{out.name}.{kind}-"
    with suppress(OSError, ValueError):
        return [
            Path(entry.path)
            for entry in os.scandir(out.parent)
            if entry.name.startswith(start)
            and len(entry.name) == len(start) + 16
            and entry.is_dir(follow_symlinks=False)
        ]
    return []


def _snapshot(folder: Path) -> dict[str, Any]:
    """A cheap fingerprint of a folder's contents: size, change time and inode of each file."""
    seen = {name: os.lstat(folder / name) for name in contents(folder)}
    return {name: (one.st_size, one.st_mtime_ns, one.st_ino) for name, one in seen.items()}
