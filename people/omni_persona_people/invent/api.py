"""Invent people with progress shown; `omni_persona_people` exports this."""

from __future__ import annotations

from pathlib import Path

from omni_persona_artifacts.progress import Progress, bars
from omni_persona_people.invent.pool import generate_pool as invent_pool


def generate_pool(
    out: str | Path, personas: int = 24, *, seed: int = 0, overwrite: bool = False, progress: Progress | None = None
) -> Path:
    """Invent people and write them as a pool. No real person is shown or heard. Equal arguments give equal bytes.

    out: the folder to write. progress: called as people are made; None shows a bar in a notebook and on a terminal.
    Returns `out`. Raises `ArtifactError` if it exists, and `ValueError` for numbers out of range.

    Examples:
        >>> generate_pool("invented", 2).name
        'invented'
    """
    if progress is not None:
        shown = progress
        return invent_pool(
            Path(out),
            personas,
            seed,
            overwrite=overwrite,
            progress=lambda done, total: shown("inventing people", done, total),
            comparing=lambda done, total: shown("comparing pictures", done, total),
        )
    with bars() as shown:
        return generate_pool(out, personas, seed=seed, overwrite=overwrite, progress=shown)
