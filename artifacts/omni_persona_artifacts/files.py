"""Read and write single files safely: regular files only, no links followed on writing, all contents or none."""

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
    """The file type of a `st_mode` in words, such as `a named pipe`."""
    return next((name for test, name in _KINDS if test(mode)), "a file")


def read_regular(file: str | Path, most_bytes: int | None = None) -> bytes:
    """Read a regular file; a link to one is followed.

    most_bytes: maximum size.
    Raises `FileNotFoundError` if it is missing, and `ArtifactError` for a pipe, a device, a folder, a dangling link,
    a file over `most_bytes`, or one that cannot be read.
    """
    with open_regular(file) as opened:
        size = os.fstat(opened.fileno()).st_size
        if most_bytes is not None and size > most_bytes:
            raise ArtifactError(f"{file}: expected at most {most_bytes:,} bytes, got {size:,}")
        return opened.read()


@contextmanager
def open_regular(file: str | Path) -> Iterator[BinaryIO]:
    """Open a regular file for reading; raises what `read_regular` raises."""
    try:
        # Do not wait for the other end of a named pipe.
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        if Path(file).is_symlink():
            target = str(Path(file).readlink())
            raise ArtifactError(f"{file}: a symbolic link to {target!r}, which does not exist") from None
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file)) from None
    except (OSError, ValueError) as error:
        raise ArtifactError(f"cannot read {os.fsdecode(file)!r}: {reason(error)}") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise ArtifactError(f"{file}: expected a file, got {kind_of(mode)}")
    with os.fdopen(descriptor, "rb") as opened:
        try:
            yield opened
        except OSError as error:
            raise ArtifactError(f"cannot read {file}: {reason(error)}") from None


def require_writable_target(file: Path) -> None:
    """Raise `ArtifactError` unless `file` is a regular file or does not exist."""
    try:
        mode = os.lstat(file).st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise ArtifactError(f"cannot write {os.fsdecode(file)!r}: {reason(error)}") from None
    if stat.S_ISLNK(mode):
        raise ArtifactError(f"cannot write {file}: it is a symbolic link, which is not followed; name the file itself")
    if not stat.S_ISREG(mode):
        raise ArtifactError(f"cannot write {file}: it is {kind_of(mode)}")


def require_folder_or_nothing(folder: Path) -> None:
    """Raise `ArtifactError` unless `folder` is a folder, or does not exist and can be created in one.

    A link to a folder is refused, because it may lead out of a folder that is somebody else's.
    """
    try:
        nearest = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
        mode = os.lstat(nearest).st_mode
        is_folder = nearest.is_dir()
    except (OSError, ValueError) as error:
        raise ArtifactError(f"cannot make the folder {os.fsdecode(folder)!r}: {reason(error)}") from None
    if stat.S_ISLNK(mode) and (nearest == folder or not is_folder):
        raise ArtifactError(
            f"cannot write into {nearest}: it is a symbolic link, which is not followed; name the folder"
        )
    if not is_folder:
        raise ArtifactError(f"cannot write into {nearest}: it is {kind_of(mode)}")


def make_folder(folder: Path) -> None:
    """Create a folder, and its parents, unless there is one.

    Raises `ArtifactError` if there is a link, which is not followed, or anything else, or if it cannot be created.
    """
    require_folder_or_nothing(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise ArtifactError(f"cannot make the folder {os.fsdecode(folder)!r}: {reason(error)}") from None


def write_atomically(file: Path, content: bytes | memoryview, mode: int = 0o666) -> None:
    """Replace a file atomically: a reader, or a crash, finds the old content or the new, never a mixture.

    mode: permissions, from which the umask takes. Of two writers the later one wins. Raises `ArtifactError` if `file`
    is a link, a pipe, a device or a folder, or cannot be written; the old content is then kept.
    """
    require_writable_target(file)
    remove_abandoned(file)
    temporary, descriptor = _new_temporary(file, mode)
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
            raise ArtifactError(f"cannot write {file}: {reason(error)}") from None
        raise


def _new_temporary(file: Path, mode: int) -> tuple[Path, int]:
    """Create a new, locked file beside `file` and open it. Raises `ArtifactError`."""
    while True:
        temporary = file.with_name(f".{file.name}.{secrets.token_hex(8)}.tmp")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        except (OSError, ValueError) as error:
            raise ArtifactError(f"cannot write {os.fsdecode(file)!r}: {reason(error)}") from None
        if lock(descriptor, temporary):
            return temporary, descriptor
        os.close(descriptor)


def append(file: Path, content: bytes) -> None:
    """Append to a file, creating it if missing, and flush it to disk. Raises `ArtifactError`."""
    require_writable_target(file)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(file, flags, 0o666), "ab") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
    except (OSError, ValueError) as error:
        raise ArtifactError(f"cannot write {os.fsdecode(file)!r}: {reason(error)}") from None


def remove_abandoned(file: Path) -> None:
    """Remove temporary files beside `file` left by a killed `write_atomically`; those in use are kept."""
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
    """Lock a file that was just created, and is open, for as long as it is open.

    Returns False if another process considered it abandoned and removed it. On a system without such locks, does
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
    """Whether a regular file is not `lock`ed by a living process; False if that is unknown.

    No other process can lock the file during the block.
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


_FULL = tuple(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name))


def is_full(error: Exception) -> bool:
    """Whether an error says that a disk, a quota or a file is full."""
    return isinstance(error, OSError) and error.errno in _FULL


def reason(error: Exception) -> str:
    """The system's error message, without the path, which our message already names; what to do if a disk is full."""
    cause = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return f"{cause}; make room there, or write to another place, and repeat the command" if is_full(error) else cause
