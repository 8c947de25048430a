"""The options of commands that take answers collected elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer


def answers(run: Path, dataset: Path | None) -> Path:
    """The run folder, or with `dataset` the file of answers in a folder of the release's scripts, or the file itself.

    Raises `ValueError` for a file without its dataset, and for a run folder with one.
    """
    from omni_persona_artifacts.run_reader import JUDGE_RESULTS, MANIFEST

    if dataset is None:
        if run.is_file():
            raise ValueError(f"{run} is a file: name the dataset that it answers with --dataset")
        return run
    if run.is_dir() and not (run / MANIFEST).exists() and (run / JUDGE_RESULTS).is_file():
        return run / JUDGE_RESULTS
    if run.is_dir():
        raise ValueError(f"{run} is a run folder, which names its dataset itself: leave out --dataset")
    return run


Dataset: TypeAlias = Annotated[
    Path | None, typer.Option("--dataset", help="Dataset folder that the answers in a file belong to.")
]
Partial: TypeAlias = Annotated[
    bool, typer.Option("--partial", help="Allow a file of answers that does not mention every item.")
]
