"""The judges, which decide whether an answer matches the gold answer, and their common interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from .lexical import judge as lexical_verdict


class JudgeError(Exception):
    """A judge that cannot work at all, for example because the key is refused; the message says what to do."""


@dataclass(frozen=True)
class Judgement:
    """A judge's decision on one answer."""

    verdict: str
    """One of `scores.VERDICTS`."""
    raw: str | None = None
    """The judge's text, or why there is none; None for a judge that does not write."""
    reason: str | None = field(default=None, compare=False)
    """Why the answer is UNJUDGED."""
    margin: float | None = field(default=None, compare=False)
    """Log-likelihood of CORRECT minus that of WRONG; None for a judge without likelihoods."""


@runtime_checkable
class Judge(Protocol):
    """A judge of pairs of a gold answer and a prediction."""

    name: str
    """The judge's name in results."""

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
        """Return one judgement for each pair (gold answer, prediction), in order.

        A pair without a usable reply is UNJUDGED, never WRONG. Raises `JudgeError` if it
        is pointless to continue.
        """


@dataclass(frozen=True)
class Question:
    """The input for judging one answer."""

    gold: str
    prediction: str
    other_answers: tuple[str, ...] = ()
    """Values of the asked field in the other memories."""


@runtime_checkable
class ContextualJudge(Protocol):
    """A judge that also considers the other memories' values."""

    name: str

    def judge_questions(self, questions: Sequence[Question]) -> list[Judgement]:
        """Return one judgement for each question, in order; otherwise like `Judge.judge`."""


def ask(judge: Judge, questions: Sequence[Question]) -> list[Judgement]:
    """Judge each question. A judge of pairs does not receive the other answers."""
    if isinstance(judge, ContextualJudge):
        return judge.judge_questions(questions)
    return judge.judge([(question.gold, question.prediction) for question in questions])


class LexicalJudge:
    """The deterministic, offline rule of `lexical.py`."""

    name = "lexical"

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
        """Return one judgement for each pair (gold answer, prediction)."""
        return self.judge_questions([Question(*pair) for pair in pairs])

    def judge_questions(self, questions: Sequence[Question]) -> list[Judgement]:
        """Return one judgement for each question; affirming another memory's value is WRONG."""
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
"""Name -> function that makes the judge from its options."""


def make_judge(name: str, options: Mapping[str, Any] | None = None) -> Judge:
    """Make the judge called `name`.

    Args:
        name: A key of `JUDGES`.
        options: None for `lexical`; otherwise the arguments of `openai_judge.OpenAIJudge` or
            `transformers_judge.TransformersJudge`.

    Raises:
        ValueError: an unknown judge, or an unknown or missing option.
    """
    if not isinstance(name, str) or name not in JUDGES:
        raise ValueError(f"judge: expected one of {', '.join(map(repr, JUDGES))}, got {name!r}")
    try:
        return JUDGES[name](**(options or {}))
    except TypeError as error:
        raise ValueError(f"judge_options for {name!r}: {error}") from None
