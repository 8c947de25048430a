"""Does a prediction abstain? A fixed list of phrases decides, the same one as in the v2.2 release."""

from __future__ import annotations

import re
import unicodedata

from .abstention_judged import declines
from .thinking import answer_of

CANONICAL_ABSTENTION = "I cannot determine that from the provided context."
"""What a model is asked to say when the memories do not hold the answer."""

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
"""The benchmark's definition of abstaining: one of these occurs anywhere in the prediction."""

_APOSTROPHES = str.maketrans(dict.fromkeys("‘’ʼ´＇", "'"))
_MARKUP = re.compile(r"</?[a-z][^<>]{0,80}>|[*_~#`\\]+", re.IGNORECASE)


def folded(text: str) -> str:
    """`text` as abstention phrases are looked for in it.

    NFKC and lower-cased, apostrophes straight, invisible characters (soft hyphens, zero-width ones) dropped, and
    markup (Markdown signs, HTML tags) dropped; runs of white space, line ends too, are one space.

    >>> folded("I **can\u00adnot**\\n  determine it, I don\u2019t")
    "i cannot determine it, i don't"
    """
    text = text.translate(_APOSTROPHES)
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    text = _MARKUP.sub("", text)
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def abstains(prediction: str) -> bool:
    """Whether the answer in `prediction` holds one of `ABSTENTION_PHRASES`: the paper's rule.

    Thoughts before the answer do not count (see `thinking`). Nothing else is interpreted: an answer that also holds
    such a phrase abstains.

    >>> abstains("I  Cannot\\n**Determine** that.")
    True
    >>> abstains("<think>I cannot determine it yet.</think> They are a harbour pilot.")
    False
    """
    text = folded(answer_of(prediction))
    return any(phrase in text for phrase in ABSTENTION_PHRASES)


def abstains_judged(prediction: str) -> bool:
    """Whether the answer in `prediction` abstains, by the paper's phrases or in words of its own.

    A rule of ours (see `abstention_judged`), reported beside the paper's. Where the two differ the other way round,
    in an answer that holds one of the paper's phrases in passing ("I cannot identify the tune, but she is a nurse"),
    this one follows the answer.

    >>> abstains_judged("None of the four people match this voice.")
    True
    """
    text = folded(answer_of(prediction))
    return declines(text)
