"""Does a prediction abstain? A fixed list of phrases decides, the same one as in the v2.2 release."""

from __future__ import annotations

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

_APOSTROPHES = str.maketrans({"‘": "'", "’": "'", "ʼ": "'"})


def abstains(prediction: str) -> bool:
    """Whether `prediction` holds one of `ABSTENTION_PHRASES`.

    The text is lower-cased, runs of white space (line ends too) are read as one space and curly apostrophes
    as straight ones. Nothing else is interpreted: an answer that also holds such a phrase abstains.

    >>> abstains("I  Cannot\\nDetermine that.")
    True
    >>> abstains("They are a harbour pilot.")
    False
    """
    text = " ".join(prediction.translate(_APOSTROPHES).lower().split())
    return any(phrase in text for phrase in ABSTENTION_PHRASES)
