"""Read and write single files safely: regular files alone, no links followed when writing, whole contents or none."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from omni_persona_artifacts.errors import ArtifactError

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def kind_of(mode: int) -> str:
    """What a `st_mode` stands for, in words, such as `a named pipe`."""
    return next((name for test, name in _KINDS if test(mode)), "a file")


def read_regular(file: str | Path, most_bytes: int | None = None) -> bytes:
    """The content of a regular file; a link to one is followed.

    most_bytes: the largest size that is read.
    Raises `FileNotFoundError` where there is none, and `ArtifactError` for a pipe, a device, a folder, a dangling link,
    a file over `most_bytes`, or one that cannot be read.
    """
    with open_regular(file) as opened:
        size = os.fstat(opened.fileno()).st_size
        if most_bytes is not None and size > most_bytes:
            raise ArtifactError(f"{file}: expected at most {most_bytes:,} bytes, got {size:,}")
        return opened.read()


@contextmanager
def open_regular(file: str | Path) -> Iterator[BinaryIO]:
    """A regular file open for reading; errors as for `read_regular`."""
    try:
        # Not to wait for the other end of a named pipe.
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        if Path(file).is_symlink():
            target = str(Path(file).readlink())
            raise ArtifactError(f"{file}: a symbolic link to {target!r}, which does not exist") from None
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file)) from None
    except (OSError, ValueError) as error:
        raise ArtifactError(f"cannot read {os.fsdecode(file)!r}: {_reason(error)}") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise ArtifactError(f"{file}: expected a file, got {kind_of(mode)}")
    with os.fdopen(descriptor, "rb") as opened:
        try:
            yield opened
        except OSError as error:
            raise ArtifactError(f"cannot read {file}: {_reason(error)}") from None


def require_writable_target(file: Path) -> None:
    """Raise `ArtifactError` where `file` is anything but a regular file or a name that is free."""
    try:
        mode = os.lstat(file).st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise ArtifactError(f"cannot write {os.fsdecode(file)!r}: {_reason(error)}") from None
    if stat.S_ISLNK(mode):
        raise ArtifactError(f"cannot write {file}: it is a symbolic link, which is not followed; name the file itself")
    if not stat.S_ISREG(mode):
        raise ArtifactError(f"cannot write {file}: it is {kind_of(mode)}")


def write_atomically(file: Path, content: bytes) -> None:
    """Replace a file: a reader, or a crash, finds the old content or the new, never a part of either.

    Two writers never mix their contents: the later one wins. Raises `ArtifactError` where `file` is a link, a pipe, a
    device or a folder, or cannot be written; the old content then stays.
    """
    require_writable_target(file)
    remove_abandoned(file)
    temporary, descriptor = _new_temporary(file)
    try:
        with os.fdopen(descriptor, "wb") as new:
            new.write(content)
            new.flush()
            os.fsync(descriptor)
            temporary.replace(file)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise ArtifactError(f"cannot write {file}: {_reason(error)}") from None
        raise


def _new_temporary(file: Path) -> tuple[Path, int]:
    """A new file beside `file`, open and locked. Raises `ArtifactError`."""
    while True:
        temporary = file.with_name(f".{file.name}.{secrets.token_hex(8)}.tmp")
        try:
            # The mode leaves the umask to decide who may read it.
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        except (OSError, ValueError) as error:
            raise ArtifactError(f"cannot write {os.fsdecode(file)!r}: {_reason(error)}") from None
        if lock(descriptor, temporary):
            return temporary, descriptor
        os.close(descriptor)


def append(file: Path, content: bytes) -> None:
    """Add to a file, made where there is none, and wait until the disk has it. Raises `ArtifactError`."""
    require_writable_target(file)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(file, flags, 0o666), "ab") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
    except (OSError, ValueError) as error:
        raise ArtifactError(f"cannot write {os.fsdecode(file)!r}: {_reason(error)}") from None


def remove_abandoned(file: Path) -> None:
    """Remove temporary files beside `file` that a killed `write_atomically` left; those of a live one stay."""
    with suppress(OSError):
        for entry in list(os.scandir(file.parent)):
            middle = entry.name.removeprefix(f".{file.name}.").removesuffix(".tmp")
            if entry.name == f".{file.name}.{middle}.tmp" and _is_token(middle):
                with abandoned(Path(entry.path)) as is_abandoned:
                    if is_abandoned:
                        Path(entry.path).unlink()


def _is_token(text: str) -> bool:
    return len(text) == 16 and set(text) <= set("0123456789abcdef")


def lock(descriptor: int, file: Path) -> bool:
    """Mark a file that was just made, and is open, as in use for as long as it is open.

    False where another process took it for abandoned in the meantime and removed it. A system without such locks marks
    nothing.
    """
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except (ImportError, OSError):
        return True
    return file.exists() and os.path.samestat(os.fstat(descriptor), file.stat())


@contextmanager
def abandoned(file: Path) -> Iterator[bool]:
    """Whether no living process holds the `lock` of a regular file; False where that cannot be told.

    Nobody else can lock the file while the block runs.
    """
    try:
        import fcntl

        descriptor = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (ImportError, OSError):
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = stat.S_ISREG(os.fstat(descriptor).st_mode)
        except OSError:
            free = False
        yield free
    finally:
        os.close(descriptor)


def _reason(error: Exception) -> str:
    """What the system said, without the path, which the message names already."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
