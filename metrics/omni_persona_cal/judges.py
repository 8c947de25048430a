"""Judges: who says whether an answer matches the gold answer. One interface, three of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
    reason: str | None = field(default=None, compare=False)
    """Why the answer is UNJUDGED."""
    margin: float | None = field(default=None, compare=False)
    """By how much the judge preferred CORRECT to WRONG, in log-likelihood; None for one that has no likelihoods."""


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


@dataclass(frozen=True)
class Question:
    """What a judge is asked about one answer."""

    gold: str
    prediction: str
    other_answers: tuple[str, ...] = ()
    """What the other memories say of the asked field."""


@runtime_checkable
class ContextualJudge(Protocol):
    """A judge that also looks at what the other memories say."""

    name: str

    def judge_questions(self, questions: Sequence[Question]) -> list[Judgement]:
        """One judgement for each question, in their order; else as `Judge.judge`."""


def ask(judge: Judge, questions: Sequence[Question]) -> list[Judgement]:
    """What `judge` says of each question. A judge that knows pairs alone is not told of other answers."""
    if isinstance(judge, ContextualJudge):
        return judge.judge_questions(questions)
    return judge.judge([(question.gold, question.prediction) for question in questions])


class LexicalJudge:
    """The rule of `lexical.py`: deterministic, offline."""

    name = "lexical"

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
        """One judgement for each pair (gold answer, prediction)."""
        return self.judge_questions([Question(*pair) for pair in pairs])

    def judge_questions(self, questions: Sequence[Question]) -> list[Judgement]:
        """One judgement for each question; what the other memories say must not be affirmed."""
        return [Judgement(lexical_verdict(one.gold, one.prediction, one.other_answers)) for one in questions]


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
