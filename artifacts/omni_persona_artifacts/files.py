"""Write files and folders so that a reader, or a crash, finds the old content or the new, never a part of either."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from omni_persona_artifacts.errors import ArtifactError


def write_atomically(file: Path, content: bytes) -> None:
    """Replace a file. Raises `ArtifactError` where it cannot be written; the old content then stays."""
    temporary = file.with_name(f".{file.name}.new")
    try:
        with temporary.open("wb") as new:
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
        temporary.replace(file)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise ArtifactError(f"cannot write {file}: {error}") from None


@contextmanager
def whole_folder(out: Path, overwrite: bool = False) -> Iterator[Path]:
    """A draft folder to write into; it becomes `out` when the block succeeds and is deleted when it fails.

    Missing parents of `out` are created, and removed again on failure. Raises `ArtifactError` where `out` exists and
    `overwrite` is not set.
    """
    if out.exists() and not overwrite:
        raise ArtifactError(f"{out} exists; choose another --out, or replace it with --overwrite")
    missing = [parent for parent in out.parents if not parent.exists()]
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        draft.chmod(0o755)
        yield draft
        if out.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
            out.rename(old / out.name)
            draft.rename(out)
            shutil.rmtree(old)
        else:
            draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        with suppress(OSError):  # a parent that now holds `out`, or anything else, stays
            for parent in missing:
                parent.rmdir()
