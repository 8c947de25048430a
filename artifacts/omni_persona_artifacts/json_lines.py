"""Read JSON lines written by others: strict about JSON, lenient about what editors do to a file.

A byte order mark, Windows line endings and trailing blank lines are ignored. A duplicate key, NaN, a
number that Python cannot represent and an unpaired surrogate are errors, which Python's own parser accepts silently.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import open_regular

LINE_BYTES = 16 << 20
"""Maximum line length; a record takes a few kilobytes."""
LONGEST_NUMBER = 4000
"""Maximum digits of an integer; Python does not parse much longer ones."""

IN_THE_MIDDLE = "it ends in the middle of a"
"""Error message for a record that continues on the next line."""

_BOM = b"\xef\xbb\xbf"


def text_lines(file: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, from 1, without trailing blank lines.

    Raises `ArtifactError`, naming the line that is too long or not UTF-8, or the file that cannot be read.
    """
    blank: list[int] = []
    with _opened(file) as stream:
        number = 0
        while line := stream.readline(LINE_BYTES + 1):
            number += 1
            if len(line) > LINE_BYTES:
                raise ArtifactError(
                    f"{file}:{number}: a line of more than {LINE_BYTES >> 20} MiB is too long for a record"
                )
            text = _decoded(line.removeprefix(_BOM) if number == 1 else line, f"{file}:{number}")
            if not text.strip():
                blank.append(number)
                continue
            yield from ((empty, "") for empty in blank)
            blank = []
            yield number, text


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        with open_regular(file) as stream:
            yield stream
    except FileNotFoundError:
        raise ArtifactError(f"cannot read {file}: No such file or directory") from None


def parse_json(text: str, what: str = "record") -> tuple[Any, str | None]:
    """Parse a JSON line; also return the first thing in it that Python accepts but JSON does not allow, or None.

    what: noun for a line's content, for messages. Raises `ValueError` with the reason if the line is not JSON.
    """
    flaws: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                flaws.append(f"the key {key!r} occurs twice")
            seen.add(key)
        return dict(pairs)

    def constant(name: str) -> None:
        flaws.append(f"{name} is not a JSON value")

    def whole(digits: str) -> int:
        if len(digits) <= LONGEST_NUMBER:
            return int(digits)
        flaws.append(f"a number of {len(digits)} digits")
        return 0

    def real(digits: str) -> float:
        if math.isinf(number := float(digits)):
            flaws.append(f"{digits[:20]} is out of range")
        return number

    try:
        value = json.loads(text, object_pairs_hook=members, parse_constant=constant, parse_int=whole, parse_float=real)
    except json.JSONDecodeError as error:
        if not text.strip():
            raise ValueError("not a JSON record: the line is empty") from None
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            raise ValueError(f"not a JSON record: {IN_THE_MIDDLE} {what}, which must stand on one line") from None
        raise ValueError(f"not a JSON record: {error.msg.removesuffix(' at')} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("not a JSON record: nested too deeply") from None
    if "\\u" in text:  # an escape is the only way for an unpaired surrogate to get in
        flaws += filter(None, [_unpaired_surrogate(value)])
    return value, flaws[0] if flaws else None


def _unpaired_surrogate(value: Any) -> str | None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        return f"unpaired surrogate {error.object[error.start]!a}"
    except RecursionError:
        return "nested too deeply"
    return None


def _decoded(line: bytes, where: str) -> str:
    try:
        return line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ArtifactError(
            f"{where}: expected UTF-8, got byte {error.object[error.start]:#04x} at {error.start}"
        ) from None
