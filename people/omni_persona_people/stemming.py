"""Stems of English words by the algorithm of Porter (1980), with the extensions of NLTK.

The same stems as `nltk.stem.PorterStemmer().stem`, whose import takes longer than a small build.
"""

from __future__ import annotations

_VOWELS = frozenset("aeiou")

_IRREGULAR = {
    "skies": "sky",
    "sky": "sky",
    "dying": "die",
    "lying": "lie",
    "tying": "tie",
    "news": "news",
    "innings": "inning",
    "inning": "inning",
    "outings": "outing",
    "outing": "outing",
    "cannings": "canning",
    "canning": "canning",
    "howe": "howe",
    "proceed": "proceed",
    "exceed": "exceed",
    "succeed": "succeed",
}
_PLURALS = (("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", ""))


def _table(rules: str) -> tuple[tuple[str, str], ...]:
    """Ending and replacement of each rule, in the order in which they are tried."""
    pairs = (rule.partition(">") for rule in rules.split())
    return tuple((end, new) for end, _, new in pairs)


_DERIVED = _table(
    "ational>ate tional>tion enci>ence anci>ance izer>ize bli>ble alli>al entli>ent eli>e ousli>ous ization>ize "
    "ation>ate ator>ate alism>al iveness>ive fulness>ful ousness>ous aliti>al iviti>ive biliti>ble fulli>ful"
)
"""Step 2: ending -> what takes its place after a stem with at least one vowel-consonant pair."""
_DERIVED_FURTHER = _table("icate>ic ative> alize>al iciti>ic ical>ic ful> ness>")
"""Step 3, likewise."""
_DROPPED = _table("al ance ence er ic able ible ant ement ment ent ion ou ism ate iti ous ive ize")
"""Step 4: endings dropped after a stem with at least two such pairs."""


def stem(word: str) -> str:
    """The stem of a word in any case.

    Examples:
        >>> [stem(word) for word in ("Hopping", "relational", "ponies", "ties", "enjoyment")]
        ['hop', 'relat', 'poni', 'tie', 'enjoy']
    """
    lowered = word.lower()
    if lowered in _IRREGULAR:
        return _IRREGULAR[lowered]
    if len(word) <= 2:
        return lowered
    return _without_e(_dropped(_derived_further(_derived(_y_to_i(_past_or_ing(_singular(lowered)))))))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) == 4:
        return word[:-1]
    return next((word.removesuffix(end) + new for end, new in _PLURALS if word.endswith(end)), word)


def _past_or_ing(word: str) -> str:
    """Drop `ed` and `ing` after a vowel, and mend what is left."""
    if word.endswith("ied"):
        return word[:-1] if len(word) == 4 else word[:-2]
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for end in ("ed", "ing"):
        if word.endswith(end) and "v" in _letters(word.removesuffix(end)):
            return _mended(word.removesuffix(end))
    return word


def _mended(cut: str) -> str:
    """What is left of a word after `ed` or `ing`: `conflat` to `conflate`, `hopp` to `hop`, `fil` to `file`."""
    if cut.endswith(("at", "bl", "iz")):
        return cut + "e"
    if len(cut) > 1 and cut[-1] == cut[-2] and _letters(cut)[-1] == "c":
        return cut if cut[-1] in "lsz" else cut[:-1]
    return cut + "e" if _measure(cut) == 1 and _is_short(cut) else cut


def _y_to_i(word: str) -> str:
    after_consonant = word.endswith("y") and len(word) > 2 and _letters(word[:-1])[-1] == "c"
    return word[:-1] + "i" if after_consonant else word


def _derived(word: str) -> str:
    if word.endswith("alli") and _measure(word[:-4]) > 0:
        return _derived(word[:-2])
    for end, new in _DERIVED:
        if word.endswith(end):
            return word.removesuffix(end) + new if _measure(word.removesuffix(end)) > 0 else word
    # The l of `logi` counts as part of the stem, so that `geologi` is treated as `archaeologi`.
    return word[:-1] if word.endswith("logi") and _measure(word[:-3]) > 0 else word


def _derived_further(word: str) -> str:
    for end, new in _DERIVED_FURTHER:
        if word.endswith(end):
            return word.removesuffix(end) + new if _measure(word.removesuffix(end)) > 0 else word
    return word


def _dropped(word: str) -> str:
    for end, _ in _DROPPED:
        if word.endswith(end):
            rest = word.removesuffix(end)
            return rest if _measure(rest) > 1 and (end != "ion" or rest[-1] in "st") else word
    return word


def _without_e(word: str) -> str:
    """Drop a final e, and one of two final l."""
    if word.endswith("e"):
        measure = _measure(word[:-1])
        if measure > 1 or (measure == 1 and not _is_short(word[:-1])):
            word = word[:-1]
    return word[:-1] if word.endswith("ll") and _measure(word[:-1]) > 1 else word


def _letters(word: str) -> str:
    """A `c` for each consonant and a `v` for each vowel; y is a vowel after a consonant."""
    kinds = ""
    for letter in word:
        is_vowel = letter in _VOWELS or (letter == "y" and kinds[-1:] == "c")
        kinds += "v" if is_vowel else "c"
    return kinds


def _measure(word: str) -> int:
    """How often a consonant follows a vowel."""
    return _letters(word).count("vc")


def _is_short(word: str) -> bool:
    """Whether a word ends in consonant, vowel and a consonant other than w, x and y, or is a vowel and a consonant."""
    kinds = _letters(word)
    return (kinds[-3:] == "cvc" and word[-1] not in "wxy") or kinds == "vc"
