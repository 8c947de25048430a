"""The interface of judges, which decide whether an answer matches the gold answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


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
    kept: bool = field(default=False, compare=False)
    """Whether the verdict was in the cache of the judge's replies, and the judge was not asked now."""


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

    @property
    def parts(self) -> tuple[str, str, tuple[str, ...]]:
        """All of it."""
        return self.gold, self.prediction, self.other_answers


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
