"""Read JSON records from a file or text: JSON lines, or one JSON list. Problems are reported to a callback."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

OnProblem = Callable[[str], object]
"""Called with a message that names the place in the file. It may raise an error; if it returns, reading continues."""

Source = Path | str | bytes
"""The path of a file, which is read as a stream, or the text itself."""

Record = tuple[dict[str, Any], str]
"""A JSON object and its place, such as `FILE:LINE`."""

_LONGEST_SHOWN = 60
"""Maximum number of characters of a value in a message."""


class ReadingError(ValueError):
    """An invalid record; the message names the file, the line and the item."""


def raise_problem(problem: str) -> NoReturn:
    """The default `on_problem`: raise `ReadingError`."""
    raise ReadingError(problem)


def read_records(
    source: Source, name: str | None = None, *, on_problem: OnProblem = raise_problem, drop_half_line: bool = False
) -> Iterator[Record]:
    """Yield the JSON objects of `source`, each with its place.

    Blank lines and a byte order mark are ignored. A file that begins with `[` is read as one JSON list. NaN and
    Infinity, a duplicate key in an object, and nesting too deep for Python are problems.

    Args:
        source: A path, whose lines are read one at a time, or a text.
        name: Name of the source in messages; by default the path, or "text".
        on_problem: Called for each record that is not a JSON object, which is then left out.
        drop_half_line: Ignore a last line that has no line end and is not JSON, as a killed process leaves it.

    Raises:
        ReadingError: by default, at the first problem.

    >>> list(read_records('{"augmented_id": "a"}\\n\\n', "my.jsonl"))
    [({'augmented_id': 'a'}, 'my.jsonl, line 1')]
    """
    if not isinstance(source, Path):
        content = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
        # JSON lines end with \n alone: other line ends may stand inside a string.
        lines = content.split(b"\n")
        ended = [line + b"\n" for line in lines[:-1]] + lines[-1:]
        name = name or "text"
        yield from _values(ended, name, f"{name}, line ", on_problem, drop_half_line)
        return
    name = name or str(source)
    try:
        with _open_regular(source) as file:
            yield from _values(file, name, f"{name}:", on_problem, drop_half_line)
    except OSError as error:
        on_problem(f"{name}: cannot be read: {error.strerror or error}")


def _open_regular(source: Path) -> BinaryIO:
    """Open a regular file. Raises `OSError` for others: reading a named pipe or a device may never end."""
    try:
        descriptor = os.open(source, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "expected a regular file, got a folder, a pipe or a device")
    return os.fdopen(descriptor, "rb")


def shown(value: object) -> str:
    """Format a value for a message: one printable line, shortened."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _values(
    lines: Iterable[bytes], name: str, place: str, on_problem: OnProblem, drop_half_line: bool
) -> Iterator[Record]:
    lines = iter(lines)
    first, n_blank = b"", 0
    for first in lines:
        if n_blank == 0:
            first = first.removeprefix(b"\xef\xbb\xbf")
        if first.strip():
            break
        n_blank += 1
    if first.lstrip().startswith(b"["):
        numbered: Iterable[tuple[str, Any]] = _listed(b"".join(chain([first], lines)), name, on_problem)
    else:
        rest = enumerate(chain([first], lines), start=n_blank + 1)
        numbered = _parsed(rest, place, on_problem, drop_half_line)
    for where, value in numbered:
        if isinstance(value, dict):
            yield value, where
        else:
            on_problem(f"{where}: expected a JSON object, got {json_type(value)}")


def json_type(value: object) -> str:
    """What a value is in JSON, such as `a list`."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")


def _listed(content: bytes, name: str, on_problem: OnProblem) -> Iterator[tuple[str, Any]]:
    try:
        values = _parse(content)
    except ValueError as error:
        on_problem(f"{name}: not a JSON list: {error}")
        return
    for index, value in enumerate(values):
        yield f"{name}[{index}]", value


def _parsed(
    lines: Iterable[tuple[int, bytes]], place: str, on_problem: OnProblem, drop_half_line: bool
) -> Iterator[tuple[str, Any]]:
    for number, line in lines:
        if not line.strip():
            continue
        where = f"{place}{number}"
        try:
            value = _parse(line)
        except ValueError as error:
            if not (drop_half_line and not line.endswith(b"\n")):
                on_problem(f"{where}: not a JSON record: {error}")
            continue
        yield where, value


def _parse(content: bytes) -> Any:
    """Parse a JSON text. Raises `ValueError` with a short reason."""
    try:
        # Unpaired surrogates, which a model may write, are kept.
        text = content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise ValueError("expected UTF-8") from None
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        line = f"line {error.lineno} " if error.lineno > 1 else ""
        raise ValueError(f"{error.msg} at {line}column {error.colno}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        doubled, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise ValueError(f"the key {shown(doubled)} occurs twice")
    return result
