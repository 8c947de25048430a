"""The context of each word of an answer: denied, in a question, or about somebody else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from .layout import laid_out
from .synonyms import COLOURS, DEGREES, RELATIVES, SAME_WORDS
from .text import plain, singular, stem

_SEPARATORS = ", ; : ( ) — – / |"
# Only the first stop of a run can begin an end, so that a run of many stops is read once.
_SENTENCE_END = re.compile(r"((?<![.!?])[.!?]+(?=[\s\")\]}]|$)|\n+|;|,?\s(?=whereas\b))")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[,:()—–/|]")

_CONTRACTED = re.compile(r"'(?:s|m|re|ve|ll|d)$")
_NOT_NEGATING = re.compile(
    r"\bnot (?:only|just|merely|simply|to mention)\b|\b(?:no|without a|beyond) doubt\b|\bno wonder\b|\bno less\b"
    r"|\bnot (?:completely|entirely|quite|absolutely|100 percent|totally) (?:sure|certain)\b|\bnever ?mind\b|\b(?:as|"
    r"even) if\b|\bif (?:i|my|memory|you ask)\b"
)
_EXCLUDING = re.compile(
    r"\b(?:rather than|instead of|other than|any(?:thing|where|one|body) but|every(?:thing|where|one|body) but|"
    r"except for|except|as opposed to|far from|unlike|apart from"
    r"|i doubt|doubt(?:s|ed|ful)?|hardly|stopped|gave up|given up|no longer|used to be|refus\w+|den(?:y|ies|ied)|"
    r"not true|turned down|turns down"
    r"|(?:he|she|they|who)(?: would|'d) (?:love|like|prefer|rather)|dream(?:s|ed|t|ing)? of|long(?:s|ed)? to|aims? to"
    r"|(?:is|are|was|were) (?:about to|afraid of)|on the verge of|allergic to|sick of|tired of|fed up with|averse to"
    r"|can(?:'t|not) (?:stand|bear|abide)|no fan of|miss(?:es|ed)|cancel(?:s|led|ed)|called off"
    r"|lost (?:(?:the|a|an|his|her|their) )?(?:semi-?)?(?:final|bid|race|match|game)|came (?:second|third|last)"
    r"|le(?:ft|aves?)(?= (?:the|a|an|his|her|their) (?:\w+ ){1,5}(?:at home|behind)\b))\b"
)
_PERSON = (
    r"(?:person|people|persons|man|men|woman|women|one|ones|speaker|voice|face|individual|guy|lady|girl|boy|memory|"
    r"memories|"
    r"notes?|profile|photo|picture|clip|candidate|context|contact|entry|colleague|analyst|\w+(?:ist|yst|eer|ian))"
)
_RELATIVE = rf"(?:{'|'.join(RELATIVES.split())})"
_ELSEWHERE = re.compile(
    r"\b(?:some|any)(?:body|one) else\b|\bsome (?:memory|note|person|other|people|had|have|of)\b"
    rf"|\bothers\b|\bthe other\b(?=\W*$|\W*,)|\b(?:an)?other (?:\w+ )?{_PERSON}\b|\bamong (?:them|these|those|the)\b"
    rf"|\bdifferent {_PERSON}\b"
    rf"|\bnot (?:the |this |that )(?:same )?{_PERSON}\b|\bnot (?:his|hers|theirs|him|her|them|this|that)\b"
    r"|\bthis (?:is not|isn't|one is not|one isn't) (?:\w+|the one)\W*$"
    rf"|\b(?:1|one|two|three|2|3|some|any|each|several|most|none|all|another) of "
    r"(?:the |these |those |my |your |our )?(?:them|others|these|those|us|[2-9]|four|\w*people|persons|notes|memories|"
    r"individuals|men|women|speakers|voices|faces|contexts|candidates|profiles|photos|pictures|clips|following|"
    r"descriptions)\b"
    rf"|(?<!the )(?<!this )(?<!that )\bone (?:of (?:my|your|the) )?{_PERSON}\b"
    r"|\b(?:at least|only) one\b"
    rf"|\b(?:there(?:'s| is| are| was)|i see|i have|you have) (?:a|an|one|some|several) (?:\w+ )?(?:{_PERSON}|hobbies|"
    rf"jobs|places)\b"
    r"|\bbelongs? to\b|\bcomes? up in\b|\bappears? in (?:the|my|your|one) (?:notes?|memor)|\b(?:is|are|"
    r"was) (?:mentioned|listed)\b"
    rf"|^\W*(?:his|her|their|a|the|my|your) {_RELATIVE}\b|(?:\bis|\bwas|'s) (?:his|her|their|a|my) {_RELATIVE}\b"
    rf"|\b(?:what|who|where|that|which) (?:his|her|their|my) {_RELATIVE}\b"
    r"|\bbefore (?:that|this) (?:one|person)\b"
    r"|^\W*whereas\b(?! (?:this|he|she|they|it)\b)"
    r"|\bat first,? (?:i|it|glance|sight)\b|\binitially\b|\bi (?:first|considered)\b"
)
"""Marks a sentence about somebody else, or about nobody in particular."""
_UNNAMED = re.compile(
    r"(?<!is )(?<!are )(?<!was )(?<!were )(?<!be )(?<!met )(?<!as )(?<!about )(?<!to )(?<!of )(?<!remember )(?<!'s )"
    r"\bsome(?:one|body)\b(?! who\b)"
)
_LISTING = re.compile(
    r"\bpossib(?:le|ilities)\b|\bcandidates?\b|\boptions?\b|\bamong the\b|\bare:|\bthe (?:four|4|three|3|people|"
    r"persons|jobs|names|hobbies|places|answers|notes|memories) are\b"
    r"|\ball i know\b|\bsome had\b"
)
_ORDINALS = "first second third fourth fifth last next"
_LABEL = re.compile(
    r"^\W{0,6}(?:the )?(?:(?:person|speaker|note|memory|picture|photo|image|clip|context|candidate|concept|profile|"
    r"individual|"
    r"option|man|woman|voice|face|number|p)s? ?(?P<named>\d{1,2}|[a-h]|one|two)\b|"
    rf"(?P<ordinal>{'|'.join(_ORDINALS.split())})\b|(?P<bare>(?:1?\d)|[a-h])\s?(?=[:.)\-–—(=])|(?P<p>[pc]\d)\b)"
)
_LABEL_START = re.compile(
    r"(?<=[\w.,;!?)\"']) +(?=(?:(?:person|speaker|note|memory|picture|photo|image|clip|context|candidate|concept|"
    r"profile|individual|"
    r"option|man|woman|number) ?(?:\d{1,2}|[a-h])\s?[:)\-–—=]|1?\d[).:]\s|[a-h][):]\s))"
)
_COMMITTING = re.compile(
    r"\bmatch\w*|\bsame\b|\bquery\b|\basked?\b|\bso\b|\bthus\b|\btherefore\b|\bhence\b|\banswer\b|\bthis is\b|"
    r"\bcorrespond"
    r"|\bfits?\b|\bsounds like\b|\blooks like\b"
)
_CONCLUDING = re.compile(
    r"\bmatch\w*|\bquery\b|\bthe answer\b|\btherefore\b|\bthus\b|\bhence\b|\basked about\b|^\W*so\b"
)
_HASH_LABEL = re.compile(r"#\s?(?=\d)")
_IF_NOT = re.compile(r"\bif not\b")
_SPELT_TYPE = re.compile(r"\b([ei])[-. ]([ns])[-. ]([tf])[-. ]([jp])\b")
"""An MBTI type that is spelt out: I-N-T-P."""
_SOFT_LINE_END = re.compile(r"(?<![ \t\r])[ \t\r]*\n[ \t\r]*(?=[^\W\dA-Z_])")


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


NEGATORS = _set_of("not no never neither nor without whether unable unclear unsure unknown cannot barely")
_DENYING = _set_of(
    "false untrue wrong incorrect mistaken fail fails failed hate hates hated dislike dislikes disliked detest detests "
    "loathe loathes despise despises dropped quit abandoned avoid avoids avoided decline declined almost nearly hoped "
    "hopes wished wishes wanted wants planned plans pretend pretends pretended forgot former formerly previously "
    "supposedly allegedly lacks lacking ban banned bores bored if"
)
"""Words that deny what follows in their clause and have a meaning of their own."""
_CLAUSE_ENDS = _set_of(f"{_SEPARATORS} but however though although yet whereas while because so")
"""Where the scope of a negation ends."""
_POINTED_AT = _set_of("one person man woman speaker voice face individual photo picture clip")
AUXILIARIES = _set_of("is are was were be do does did has have had can could would will")
_GRAMMAR = _set_of(
    "a an the this that these those and or of in on at to for from by with as into about over than "
    "then am been being may might must shall should having doing it its he him his she her hers they them "
    "their theirs i me my mine we us our ours you your yours who whom whose which what where when why how "
    "there here one ones also just very too so some any such only both each own same while if because during "
    f"said says told me tells quite rather really {DEGREES}"
)
_NOT_CONTENT = _GRAMMAR | AUXILIARIES | NEGATORS | _CLAUSE_ENDS

_KEY_OF = {stem(word): stem(group.split()[0]) for group in SAME_WORDS for word in group.split() if "-" not in word}
COLOUR_KEYS = frozenset(_KEY_OF.get(stem(word), stem(word)) for word in COLOURS.split())
_FAMILY_ENDINGS = ("ation", "ist", "ion", "er", "or", "i", "y", "e")


@dataclass(frozen=True)
class Sentence:
    """Properties of a sentence that apply to all of its words."""

    lists: bool = False
    """Whether it lists candidates."""
    elsewhere: bool = False
    """Whether it is about somebody else, or about nobody in particular."""
    asks: bool = False
    """Whether it is a question."""
    recap: bool = False
    """Whether it is one of several numbered entries, and asserts none of them."""


@dataclass(frozen=True)
class Word:
    """A word of an answer."""

    raw: str
    """Normal form."""
    key: str
    """Key for comparison: its stem, or that of a synonym."""
    content: bool
    """Whether it is a content word."""
    sentence: int
    """Index of its sentence."""
    clause: int
    """Index of its clause in the whole text; commas and the like start a new one."""
    negated: bool
    """Whether a negation precedes it in its clause."""
    slashed: bool
    """Whether a slash or a bar immediately precedes it."""
    denies: bool = False
    """Whether it denies what follows in its clause."""
    pointed: bool = False
    """Whether "this one" or the like precedes it in its sentence."""


@dataclass(frozen=True)
class Text:
    """A parsed text."""

    words: tuple[Word, ...]
    sentences: tuple[Sentence, ...]
    """Semicolons also end a sentence."""
    spans: tuple[int, ...] = ()
    """For each sentence, the index of the longest run of sentences separated only by semicolons."""

    def content(self) -> set[str]:
        """The keys of its content words; of all its words if it has none ("The Who")."""
        return {word.key for word in self.words if word.content} or {word.key for word in self.words}


@dataclass(frozen=True)
class Compounds:
    """Words of the references that an answer may write joined or separately: cheesemaker, court room."""

    apart: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Stem of two adjacent words written as one -> the two words."""
    joined: frozenset[str] = frozenset()
    """The references' words."""
    families: Mapping[str, str] = field(default_factory=dict)
    """Word family of each long word -> the word: "keeps bees" is beekeeping."""


@lru_cache(maxsize=1 << 12)
def compounds(texts: tuple[str, ...]) -> Compounds:
    """The compounds of some references in normal form."""
    apart: dict[str, tuple[str, str]] = {}
    joined: set[str] = set()
    for text in texts:
        found = [raw for token in _TOKEN.findall(text) for raw in _without_contraction(token) if raw[0].isalnum()]
        joined.update(found)
        for first, second in pairwise(found):
            if len(first) > 2 and len(second) > 2:
                apart.setdefault(stem(first + second), (first, second))
    return Compounds(apart, frozenset(joined), {family(stem(word)): word for word in joined if len(word) > 7})


def prepared(text: str) -> str:
    """`text` in normal form, with line breaks inside sentences removed and each numbered entry on its own line."""
    text = _SOFT_LINE_END.sub(" ", _HASH_LABEL.sub("number ", laid_out(text)))
    return _LABEL_START.sub("\n", _SPELT_TYPE.sub(r"\1\2\3\4", plain(text)))


def read(text: str, known: Compounds | None = None) -> Text:
    """Parse a prepared text into words with the properties of their sentences and clauses."""
    known = known or Compounds()
    pieces = _SENTENCE_END.split(text)
    said = [(pieces[at], pieces[at + 1] if at + 1 < len(pieces) else "") for at in range(0, len(pieces), 2)]
    labels = [_label(sentence) for sentence, _ in said]
    numbered = len({label for label in labels if label is not None}) >= 2
    committing = [numbered and _COMMITTING.search(sentence) is not None for sentence, _ in said]
    commits = sum(commit for commit, label in zip(committing, labels, strict=True) if label is not None)
    words: list[Word] = []
    sentences: list[Sentence] = []
    spans: list[int] = []
    clause = span = 0
    labelled = False
    for index, (sentence, end) in enumerate(said):
        spans.append(span)
        span += end != ";"
        # An entry extends to the next one, or to where the answer gives its conclusion.
        labelled = numbered and (labels[index] is not None or (labelled and not _CONCLUDING.search(sentence)))
        sentences.append(
            Sentence(
                lists=_LISTING.search(sentence) is not None,
                elsewhere=_ELSEWHERE.search(sentence) is not None or _UNNAMED.search(sentence) is not None,
                asks="?" in end,
                recap=labelled and not (commits == 1 and committing[index]),
            )
        )
        clause = _read_sentence(sentence, index, clause + 1, known, words)
    return Text(tuple(words), tuple(sentences), tuple(spans))


def _read_sentence(sentence: str, index: int, clause: int, known: Compounds, words: list[Word]) -> int:
    """Append the words of a sentence; return the index of its last clause."""
    sentence = _EXCLUDING.sub("without", _NOT_NEGATING.sub("", _IF_NOT.sub("or", sentence)))
    negated = slashed = pointed = False
    before = ""
    for raw in _with_compounds(
        [raw for token in _TOKEN.findall(sentence) for raw in _without_contraction(token)], known
    ):
        if raw in _CLAUSE_ENDS:
            negated = False
            clause += 1
        if not raw[0].isalnum():
            slashed = raw in "/|"
            continue
        stemmed = stem(raw)
        key = _KEY_OF.get(stemmed, stemmed)
        denies = raw in NEGATORS or raw in _DENYING
        words.append(Word(raw, key, raw not in _NOT_CONTENT, index, clause, negated, slashed, denies, pointed))
        slashed = False
        negated = negated or denies
        pointed = pointed or (before == "this" and raw in _POINTED_AT and not negated)
        before = raw
    return clause


def _label(sentence: str) -> str | None:
    """The number or letter that begins an entry."""
    found = _LABEL.match(sentence)
    return found[found.lastgroup] if found and found.lastgroup else None


def _with_compounds(raws: list[str], known: Compounds) -> list[str]:
    """Join or split words to match the references."""
    if not known.joined:
        return raws
    result: list[str] = []
    at = 0
    while at < len(raws):
        raw = raws[at]
        following = raws[at + 1] if at + 1 < len(raws) else ""
        if raw not in known.joined and len(raw) > 5 and (pair := known.apart.get(stem(raw))):
            result.extend(pair)
        elif following and raw + following in known.joined and len(raw) > 2 and len(following) > 2:
            result.append(raw + following)
            at += 1
        elif following and known.families and (whole := known.families.get(singular(following) + family(stem(raw)))):
            result.append(whole)
            at += 1
        else:
            result.append(raw)
        at += 1
    return result


def _without_contraction(token: str) -> list[str]:
    """Split a token's contraction: "isn't" is "is not", "jonas's" is "jonas", "o'brien" is "obrien"."""
    if token in ("cannot", "can't"):
        return ["can", "not"]
    if token.endswith("n't"):
        # "do n't", as tokenizers write it, leaves nothing before the ending.
        return [word for word in (token.removesuffix("n't"), "not") if word]
    return [_CONTRACTED.sub("", token).replace("'", "")] if "'" in token else [token]


@lru_cache(maxsize=1 << 14)
def family(key: str) -> str:
    """A key without derivational endings: driv for driver and for drive."""
    if not key.isalpha():
        return key
    end = len(key)
    while ending := next((one for one in _FAMILY_ENDINGS if end - len(one) >= 3 and key.endswith(one, 0, end)), None):
        end -= len(ending)
    return key[:end]
