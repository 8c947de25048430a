"""Classify completions, independently of any reward's prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import omni_persona_cal
from omni_persona_training.rewards.columns import Label
from omni_persona_training.rewards.safeguards import degenerate
from omni_persona_training.rewards.text import Completion, index, named_context, split, text_of, yes_or_no

if TYPE_CHECKING:
    from omni_persona_cal import Judge

Act: TypeAlias = Literal["right", "wrong", "abstain", "malformed", "unjudged"]
"""`malformed`: no usable answer. `unjudged`: an answer without a verdict."""

LONGEST = 2000
"""Maximum answer length in characters; a longer one is malformed and not shown to a judge."""


@dataclass(frozen=True)
class Outcome:
    """The classification of a completion."""

    act: Act
    grounded: bool
    """Whether its thoughts name the right context, or `none` if there is none."""


def outcomes(completions: Sequence[Completion], labels: Sequence[Label], judge: Judge) -> list[Outcome]:
    """Classify each completion. Only answers to answerable questions are judged, all in one call."""
    texts = [text_of(completion) for completion in completions]
    parts = [split(text) for text in texts]
    acts: list[Act | None] = [
        _act(text, answer, label) for text, (_, answer), label in zip(texts, parts, labels, strict=True)
    ]
    waiting = [place for place, act in enumerate(acts) if act is None]
    judgements = judge.judge([(labels[place].answer, parts[place][1]) for place in waiting]) if waiting else []
    for place, judgement in zip(waiting, judgements, strict=True):
        acts[place] = _VERDICTS.get(judgement.verdict, "unjudged")
    return [
        Outcome(act or "unjudged", act != "malformed" and _grounded(thoughts, label))
        for act, (thoughts, _), label in zip(acts, parts, labels, strict=True)
    ]


_VERDICTS: dict[str, Act] = {"CORRECT": "right", "WRONG": "wrong"}


def _act(text: str, answer: str, label: Label) -> Act | None:
    """The act of a completion, or None if a judge must decide."""
    if not answer or len(answer) > LONGEST or degenerate(text):
        return "malformed"
    if label.kind != "question":
        said = yes_or_no(answer) if label.kind == "verification" else _as_answer(index(answer))
        if said is None:
            return "abstain" if omni_persona_cal.abstains(answer) else "malformed"
        return "right" if said == label.answer else "wrong"
    if omni_persona_cal.abstains(answer):
        return "abstain"
    return None if label.absence == "none" else "wrong"


def _as_answer(number: int | None) -> str | None:
    return None if number is None else str(number or "none")


def _grounded(thoughts: str | None, label: Label) -> bool:
    named = named_context(thoughts)
    return named is not None and named == label.context
