"""Reading a text: plain form, words, stems. What the lexical judge and the overlap scores compare."""

from __future__ import annotations

import re
import unicodedata

_QUOTES = str.maketrans({"‘": "'", "’": "'", "ʼ": "'", "“": '"', "”": '"'})
_MARKDOWN = re.compile(r"[*_`~#]+")
# Full stops that end no sentence: in abbreviations (d.c.), titles and initials (dr. j. smith), numbers (3.5).
_ABBREVIATION = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_TITLE = re.compile(r"\b(dr|mr|mrs|ms|prof|st|jr|sr|[^\W\d_])\.(?=\s)")
_DIGIT_GROUP = re.compile(r"(?<=\d)[.,](?=\d)")

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


_IRREGULAR = {
    form: verb
    for verb, forms in {
        "wear": "wore worn", "meet": "met", "teach": "taught", "write": "wrote written", "speak": "spoke spoken",
        "sing": "sang sung", "feel": "felt", "keep": "kept", "hold": "held", "grow": "grew grown", "build": "built",
        "sell": "sold", "buy": "bought", "make": "made", "drive": "drove driven", "swim": "swam swum", "run": "ran",
        "ride": "rode ridden", "draw": "drew drawn", "sit": "sat", "stand": "stood",
    }.items()
    for form in forms.split()
}  # fmt: skip
"""Past forms of what people do, wear and feel. Forms that are words of their own (left) stay out."""


def plain(text: str) -> str:
    """`text` in one comparable form.

    NFKC, case folded, straight quotes, no Markdown signs, number words below a hundred as digits
    ("twenty-six" is "26"; "one" stays), and no full stops but those that end a sentence ("D.C." is "dc").
    Line ends are kept.
    """
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES).casefold()
    text = _MARKDOWN.sub(" ", text)
    text = _ABBREVIATION.sub(lambda match: match[0].replace(".", ""), text)
    text = _TITLE.sub(r"\1", text)
    text = _DIGIT_GROUP.sub("", text)
    return _NUMBER.sub(_digits, text)


def words(text: str) -> list[str]:
    """The runs of letters and digits of `text`, case folded. The same as rouge-score's own on ASCII text.

    >>> words("Don't stop, 26-year-old!")
    ['don', 't', 'stop', '26', 'year', 'old']
    """
    return _WORD.findall(text.casefold())


def stem(word: str) -> str:
    """`word`, in plain form, without its commonest English endings: equal stems are read as the same word.

    Irregular pasts of common verbs, plural, -ing, -ed, -ly, a silent final e, doubled final letters, and
    British against American -our, -re, -ise. Short words are left alone, because there a wrong cut makes
    another word of them (caring, car).

    >>> [stem(word) for word in ("pilots", "harbour", "harbor", "restoring", "restores", "families", "30s")]
    ['pilot', 'harbor', 'harbor', 'restor', 'restor', 'fami', '30']
    """
    if word[0].isdigit():
        return word.removesuffix("s")
    word = _IRREGULAR.get(word) or _singular(word)
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


def _singular(word: str) -> str:
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
