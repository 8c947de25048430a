"""The options that `omni-persona sft` and `omni-persona rlvr` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Data: TypeAlias = Annotated[Path, typer.Option(help="Corpus of `omni-persona train-data`, or dataset folder.")]
ModelName: TypeAlias = Annotated[str, typer.Option(help="Checkpoint folder, or its name on the Hub.")]
Out: TypeAlias = Annotated[
    Path, typer.Option("--out", help="Folder for the adapter; an interrupted training is resumed there.")
]
Exclude: TypeAlias = Annotated[
    Path | None, typer.Option(help="Test dataset; training data that shares people or media with it is rejected.")
]
LearningRate: TypeAlias = Annotated[float | None, typer.Option(help="Learning rate; default: the preset's.")]
Rank: TypeAlias = Annotated[int | None, typer.Option(min=1, help="LoRA rank.")]
Alpha: TypeAlias = Annotated[int | None, typer.Option(min=1, help="LoRA alpha; the adapter is scaled by alpha / rank.")]
SaveEvery: TypeAlias = Annotated[int | None, typer.Option(min=1, help="Steps between checkpoints.")]
Limit: TypeAlias = Annotated[int | None, typer.Option(min=1, help="Use only the first so many examples.")]
PromptFile: TypeAlias = Annotated[
    Path | None, typer.Option(help="Text file that replaces the system prompt; for a dataset.")
]
Revision: TypeAlias = Annotated[str | None, typer.Option(help="Revision of a checkpoint on the Hub.")]
MaxPixels: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Shrink larger pictures to this number of pixels.")
]
Device: TypeAlias = Annotated[str | None, typer.Option(help="Such as cuda:0 or cpu; default: chosen automatically.")]
Dtype: TypeAlias = Annotated[
    str | None, typer.Option(help="Precision of the base model; default: bfloat16 on a GPU, float32 elsewhere.")
]
GradientCheckpointing: TypeAlias = Annotated[
    bool, typer.Option("--recompute/--no-recompute", help="Gradient checkpointing: less memory, more time.")
]
Trackers: TypeAlias = Annotated[
    list[str] | None, typer.Option(help="Also report to tensorboard or trackio, if installed.")
]
