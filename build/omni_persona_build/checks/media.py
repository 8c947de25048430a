"""Checks of the media: can they be seen and heard?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from omni_persona import Item, Media
from omni_persona_build.checks.finding import Finding, listed
from omni_persona_build.recipe import Recipe
from omni_persona_perception import MediaError, decode_audio, decode_image

SILENCE = 1e-3
"""Root mean square below which a clip counts as silent (-60 dB of full scale)."""
BLANK = 2.0
"""Standard deviation of brightness, of 255, below which a picture counts as blank."""
CLIP_SECONDS = (2.0, 30.0)
"""Bounds where no recipe gives any."""
USUAL_SECONDS = (4.0, 15.0)
"""The paper's bounds: other lengths are told, and pass."""


def pictures(items: Sequence[Item]) -> Finding:
    """Whether every picture can be decoded and shows something."""
    wrong = []
    distinct = list(_distinct(items, "image"))
    for where, medium in distinct:
        try:
            spread = float(np.asarray(decode_image(medium.data).convert("L"), dtype=np.float32).std())
        except MediaError as error:
            wrong.append(f"{where}: {medium.name}: {error}")
            continue
        if spread < BLANK:
            wrong.append(f"{where}: {medium.name} is blank")
    return listed("pictures", wrong, f"all {len(distinct)} can be decoded and show something")


def clips(items: Sequence[Item], recipe: Recipe | None) -> Finding:
    """Whether every clip can be decoded, is heard, and lasts as long as the recipe allows."""
    low, high = CLIP_SECONDS if recipe is None else recipe.clip_seconds
    wrong: list[str] = []
    lengths, kinds = [], set()
    for where, medium in _distinct(items, "audio"):
        try:
            samples, rate = decode_audio(medium.data)
        except MediaError as error:
            wrong.append(f"{where}: {medium.name}: {error}")
            continue
        seconds = len(samples) / rate
        lengths.append(seconds)
        kinds.add(f"{medium.name.rpartition('.')[2]} {rate} Hz")
        if not low <= seconds <= high:
            wrong.append(f"{where}: {medium.name} lasts {seconds:.1f} s, not {low:g} to {high:g} s")
        elif float(np.sqrt(np.mean(np.square(samples)))) < SILENCE:
            wrong.append(f"{where}: {medium.name} is silent")
    unusual = sum(not USUAL_SECONDS[0] <= seconds <= USUAL_SECONDS[1] for seconds in lengths)
    told = f"; {unusual} outside the usual {USUAL_SECONDS[0]:g} to {USUAL_SECONDS[1]:g} s" if unusual else ""
    if len(kinds) > 1:
        told += f"; people may be told apart by how they were recorded: {', '.join(sorted(kinds))}"
    return listed("clips", wrong, f"all {len(lengths)} can be heard{told}")


def _distinct(items: Sequence[Item], kind: str) -> Iterator[tuple[str, Media]]:
    """Every distinct medium of a kind, with the first item it stands in."""
    seen: set[bytes] = set()
    for item in items:
        query = item.query_image if kind == "image" else item.query_audio
        remembered = [context.image if kind == "image" else context.audio for context in item.contexts]
        for medium in [*remembered, query]:
            if medium is not None and medium.data not in seen:
                seen.add(medium.data)
                yield item.augmented_id, medium
