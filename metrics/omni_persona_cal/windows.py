"""Find statements in a text: short runs of words that contain the words of a gold answer. For the lexical judge."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .claims import NEGATORS, Text, Word, family, read
from .synonyms import COUNTRIES

LONG_GOLD = 5
"""Number of content words from which a gold answer is long: a few of its words may be missing."""
LONG_GOLD_SHARE = 0.8
"""Minimum fraction of a long gold's content words."""
WINDOW_FACTOR = 1.5
"""Maximum width of a window in content words, per content word of the gold."""

_PREPOSITIONS = frozenset(("in", "on", "at", "of", "with", "by", "from", "to", "for", "under", "over", "through"))
_COUNTRY = re.compile(rf"\w, ({'|'.join(COUNTRIES.split())})\W*$")
_DETERMINERS = frozenset(("a", "an", "the", "his", "her", "their", "its", "my", "your", "our"))


@dataclass(frozen=True)
class Wanted:
    """The text to search for: a gold answer, or the value in another memory."""

    keys: frozenset[str]
    """Content words."""
    ends: tuple[str, str] = ("", "")
    """The first and the last content word."""
    negates: bool = False
    """Whether it contains a negation."""
    weakly: bool = False
    """Whether the negation is a word such as "if" or "forgot" instead of "not" or "never"."""
    chooses: bool = False
    """Whether it contains "or"."""
    slashes: bool = False
    lists: bool = False
    """Whether it looks like a list of candidates."""
    elsewhere: bool = False
    """Whether it mentions other people."""
    asks: bool = False

    @property
    def is_long(self) -> bool:
        return len(self.keys) >= LONG_GOLD


@dataclass(frozen=True)
class Window:
    """A short run of words in an answer that contains the searched text, by the indices of its ends."""

    first: int
    last: int


@lru_cache(maxsize=1 << 12)
def wanted_of(text: str) -> Wanted:
    """Analyse the text to search for, which is in plain form."""
    found = read(text)
    keys = found.content()
    if len(keys) > 1 and (country := _COUNTRY.search(text)):
        keys -= {word.key for word in found.words if word.raw == country[1]}
    in_order = [word.key for word in found.words if word.key in keys]
    return Wanted(
        keys=frozenset(keys),
        ends=(in_order[0], in_order[-1]) if in_order else ("", ""),
        negates=any(word.denies for word in found.words),
        weakly=not any(word.raw in NEGATORS for word in found.words),
        chooses=any(word.raw == "or" for word in found.words),
        slashes=any(word.slashed for word in found.words),
        lists=any(sentence.lists for sentence in found.sentences),
        elsewhere=any(sentence.elsewhere for sentence in found.sentences),
        asks=any(sentence.asks for sentence in found.sentences),
    )


def windows(wanted: Wanted, found: Text) -> Iterator[Window]:
    """Each short run of words that contains enough of `wanted`, compared by word family if it has several words."""
    n = len(wanted.keys)
    form = family if n > 1 else _noun
    keys = {form(key) for key in wanted.keys}
    is_long = wanted.is_long
    enough = math.ceil(LONG_GOLD_SHARE * len(keys)) if is_long else len(keys)
    widest = math.ceil(WINDOW_FACTOR * len(keys)) + (len(keys) == 1)
    numbers = {key for key in keys if key[0].isdigit()}
    forms = [form(word.key) for word in found.words]
    for first, start in enumerate(found.words):
        if forms[first] not in keys:
            continue
        seen: set[str] = set()
        width = 0
        fullest: Window | None = None
        # Function words do not count in the width, so the number of words has a limit of its own.
        for last in range(first, min(len(forms), first + 4 * widest + 12)):
            word = found.words[last]
            width += word.content
            span = found.spans[word.sentence]
            if width > widest or (not is_long and span != found.spans[start.sentence]):
                break
            if forms[last] in keys:
                seen.add(forms[last])
            if len(seen) < enough or not numbers <= seen:
                continue
            window = Window(first, last)
            if len(seen) == len(keys):
                fullest = window
                break
            # If a word is missing and another is in its place, it was replaced, not left out.
            if width == len(seen) and not _exchanged_end(wanted, found.words, window, seen):
                fullest = window
        if fullest:
            yield fullest


def _exchanged_end(wanted: Wanted, found: Sequence[Word], window: Window, seen: set[str]) -> bool:
    """Whether a window lacks the first or last word of the gold answer and has another word in its place."""
    first, last = (family(key) for key in wanted.ends)
    before = _next_content(found, window.first, -1, _DETERMINERS)
    after = _next_content(found, window.last, 1, _DETERMINERS | _PREPOSITIONS)
    return (first not in seen and before is not None) or (last not in seen and after is not None)


def _next_content(found: Sequence[Word], at: int, step: int, between: frozenset[str]) -> Word | None:
    """The next content word in a word's clause, after at most two words of `between`; None if there is none."""
    for place in (at + step, at + 2 * step, at + 3 * step):
        if not 0 <= place < len(found) or found[place].clause != found[at].clause:
            return None
        if found[place].content:
            return found[place]
        if found[place].raw not in between:
            return None
    return None


def _noun(key: str) -> str:
    """The key of a long word without a final -y: photography and photographs."""
    return key[:-1] if len(key) > 7 and key.endswith("i") else key
