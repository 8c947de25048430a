"""Solvers for the query medium: can a face be matched by its background, or a voice by its microphone?

An I2I question should need a face, and an A2A question a voice. If other properties of the picture or clip identify the
person, the group does not need its modality: the check fails, and the card and the report say so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item
from omni_persona_artifacts.construction import Construction
from omni_persona_build.checks.described import Described, DescribedMedia, Sort
from omni_persona_build.checks.evidence import area_finding, share_finding, standardised
from omni_persona_build.checks.finding import Finding
from omni_persona_build.checks.fitted import scores_on_strangers
from omni_persona_build.checks.likeness import MemoryVectors
from omni_persona_build.checks.ready import Ready, ready
from omni_persona_build.media_facts import CLIP_FACTS, PICTURE_FACTS

GROUPS: dict[str, tuple[Sort, Sequence[str]]] = {"I2I": ("image", [*PICTURE_FACTS]), "A2A": ("audio", [*CLIP_FACTS])}
"""Group -> the medium of its query, and the facts that must not identify the person."""


def query_media(
    items: Sequence[Item], construction: Construction | None, media: DescribedMedia, memories: MemoryVectors
) -> list[Finding]:
    """For I2I and A2A: a finding for each fact, for all facts in a fitted classifier, and for who is missing."""
    findings = []
    everything = ready(items, construction, media, memories)
    for group, (sort, facts) in GROUPS.items():
        asked = [item for item in items if item.task.group == group and _sound(item, sort, media)]
        answerable = everything.of_group(group)
        answerable = answerable.where([_sound(item, sort, media) for item in answerable.items])
        if answerable.items:
            distances = _distances(answerable, sort, facts)
            for number, fact in enumerate(facts):
                right = answerable.chosen(-distances[:, :, number])
                findings.append(_found(f"{group} by {fact}", right, answerable, group))
            scores = scores_on_strangers(distances, answerable.targets, answerable.people, answerable.standing)
            name = f"{group} by all of these, fitted on strangers"
            if scores is None:
                findings.append(
                    Finding(f"shortcut: {name}", None, "in every set stand people who are asked about", group)
                )
            else:
                findings.append(_found(name, answerable.chosen(scores), answerable, group))
        if missing := _missing(asked, sort, facts, group, media):
            findings.append(missing)
    return findings


def _found(name: str, right: NDArray[np.float64], items: Ready, group: str) -> Finding:
    return share_finding(f"shortcut: {name}", right, items.chances, items.clusters, group)


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


def _missing(
    asked: Sequence[Item], sort: Sort, facts: Sequence[str], group: str, media: DescribedMedia
) -> Finding | None:
    """Check whether facts of the query medium reveal that its person is missing; None if nobody is missing, or
    everybody is.

    Siblings share a query medium, so each source sample counts once.
    """
    samples = list({item.source_sample_id: item for item in asked}.values())
    labels = np.array([item.absence == "absent_persona" for item in samples], dtype=bool)
    if not samples or labels.all() or not labels.any():
        return None
    table = np.array([np.concatenate([_query(item, sort, media).facts[fact] for fact in facts]) for item in samples])
    return area_finding(
        f"shortcut: missing, by facts of the query's {group} medium", standardised(table), labels, group
    )


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
