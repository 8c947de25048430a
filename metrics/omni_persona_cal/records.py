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
"""Gets one message for each problem, with the place in the file, and may raise. If it returns, reading goes on."""

Source = Path | str | bytes
"""A file's path (read as a stream), or a text itself."""

Record = tuple[dict[str, Any], str]
"""A JSON object and where it stands, such as `FILE:LINE`."""

_LONGEST_SHOWN = 60
"""Characters of a value that a message shows."""


class ReadingError(ValueError):
    """A record that is not what it should be; the message names the file, the line and the item."""


def raise_problem(problem: str) -> NoReturn:
    """The default `on_problem`: raise `ReadingError`."""
    raise ReadingError(problem)


def read_records(
    source: Source, name: str | None = None, *, on_problem: OnProblem = raise_problem, drop_half_line: bool = False
) -> Iterator[Record]:
    """The JSON objects of `source`, each with where it stands.

    Blank lines and a byte order mark are passed over. A file that begins with `[` is read as one JSON list. NaN and
    Infinity, a key that stands twice in an object, and nesting that Python cannot follow are problems.

    Args:
        source: A path, whose lines are read one at a time, or a text.
        name: What messages call the source; as a default the path, or "text".
        on_problem: Called for each record that is not a JSON object, which is then left out.
        drop_half_line: Leave out a last line that has no line end and is not JSON, without a word: a process was
            killed while it wrote that line.

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
        yield from _values(ended, name, f"{name}, line {{}}", on_problem, drop_half_line)
        return
    name = name or str(source)
    try:
        with _open_regular(source) as file:
            yield from _values(file, name, f"{name}:{{}}", on_problem, drop_half_line)
    except OSError as error:
        on_problem(f"{name}: cannot be read: {error.strerror or error}")


def _open_regular(source: Path) -> BinaryIO:
    """A regular file open for reading; whoever reads a named pipe or a device may wait for ever. Raises `OSError`."""
    try:
        descriptor = os.open(source, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "expected a regular file, got a folder, a pipe or a device")
    return os.fdopen(descriptor, "rb")


def shown(value: object) -> str:
    """A value as a message shows it: on one line, printable, cut short."""
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
            on_problem(f"{where}: expected a JSON object, got {type(value).__name__}")


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
        where = place.format(number)
        try:
            value = _parse(line)
        except ValueError as error:
            if not (drop_half_line and not line.endswith(b"\n")):
                on_problem(f"{where}: not a JSON record: {error}")
            continue
        yield where, value


def _parse(content: bytes) -> Any:
    """The value of a JSON text. Raises ValueError that says what is wrong in a few words."""
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
        raise ValueError(f"the key {shown(doubled)} stands twice")
    return result
