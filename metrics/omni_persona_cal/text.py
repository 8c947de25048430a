"""Normalise texts into the plain form, words and stems that the lexical judge and the overlap scores compare."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SIGNS = str.maketrans(
    {"‘": "'", "’": "'", "ʼ": "'", "‐": "-", "‑": "-", "−": "-", "¦": "|"}
    | dict.fromkeys("“”«»‹›„「」『』【】《》", '"')
    | {"。": ". ", "।": ". ", "؟": "? ", "、": ", ", "،": ", ", "؛": "; "}
)
# Letters that Unicode does not decompose into a base letter and an accent.
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_MARKDOWN = re.compile(r"[*_`~#]+")
# Full stops that do not end a sentence: in abbreviations (d.c.), titles and initials (dr. j. smith), numbers (3.5).
_ABBREVIATION = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_TITLE = re.compile(r"\b(dr|mr|mrs|ms|prof|st|jr|sr|[^\W\d_])\.(?=\s)")
_DIGIT_GROUP = re.compile(r"(?<=\d)[.,](?=\d)")
_AND_SIGN = re.compile(r"(?<=\w) ?& ?(?=\w)")

_WORD = re.compile(r"[^\W_]+")

_SMALL_NAMES = (
    "zero one two three four five six seven eight nine ten eleven twelve "
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TEN_NAMES = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {name: value for value, name in enumerate(_SMALL_NAMES.split())}
_TENS = {name: 10 * tens for tens, name in enumerate(_TEN_NAMES.split(), start=2)}
_NUMBER = re.compile(
    rf"\b(?P<tens>{'|'.join(_TENS)})(?:[\s-](?P<units>{'|'.join(list(_SMALL)[1:10])}))?\b"
    # "one" alone is far more often a pronoun than a number
    rf"|\b(?P<small>{'|'.join(name for name in _SMALL if name != 'one')})\b"
)
_HUNDREDS = re.compile(r"\b(?P<count>[1-9]|an?|one) hundred(?:(?: and)? (?P<rest>\d{1,2}))?\b")
_THOUSANDS = re.compile(r"\b(?P<count>\d{1,3}|an?|one) thousand\b")
_COUNT_WORDS = re.compile(r"\b(?:half a dozen|a dozen|dozen|twice|thrice)\b")
_COUNTS = {"half a dozen": "6", "a dozen": "12", "dozen": "12", "twice": "2 times", "thrice": "3 times"}
_AGE = re.compile(
    r"\b(?:aged? (?P<before>\d{1,3})|(?P<after>\d{1,3})[ -]years?[ -]olds?|(?P<of>\d{1,3}) years of age)\b"
)
_UNITS = {
    "km": "kilometers? kilometres? kms?",
    "m": "meters? metres?",
    "cm": "centimeters? centimetres? cms?",
    "mm": "millimeters? millimetres? mms?",
    "kg": "kilograms? kilogrammes? kilos? kgs?",
    "g": "grams? grammes?",
    "l": "liters? litres?",
    "mi": "miles?",
    "ft": "feet foot",
    "h": "hours? hrs?",
    "min": "minutes? mins?",
    "s": "seconds? secs?",
    "percent": "% per[ ]cent pct",
    "celsius": "°[ ]?c degrees?[ ]celsius",
}
_UNIT_FORMS = {unit: "|".join([*forms.split(" "), unit]).replace("[ ]", " ") for unit, forms in _UNITS.items()}
_UNIT = re.compile(
    r"(?<=\d)[ -]?(?:" + "|".join(f"(?P<{unit}>{forms})" for unit, forms in _UNIT_FORMS.items()) + r")(?!\w)"
)


_IRREGULAR = {
    form: verb
    for verb, forms in {
        "wear": "wore worn", "learn": "learnt", "lead": "led", "win": "won", "find": "found", "tell": "told",
        "meet": "met", "teach": "taught", "write": "wrote written", "speak": "spoke spoken",
        "sing": "sang sung", "feel": "felt", "keep": "kept", "hold": "held", "grow": "grew grown", "build": "built",
        "sell": "sold", "buy": "bought", "make": "made", "drive": "drove driven", "swim": "swam swum", "run": "ran",
        "ride": "rode ridden", "draw": "drew drawn", "sit": "sat", "stand": "stood",
    }.items()
    for form in forms.split()
}  # fmt: skip
"""Past forms of common verbs. Forms that are also other words (left) are not included."""


def plain(text: str) -> str:
    """Convert `text` to a form in which texts can be compared.

    NFKC, case folded, without accents, straight quotes and hyphens, no Markdown signs or invisible characters; number
    words as digits ("twenty-six" is "26", "twice" is "2 times"; "one" stays), ages and units in one spelling ("5km" and
    "five kilometres" are "5 km"), and only full stops that end a sentence ("D.C." is "dc"). Line ends are kept.

    >>> plain("A 5km run in São Paulo, aged twenty-six")
    'a 5 km run in sao paulo, 26'
    """
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS).casefold()
    text = _without_accents(text)
    text = _MARKDOWN.sub(" ", text)
    text = _AND_SIGN.sub(" and ", text)
    text = _ABBREVIATION.sub(lambda match: match[0].replace(".", ""), text)
    text = _TITLE.sub(r"\1", text)
    text = _DIGIT_GROUP.sub("", text)
    text = _NUMBER.sub(_digits, text)
    text = _HUNDREDS.sub(lambda match: str(100 * _count(match["count"]) + int(match["rest"] or 0)), text)
    text = _THOUSANDS.sub(lambda match: str(1000 * _count(match["count"])), text)
    text = _COUNT_WORDS.sub(lambda match: _COUNTS[match[0]], text)
    text = _UNIT.sub(lambda match: f" {match.lastgroup}", text)
    return _AGE.sub(lambda match: match["before"] or match["after"] or match["of"], text)


def _without_accents(text: str) -> str:
    """Remove accents from Latin letters, and invisible characters; other scripts are unchanged."""
    if text.isascii():
        return text
    kept: list[str] = []
    for letter in unicodedata.normalize("NFD", text.translate(_LETTERS)):
        if unicodedata.category(letter) == "Cf" or (unicodedata.combining(letter) and kept and kept[-1].isascii()):
            continue
        kept.append(letter)
    return unicodedata.normalize("NFC", "".join(kept))


def _count(word: str) -> int:
    return int(word) if word.isdigit() else 1


def words(text: str) -> list[str]:
    """The runs of letters and digits of `text`, NFKC and case folded. Equal to the words of rouge-score for ASCII text.

    >>> words("Don't stop, 26-year-old!")
    ['don', 't', 'stop', '26', 'year', 'old']
    """
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


@lru_cache(maxsize=1 << 14)
def stem(word: str) -> str:
    """Remove common English endings from `word`, which is in plain form; words with equal stems count as equal.

    Irregular pasts of common verbs, plural, -ing, -ed, -ly, a silent final e, doubled final letters, and
    British -our, -re, -ise become American. Short words are unchanged, because cutting them could give
    another word (caring, car).

    >>> [stem(word) for word in ("pilots", "harbour", "harbor", "restoring", "restores", "families", "30s")]
    ['pilot', 'harbor', 'harbor', 'restor', 'restor', 'fami', '30']
    """
    if word[0].isdigit():
        return word.removesuffix("s")
    word = _IRREGULAR.get(word) or singular(word)
    for ending in ("ing", "ed", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word.removesuffix(ending)
            break
    if word == "grey":
        word = "gray"
    if word.endswith("our") and len(word) >= 5:
        word = word[:-3] + "or"
    if word.endswith("tre") and len(word) >= 5:
        word = word[:-3] + "ter"
    if word.endswith("y") and len(word) >= 4:
        word = word[:-1] + "i"
    if word.endswith("e") and len(word) >= 5:
        word = word[:-1]
    if word.endswith("is") and len(word) >= 6:
        word = word[:-1] + "z"
    if len(word) >= 4 and word[-1] == word[-2]:
        word = word[:-1]
    return word


def singular(word: str) -> str:
    """`word` without the ending of a plural."""
    if word.endswith("ies") and len(word) >= 5:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) >= 4:
        return word[:-1]
    return word


def _digits(number: re.Match[str]) -> str:
    if number["small"]:
        return str(_SMALL[number["small"]])
    return str(_TENS[number["tens"]] + _SMALL.get(number["units"], 0))
