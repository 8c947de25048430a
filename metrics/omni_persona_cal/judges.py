"""The judges by name, and the lexical one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .judge import Judge, Judgement, Question
from .lexical import judge as lexical_verdict


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
