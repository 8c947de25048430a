"""Write tables, numbered fields and tags of an answer as lines of text, for the lexical judge.

A table that has a rule below its header ("| --- |", "+----+") becomes one line per cell. A table about one person then
reads as sentences do ("Job: pilot."), and one that lists several people as numbered entries do ("Person 1: baker.").
"""

from __future__ import annotations

import html
import re
from collections.abc import Container, Sequence

from .abstention_words import FIELD

_BOX = str.maketrans(
    {"│": "|", "┃": "|", "║": "|", "─": "-", "━": "-", "═": "-"} | dict.fromkeys("┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬", "+")
)
_RULE = re.compile(r"(?=[^-=]{0,80}[-=])(?=[^|+]{0,200}[|+])[\s|+:=-]+")
"""A line between the header and the body of a table."""
_LONGEST_ROW = 2_000
"""Longest line in characters that is read as a row of a table."""

_LONGEST_TAG = 1_000
"""Longest run of attributes in characters; a longer one is text."""
_TAG = re.compile(rf"<(?P<end>/?)(?P<name>[a-zA-Z][\w:.-]{{0,80}})(?P<more>(?:\s[^<>]{{0,{_LONGEST_TAG}}})?|/)>")
_ATTRIBUTES = re.compile(r"(?:\s+[\w:-]+=(?:\"[^\"]*\"|'[^']*'|[^\s\"'=]+))*\s*(?:/\s*)?")
_ALONE = frozenset(("br", "hr", "img", "input", "p", "li", "td", "th", "tr", "dt", "dd", "wbr", "div", "span"))
"""Names of HTML elements that often have no closing tag."""

_PUNCTUATION = re.compile(r"[\"'=/]+")
_ESCAPED_LETTER = re.compile(r"\\u(?P<code>(?![dD][89a-fA-F])[0-9a-fA-F]{4})")
_ESCAPED_SPACE = re.compile(r"(?<=\w)%20(?=\w)")

_FOOTNOTE = re.compile(r"(?:(?<=[^\W\d_]{3})|(?<=\n))[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]+")
_BLOCK_MARK = re.compile(r"(?<=:)[ \t]*[|>][+-]?[ \t]*(?=\n)")
"""YAML's sign before a text on the next lines."""
_NUMBERED = re.compile(r"^(?P<indent>[ \t]*[(]?\d{1,2}[.):][ \t]+)(?P<key>[^\n:]{1,60}):(?=[ \t]*\S)", re.MULTILINE)
_NUMBERS = re.compile(r"^[ \t]*[(]?\d{1,2}[.):]\s", re.MULTILINE)
_KEY = re.compile(
    rf"\W*(?:who|what|which|where|how|match\w*|identi\w+|recogni\w+|queried|query|person|speaker|face|voice|memory|note|"
    rf"source|final|answer|field|attribute|(?:the |their |his |her )?{FIELD})\b[^\d]*",
    re.IGNORECASE,
)
"""The name of a field, not one of several people."""


def unescaped(text: str) -> str:
    """`text` as it is displayed: without character references of HTML, escapes of JSON and spaces of URLs.

    >>> unescaped(r"caf\u00e9 &amp; bar")
    'café & bar'
    """
    if "&" in text:
        text = html.unescape(text)
    if "\\u" in text:
        text = _ESCAPED_LETTER.sub(lambda letter: chr(int(letter["code"], 16)), text)
    return _ESCAPED_SPACE.sub(" ", text) if "%20" in text else text


def in_tags(text: str) -> str:
    """What the tags of `text` hold that `laid_out` leaves out: their names, and names and values of attributes.

    >>> in_tags('<p title="pilot">baker</p>')
    'p title pilot, p'
    """
    if "<" not in text:
        return ""
    closed = _closed(text)
    tags = (tag for tag in _TAG.finditer(text) if _is_tag(tag, closed))
    return ", ".join(" ".join(_PUNCTUATION.sub(" ", f"{tag['name']} {tag['more']}").split()) for tag in tags)


def laid_out(text: str) -> str:
    """`text` with its tables as lines, without tags, and without the numbers of fields that are numbered.

    >>> laid_out("| Person | Job |\\n|---|---|\\n| the second | pilot |")
    'Person: the second.\\nJob: pilot.'
    """
    return _without_numbers(_FOOTNOTE.sub("", _BLOCK_MARK.sub("", _without_tables(_without_tags(text)))))


def _without_tags(text: str) -> str:
    """`text` with a space in place of each tag; what stands between angle brackets but is no tag is kept.

    A tag without a closing one is taken for a placeholder that was filled in: "<pilot>".
    """
    if "<" not in text:
        return text
    closed = _closed(text)

    def kept(tag: re.Match[str]) -> str:
        return " " if _is_tag(tag, closed) else f" {tag['name']}{tag['more']} "

    return _TAG.sub(kept, text)


def _closed(text: str) -> set[str]:
    """The names of closing tags."""
    return {tag["name"].lower() for tag in _TAG.finditer(text) if tag["end"]}


def _is_tag(tag: re.Match[str], closed: Container[str]) -> bool:
    """Whether what stands between angle brackets is a tag, and not a text."""
    name = tag["name"].lower()
    is_tag = tag["end"] or name in closed or name in _ALONE or (tag["more"].strip() and "=" in tag["more"])
    return bool(is_tag and _ATTRIBUTES.fullmatch(tag["more"]))


def _without_tables(text: str) -> str:
    text = text.translate(_BOX)
    if "|" not in text and "+" not in text:
        return text
    result: list[str] = []
    run: list[str] = []
    for line in [*text.split("\n"), ""]:
        if len(line) <= _LONGEST_ROW and ("|" in line or _RULE.fullmatch(line)):
            run.append(line)
            continue
        result += _lines_of(run)
        run = []
        result.append(line)
    return "\n".join(result[:-1])


def _lines_of(run: Sequence[str]) -> Sequence[str]:
    """The lines of a table; adjacent lines with bars that are none are unchanged."""
    rows = [_cells(line) for line in run if not _RULE.fullmatch(line)]
    if len(rows) == len(run) or len(rows) < 2:
        return run
    header, *body = rows
    if len(body) == 1:
        return [_line(name, cell) for name, cell in _paired(header, body[0]) if cell]
    lines = []
    for row in body:
        if len(row) == 1:
            lines.append(_line("", row[0]))
        elif len(row) == 2:
            lines.append(_line(*row))
        else:
            lines.append(f"{row[0]}:")
            lines += [_line(name, cell) for name, cell in _paired(header[1:], row[1:]) if cell]
    return lines


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().removeprefix("|").removesuffix("|").split("|")]


def _paired(header: Sequence[str], row: Sequence[str]) -> list[tuple[str, str]]:
    """Each cell with the name of its column, empty where the header has none."""
    return list(zip([*header, *[""] * len(row)], row, strict=False))


def _line(name: str, cell: str) -> str:
    return f"{name}: {cell}." if name else f"{cell}."


def _without_numbers(text: str) -> str:
    """`text` without the numbers of its numbered lines if each is a field with a name of its own."""
    fields = list(_NUMBERED.finditer(text))
    names = {field["key"].strip().lower() for field in fields}
    are_fields = len(names) == len(fields) == sum(1 for _ in _NUMBERS.finditer(text)) > 1
    if not are_fields or not all(_KEY.fullmatch(field["key"]) for field in fields):
        return text
    return _NUMBERED.sub(lambda field: f"{field['key']}:", text)
