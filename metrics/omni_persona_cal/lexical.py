"""The lexical judge: does the prediction affirm the gold answer, and nothing that another memory says instead?

A deterministic rule that needs no model and no network. It reads words, not meaning: README.md says how often it agrees
with a person, and where it errs. Time and memory grow linearly with the length of the prediction.

1. Only the answer counts: what stands after the thoughts, after the last "Answer:" or "the answer is", and after the
   last self-correction ("no, wait").
2. Gold and answer are brought to `text.plain` form and cut into sentences and words (`claims`); words are stemmed,
   compounds and a few everyday synonyms are read as one. Words of grammar ("the", "with", "she") are not content.
3. A window of the answer must hold the gold's content words: all of them where the gold has fewer than
   `LONG_GOLD`, else a share `LONG_GOLD_SHARE` and every number. The window spans at most `WINDOW_FACTOR`
   times as many content words as the gold has, and for a short gold no sentence end. Where it lacks a word of a
   long gold it may hold no other content word: that would be a word exchanged, not one left out.
4. The window must be affirmed: not denied ("not", "never", "unlike", "I doubt"), not in a question, not said of
   somebody else or of nobody in particular ("one of the notes mentions", "is somebody else's"), and not one of several
   numbered entries. A gold that holds a negation needs one in the answer.
5. One answer, not none: no answer that abstains. And not several: nothing affirmed that `other_answers` hold, no "or"
   or slash beside the window, nor at the end of a list that it begins ("Rome, Milan or Naples"), no list of
   candidates, no repeated guesses ("maybe ... maybe"), unless the gold itself does so; no other colour beside the
   gold's; for a gold that is an MBTI type, no other type affirmed; and in an answer of more than `LONG_ANSWER`
   content words, the gold in its first or last sentence.
6. A prediction that is the gold word for word is CORRECT whatever 1 to 5 say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from .abstention import abstains, abstains_judged
from .claims import AUXILIARIES, COLOUR_KEYS, NEGATORS, Text, Word, compounds, family, prepared, read
from .scores import CORRECT, WRONG
from .synonyms import COUNTRIES
from .text import plain, words
from .thinking import answer_of

LONG_GOLD = 5
"""Content words from which on a gold answer is long: a few of its words may be missing."""
LONG_GOLD_SHARE = 0.8
"""Share of a long gold's content words that must be there."""
WINDOW_FACTOR = 1.5
"""Content words of the widest window, for each content word of the gold."""
OTHER_SHARE = 0.6
"""Share of the words that set another memory's answer apart from the gold, from which on an answer states it."""
LONG_ANSWER = 60
"""Content words from which on an answer is long."""
LONGEST_ALTERNATIVE = 2
"""Words of an alternative in a list that ends with "or"."""

_MARKS = re.compile(
    r"\banswer(?: is)? ?:|\b(?:the|my)(?: \w+)? answer is\b"
    r"|\b(?:no|sorry|oh),? (?:wait|rather|i mean)\b|\bor rather\b|\bscratch that\b|\bactually,? no\b|\bcorrection ?:"
)
"""What stands after the last of these is the answer."""
_GUESS = re.compile(r"\b(?:could|might|may) be\b|\bmaybe\b|\bperhaps\b|\bpossibly\b|\bguess(?:ing)?\b")
_MBTI_TYPE = re.compile(r"[ei][ns][tf][jp]")
_COUNTRY = re.compile(rf"\w, ({'|'.join(COUNTRIES.split())})\W*$")
_DETERMINERS = frozenset(("a", "an", "the", "his", "her", "their", "its", "my", "your", "our"))
_RELATION = re.compile(r"\b(?:over|under|beneath|above)\b")


@dataclass(frozen=True)
class _Gold:
    """What is looked for: a gold answer, or what another memory says."""

    keys: frozenset[str]
    """Content words."""
    ends: tuple[str, str] = ("", "")
    """The first and the last of them."""
    negates: bool = False
    """It holds a negation itself."""
    chooses: bool = False
    """It holds "or"."""
    slashes: bool = False
    lists: bool = False
    """It reads as a list of candidates."""
    elsewhere: bool = False
    """It speaks of other people itself."""
    asks: bool = False

    @property
    def is_long(self) -> bool:
        return len(self.keys) >= LONG_GOLD


@dataclass(frozen=True)
class _Window:
    """A narrow run of an answer's words that holds what is looked for."""

    first: int
    last: int


def judge(gold: str, prediction: str, other_answers: Sequence[str] = ()) -> str:
    """CORRECT when `prediction` states `gold` by the rule above, else WRONG. Never UNJUDGED.

    An empty prediction is WRONG; so is every prediction where the gold has no letter or digit.

    Args:
        gold: The gold answer.
        prediction: What the model said.
        other_answers: What the other memories say of the asked field. An answer that affirms one of them is WRONG.

    >>> judge("harbour pilot", "They work as a harbor pilot and we met in Trondheim.")
    'CORRECT'
    >>> judge("harbour pilot", "She is not a harbour pilot.")
    'WRONG'
    >>> judge("harbour pilot", "A harbour pilot and a baker.", other_answers=["baker"])
    'WRONG'
    """
    plain_gold = plain(gold)
    if not words(plain_gold):
        return WRONG
    answer = _final_part(prepared(answer_of(prediction)))
    if words(plain_gold) == words(plain(answer_of(prediction))):
        return CORRECT
    # A gold that speaks of not knowing is no abstention of whoever quotes it.
    if abstains(answer) or abstains_judged(answer.replace(plain_gold.strip(" ."), "it")):
        return WRONG
    others = [other for other in map(plain, other_answers) if words(other) and words(other) != words(plain_gold)]
    known = compounds([plain_gold, *others])
    wanted, found = _looked_for(plain_gold), read(answer, known)
    if _n_guesses(answer) >= 2 + _n_guesses(plain_gold) or _affirms_another_type(plain_gold, found):
        return WRONG
    windows = list(_windows(wanted, found))
    is_long = sum(word.content for word in found.words) > LONG_ANSWER
    if not any(_is_affirmed(wanted, found, one) and (not is_long or _is_at_an_end(found, one)) for one in windows):
        return WRONG
    if _swaps(plain_gold, answer, wanted):
        return WRONG
    taken = {at for window in windows for at in range(window.first, window.last + 1)}
    if any(_affirms_other(_looked_for(other), wanted, found, taken) for other in others):
        return WRONG
    return CORRECT


def _final_part(text: str) -> str:
    """`text`, in plain form, without the reasoning before the answer."""
    end = 0
    for mark in _MARKS.finditer(text):
        if re.search(r"\w", text[mark.end() : mark.end() + 200]):
            end = mark.end()
    return text[end:]


def _looked_for(text: str) -> _Gold:
    """What is looked for, from its plain form."""
    found = read(text)
    keys = found.content()
    if len(keys) > 1 and (country := _COUNTRY.search(text)):
        keys -= {word.key for word in found.words if word.raw == country[1]}
    in_order = [word.key for word in found.words if word.key in keys]
    return _Gold(
        keys=frozenset(keys),
        ends=(in_order[0], in_order[-1]) if in_order else ("", ""),
        negates=any(word.raw in NEGATORS for word in found.words),
        chooses=any(word.raw == "or" for word in found.words),
        slashes=any(word.slashed for word in found.words),
        lists=any(sentence.lists for sentence in found.sentences),
        elsewhere=any(sentence.elsewhere for sentence in found.sentences),
        asks=any(sentence.asks for sentence in found.sentences),
    )


def _n_guesses(text: str) -> int:
    return sum(1 for _ in _GUESS.finditer(text))


def _windows(wanted: _Gold, found: Text) -> Iterator[_Window]:
    """Each narrow run of words that holds enough of the `wanted` ones; by families of words where there are several."""
    n = len(wanted.keys)
    form = family if n > 1 else _noun
    keys = {form(key) for key in wanted.keys}
    enough = math.ceil(LONG_GOLD_SHARE * len(keys)) if wanted.is_long else len(keys)
    widest = math.ceil(WINDOW_FACTOR * len(keys)) + (len(keys) == 1)
    numbers = {key for key in keys if key[0].isdigit()}
    forms = [form(word.key) for word in found.words]
    for first, start in enumerate(found.words):
        if forms[first] not in keys:
            continue
        seen: set[str] = set()
        width = 0
        fullest: _Window | None = None
        # Words of grammar are not counted in the width, but a window has an end all the same.
        for last in range(first, min(len(forms), first + 4 * widest + 12)):
            word = found.words[last]
            width += word.content
            span = found.spans[word.sentence]
            if width > widest or (not wanted.is_long and span != found.spans[start.sentence]):
                break
            if forms[last] in keys:
                seen.add(forms[last])
            if len(seen) < enough or not numbers <= seen:
                continue
            window = _Window(first, last)
            if len(seen) == len(keys):
                fullest = window
                break
            # A word is missing and another stands among the rest: exchanged, not left out.
            if width == len(seen) and not _exchanged_end(wanted, found.words, window, seen):
                fullest = window
        if fullest:
            yield fullest


def _exchanged_end(wanted: _Gold, found: Sequence[Word], window: _Window, seen: set[str]) -> bool:
    """Whether a window lacks the first or last word of a gold and another word stands in its place."""
    first, last = (family(key) for key in wanted.ends)
    before = _next_content(found, window.first, -1)
    after = _next_content(found, window.last, 1)
    return (first not in seen and before is not None) or (last not in seen and after is not None)


def _next_content(found: Sequence[Word], at: int, step: int) -> Word | None:
    """The content word that stands next to a word in its clause, with at most one article or possessive between."""
    for place in (at + step, at + 2 * step):
        if not 0 <= place < len(found) or found[place].clause != found[at].clause:
            return None
        if found[place].content or found[place].raw not in _DETERMINERS:
            return found[place] if found[place].content else None
    return None


def _noun(key: str) -> str:
    """The key of a long word without a final -y: photography and photographs."""
    return key[:-1] if len(key) > 7 and key.endswith("i") else key


def _is_affirmed(wanted: _Gold, found: Text, window: _Window) -> bool:
    """Whether what a window says is said of the person asked about, once, and not denied."""
    sentences = [found.sentences[at] for at in {found.words[window.first].sentence, found.words[window.last].sentence}]
    for sentence in sentences:
        if (sentence.lists and not wanted.lists) or (sentence.elsewhere and not wanted.elsewhere) or sentence.recap:
            return False
        if sentence.asks and not wanted.asks:
            return False
    inside = {word.key for word in found.words[window.first : window.last + 1]}
    if wanted.keys & COLOUR_KEYS and inside & COLOUR_KEYS - wanted.keys:
        return False
    if not wanted.chooses and _beside_or(found.words, window):
        return False
    if not wanted.slashes and _beside_slash(found.words, window):
        return False
    return wanted.negates == _is_denied(wanted, found.words, window)


def _is_denied(wanted: _Gold, found: Sequence[Word], window: _Window) -> bool:
    """Whether what the window says is denied.

    Where the gold is itself a negation, a negation anywhere between the start of the window's sentence and the window's
    end will do.
    """
    first, last = window.first, window.last
    start = first
    earliest = max(0, first - 40)
    while start > earliest and found[start - 1].sentence == found[first].sentence:
        start -= 1
    so_far = found[start : last + 1]
    if wanted.negates:
        return any(word.raw in NEGATORS for word in so_far)
    after = [word.raw for word in found[last + 1 : last + 3] if word.sentence == found[last].sentence]
    if len(after) == 2 and after[0] in AUXILIARIES and after[1] == "not":
        return True
    # The window of a long gold may begin after the gold's first words, and these may be the negated ones.
    told = so_far if wanted.is_long else found[first : last + 1]
    return any(word.negated for word in told if word.key in wanted.keys)


def _beside_or(found: Sequence[Word], window: _Window) -> bool:
    """Whether the window is one of several alternatives of its sentence.

    "or" stands in it, up to three words before it or right after it; or after some more alternatives of up to
    `LONGEST_ALTERNATIVE` words each, between commas ("Rome, Milan or Naples").
    """
    sentence = found[window.last].sentence
    near = found[max(0, window.first - 3) : window.last + 2]
    if any(word.raw == "or" and word.sentence == sentence for word in near):
        return True
    clause, length = found[window.last].clause, 0
    for at in range(window.last + 1, min(len(found), window.last + 40)):
        word = found[at]
        if word.sentence != sentence or word.clause == found[window.last].clause:
            return False
        if word.raw == "or":
            return True
        clause, length = (clause, length + 1) if word.clause == clause else (word.clause, 1)
        if length > LONGEST_ALTERNATIVE:
            return False
    return False


def _beside_slash(found: Sequence[Word], window: _Window) -> bool:
    """Whether a slash or a bar sets the window beside an alternative of its sentence."""
    near = found[window.first : window.last + 2]
    return any(word.slashed and word.sentence == found[window.last].sentence for word in near)


def _is_at_an_end(found: Text, window: _Window) -> bool:
    """Whether a window stands in the first or in the last sentence."""
    first, last = found.words[0].sentence, found.words[-1].sentence
    return found.words[window.first].sentence == first or found.words[window.last].sentence == last


def _affirms_other(other: _Gold, gold: _Gold, found: Text, taken: set[int]) -> bool:
    """Whether an answer affirms what another memory says, outside the words that state the gold.

    By the words that the other answer does not share with the gold; by all of them where it shares every one.
    """
    own = other.keys - gold.keys or other.keys
    enough = len(own) if len(own) <= 2 else math.ceil(OTHER_SHARE * len(own))
    widest = math.ceil(WINDOW_FACTOR * len(other.keys)) + 2
    form = family if len(own) > 1 else str
    keys = {form(key) for key in own}
    n_content = list(accumulate((word.content for word in found.words), initial=0))
    places = [at for at, word in enumerate(found.words) if at not in taken and form(word.key) in keys]
    for index, first in enumerate(places):
        seen: set[str] = set()
        for last in places[index : index + 2 * widest]:
            if n_content[last + 1] - n_content[first] > widest or last - first > 4 * widest:
                break
            seen.add(form(found.words[last].key))
            if len(seen) >= min(enough, len(keys)):
                if _is_said(other, gold, found, _Window(first, last)):
                    return True
                break
    return False


def _is_said(other: _Gold, gold: _Gold, found: Text, window: _Window) -> bool:
    """Whether what another memory says is neither denied nor asked nor expressly said of somebody else."""
    words_of = found.words[window.first : window.last + 1]
    for sentence in (found.sentences[at] for at in {word.sentence for word in words_of}):
        if sentence.asks or sentence.recap:
            return False
        if sentence.elsewhere and not (sentence.lists or gold.elsewhere or other.elsewhere):
            return False
    return other.negates or not any(word.negated for word in words_of if word.key in other.keys)


def _affirms_another_type(gold: str, found: Text) -> bool:
    """Whether the gold is one MBTI type and the answer affirms a different one."""
    if not _MBTI_TYPE.fullmatch(gold.strip(" .")):
        return False
    others = (word for word in found.words if _MBTI_TYPE.fullmatch(word.raw) and word.raw != gold.strip(" ."))
    return any(not word.negated and not found.sentences[word.sentence].asks for word in others)


def _swaps(gold: str, answer: str, wanted: _Gold) -> bool:
    """Whether an answer puts under what the gold puts over: the same words about one "over", the other way round."""
    relation = _RELATION.search(gold)
    if relation is None or relation[0] not in answer:
        return False
    before, after = (read(part).content() & wanted.keys for part in (gold[: relation.start()], gold[relation.end() :]))
    there = re.search(rf"\b{relation[0]}\b", answer)
    if there is None or not before - after or not after - before:
        return False
    left = read(answer[max(0, there.start() - 200) : there.start()]).content()
    right = read(answer[there.end() : there.end() + 200]).content()
    return after - before <= left and before - after <= right and not after - before <= right
