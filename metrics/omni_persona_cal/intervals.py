"""An interval for every score of a set of judged items: all, by group, by task, by absence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .scores import COLUMNS, JudgedItem, audio_visual_gap, columns, formulas, slices

if TYPE_CHECKING:
    from .bootstrap import Array

Place = tuple[str, ...]
"""Where a slice stands in the result: () for all items, else such as ("by_group", "I2I")."""


@dataclass(frozen=True)
class Resampling:
    """How intervals are made."""

    n_resamples: int = 10_000
    """How often the source samples are drawn; 0 makes no intervals."""
    confidence: float = 0.95
    """Share of the resamples that an interval holds."""
    seed: int = 0
    """Where the drawing starts: the same seed gives the same intervals."""


def places(items: Sequence[JudgedItem]) -> dict[Place, list[JudgedItem]]:
    """All items under (), and those of each slice."""
    result: dict[Place, list[JudgedItem]] = {(): list(items)}
    for kind, parts in slices(items).items():
        result.update({(kind, name): part for name, part in parts.items()})
    return result


def resampled_scores(
    items: Sequence[JudgedItem], protocol: str, resampling: Resampling
) -> dict[Place, dict[str, Array]]:
    """The scores of every slice in every resample: one array of `n_resamples` per score.

    All slices see the same resamples, and so do two runs over the same items, so that differences between
    them may be taken. `audio_visual_gap` stands beside the scores of all items.
    """
    import numpy as np

    from .bootstrap import ratio, resampled_totals, source_sums

    # In one order whatever order the items came in, so that it changes nothing.
    items = sorted(items, key=lambda item: item.augmented_id)
    rows = np.array([columns(item) for item in items], dtype=np.float64)
    index = {item.augmented_id: row for row, item in enumerate(items)}
    cuts = places(items)
    masked = []
    for part in cuts.values():
        mask = np.zeros((len(items), 1))
        mask[[index[item.augmented_id] for item in part]] = 1
        masked.append(rows * mask)
    sums = source_sums([item.source_sample_id for item in items], np.hstack(masked))
    totals = resampled_totals(sums, resampling.n_resamples, np.random.default_rng(resampling.seed))
    # Each column of each slice in one piece of memory.
    totals = np.ascontiguousarray(totals.T).reshape(len(cuts), len(COLUMNS), -1)
    scores = {
        place: formulas(dict(zip(COLUMNS, totals[number], strict=True)), protocol, ratio)
        for number, place in enumerate(cuts)
    }
    ans = {name: scores["by_group", name]["ans"] for name in slices(items)["by_group"]}
    scores[()] = {**scores[()], "audio_visual_gap": audio_visual_gap(ans)}
    return scores


def intervals(values: Mapping[Place, Mapping[str, Array]], confidence: float) -> dict[Place, dict[str, Any]]:
    """`[low, high]` of each score of each slice, None where a score exists in no resample."""
    import numpy as np

    from .bootstrap import percentile_intervals

    flat = [(place, name) for place, scores in values.items() for name in scores]
    found = percentile_intervals(np.stack([values[place][name] for place, name in flat], axis=1), confidence)
    result: dict[Place, dict[str, Any]] = {place: {} for place in values}
    for (place, name), pair in zip(flat, found, strict=True):
        result[place][name] = None if pair is None else list(pair)
    return result


def described(resampling: Resampling) -> dict[str, Any]:
    """How intervals were made, for a reader of the result."""
    return {"method": "percentile bootstrap over source samples", **asdict(resampling)}
