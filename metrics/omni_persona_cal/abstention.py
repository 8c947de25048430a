"""Detect abstention by a fixed list of phrases, the same as in the v2.2 release."""

from __future__ import annotations

import re
import unicodedata

from .abstention_judged import declines
from .thinking import answer_of

CANONICAL_ABSTENTION = "I cannot determine that from the provided context."
"""The answer that a model is asked to give if its memories do not contain the answer."""

ABSTENTION_PHRASES = (
    "cannot determine",
    "cannot be determined",
    "not enough information",
    "insufficient information",
    "cannot answer",
    "unable to determine",
    "don't know from",
    "do not know from",
    "the provided context does not",
    "not provided in the context",
    "no information in the context",
    "context does not contain",
    "cannot identify",
    "i cannot tell",
)
"""The benchmark's definition of abstaining: one of these phrases occurs anywhere in the prediction."""

_APOSTROPHES = str.maketrans(dict.fromkeys("‘’ʼ´＇", "'"))
_MARKUP = re.compile(r"</?[a-z][^<>]{0,80}>|[*_~#`\\]+", re.IGNORECASE)


def folded(text: str) -> str:
    """Normalise `text` for matching abstention phrases.

    NFKC, lower case, straight apostrophes, no invisible characters (soft hyphens, zero-width ones), no
    markup (Markdown signs, HTML tags), and each run of white space, including line breaks, as one space.

    >>> folded("I **can\u00adnot**\\n  determine it, I don\u2019t")
    "i cannot determine it, i don't"
    """
    if text.isascii():
        return " ".join(_MARKUP.sub("", text).lower().split())
    invisible = {ord(letter) for letter in set(text) if unicodedata.category(letter) == "Cf"}
    text = _MARKUP.sub("", text.translate(_APOSTROPHES | dict.fromkeys(invisible)))
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def abstains(prediction: str) -> bool:
    """Whether the answer in `prediction` contains one of `ABSTENTION_PHRASES`: the paper's rule.

    Thoughts before the answer are ignored (see `thinking`). Nothing else is interpreted: an answer that also contains
    such a phrase abstains.

    >>> abstains("I  Cannot\\n**Determine** that.")
    True
    >>> abstains("<think>I cannot determine it yet.</think> They are a harbour pilot.")
    False
    """
    return has_phrase(folded(answer_of(prediction)))


def has_phrase(text: str) -> bool:
    """Whether a normalised text (see `folded`) contains one of `ABSTENTION_PHRASES`."""
    return any(phrase in text for phrase in ABSTENTION_PHRASES)


def abstains_judged(prediction: str) -> bool:
    """Whether the answer in `prediction` abstains, by the paper's phrases or in other words.

    Our own rule (see `abstention_judged`), reported beside the paper's. If an answer has one of the paper's phrases
    only in passing ("I cannot identify the tune, but she is a nurse"),
    this rule counts it as an answer.

    >>> abstains_judged("None of the four people match this voice.")
    True
    """
    return declines(folded(answer_of(prediction)))
