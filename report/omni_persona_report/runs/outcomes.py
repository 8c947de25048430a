"""Classify the outcome of an item, and find the person whose memory an answer was taken from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from omni_persona_cal import abstains
from omni_persona_cal.text import plain, stem, words

Outcome: TypeAlias = Literal[
    "failed",
    "unjudged",
    "wrong_person",
    "wrong_attribute",
    "wrong_unclear",
    "hallucinated",
    "false_abstention",
    "right",
    "unknown",
]

OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "failed": ("Failed", "The model gave no answer; no rate counts the item."),
    "unjudged": ("Unjudged", "The answer has no usable verdict; rates that need one do not count the item."),
    "wrong_person": ("Wrong person", "The answer's words come from another person's note."),
    "wrong_attribute": (
        "Wrong attribute",
        "The answer's words come from the right person's note, but the answer is wrong.",
    ),
    "wrong_unclear": ("Wrong, origin unclear", "Judged wrong; the answer's words match no single note."),
    "hallucinated": ("Hallucinated", "The memories do not contain the answer, but the model gave one."),
    "false_abstention": ("False abstention", "The memories contain the answer, but the model abstained."),
    "right": ("Right", "Answered correctly, or rightly abstained."),
    "unknown": ("Not known", "The dataset is missing, so the right answer is unknown."),
}
"""Outcome -> its name and meaning, in display order."""

WRONG: tuple[Outcome, ...] = ("wrong_person", "wrong_attribute", "wrong_unclear")


def outcome(
    prediction: str | None,
    *,
    answerable: bool | None,
    verdict: str | None,
    source: int | None,
    target: int | None,
) -> Outcome:
    """Classify the outcome of an item.

    prediction: None for a failed item. answerable: None if the item is unknown.
    verdict: of an answerable item; None if there is none.
    source: index of the context that the answer came from (`source_of`). target: that of the person asked about.
    """
    if prediction is None:
        return "failed"
    if answerable is None:
        return "unknown"
    if not answerable:
        return "right" if abstains(prediction) else "hallucinated"
    if abstains(prediction):
        return "false_abstention"
    if verdict == "CORRECT":
        return "right"
    if verdict != "WRONG":
        return "unjudged"
    if source is None or target is None:
        return "wrong_unclear"
    return "wrong_attribute" if source == target else "wrong_person"


_COMMON = frozenset(
    map(
        stem,
        words(
            "a an and are as at be been but by for from had has have he her hers him his i in is it its my of on or "
            "our she so that the their them they this to was we were what when where which who with you your "
            "person answer context"
        ),
    )
)
"""Words that identify nobody."""
_SHARE = 0.3
"""Minimum weighted fraction of the answer's words that the note must contain."""
_LEAD = 1.25
"""Minimum margin over the second-best note."""


def source_of(
    prediction: str, question: str, notes: Sequence[str], stems: Callable[[str], frozenset[str]] | None = None
) -> int | None:
    """The index of the note that an answer's words come from; None if unclear.

    Words of the question are ignored, and a word counts less the more notes contain it. A heuristic
    for examining wrong answers; no score depends on it. stems: `stems_of`, possibly with a cache.

    >>> source_of("She keeps bees.", "What is her hobby?", ["Ann keeps bees in Porto.", "Eve collects stamps."])
    0
    """
    stems = stems or stems_of
    asked = stems_of(question)
    said = sorted(word for word in stems_of(prediction) if word not in asked and word not in _COMMON)
    held = [stems(note) for note in notes]
    weights = {word: math.log((len(notes) + 1) / (sum(word in note for note in held) + 0.5)) for word in said}
    total = sum(weights.values())
    if not held or not total:
        return None
    found = [sum(weights[word] for word in said if word in note) for note in held]
    best = max(range(len(found)), key=found.__getitem__)
    others = max((value for place, value in enumerate(found) if place != best), default=0.0)
    clear = found[best] >= _SHARE * total and found[best] >= _LEAD * others
    return best if clear and found[best] > 0 else None


def stems_of(text: str) -> frozenset[str]:
    """The stems of a text's words."""
    return frozenset(stem(word) for word in words(plain(text)))
