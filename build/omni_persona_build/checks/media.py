"""Checks of the media: they can be decoded, carry no personal metadata, and are not near copies of each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePosixPath

import numpy as np

from omni_persona import Item, Media
from omni_persona_build.checks.described import Described, DescribedMedia, distinct, media_of
from omni_persona_build.checks.finding import Finding, listed
from omni_persona_build.checks.known_media import Sort
from omni_persona_build.recipes import Recipe
from omni_persona_perception import Compared, MediaError, Prints, kind_of, near_clips, near_pictures, traces

SILENCE = 1e-3
"""Root mean square below which a clip counts as silent (-60 dB relative to full scale)."""
BLANK = 2.0
"""Standard deviation of brightness (0 to 255) below which a picture counts as blank."""
CLIP_SECONDS = (2.0, 30.0)
"""Clip length bounds if no recipe sets any."""
USUAL_SECONDS = (4.0, 15.0)
"""The paper's bounds. Other lengths are reported but pass."""


@dataclass(frozen=True)
class _Seen:
    """The facts collected about a medium."""

    where: str
    """The first item that contains it."""
    medium: Media
    flaw: str | None
    """Why it cannot be decoded, or what is wrong with it."""
    print: Prints | None = None
    seconds: float = 0.0
    recorded: str = ""
    """How a clip is stored: file type and sampling rate."""
    traces: tuple[str, ...] = ()


def media(items: Sequence[Item], recipe: Recipe | None, described: DescribedMedia) -> list[Finding]:
    """All checks of media. described: descriptions of at least the media of these items."""
    bounds = CLIP_SECONDS if recipe is None else recipe.clip_seconds
    pictures = [
        _seen(where, medium, described.of(medium, "image"), _picture_flaw) for where, medium in distinct(items, "image")
    ]
    clips = [
        _seen(where, medium, described.of(medium, "audio"), lambda one: _clip_flaw(one, bounds))
        for where, medium in distinct(items, "audio")
    ]
    return [
        _pictures(pictures),
        _clips(clips),
        _traces([*pictures, *clips]),
        _near_copies(items, pictures, clips, described),
    ]


def _seen(where: str, medium: Media, known: Described, flaw_of: Callable[[Described], str | None]) -> _Seen:
    if known.error is not None:
        return _Seen(where, medium, f"{medium.name}: {known.error}")
    try:
        hints = traces(medium.data)
    except MediaError as error:
        return _Seen(where, medium, f"{medium.name}: {error}")
    flaw = flaw_of(known)
    wrong = None if flaw is None else f"{medium.name} {flaw}"
    return _Seen(where, medium, wrong, known.print, known.seconds, known.kind, hints)


def _picture_flaw(known: Described) -> str | None:
    return "is blank" if known.spread < BLANK else None


def _clip_flaw(known: Described, bounds: tuple[float, float]) -> str | None:
    low, high = bounds
    if not low <= known.seconds <= high:
        return f"lasts {known.seconds:.1f} s, not {low:g} to {high:g} s"
    return "is silent" if known.spread < SILENCE else None


def _pictures(seen: Sequence[_Seen]) -> Finding:
    """Check that every picture can be decoded and is not blank."""
    return listed("pictures", _flaws(seen), f"all {len(seen)} can be decoded and show something")


def _clips(seen: Sequence[_Seen]) -> Finding:
    """Check that every clip can be decoded, is not silent, and has a length within the recipe's bounds."""
    lengths = [one.seconds for one in seen if one.print is not None]
    unusual = sum(not USUAL_SECONDS[0] <= seconds <= USUAL_SECONDS[1] for seconds in lengths)
    remarks = f"; {unusual} outside the usual {USUAL_SECONDS[0]:g} to {USUAL_SECONDS[1]:g} s" if unusual else ""
    kinds = {one.recorded for one in seen if one.print is not None}
    if len(kinds) > 1:
        remarks += f"; people may be told apart by how they were recorded: {', '.join(sorted(kinds))}"
    return listed("clips", _flaws(seen), f"all {len(lengths)} can be heard{remarks}")


def _flaws(seen: Sequence[_Seen]) -> list[str]:
    """What is wrong with each medium; those that cannot be decoded come first, as few lines are shown."""
    flawed = sorted((one for one in seen if one.flaw is not None), key=lambda one: one.print is not None)
    return [f"{one.where}: {one.flaw}" for one in flawed]


def _traces(seen: Sequence[_Seen]) -> Finding:
    """Check that no file holds personal metadata and that file types do not tell people apart."""
    kinds: Counter[str] = Counter()
    wrong = []
    for one in seen:
        found = list(one.traces)
        kind = kind_of(one.medium.data)
        if one.print is not None and kind is not None and PurePosixPath(one.medium.name).suffix != kind.suffix:
            found.append(f"an ending that is not {kind.suffix}")
        kinds.update(found)
        if found:
            wrong.append(f"{one.where}: {one.medium.name} holds {', '.join(found)}")
    if not wrong:
        return Finding("metadata", True, f"none of {len(seen)} media tells of people besides what it shows")
    counts = ", ".join(f"{count} x {kind}" for kind, count in kinds.most_common(8))
    example = listed("metadata", wrong, "", limit=1).detail
    return Finding("metadata", False, f"{len(wrong)} of {len(seen)} media tell of people: {counts}; {example}")


def _near_copies(
    items: Sequence[Item], pictures: Sequence[_Seen], clips: Sequence[_Seen], described: DescribedMedia
) -> Finding:
    """Check that no two pictures and no two clips of an item are near copies of each other."""
    near: dict[Sort, set[frozenset[bytes]]] = {
        "image": _near(
            items, "image", pictures, described, lambda prints, kept, compared: near_pictures(prints, compared)
        ),
        "audio": _near(
            items,
            "audio",
            clips,
            described,
            lambda prints, kept, compared: near_clips(
                prints, lambda index: described.slow(kept[index].medium), compared
            ),
        ),
    }
    wrong = []
    for item in items:
        for kind, pairs in near.items():
            for one, other in combinations(media_of(item, kind), 2):
                if one.data == other.data or frozenset((one.data, other.data)) in pairs:
                    what = "picture" if kind == "image" else "clip"
                    wrong.append(f"{item.augmented_id}: {one.name} and {other.name} are one {what}")
    return listed("near copies", wrong, "no two pictures and no two clips of an item are one, saved again")


def _near(
    items: Sequence[Item],
    sort: Sort,
    seen: Sequence[_Seen],
    described: DescribedMedia,
    pairs: Callable[[Prints, Sequence[_Seen], Compared], list[tuple[int, int]]],
) -> set[frozenset[bytes]]:
    """The pairs of contents that are near copies of each other, of those that stand in one item.

    Media that the pool was searched for already are not compared again.
    """
    seen = [one for one in seen if one.print is not None]
    places = {one.medium.data: place for place, one in enumerate(seen)}
    together: set[tuple[int, int]] = set()
    for item in items:
        known = sorted({places[medium.data] for medium in media_of(item, sort) if medium.data in places})
        together.update(combinations(known, 2))
    together = {
        (one, other) for one, other in together if not described.told_apart(seen[one].medium, seen[other].medium, sort)
    }
    if not together:
        return set()
    prints = np.stack([one.print for one in seen if one.print is not None])
    found = pairs(prints, seen, lambda one, other: (one, other) in together)
    return {frozenset((seen[one].medium.data, seen[other].medium.data)) for one, other in found}
