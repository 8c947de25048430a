"""Pictures and clips on disk: located by the path in a line, read within size limits, and identified by content."""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from omni_persona_people.errors import PoolError
from omni_persona_people.known_files import Content, KnownFiles, stamp_of
from omni_persona_people.media_measures import clip_measures, picture_measures
from omni_persona_people.pool_cache import PoolCache
from omni_persona_perception import (
    MAX_BYTES,
    MediaError,
    Prints,
    Samples,
    SlowClips,
    Vectors,
    clip_seconds,
    decode_audio,
    decode_image,
    is_print,
    kind_of,
    picture_print,
    picture_size,
    without_traces,
)

MediaKind = Literal["picture", "clip"]

BLANK = 2.0
"""Standard deviation of brightness (0 to 255) below which a picture counts as blank."""


@dataclass(frozen=True)
class MediaFile:
    """A medium on disk that is read when needed, because a pool may be larger than memory."""

    path: Path
    digest: str
    """SHA-256 of the bytes that go into a dataset, in hex."""
    size: int
    """Size of those bytes."""
    suffix: str = field(default="", kw_only=True)
    """The file suffix for its content, with the dot."""
    stored: str | None = field(default=None, kw_only=True)
    """SHA-256 of the file, in hex; None if equal to `digest`."""
    traced: bool = field(default=False, kw_only=True)
    """Whether the file contains personal metadata, such as an owner or a place."""
    made_from: tuple[str, ...] = field(default=(), kw_only=True)
    """For a medium that a build made of one of the pool's: the pool's `digest` and `stored`."""

    def read(self) -> bytes:
        """The bytes that go into a dataset. Raises `PoolError` if the file has changed since it was validated."""
        try:
            data = read_medium(self.path)
        except MediaError as error:
            raise PoolError(f"{self.path}: {error}") from None
        if hashlib.sha256(data).hexdigest() != (self.stored or self.digest):
            raise PoolError(
                f"{self.path} changed while the benchmark was built; if it did not, it had changed without a new time "
                "of change: remove .omni-persona/files.npz in the pool, and build again"
            )
        return data if self.stored in (None, self.digest) else without_traces(data)

    def read_into(self, room: memoryview) -> None:
        """Put what `read` returns into `room`, which has its size. Raises what `read` raises.

        A file that goes into a dataset as it is is not copied on the way.
        """
        if self.stored not in (None, self.digest) or not _read_all(self.path, room, self.digest):
            room[:] = self.read()


class MediaReader:
    """Reads the media of a folder, decodes each distinct content once, and caches the result."""

    def __init__(self, root: Path, known: PoolCache, keep_metadata: bool, files: KnownFiles | None = None) -> None:
        """root: a resolved folder. known: the cache. keep_metadata: keep personal metadata in the media.

        files: what of them was read before; by default what the cache knows.
        """
        self._root, self._known, self._keep_metadata = root, known, keep_metadata
        self._prints: dict[MediaKind, dict[str, Prints]] = {
            kind: {digest: made for digest, made in known.known(f"print-{kind}").items() if is_print(made, kind)}
            for kind in ("picture", "clip")
        }
        self._made: dict[str, dict[str, Vectors]] = defaultdict(dict)
        self._slow = SlowClips()
        self._files = KnownFiles(known) if files is None else files

    @property
    def prints(self) -> dict[str, Prints]:
        """The print of each medium read so far, by the SHA-256 of its file."""
        return {digest: made for prints in self._prints.values() for digest, made in prints.items()}

    def read(self, path: str, kind: MediaKind) -> tuple[float, MediaFile]:
        """A medium's duration (0 for a picture) and its file. Raises `MediaError` that names the path.

        A file that was read before and has not changed since is not read again.
        """
        file = locate(path, self._root)
        stamp = stamp_of(file)
        content = self._files.content(path, kind, stamp)
        if content is None or content.stored not in self._prints[kind]:
            try:
                data = read_medium(file)
                content = content_of(data, kind)
                if content.stored not in self._prints[kind]:
                    self._prints[kind][content.stored] = self._print(data, kind, content)
            except MediaError as error:
                raise MediaError(f"{path}: {error}") from None
            self._files.learn(path, kind, stamp, file, content)
        digest, size = (content.stored, content.size) if self._keep_metadata else (content.bare, content.bare_size)
        traced = content.stored != content.bare
        return content.seconds, MediaFile(
            file, digest, size, suffix=content.suffix, stored=content.stored, traced=traced
        )

    def slow(self, medium: MediaFile) -> Samples:
        """A clip as near copies are compared. Raises `MediaError` if it cannot be decoded."""
        return self._slow.slow(medium.stored or medium.digest, medium.read())

    def _print(self, data: bytes, kind: MediaKind, content: Content) -> Prints:
        """Decode a medium and compute its print. Raises `MediaError` if it cannot be decoded or is a blank picture."""
        if kind == "clip":
            samples, rate = decode_audio(data)
            measures, made = clip_measures(samples, rate), self._slow.print_of(content.stored, samples, rate)
        else:
            picture = decode_image(data)
            measures = picture_measures(picture)
            if measures[0] < BLANK:
                raise MediaError("the picture is blank")
            made = picture_print(picture)
        self._made[f"print-{kind}"][content.stored] = made
        # Measured for the checks of a dataset, in which the medium has no metadata.
        if content.stored == content.bare:
            self._made[f"{kind}-measures"][content.stored] = measures
        return made

    def keep(self) -> None:
        """Write new results to the cache."""
        for table, made in self._made.items():
            self._known.learn(table, made)
        self._files.keep()


def content_of(data: bytes, kind: MediaKind) -> Content:
    """Facts from a file's bytes. Raises `MediaError` if they are not a picture, or not a clip."""
    if kind == "picture":
        picture_size(data)  # raises an error that names the actual file type
    seconds = clip_seconds(data) if kind == "clip" else 0.0
    bare = without_traces(data)
    shape = kind_of(bare)
    if shape is None:
        raise MediaError("not a readable picture or clip")
    stored = hashlib.sha256(data).hexdigest()
    same = bare is data
    digest = stored if same else hashlib.sha256(bare).hexdigest()
    return Content(stored, digest, len(data), len(bare), shape.suffix, seconds)


def read_medium(file: Path) -> bytes:
    """A file's bytes. Raises `MediaError` if it is not a regular file, cannot be read, or is too large."""
    try:
        # Reading a special file, such as a pipe, might block or never end.
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise MediaError("a folder, a pipe or a device instead of a file")
            if found.st_size > MAX_BYTES:
                raise MediaError(f"a file of {found.st_size >> 20} MiB; at most {MAX_BYTES >> 20} MiB are read")
            return stream.read(MAX_BYTES)
    except OSError as error:
        raise MediaError(f"cannot be read: {error.strerror}") from None


def _read_all(file: Path, room: memoryview, digest: str) -> bool:
    """Read a file into `room`; False if it cannot be read, has not this size, or not this SHA-256 in hex."""
    beyond = bytearray(1)
    try:
        opened = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        try:
            n_read = os.readv(opened, [room, beyond])
        finally:
            os.close(opened)
    except OSError:
        return False
    return n_read == len(room) and hashlib.sha256(room).hexdigest() == digest


def is_folder(path: Path) -> bool:
    """Whether a path refers to a folder; false for an invalid path or a loop of links."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_plain_file(path: Path) -> bool:
    """Whether a path refers to a regular file; false for an invalid path or a loop of links."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def locate(path: str, root: Path) -> Path:
    """The file that a path names in `root`, a resolved folder. Raises `MediaError` that says what is wrong."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise MediaError(f"no file {path!a}: an unpaired surrogate is not a valid name") from None
    if "\0" in path or not path:
        raise MediaError(f"no file {path!r}: that is not a path")
    if "\\" in path:
        raise MediaError(f"no file {path!r}: expected / between folders, not \\")
    target = root / path
    try:
        inside = not PurePosixPath(path).is_absolute() and target.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        raise MediaError(f"no file {path!r}: its links form a loop") from None
    if not inside:
        raise MediaError(f"{path!r} lies outside of {root}")
    try:
        if target.is_file():
            return target
        exists = target.exists()
    except OSError as error:
        raise MediaError(f"no file {path!r}: {error.strerror}") from None
    raise MediaError(f"no file {path!r}{'; it is a folder, a pipe or a device' if exists else _nearly(path, root)}")


def _nearly(path: str, root: Path) -> str:
    """A hint at an existing path that differs only in letter case or Unicode normalisation, or an empty text."""
    there = root
    for part in PurePosixPath(path).parts:
        wanted = _folded(part)
        try:
            names = sorted(entry.name for entry in there.iterdir())
        except OSError:
            return ""
        near = part if part in names else next((name for name in names if _folded(name) == wanted), None)
        if near is None:
            return ""
        there /= near
    found = str(there.relative_to(root))
    how = "how its letters are written (NFC and NFD)" if found.casefold() != path.casefold() else "case"
    return f"; there is one that differs in {how}: {found!r}"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
