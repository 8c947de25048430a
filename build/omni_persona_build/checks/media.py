"""Checks of the media: they can be decoded, carry no personal metadata, and are not near copies of each other."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import PurePosixPath

import numpy as np

from omni_persona import Item, Media
from omni_persona_build.checks.finding import Finding, listed
from omni_persona_build.recipe import Recipe
from omni_persona_perception import (
    MediaError,
    Prints,
    clip_print,
    decode_audio,
    decode_image,
    kind_of,
    near_clips,
    near_pictures,
    picture_print,
    traces,
)

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
    traces: tuple[str, ...] = field(default=())


def media(items: Sequence[Item], recipe: Recipe | None) -> list[Finding]:
    """All checks of media; each medium is decoded once."""
    bounds = CLIP_SECONDS if recipe is None else recipe.clip_seconds
    # Decoders release the GIL, so threads help.
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        pictures = list(workers.map(_see, *_columns(items, "image")))
        clips = list(workers.map(lambda where, medium: _hear(where, medium, bounds), *_columns(items, "audio")))
    return [_pictures(pictures), _clips(clips), _traces([*pictures, *clips]), _near_copies(items, pictures, clips)]


def _see(where: str, medium: Media) -> _Seen:
    try:
        picture = decode_image(medium.data)
        told = traces(medium.data)
    except MediaError as error:
        return _Seen(where, medium, f"{medium.name}: {error}")
    spread = float(np.asarray(picture.convert("L"), dtype=np.float32).std())
    return _Seen(
        where, medium, f"{medium.name} is blank" if spread < BLANK else None, picture_print(picture), traces=told
    )


def _hear(where: str, medium: Media, bounds: tuple[float, float]) -> _Seen:
    try:
        samples, rate = decode_audio(medium.data)
        told = traces(medium.data)
    except MediaError as error:
        return _Seen(where, medium, f"{medium.name}: {error}")
    (low, high), seconds = bounds, len(samples) / rate
    flaw = None
    if not low <= seconds <= high:
        flaw = f"{medium.name} lasts {seconds:.1f} s, not {low:g} to {high:g} s"
    elif float(np.sqrt(np.mean(np.square(samples)))) < SILENCE:
        flaw = f"{medium.name} is silent"
    recorded = f"{medium.name.rpartition('.')[2]} {rate} Hz"
    return _Seen(where, medium, flaw, clip_print(samples, rate), seconds, recorded, told)


def _pictures(seen: Sequence[_Seen]) -> Finding:
    """Check that every picture can be decoded and is not blank."""
    return listed("pictures", _flaws(seen), f"all {len(seen)} can be decoded and show something")


def _clips(seen: Sequence[_Seen]) -> Finding:
    """Check that every clip can be decoded, is not silent, and has a length within the recipe's bounds."""
    lengths = [one.seconds for one in seen if one.print is not None]
    unusual = sum(not USUAL_SECONDS[0] <= seconds <= USUAL_SECONDS[1] for seconds in lengths)
    told = f"; {unusual} outside the usual {USUAL_SECONDS[0]:g} to {USUAL_SECONDS[1]:g} s" if unusual else ""
    kinds = {one.recorded for one in seen if one.print is not None}
    if len(kinds) > 1:
        told += f"; people may be told apart by how they were recorded: {', '.join(sorted(kinds))}"
    return listed("clips", _flaws(seen), f"all {len(lengths)} can be heard{told}")


def _flaws(seen: Sequence[_Seen]) -> list[str]:
    return [f"{one.where}: {one.flaw}" for one in seen if one.flaw is not None]


def _traces(seen: Sequence[_Seen]) -> Finding:
    """Check that no file holds personal metadata and that file types do not tell people apart."""
    kinds: Counter[str] = Counter()
    wrong = []
    for one in seen:
        told = list(one.traces)
        kind = kind_of(one.medium.data)
        if one.print is not None and kind is not None and PurePosixPath(one.medium.name).suffix != kind.suffix:
            told.append(f"an ending that is not {kind.suffix}")
        kinds.update(told)
        if told:
            wrong.append(f"{one.where}: {one.medium.name} holds {', '.join(told)}")
    if not wrong:
        return Finding("metadata", True, f"none of {len(seen)} media tells of people besides what it shows")
    counts = ", ".join(f"{count} x {kind}" for kind, count in kinds.most_common(8))
    example = listed("metadata", wrong, "", limit=1).detail
    return Finding("metadata", False, f"{len(wrong)} of {len(seen)} media tell of people: {counts}; {example}")


def _near_copies(items: Sequence[Item], pictures: Sequence[_Seen], clips: Sequence[_Seen]) -> Finding:
    """Check that no two pictures and no two clips of an item are near copies of each other."""
    near = {
        "image": _near(pictures, lambda prints, kept: near_pictures(prints)),
        "audio": _near(clips, lambda prints, kept: near_clips(prints, lambda index: kept[index].medium.data)),
    }
    wrong = []
    for item in items:
        for kind, pairs in near.items():
            shown = [*_remembered(item, kind), *filter(None, [_asked(item, kind)])]
            for one, other in combinations(shown, 2):
                if one.data == other.data or frozenset((one.data, other.data)) in pairs:
                    what = "picture" if kind == "image" else "clip"
                    wrong.append(f"{item.augmented_id}: {one.name} and {other.name} are one {what}")
    return listed("near copies", wrong, "no two pictures and no two clips of an item are one, saved again")


def _near(
    seen: Sequence[_Seen], pairs: Callable[[Prints, Sequence[_Seen]], list[tuple[int, int]]]
) -> set[frozenset[bytes]]:
    """The pairs of contents that are near copies of each other."""
    kept = [one for one in seen if one.print is not None]
    if not kept:
        return set()
    found = pairs(np.stack([one.print for one in kept if one.print is not None]), kept)
    return {frozenset((kept[one].medium.data, kept[other].medium.data)) for one, other in found}


def _columns(items: Sequence[Item], kind: str) -> tuple[list[str], list[Media]]:
    """Every distinct medium of a kind, with the first item that contains it."""
    first: dict[bytes, tuple[str, Media]] = {}
    for item in items:
        for medium in (*_remembered(item, kind), _asked(item, kind)):
            if medium is not None:
                first.setdefault(medium.data, (item.augmented_id, medium))
    return [where for where, _ in first.values()], [medium for _, medium in first.values()]


def _remembered(item: Item, kind: str) -> Iterator[Media]:
    return (context.image if kind == "image" else context.audio for context in item.contexts)


def _asked(item: Item, kind: str) -> Media | None:
    return item.query_image if kind == "image" else item.query_audio
