"""Read a verdict from likelihoods: which of the two verdict words is the judge more likely to write?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from .scores import CORRECT, UNJUDGED, WRONG

_SHORTEST_TOKEN = 2
"""Minimum length of a token to count as the beginning of a verdict word."""


def read_margin(margin: float | None) -> tuple[str, str]:
    """Convert a margin to a verdict and its text in a transcript.

    margin: log-likelihood of CORRECT minus that of WRONG; None if unavailable.

    >>> read_margin(1.5)
    ('CORRECT', 'CORRECT by a log-likelihood margin of +1.500')
    """
    if margin is None or math.isnan(margin) or margin == 0:
        return UNJUDGED, "no likelihoods of CORRECT and WRONG that differ"
    verdict = CORRECT if margin > 0 else WRONG
    return verdict, f"{verdict} by a log-likelihood margin of {margin:+.3f}"


def margin_of_words(first_tokens: Mapping[str, float]) -> float | None:
    """The margin from the log-likelihoods of the most likely first tokens; None if they include neither word.

    A word that is not among them is less likely than each of them, which bounds its likelihood from above.
    """
    correct, wrong = (
        log_sum(value for token, value in first_tokens.items() if _begins(token, verdict))
        for verdict in (CORRECT, WRONG)
    )
    if math.isinf(correct) and math.isinf(wrong):
        return None
    least = min(first_tokens.values())
    return max(correct, least) - max(wrong, least)


def log_sum(values: Iterable[float]) -> float:
    """The logarithm of a sum of likelihoods given by their logarithms; minus infinity for none."""
    known = [value for value in values if not math.isinf(value)]
    if not known:
        return -math.inf
    highest = max(known)
    return highest + math.log(math.fsum(math.exp(value - highest) for value in known))


def _begins(token: str, verdict: str) -> bool:
    """Whether a token is a verdict word or its beginning, in any case."""
    text = token.strip().strip("*_`\"'").upper()
    return text == verdict or (len(text) >= _SHORTEST_TOKEN and verdict.startswith(text))
