"""Parse a judge's reply: a verdict counts only if it is a single word on its own, whatever its decoration."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from .scores import CORRECT, UNJUDGED, WRONG
from .thinking import split_thinking

_VERDICTS = {CORRECT: CORRECT, WRONG: WRONG, "INCORRECT": WRONG}
_FENCE = re.compile(r"^\s*(?:```|~~~)\s*\w{0,12}\s*$")
_LABEL = re.compile(
    r"^(?:(?:my|the|final|overall)\s+){0,2}(?:verdict|answer|judge?ment|grade|result|decision|conclusion|rating|evaluation)"
    r"\s*(?::|=|-|–|—|->|=>|→)\s*",
    re.IGNORECASE,
)
_TAGS = re.compile(r"^<(\w{1,20})>(.*)</\1>$", re.DOTALL)
_BOXED = re.compile(r"^\$*\\boxed\{(?:\\text\{)?(\w+)\}?\}\$*$")
_DECORATION = " \t\r*_`\"'“”‘’«»#>()[]{}-–—•.!:=|✓\ufe0f\u200b\ufeff"
"""Decoration around a verdict that has no meaning. A question mark and ~~ do have one."""
_SIGNS = {"✅": CORRECT, "✔": CORRECT, "👍": CORRECT, "❌": WRONG, "✗": WRONG, "👎": WRONG}
"""Emoji that may accompany the verdict with the same meaning."""
_KEYS = ("verdict", "judgement", "judgment", "grade", "label", "result", "decision", "answer")
_LONGEST_JSON = 20_000
_SHOWN = 80


@dataclass(frozen=True)
class Reading:
    """A parsed reply."""

    verdict: str
    """One of `scores.VERDICTS`."""
    reason: str | None = None
    """Why it is UNJUDGED."""


def read_verdict(reply: str | None) -> str:
    """The verdict of a reply; see `read_judge_reply`.

    >>> read_verdict("It names the same job.\\n**CORRECT**\\n")
    'CORRECT'
    >>> read_verdict("INCORRECT"), read_verdict("NOT CORRECT")
    ('WRONG', 'UNJUDGED')
    """
    return read_judge_reply(reply).verdict


def read_judge_reply(reply: str | None, problem: str | None = None) -> Reading:
    """The verdict of a reply: its last line, or its JSON object, if that is one verdict and nothing else.

    A verdict is the word CORRECT, WRONG or INCORRECT (WRONG) in capitals. Markdown, quotes, a full stop, a fence, a
    label ("Verdict: CORRECT"), a tag and {"verdict": "CORRECT"} may surround it. Anything that negates, doubts or
    explains it in the same line is UNJUDGED, and so is a reply with unfinished thoughts.

    Args:
        reply: What the judge wrote.
        problem: Why it is incomplete, such as a length limit or a filter; it is then UNJUDGED, whatever it says.
    """
    if problem:
        return Reading(UNJUDGED, f"the reply is not whole: {problem}")
    try:
        text = split_thinking(reply or "").answer
    except ValueError as error:
        return Reading(UNJUDGED, f"the reply is not whole: {error}")
    lines = [line for line in text.splitlines() if line.strip() and not _FENCE.match(line)]
    if not lines:
        return Reading(UNJUDGED, "the reply is empty")
    verdict = _of_json(lines) or _of_line(lines[-1])
    if verdict is None:
        last = " ".join(lines[-1].split())
        shown = last if len(last) <= _SHOWN else f"{last[:_SHOWN]}..."
        return Reading(UNJUDGED, f"the last line of the reply is no verdict: {shown!r}")
    return Reading(verdict)


def _of_line(line: str) -> str | None:
    line = line.strip()
    if boxed := _BOXED.match(line):
        line = boxed[1]
    elif tags := _TAGS.match(line):
        line = tags[2]
    signs = {meant for sign, meant in _SIGNS.items() if sign in line}
    for sign in _SIGNS:
        line = line.replace(sign, " ")
    # The label may itself be decorated: **Verdict:** CORRECT.
    bare = line.replace("*", "").replace("`", "").strip(_DECORATION)
    word = _LABEL.sub("", bare, count=1).strip(_DECORATION)
    verdict = _VERDICTS.get(word)
    return verdict if verdict is not None and signs <= {verdict} else None


def _of_json(lines: list[str]) -> str | None:
    """The verdict of the JSON object that ends a reply; None unless there is exactly one."""
    text = "\n".join(lines)[-_LONGEST_JSON:].strip()
    if not text.endswith("}"):
        return None
    found: list[Any] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.extend(value for key, value in pairs if key.strip().lower() in _KEYS)
        return dict(pairs)

    start = text.rfind("{")
    while start >= 0:
        found.clear()
        try:
            json.loads(text[start:], object_pairs_hook=collect)
            break
        except (ValueError, RecursionError):
            # This may be an inner brace: the object begins earlier.
            start = text.rfind("{", 0, start) if text.count("{", start) < _MOST_BRACES else -1
    else:
        return None
    verdicts = {_VERDICTS.get(value) if isinstance(value, str) else None for value in found}
    return verdicts.pop() if len(verdicts) == 1 else None


_MOST_BRACES = 20
