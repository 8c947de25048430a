"""Parse a completion strictly: its text, its answer, a yes or no, the number of a context."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Completion: TypeAlias = str | Sequence[Mapping[str, Any]]
"""A text, or the messages of a turn in TRL's format."""

_YES_NO = re.compile(r"(?:answer\s*:\s*)?(?P<word>yes|no)\s*[.!]?", re.IGNORECASE)
_INDEX = re.compile(
    r"(?:answer\s*:\s*)?(?:\\boxed\{\s*(?P<boxed>\d{1,3}|none)\s*\}|(?:context\s*)?(?P<bare>\d{1,3}|none))\s*[.!]?",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\s*context\s*:?\s*(?P<index>\d{1,3}|none)\s*[.!]?\s*", re.IGNORECASE)
_OPEN, _CLOSE = "<think>", "</think>"


def text_of(completion: Completion) -> str:
    """The text of a completion; non-text parts are left out."""
    if isinstance(completion, str):
        return completion
    written = []
    for message in completion:
        content = message.get("content")
        if isinstance(content, str):
            written.append(content)
        elif isinstance(content, Sequence):
            written += [str(part.get("text", "")) for part in content if isinstance(part, Mapping)]
    return "".join(written)


def split(text: str) -> tuple[str | None, str]:
    """Split a text that may begin with one `<think>...</think>` into (thoughts, answer).

    Unfinished thoughts leave no answer; a text with a second block, or with words before the first, has no
    thoughts and is all answer.
    """
    stripped = text.strip()
    if not stripped.startswith(_OPEN):
        return None, stripped
    thoughts, closed, answer = stripped[len(_OPEN) :].partition(_CLOSE)
    if not closed:
        return thoughts.strip(), ""
    if _OPEN in answer or _CLOSE in answer or _OPEN in thoughts:
        return None, stripped
    return thoughts.strip(), answer.strip()


def yes_or_no(answer: str) -> str | None:
    """`yes` or `no` if the answer is exactly that word; None for anything else, such as "yes no"."""
    match = _YES_NO.fullmatch(answer.strip())
    return match["word"].lower() if match else None


def index(answer: str) -> int | None:
    """The context number if the answer is only that (`2`, `Context 2`, `\\boxed{2}`), 0 for `none`.

    None for anything else, such as a number within a sentence.
    """
    match = _INDEX.fullmatch(answer.strip())
    return _number(match["boxed"] or match["bare"]) if match else None


def named_context(thoughts: str | None) -> int | None:
    """The context named by thoughts of the form `Context: 2` or `Context: none` (0 for none); None otherwise."""
    match = _NAMED.fullmatch(thoughts or "")
    return _number(match["index"]) if match else None


def _number(word: str) -> int:
    return 0 if word.lower() == "none" else int(word)
