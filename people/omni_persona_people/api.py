"""The public functions of this package; `omni_persona_people` exports them."""

from __future__ import annotations

from pathlib import Path

from omni_persona_artifacts.progress import Progress, bars
from omni_persona_people.invent import generate_pool as invent_pool
from omni_persona_people.persona import Persona
from omni_persona_people.pool import read_pool


def load_pool(pool: str | Path, *, progress: Progress | None = None) -> list[Persona]:
    """Read and validate a persona pool, decoding every picture and clip once.

    pool: a folder with `personas.jsonl` and the media that it names.
    progress: called as people are read; None shows a bar in a notebook and on a terminal.
    Raises `PoolError` that names file and line.

    Examples:
        >>> [persona.persona_id for persona in load_pool("people")][:2]
        ['s4p0000', 's4p0001']
    """
    if progress is not None:
        return read_pool(Path(pool), lambda done, total: progress("reading people", done, total))
    with bars() as shown:
        return read_pool(Path(pool), lambda done, total: shown("reading people", done, total))


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
        )
    with bars() as shown:
        return generate_pool(out, personas, seed=seed, overwrite=overwrite, progress=shown)
