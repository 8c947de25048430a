"""Read a pool with progress shown; `omni_persona_people` exports this."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from omni_persona_artifacts.progress import Progress, bars
from omni_persona_people.persona import Persona
from omni_persona_people.pool import read_pool


def load_pool(pool: str | Path, *, progress: Progress | None = None) -> list[Persona]:
    """Read and validate a persona pool, decoding every picture and clip once.

    pool: a folder with `personas.jsonl` and the media that it names.
    progress: called as people are read and their pictures compared; None shows a bar in a notebook and on a terminal.
    Raises `PoolError` that names file and line.

    Examples:
        >>> [persona.persona_id for persona in load_pool("people")][:2]
        ['s4p0000', 's4p0001']
    """
    if progress is not None:
        return read_pool(
            Path(pool), partial(progress, "reading people"), comparing=partial(progress, "comparing pictures")
        )
    with bars() as shown:
        return load_pool(pool, progress=shown)
