"""The repeats of a run: a model that was asked every item several times.

The run folder itself holds the first repeat; `repeats/2`, `repeats/3`... in it hold the others. Each of them is a run
folder like any other, with a manifest, predictions and verdicts of its own.
"""

from __future__ import annotations

from pathlib import Path

from omni_persona_artifacts.run_folder import MANIFEST

REPEATS = "repeats"


def repeat_folder(run: str | Path, number: int) -> Path:
    """The folder of a repeat, counted from 1."""
    return Path(run) if number == 1 else Path(run) / REPEATS / str(number)


def repeat_folders(run: str | Path) -> list[Path]:
    """The folders of all repeats that were started, in order."""
    numbers = sorted(
        int(folder.name)
        for folder in (Path(run) / REPEATS).glob("*")
        if folder.name.isdecimal() and (folder / MANIFEST).is_file()
    )
    return [Path(run), *(repeat_folder(run, number) for number in numbers if number > 1)]
