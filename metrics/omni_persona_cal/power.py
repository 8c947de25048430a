"""The smallest difference in Cal that a set of items can detect, and the number of source samples for a difference.

Two runs over the same items are compared. What is not known before any run is assumed: rates of one half, where they
vary most; that two items of one source sample, or about one person, go wrong together as here; and that the two runs
find the same items hard as here. `comparison.compare` says the same of two runs that are there, without assuming.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from .student import quantile

RATE = 0.5
"""Assumed of Ans and Unans."""

SAME_SOURCE = 0.25
"""Assumed correlation of two items of one source sample in one run."""

SAME_PERSON = 0.05
"""Assumed correlation of two items about one person from different source samples."""

SAME_ITEM = 0.5
"""Assumed correlation of the two runs on one item."""

POWER = 0.8
CONFIDENCE = 0.95


def detectable_difference(
    n_answerable: int,
    n_unanswerable: int,
    n_source_samples: int,
    n_people: int | None = None,
    *,
    power: float = POWER,
    confidence: float = CONFIDENCE,
) -> float | None:
    """The difference in Cal, 0..1, between two runs that a comparison detects with probability `power`.

    None if either kind of item is missing, or if all are of one source sample or about one person.

    Args:
        n_answerable, n_unanswerable: Number of items of each kind.
        n_source_samples: Number of sets of memories that they share.
        n_people: Number of people that the items ask about; default: as many as source samples.
        power: Probability of detecting the difference.
        confidence: Confidence level of the interval that must exclude zero.

    >>> round(100 * detectable_difference(391, 359, 250), 1)
    6.3
    """
    n_clusters = min(n_source_samples, n_people or n_source_samples)
    if not n_answerable or not n_unanswerable or n_clusters < 2:
        return None
    n = n_answerable + n_unanswerable
    effect = 1 + (n / n_source_samples - 1) * SAME_SOURCE
    if n_people is not None:
        effect += max(0.0, n / n_people - n / n_source_samples) * SAME_PERSON
    of_rates = RATE * (1 - RATE) * (1 / n_answerable + 1 / n_unanswerable) / 4
    error = math.sqrt(2 * (1 - SAME_ITEM) * effect * of_rates)
    return error * (quantile(confidence, n_clusters - 1) + NormalDist().inv_cdf(power))


def source_samples_needed(
    difference: float,
    n_people: int | None = None,
    *,
    items_per_sample: int = 3,
    answerable: float = 0.5,
    power: float = POWER,
    confidence: float = CONFIDENCE,
) -> int:
    """The number of source samples with which `detectable_difference` is at most `difference`.

    Args:
        difference: In Cal, 0..1.
        n_people: Number of people whom the items will ask about; default: as many as source samples.
        items_per_sample: Questions over one set of memories.
        answerable: Fraction of answerable items.
        power, confidence: As of `detectable_difference`.

    Raises:
        ValueError: an argument is out of range, or so few people cannot reveal the difference, however often they
            are asked about.
    """
    for name, value in (("difference", difference), ("answerable", answerable), ("power", power)):
        if not 0 < value < 1:
            raise ValueError(f"{name}: expected a number between 0 and 1, got {value!r}")
    if not power >= 0.5:
        raise ValueError(f"power: expected at least 0.5, got {power!r}")
    for name, number, least in (("items_per_sample", items_per_sample, 1), ("n_people", n_people or 2, 2)):
        if number < least:
            raise ValueError(f"{name}: expected at least {least}, got {number!r}")

    def detectable(n_sources: int) -> float:
        n = n_sources * items_per_sample
        n_answerable = min(max(round(n * answerable), 1), n - 1)
        found = detectable_difference(
            n_answerable, n - n_answerable, n_sources, n_people, power=power, confidence=confidence
        )
        return math.inf if found is None else found

    enough = 2
    while detectable(enough) > difference:
        enough *= 2
        if enough > 2**30:
            raise ValueError(
                f"{n_people} people cannot tell a difference of {100 * difference:g} points, however often they are "
                f"asked about: the most that they can tell is {100 * detectable(2**30):.1f} points. Use more people"
            )
    least = enough // 2
    while enough - least > 1:
        middle = (least + enough) // 2
        least, enough = (least, middle) if detectable(middle) <= difference else (middle, enough)
    return enough
