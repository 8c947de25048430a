"""Judges: who says whether an answer matches the gold answer. One interface, three of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from .lexical import judge as lexical_verdict


class JudgeError(Exception):
    """A judge that cannot work at all, such as an endpoint that refuses the key; the message says what to do."""


@dataclass(frozen=True)
class Judgement:
    """What a judge says about one answer."""

    verdict: str
    """One of `scores.VERDICTS`."""
    raw: str | None = None
    """What the judge wrote, or why it wrote nothing; None for a judge that does not write."""


@runtime_checkable
class Judge(Protocol):
    """Anything that judges pairs of a gold answer and a prediction."""

    name: str
    """Names the judge in results."""

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
        """One judgement for each pair (gold answer, prediction), in their order.

        A pair that the judge has no usable reply to is UNJUDGED, never WRONG. Raises `JudgeError` where it
        makes no sense to go on.
        """


class LexicalJudge:
    """The rule of `lexical.py`: deterministic, offline."""

    name = "lexical"

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
        """One judgement for each pair (gold answer, prediction)."""
        return [Judgement(lexical_verdict(gold, prediction)) for gold, prediction in pairs]


def _openai(**options: Any) -> Judge:
    from .openai_judge import OpenAIJudge

    return OpenAIJudge(**options)


def _transformers(**options: Any) -> Judge:
    from .transformers_judge import TransformersJudge

    return TransformersJudge(**options)


JUDGES: dict[str, Callable[..., Judge]] = {
    "lexical": LexicalJudge,
    "openai": _openai,
    "transformers": _transformers,
}
"""Name -> what makes the judge of that name from its options."""


def make_judge(name: str, options: Mapping[str, Any] | None = None) -> Judge:
    """The judge called `name`.

    Args:
        name: A key of `JUDGES`.
        options: None for `lexical`; else the arguments of `openai_judge.OpenAIJudge` or
            `transformers_judge.TransformersJudge`.

    Raises:
        ValueError: no such judge, or an option that it does not have or lacks.
    """
    if not isinstance(name, str) or name not in JUDGES:
        raise ValueError(f"judge: expected one of {', '.join(map(repr, JUDGES))}, got {name!r}")
    try:
        return JUDGES[name](**(options or {}))
    except TypeError as error:
        raise ValueError(f"judge_options for {name!r}: {error}") from None
