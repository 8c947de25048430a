"""Answerable items in the form that solvers use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item
from omni_persona_artifacts.construction import Construction
from omni_persona_build.checks.described import DescribedMedia
from omni_persona_build.checks.likeness import MemoryLikeness
from omni_persona_people.rules.content_words import content_words


@dataclass(frozen=True)
class Ready:
    """Answerable items with valid labels and media, with the inputs of the solvers."""

    items: Sequence[Item]
    targets: NDArray[np.intp]
    """Position of the target, shape (n,)."""
    samples: NDArray[np.str_]
    """Source sample, shape (n,): sibling items are not independent."""
    people: NDArray[np.str_]
    """The person asked about, shape (n,); the source sample if unknown."""
    standing: Sequence[Sequence[str]]
    """The person in each context, n times K; the position if unknown."""
    questions: Sequence[str]
    """The questions without their cue."""
    stating: NDArray[np.bool_]
    """Whether each note states the asked attribute, shape (n, K); all true if unknown."""
    left_out: NDArray[np.float64]
    """Number of fields that each note omits and all others state, shape (n, K); zero if unknown."""
    media: DescribedMedia
    memories: MemoryLikeness

    @property
    def chances(self) -> NDArray[np.float64]:
        """Probability that a guess among the notes that state the asked attribute is right, shape (n,)."""
        chances: NDArray[np.float64] = 1 / np.maximum(self.stating.sum(axis=1), 1)
        return chances

    @property
    def clusters(self) -> tuple[Sequence[str], Sequence[str]]:
        """The groupings of correlated items: by source sample, and by the person asked about."""
        return self.samples.tolist(), self.people.tolist()

    @cached_property
    def overlap(self) -> NDArray[np.float64]:
        """Number of content words that each note shares with the question without its cue, shape (n, K)."""
        return np.array(
            [
                [len(content_words(question) & content_words(context.text)) for context in item.contexts]
                for item, question in zip(self.items, self.questions, strict=True)
            ],
            dtype=np.float64,
        )

    def chosen(self, scores: NDArray[Any]) -> NDArray[np.float64]:
        """How often the target scores highest among the notes that state the asked attribute; shapes (n, K), (n,)."""
        scores = np.where(self.stating, scores, -np.inf)
        highest = scores == scores.max(axis=1, keepdims=True)
        return highest[np.arange(len(scores)), self.targets] / highest.sum(axis=1)

    def of_group(self, group: str) -> Ready:
        """The items of one group."""
        return self.where([item.task.group == group for item in self.items])

    def where(self, kept: Sequence[bool]) -> Ready:
        """A subset of the items; kept: n booleans."""
        places = [place for place, keep in enumerate(kept) if keep]
        return Ready(
            [self.items[place] for place in places],
            self.targets[places],
            self.samples[places],
            self.people[places],
            [self.standing[place] for place in places],
            [self.questions[place] for place in places],
            self.stating[places],
            self.left_out[places],
            self.media,
            self.memories,
        )


def ready(
    items: Sequence[Item], construction: Construction | None, media: DescribedMedia, memories: MemoryLikeness
) -> Ready:
    """Select the answerable items. Values from the side file are left at their defaults if the file is missing."""
    contexts = max((len(item.contexts) for item in items), default=0)
    answerable = [
        item for item in items if item.answerable and len(item.contexts) == contexts and _place(item) is not None
    ]
    places = [_place(item) for item in answerable]
    questions, stating, left_out, people, standing = [], [], [], [], []
    for item in answerable:
        placed = (construction or {}).get(item.augmented_id)
        placed = placed if placed and len(placed) == contexts else None
        cue = placed[0]["cue"] if placed else None
        questions.append(item.query_text.replace(cue.rstrip(" ."), "") if cue else item.query_text)
        stating.append([one["states_asked"] for one in placed] if placed else [True] * contexts)
        left_out.append(_left_out([one["stated"] or [] for one in placed] if placed else [[]] * contexts))
        people.append(placed[0]["queried_person"] if placed else item.source_sample_id)
        standing.append([one["person"] for one in placed] if placed else [str(place) for place in range(contexts)])
    return Ready(
        answerable,
        np.array(places, dtype=np.intp),
        np.array([item.source_sample_id for item in answerable]),
        np.array(people),
        standing,
        questions,
        np.array(stating, dtype=bool).reshape(len(answerable), contexts),
        np.array(left_out, dtype=np.float64).reshape(len(answerable), contexts),
        media,
        memories,
    )


def by_sample(items: Sequence[Item]) -> list[list[Item]]:
    """The items of each source sample, in order."""
    samples: dict[str, list[Item]] = {}
    for item in items:
        samples.setdefault(item.source_sample_id, []).append(item)
    return [*samples.values()]


def _left_out(stated: Sequence[Sequence[str]]) -> list[int]:
    """For each of K notes, the number of fields that it omits and all others state."""
    counts = Counter(field for fields in stated for field in fields)
    usual = {field for field, count in counts.items() if count == len(stated) - 1}
    return [len(usual.difference(fields)) for fields in stated]


def _place(item: Item) -> int | None:
    """The target's position among the contexts."""
    concepts = [context.concept_id for context in item.contexts]
    return concepts.index(item.target_concept_id) if item.target_concept_id in concepts else None
