"""The lexical judge: does the prediction hold the gold answer's words, together and affirmed?

A deterministic rule that needs no model and no network. It reads words, not meaning: to it, a synonym is
WRONG. README.md says how often it agrees with a person, and where it errs.

1. Only the answer counts. What stands in <think>...</think>, or before the last "Answer:" or "the answer is",
   is reasoning and is dropped; a <think> that is never closed leaves no answer.
2. Gold and answer are brought to `text.plain` form and cut into sentences and words; words are stemmed. Words
   of grammar ("the", "with", "she") are not content.
3. A window of the answer must hold the gold's content words: all of them where the gold has fewer than
   `LONG_GOLD`, else a share `LONG_GOLD_SHARE` and every number. The window spans at most `WINDOW_FACTOR`
   times as many content words as the gold has, and for a short gold no sentence end. Where it lacks a word of a
   long gold it may hold no other content word: that would be a word exchanged, not one left out.
4. The window must not be denied: none of the gold's words in it stands after "not", "never", "unable",
   "whether" and the like in its clause, nor does "is not" follow it. A gold that holds a negation needs one
   in the answer.
5. One answer, not none: no answer that abstains. And not several: no "or" in or beside the window, nor at the
   end of a list that it begins ("Rome, Milan or Naples"), no sentence that lists candidates ("one of these"),
   no answer that guesses twice ("maybe ... maybe"), unless the gold itself does so; and for a gold that is an
   MBTI type, no other type affirmed.
6. A prediction that is the gold word for word is CORRECT whatever 1 to 5 say.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .abstention import abstains
from .scores import CORRECT, WRONG
from .text import plain, stem, words
from .thinking import answer_of

LONG_GOLD = 5
"""Content words from which on a gold answer is long: a few of its words may be missing."""
LONG_GOLD_SHARE = 0.8
"""Share of a long gold's content words that must be there."""
WINDOW_FACTOR = 1.5
"""Content words of the widest window, for each content word of the gold."""
LONGEST_ALTERNATIVE = 2
"""Words of an alternative in a list that ends with "or"."""

_ANSWER_MARK = re.compile(r".*\b(?:answer(?:\s+is)?\s*:|(?:the|my)(?:\s+\w+)?\s+answer\s+is\b)(?=.*\w)", re.DOTALL)

_SENTENCE_END = re.compile(r"[.!?]+(?=\s|\"|\)|$)|\n+")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[,;:()—–]")

_NOT_NEGATING = re.compile(r"\bnot (?:only|just|merely|simply)\b|\b(?:no|without a|beyond) doubt\b|\bno wonder\b")
_EXCLUDING = re.compile(r"\b(?:rather than|instead of|other than|anything but|except for|as opposed to)\b")
_GUESS = re.compile(r"\b(?:could|might|may) be\b|\bmaybe\b|\bperhaps\b|\bpossibly\b")
_LISTING = re.compile(
    r"\bpossib(?:le|ilities)\b|\bcandidates?\b|\boptions?\b"
    r"|\bone of (?:the |these |those )?(?:[2-9]|people|persons|them|others|these|those|following)\b"
)
_MBTI_TYPE = re.compile(r"[ei][ns][tf][jp]")


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NEGATORS = _set_of("not no never neither nor without unlike whether unable unclear unsure unknown")
_CLAUSE_ENDS = _set_of(", ; : ( ) — – but however though although yet whereas")
"""Where the reach of a negation ends."""
_AUXILIARIES = _set_of("is are was were be do does did has have had can could would will")
_GRAMMAR = _set_of(
    "a an the this that these those and or of in on at to for from by with as into about over under than "
    "then am been being may might must shall should having doing it its he him his she her hers they them "
    "their theirs i me my mine we us our ours you your yours who whom whose which what where when why how "
    "there here one ones also just very too so some any such only both each own same while if because during"
)
_NOT_CONTENT = _GRAMMAR | _AUXILIARIES | _NEGATORS | _CLAUSE_ENDS


@dataclass(frozen=True)
class _Word:
    raw: str
    """Plain form."""
    stem: str
    """Stemmed form, compared with the gold's."""
    content: bool
    """Whether it carries meaning of its own."""
    sentence: int
    """Index of its sentence."""
    clause: int
    """Index of its clause in the whole text: a comma and the like begin a new one."""
    listed: bool
    """Whether its sentence lists candidates."""
    negated: bool
    """Whether a negation stands before it in its clause."""


def judge(gold: str, prediction: str) -> str:
    """CORRECT when `prediction` states `gold` by the rule above, else WRONG. Never UNJUDGED.

    An empty prediction is WRONG; so is every prediction where the gold has no letter or digit.

    >>> judge("harbour pilot", "They work as a harbor pilot and we met in Trondheim.")
    'CORRECT'
    >>> judge("harbour pilot", "She is not a harbour pilot.")
    'WRONG'
    """
    gold, prediction = plain(gold), plain(answer_of(prediction))
    gold_words = _read(gold)
    if not gold_words:
        return WRONG
    if words(gold) == words(prediction):
        return CORRECT
    answer = _answer_part(prediction)
    if abstains(answer):
        return WRONG
    found = _read(answer)
    if _guesses(answer) >= 2 + _guesses(gold) or _affirms_another_type(gold_words, found):
        return WRONG
    # A gold made of grammar alone ("The Who") is compared with all its words.
    wanted = {word.stem for word in gold_words if word.content} or {word.stem for word in gold_words}
    negates = any(word.raw in _NEGATORS for word in gold_words)
    chooses = any(word.raw == "or" for word in gold_words)
    lists = any(word.listed for word in gold_words)
    for first, last in _windows(wanted, found):
        if (found[first].listed and not lists) or (_beside_or(found, first, last) and not chooses):
            continue
        if negates == _negated(wanted, found, first, last, by_any_negation=negates):
            return CORRECT
    return WRONG


def _answer_part(text: str) -> str:
    """`text`, in plain form, without the reasoning before the answer."""
    mark = _ANSWER_MARK.match(text)
    return text[mark.end() :] if mark else text


def _guesses(text: str) -> int:
    return len(_GUESS.findall(text))


def _read(text: str) -> list[_Word]:
    """The words of a text in plain form, each with what its sentence and clause say about it."""
    result: list[_Word] = []
    clause = 0
    for index, sentence in enumerate(_SENTENCE_END.split(text)):
        listed = _LISTING.search(sentence) is not None
        sentence = _EXCLUDING.sub("without", _NOT_NEGATING.sub("", sentence))
        negated = False
        for token in _TOKEN.findall(sentence):
            for raw in _without_contraction(token):
                if raw in _CLAUSE_ENDS:
                    negated = False
                    clause += 1
                if not raw[0].isalnum():
                    continue
                result.append(_Word(raw, stem(raw), raw not in _NOT_CONTENT, index, clause, listed, negated))
                negated = negated or raw in _NEGATORS
    return result


def _without_contraction(token: str) -> list[str]:
    """The words of a token: "isn't" is "is not", "jonas's" is "jonas", "o'brien" is "obrien"."""
    if token in ("cannot", "can't"):
        return ["can", "not"]
    if token.endswith("n't"):
        # "do n't", as tokenizers write it, leaves nothing before the ending.
        return [word for word in (token.removesuffix("n't"), "not") if word]
    return [re.sub(r"'(?:s|m|re|ve|ll|d)$", "", token).replace("'", "")]


def _windows(wanted: set[str], found: Sequence[_Word]) -> Iterator[tuple[int, int]]:
    """First and last index of each narrow run of `found` that holds enough of the `wanted` stems."""
    long = len(wanted) >= LONG_GOLD
    enough = math.ceil(LONG_GOLD_SHARE * len(wanted)) if long else len(wanted)
    widest = math.ceil(WINDOW_FACTOR * len(wanted))
    numbers = {stem for stem in wanted if stem[0].isdigit()}
    for first, start in enumerate(found):
        if start.stem not in wanted:
            continue
        seen: set[str] = set()
        width = 0
        for last in range(first, len(found)):
            word = found[last]
            width += word.content
            if width > widest or (not long and word.sentence != start.sentence):
                break
            if word.stem in wanted:
                seen.add(word.stem)
            if len(seen) >= enough and numbers <= seen:
                # A word is missing and another stands among the rest: exchanged, not left out.
                exchanged = len(seen) < len(wanted) and width > len(seen)
                if not exchanged:
                    yield first, last
                    break


def _beside_or(found: Sequence[_Word], first: int, last: int) -> bool:
    """Whether the window is one of several alternatives of its sentence.

    "or" stands in it, up to three words before it or right after it; or after some more alternatives of up to
    `LONGEST_ALTERNATIVE` words each, between commas ("Rome, Milan or Naples").
    """
    sentence = found[last].sentence
    near = found[max(0, first - 3) : last + 2]
    if any(word.raw == "or" and word.sentence == sentence for word in near):
        return True
    lengths = Counter[int]()
    for word in found[last + 1 :]:
        if word.sentence != sentence or word.clause == found[last].clause:
            return False
        if word.raw == "or":
            return True
        lengths[word.clause] += 1
        if lengths[word.clause] > LONGEST_ALTERNATIVE:
            return False
    return False


def _negated(wanted: set[str], found: Sequence[_Word], first: int, last: int, by_any_negation: bool) -> bool:
    """Whether what the window says is denied.

    With `by_any_negation`, which suits a gold that is itself a negation, a negation anywhere between the
    start of the window's sentence and the window's end will do.
    """
    so_far = [word for word in found[: last + 1] if word.sentence >= found[first].sentence]
    if by_any_negation:
        return any(word.raw in _NEGATORS for word in so_far)
    after = [word.raw for word in found[last + 1 : last + 3] if word.sentence == found[last].sentence]
    if len(after) == 2 and after[0] in _AUXILIARIES and after[1] == "not":
        return True
    # The window of a long gold may begin after the gold's first words, and these may be the negated ones.
    told = so_far if len(wanted) >= LONG_GOLD else found[first : last + 1]
    return any(word.negated for word in told if word.stem in wanted)


def _affirms_another_type(gold_words: Sequence[_Word], found: Sequence[_Word]) -> bool:
    """Whether the gold is one MBTI type and the answer affirms a different one."""
    if len(gold_words) != 1 or not _MBTI_TYPE.fullmatch(gold_words[0].raw):
        return False
    return any(_MBTI_TYPE.fullmatch(word.raw) and word.raw != gold_words[0].raw and not word.negated for word in found)
