"""Split an answer into clauses of plain words, for the rule that detects abstention in a model's own words."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from functools import lru_cache

QUOTATION = "quotation"
"""Stands for what is quoted: a person's words, whatever they deny."""
_LONGEST = 4000
"""Maximum characters of an answer that are examined."""

_NEGATED = "ca|could|do|does|did|is|are|was|were|wo|would|have|has|had|should|ai|might|must|need"
_CONTRACTIONS = (
    (re.compile(r"\bcan ?not\b|\bcan ?n'?t\b|\bcannt\b"), "can not"),
    (re.compile(rf"\b({_NEGATED}) ?n'?t\b"), r"\1 not"),
    (re.compile(r"\bca not\b"), "can not"),
    (re.compile(r"\bwo not\b"), "will not"),
    (re.compile(r"\bai not\b"), "have not"),
    (re.compile(r"\b(?:i dunno|dunno|idk|i dk)\b"), "i do not know"),
    (re.compile(r"\b(who|what|where|that|there|here|it|he|she|one)'?s(?= )"), r"\1 is"),
    (re.compile(r"'s (?=(?:an?|not|unknown|unclear|missing)\b)"), " is "),
    (re.compile(r"\bits (?=(?:not|in|on|a|an|the|none|unclear|unknown|missing)\b)"), "it is "),
    (re.compile(r"\bi'?m\b"), "i am"),
    (re.compile(r"\bi'?ve\b"), "i have"),
    (re.compile(r"\b(you|we|they)'ve\b"), r"\1 have"),
    (re.compile(r"\b(you|we|they)'re\b"), r"\1 are"),
    (re.compile(r"\b(i|you|we|they|he|she|it)'ll\b"), r"\1 will"),
    (
        re.compile(
            r"\b(i|you|we|they|he|she|it|that)'d\b(?= (?:better|only|just|rather|be|have|say|need|go|guess|like|"
            r"pick|choose|bet|assume))"
        ),
        r"\1 would",
    ),
)
"""Contractions, also those without an apostrophe, and their long forms."""

_OFTEN_MISSPELT = (
    "recognise", "recognised", "recognize", "recognized", "determine", "determined", "identify", "identified",
    "information", "available", "remember", "mentioned", "provided", "specified", "recollection", "memories",
    "unfortunately", "insufficient", "unknown", "described", "recorded",
)  # fmt: skip
_SPELT_ALIKE = frozenset((
    "identity", "identities", "determines", "mentions", "mention", "identifies", "reorganise", "reorganised",
    "recogniser", "describe", "record", "remembering", "prescribed", "informational", "specific", "sufficient",
    "memorise", "memorises", "unavailable", "undetermined", "unspecified", "unidentified", "unmentioned",
    "unrecorded", "recorder", "describes", "remembers", "remembered", "recorders", "fortunately", "unknowns",
    "records", "recording", "recordings", "providers", "provides", "provider", "determining", "mentioning",
    "describing", "described", "indescribable", "recognises", "recognizes", "recognising", "recognizing",
    "unrecognised", "unrecognized", "informed", "formation", "reformation", "mentored",
))  # fmt: skip
"""Words that look like those, and are spelt right."""
_LIKENESS = 0.84
_SHORTEST_MISSPELT = 6

_QUOTED = re.compile(r"[\"“”„«»][^\"“”„«»]{0,400}[\"“”„«»]|(?:^|(?<=[\s:(]))['][^']{0,300}['](?=$|[\s.,;:!?)])")
_END = re.compile(r"(?<=[.!?;])\s+|(?<=[a-z0-9]):\s+|\s*\.{3,}\s*|…|[()\[\]|]|\s+(?:[—–-]+|=|/|->|=>)\s+|\s*—\s*")
_JOINT = re.compile(
    r"(?<!\beven),?\s+(?=(?:but|however|though|although|even though|yet|nevertheless|nonetheless|while|whereas|because|"
    r"since)\b)|,\s+"
    r"|\s+(?=and (?:does|do|did|is|are|was|were|has|have|i|s?he|they|the|it|we|you|nothing|no|not)\b)"
)
_ANSWER_KEYS = ("answer", "final_answer", "prediction", "response", "result", "value")


@dataclass(frozen=True)
class Clause:
    """A part of an answer that says one thing."""

    words: str
    """Lower-case words, a space between two; no contractions and punctuation."""
    asks: bool = False
    """Whether a question mark follows."""
    labels: bool = False
    """Whether a colon or equals sign follows."""
    after_comma: bool = False
    """Whether only a comma separates it from the clause before."""


def clauses(text: str) -> list[Clause]:
    """The clauses of a normalised answer (see `abstention.folded`), without what it quotes."""
    text = _QUOTED.sub(f" {QUOTATION} ", _value(text[:_LONGEST]))
    for pattern, written in _CONTRACTIONS:
        text = pattern.sub(written, text)
    found: list[Clause] = []
    at, aside = 0, False
    for end in (*_END.finditer(text), None):
        sentence = text[at : end.start() if end else len(text)]
        mark = (sentence + (end[0] if end else "")).rstrip()[-1:]
        parts = [words for part in _JOINT.split(sentence) if (words := _words(part))]
        for n, words in enumerate(parts):
            last = n + 1 == len(parts)
            found.append(Clause(words, last and mark == "?", last and mark in (":", "="), n > 0 or aside))
        aside = end is not None and "(" in end[0]
        at = end.end() if end else len(text)
    return found


def _value(text: str) -> str:
    """What a JSON object answers; any other text as it is."""
    if text.startswith("{"):
        try:
            read = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            return text
        values = [read[key] for key in _ANSWER_KEYS if key in read] or list(read.values())[-1:]
        return "null" if not values or values[0] is None else str(values[0])
    return text


def _words(text: str) -> str:
    return " ".join(_spelt(word) for word in re.findall(r"n/a|n\.a\.?|[^\W_](?:[\w'/-]*[^\W_])?", text))


@lru_cache(maxsize=1 << 14)
def _spelt(word: str) -> str:
    """A word that denials often contain, with its usual spelling."""
    if len(word) < _SHORTEST_MISSPELT or word in _OFTEN_MISSPELT or word in _SPELT_ALIKE:
        return word
    alike = [one for one in _OFTEN_MISSPELT if one[0] == word[0] and abs(len(one) - len(word)) <= 2]
    near = difflib.get_close_matches(word, alike, n=1, cutoff=_LIKENESS)
    return near[0] if near else word


def unquoted(text: str) -> str:
    """A text without the quotation marks around all of it; empty if it has none."""
    return text[1:-1] if len(text) > 2 and _QUOTED.fullmatch(text.strip()) else ""
