"""Quantiles of Student's t distribution, without scipy, whose import takes longer than computing all scores."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

_CLOSE = 1e-15
_STEPS = 500
"""Maximum number of iterations; none here needs as many."""


@lru_cache(maxsize=65_536)
def quantile(confidence: float, df: float) -> float:
    """The t such that the central `confidence` of the distribution lies between -t and t: 2.093 for 0.95 and 19 df.

    Args:
        confidence: Between 0 and 1.
        df: Degrees of freedom, at least 1; need not be whole.

    >>> round(quantile(0.95, 19), 3)
    2.093
    """
    outside = (1 - confidence) / 2
    x = NormalDist().inv_cdf(1 - outside)
    # Newton's steps on the logarithms of tail and t, whose graph is nearly a straight line where t is large; near zero,
    # where that graph is flat, on the tail itself. t is never below the normal quantile, where they start.
    for _ in range(_STEPS):
        tail, density = upper_tail(x, df), _density(x, df)
        if outside < 0.25:
            step = x * math.expm1(tail * math.log(tail / outside) / (x * density))
        else:
            step = (tail - outside) / density
        x += step
        # The error after a step is about the square of it.
        if abs(step) <= 1e-9 * max(1.0, x):
            break
    return x


def upper_tail(t: float, df: float) -> float:
    """The probability of a value above `t`, which is not negative."""
    return _incomplete_beta(df / (df + t * t), t * t / (df + t * t), df / 2, 0.5) / 2


def _density(t: float, df: float) -> float:
    log = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - (df + 1) / 2 * math.log1p(t * t / df)
    return math.exp(log) / math.sqrt(df * math.pi)


def _incomplete_beta(x: float, rest: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b) (Abramowitz and Stegun 26.5.8, by Lentz's method).

    rest: 1 - x, which the caller can compute without the rounding that matters where x is close to 1.
    """
    if x <= 0 or rest <= 0:
        return float(rest <= 0)
    if x > (a + 1) / (a + b + 2):  # where the fraction for the other tail converges faster
        return 1 - _incomplete_beta(rest, x, b, a)
    logs = a * math.log(x) + b * (math.log1p(-x) if x < 0.5 else math.log(rest))
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + logs)
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 / (1 + term * d), 1 + term / c
            value *= d * c
        if abs(d * c - 1) < _CLOSE:
            break
    return front * value / a
