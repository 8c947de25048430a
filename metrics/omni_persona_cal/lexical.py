"""The lexical judge: does the prediction affirm the gold answer, and nothing that another memory says instead?

A deterministic rule that needs no model and no network. It compares words, not meaning: README.md reports its agreement
with human labels, and its errors. Time and memory grow linearly with the length of the prediction.

1. Only the answer counts: what stands after the thoughts, after the last "Answer:" or "the answer is", and after the
   last self-correction ("no, wait"). Several answers in a row all count. Tables are read as lines, and another memory's
   value counts as said within a tag, too (`layout`).
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
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from .abstention import abstains, abstains_judged
from .claims import AUXILIARIES, COLOUR_KEYS, NEGATORS, Text, Word, compounds, family, prepared, read
from .layout import in_tags, unescaped
from .scores import CORRECT, WRONG
from .text import plain, words
from .thinking import answer_of
from .windows import WINDOW_FACTOR, Wanted, Window, wanted_of, windows

OTHER_SHARE = 0.6
"""Minimum share of the words that distinguish another memory's answer from the gold for an answer to state it."""
LONG_ANSWER = 60
"""Number of content words from which an answer is long."""
LONGEST_REPEATED = 30
"""Maximum words of an answer that another one follows without replacing it."""
LONGEST_ALTERNATIVE = 2
"""Maximum words of an alternative in a list that ends with "or"."""

_MARKS = re.compile(
    r"\banswer(?: is)? ?:|\b(?:the|my)(?: \w+)? answer is\b"
    r"|\b(?:no|sorry|oh),? (?:wait|rather|i mean)\b|\bor rather\b|\bscratch that\b|\bactually,? no\b|\bcorrection ?:"
)
"""The answer follows the last match."""
_REVISES = re.compile(
    r"\b(?:but|no|not|wait|however|instead|wrong|rather|first|so|because|let me|hence|thus|therefore)\b"
)
"""Marks an answer that the next one replaces."""
_STOP = re.compile(r"[.!?;\n]")
_GUESS = re.compile(r"\b(?:could|might|may) be\b|\bmaybe\b|\bperhaps\b|\bpossibly\b|\bguess(?:ing)?\b")
_MBTI_TYPE = re.compile(r"[ei][ns][tf][jp]")
_RELATION = re.compile(r"\b(?:over|under|beneath|above)\b")


def judge(gold: str, prediction: str, other_answers: Sequence[str] = ()) -> str:
    """CORRECT if `prediction` states `gold` by the rule above, else WRONG. Never UNJUDGED.

    An empty prediction is WRONG; so is every prediction if the gold has no letter or digit.

    Args:
        gold: The gold answer.
        prediction: The model's answer.
        other_answers: Values of the asked field in the other memories. An answer that affirms one of them is WRONG.

    >>> judge("harbour pilot", "They work as a harbor pilot and we met in Trondheim.")
    'CORRECT'
    >>> judge("harbour pilot", "She is not a harbour pilot.")
    'WRONG'
    >>> judge("harbour pilot", "A harbour pilot and a baker.", other_answers=["baker"])
    'WRONG'
    """
    plain_gold, gold_words = _reference(gold)
    if not gold_words:
        return WRONG
    given = unescaped(answer_of(prediction))
    whole = prepared(given)
    hidden = plain(in_tags(given))
    if not words(whole):
        whole, hidden = hidden, ""
    answer = _final_part(whole)
    if gold_words == tuple(words(plain(given))):
        return CORRECT
    others = [other for other, said in map(_reference, other_answers) if said and said != gold_words]
    known = compounds((plain_gold, *others))
    wanted = wanted_of(plain_gold)
    if hidden and _affirms_any(others, wanted, read(hidden, known)):
        return WRONG
    if gold_words == tuple(words(whole)):
        return CORRECT
    # If the gold itself speaks of not knowing, quoting it is not an abstention.
    if abstains(answer) or abstains_judged(answer.replace(plain_gold.strip(" ."), "it")):
        return WRONG
    found = read(answer, known)
    if _n_guesses(answer) >= 2 + _n_guesses(plain_gold) or _affirms_another_type(plain_gold, found):
        return WRONG
    places = list(windows(wanted, found))
    is_long = sum(word.content for word in found.words) > LONG_ANSWER
    if not any(_is_affirmed(wanted, found, one) and (not is_long or _is_at_an_end(found, one)) for one in places):
        return WRONG
    if _swaps(plain_gold, answer, wanted):
        return WRONG
    return WRONG if _affirms_any(others, wanted, found) else CORRECT


@lru_cache(maxsize=1 << 12)
def _reference(text: str) -> tuple[str, tuple[str, ...]]:
    """A gold answer, or another memory's value, in plain form, and its words. Many answers are compared with each."""
    normal = plain(text)
    return normal, tuple(words(normal))


def _final_part(text: str) -> str:
    """`text`, in normal form, without the reasoning before the answer.

    Several answers in a row ("Answer: a baker. Answer: a pilot.") are kept together: none of them replaces another.
    """
    start = end = 0
    for mark in _MARKS.finditer(text):
        if not re.search(r"\w", text[mark.end() : mark.end() + 200]):
            continue
        between = text[end : mark.start()]
        start, end = start if end and _repeats(between, mark[0]) else mark.end(), mark.end()
    return text[start:]


def _repeats(before: str, mark: str) -> bool:
    """Whether a mark adds an answer to the one before, instead of replacing it."""
    _, *after = _STOP.split(before)
    revised = "?" in before or any(_REVISES.search(part) for part in after)
    return "answer" in mark and len(words(before)) <= LONGEST_REPEATED and not revised


def _words_of(places: Sequence[Window]) -> set[int]:
    """The indices of the words that state the gold: those of the shortest windows that do not overlap.

    A window from one statement of the gold to the next would hide what stands between them.
    """
    taken: set[int] = set()
    for window in sorted(places, key=lambda one: one.last - one.first):
        if window.first not in taken and window.last not in taken:
            taken.update(range(window.first, window.last + 1))
    return taken


def _n_guesses(text: str) -> int:
    return sum(1 for _ in _GUESS.finditer(text))


def _is_affirmed(wanted: Wanted, found: Text, window: Window) -> bool:
    """Whether a window's statement is about the person asked about, made once, and not denied."""
    sentences = [found.sentences[at] for at in {found.words[window.first].sentence, found.words[window.last].sentence}]
    for sentence in sentences:
        if (sentence.lists and not wanted.lists) or sentence.recap:
            return False
        if sentence.elsewhere and not wanted.elsewhere and not found.words[window.first].pointed:
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


def _is_denied(wanted: Wanted, found: Sequence[Word], window: Window) -> bool:
    """Whether the window's statement is denied.

    If the gold is itself a negation, a negation anywhere between the start of the window's sentence and the window's
    end will do.
    """
    first, last = window.first, window.last
    start = first
    earliest = max(0, first - 40)
    while start > earliest and found[start - 1].sentence == found[first].sentence:
        start -= 1
    so_far = found[start : last + 1]
    if wanted.negates:
        return (
            not any(word.raw in NEGATORS for word in so_far) if wanted.weakly else any(word.denies for word in so_far)
        )
    after = [word.raw for word in found[last + 1 : last + 3] if word.sentence == found[last].sentence]
    if len(after) == 2 and after[0] in AUXILIARIES and after[1] == "not":
        return True
    # The window of a long gold may start after the gold's first words, which may be the negated ones.
    span = so_far if wanted.is_long else found[first : last + 1]
    return any(word.negated for word in span if word.key in wanted.keys)


def _beside_or(found: Sequence[Word], window: Window) -> bool:
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


def _beside_slash(found: Sequence[Word], window: Window) -> bool:
    """Whether a slash or a bar separates the window from an alternative in its sentence."""
    near = found[window.first : window.last + 2]
    return any(word.slashed and word.sentence == found[window.last].sentence for word in near)


def _is_at_an_end(found: Text, window: Window) -> bool:
    """Whether a window is in the first or in the last sentence."""
    first, last = found.words[0].sentence, found.words[-1].sentence
    return found.words[window.first].sentence == first or found.words[window.last].sentence == last


def _affirms_any(others: Sequence[str], gold: Wanted, found: Text) -> bool:
    """Whether an answer affirms another memory's value, outside the words that state the gold."""
    taken = _words_of(list(windows(gold, found)))
    return any(_affirms_other(wanted_of(other), gold, found, taken) for other in others)


def _affirms_other(other: Wanted, gold: Wanted, found: Text, taken: set[int]) -> bool:
    """Whether an answer affirms another memory's value outside the words that state the gold, at the indices `taken`.

    Considers the words that the value does not share with the gold, or all of them if it shares every one.
    """
    own = other.keys - gold.keys or other.keys
    enough = len(own) if len(own) <= 2 else math.ceil(OTHER_SHARE * len(own))
    widest = math.ceil(WINDOW_FACTOR * len(other.keys)) + 2
    form = family if len(own) > 1 else str
    keys = {form(key) for key in own}
    n_content = list(accumulate((word.content for word in found.words), initial=0))
    places = [at for at, word in enumerate(found.words) if at not in taken and form(word.key) in keys]
    clauses = {found.words[at].clause for at in taken}
    for index, first in enumerate(places):
        seen: set[str] = set()
        for last in places[index : index + 2 * widest]:
            if n_content[last + 1] - n_content[first] > widest or last - first > 4 * widest:
                break
            seen.add(form(found.words[last].key))
            if len(seen) >= min(enough, len(keys)):
                beside = found.words[first].clause in clauses
                if _is_said(other, gold, found, Window(first, last), beside=beside):
                    return True
                break
    return False


def _is_said(other: Wanted, gold: Wanted, found: Text, window: Window, *, beside: bool) -> bool:
    """Whether another memory's value is neither denied nor asked nor expressly attributed to somebody else.

    beside: Whether it is in one clause with the gold.
    """
    words_of = found.words[window.first : window.last + 1]
    for sentence in (found.sentences[at] for at in {word.sentence for word in words_of}):
        if sentence.asks or sentence.recap:
            return False
        if sentence.elsewhere and not (sentence.lists or gold.elsewhere or other.elsewhere):
            return False
    # The negation in a clause with the gold is the gold's own: "bored", "not a fan of noise".
    if other.negates or (gold.negates and beside):
        return True
    return not any(word.negated for word in words_of if word.key in other.keys)


def _affirms_another_type(gold: str, found: Text) -> bool:
    """Whether the gold is one MBTI type and the answer affirms a different one."""
    if not _MBTI_TYPE.fullmatch(gold.strip(" .")):
        return False
    others = (word for word in found.words if _MBTI_TYPE.fullmatch(word.raw) and word.raw != gold.strip(" ."))
    return any(not word.negated and not found.sentences[word.sentence].asks for word in others)


def _swaps(gold: str, answer: str, wanted: Wanted) -> bool:
    """Whether an answer reverses "over": the same words, with what is under and over exchanged."""
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
