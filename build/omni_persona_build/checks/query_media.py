"""Solvers for the query medium: can a face be matched by its background, or a voice by its microphone?

An I2I question should need a face, and an A2A question a voice. If other properties of the picture or clip identify the
person, the group does not need its modality: the check fails, and the card and the report say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item
from omni_persona_build.checks.described import Described, DescribedMedia
from omni_persona_build.checks.evidence import standardised
from omni_persona_build.checks.finding import Finding
from omni_persona_build.checks.fitted import scores_on_strangers
from omni_persona_build.checks.known_media import Sort
from omni_persona_build.checks.media_facts import CLIP_FACTS, PICTURE_FACTS
from omni_persona_build.checks.ready import Ready, by_sample
from omni_persona_build.checks.solvers import Classifier, Picked

GROUPS: dict[str, tuple[Sort, Sequence[str]]] = {"I2I": ("image", [*PICTURE_FACTS]), "A2A": ("audio", [*CLIP_FACTS])}
"""Group -> the medium of its query, and the facts that must not identify the person."""
FITTED = "all of these, fitted on strangers"
"""The solver that uses all facts together."""


def query_media(picked: Sequence[Picked], detected: Sequence[Classifier]) -> list[Finding]:
    """For I2I and A2A: a finding for each fact, for all facts in a fitted classifier, and for who is missing.

    picked: those of `fact_pickers`. detected: those of `missing_by_facts`.
    """
    findings: dict[str, list[Finding]] = {group: [] for group in GROUPS}
    for picker in picked:
        findings[str(picker.group)].append(picker.finding())
    for group, found in findings.items():
        if found and not any(FITTED in one.check for one in found):
            reason = "no set is without people who are asked about in others"
            found.append(Finding(f"shortcut: {group} by {FITTED}", None, reason, group, too_few=True))
    for classifier in detected:
        findings[str(classifier.group)].append(classifier.finding())
    return [one for found in findings.values() for one in found]


def fact_pickers(items: Ready) -> Iterator[Picked]:
    """For I2I and A2A: the context whose medium is nearest to the query's in each fact, and in all of them."""
    for group, (sort, facts) in GROUPS.items():
        answerable = items.of_group(group)
        answerable = answerable.where([_sound(item, sort, items.media) for item in answerable.items])
        if not answerable.items:
            continue
        distances = _distances(answerable, sort, facts)
        for number, fact in enumerate(facts):
            yield Picked(f"{group} by {fact}", answerable, -distances[:, :, number], group)
        scores = scores_on_strangers(distances, answerable.targets, answerable.people, answerable.standing)
        if scores is not None:
            yield Picked(f"{group} by {FITTED}", answerable, scores, group)


def _distances(items: Ready, sort: Sort, facts: Sequence[str]) -> NDArray[np.float64]:
    """The distance of each context's medium from the query's in each fact, shape (n, K, facts)."""
    media = items.media
    rows = []
    for item in items.items:
        query = _query(item, sort, media)
        rows.append(
            [
                [
                    float(np.linalg.norm(query.facts[fact] - _context(media, context, sort).facts[fact]))
                    for fact in facts
                ]
                for context in item.contexts
            ]
        )
    # Log scale, so that hertz and fractions of a second are compared alike.
    return np.log1p(np.array(rows)).reshape(len(items.items), -1, len(facts))


def missing_by_facts(items: Sequence[Item], media: DescribedMedia) -> Iterator[Classifier]:
    """For I2I and A2A: whether facts of the query medium reveal that its person is missing.

    Not if nobody is missing, or everybody is. Siblings share a query medium, so each source sample counts once.
    """
    for group, (sort, facts) in GROUPS.items():
        asked = [item for item in items if item.task.group == group and _sound(item, sort, media)]
        sets = by_sample(asked)
        labels = np.array([siblings[0].absence == "absent_persona" for siblings in sets], dtype=bool)
        if labels.all() or not labels.any():
            continue
        described = [_query(siblings[0], sort, media).facts for siblings in sets]
        table = np.array([np.concatenate([one[fact] for fact in facts]) for one in described])
        yield Classifier(f"missing, by facts of the query's {group} medium", sets, standardised(table), labels, group)


def _query(item: Item, sort: Sort, media: DescribedMedia) -> Described:
    medium = item.query_image if sort == "image" else item.query_audio
    assert medium is not None
    return media.of(medium, sort)


def _context(media: DescribedMedia, context: object, sort: Sort) -> Described:
    return media.of(getattr(context, sort), sort)


def _sound(item: Item, sort: Sort, media: DescribedMedia) -> bool:
    """Whether an item has a query medium of a kind and all of its media of that kind can be decoded."""
    if (item.query_image if sort == "image" else item.query_audio) is None:
        return False
    described = [_query(item, sort, media), *(_context(media, context, sort) for context in item.contexts)]
    return all(one.error is None for one in described)
