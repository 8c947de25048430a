"""`omni-persona sft`: supervised fine-tuning of a checkpoint's language model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from omni_persona_cli.tuning import at_work, changed, report

EXAMPLES = """Examples:

omni-persona sft --dataset corpora/sft-1k --model Qwen/Qwen2.5-Omni-3B --out adapters/first

omni-persona sft --dataset train/omni-persona --exclude omni-persona --model ./checkpoint --steps 200 --out adapters/qa

accelerate launch -m omni_persona_cli sft --dataset corpora/sft-10k --model Qwen/Qwen2.5-Omni-7B --out adapters/10k"""


def sft(
    dataset: Annotated[Path, typer.Option(help="Corpus of `omni-persona train-data`, or dataset folder.")],
    model: Annotated[str, typer.Option(help="Checkpoint folder, or its name on the Hub.")],
    target: Annotated[
        Path, typer.Option("--out", help="Folder for the adapter; an interrupted training is resumed there.")
    ],
    preset: Annotated[
        str, typer.Option(help="paper: its learning rate, epochs and ranks; our values for all else.")
    ] = "paper",
    exclude: Annotated[
        Path | None, typer.Option(help="Test dataset; training data that shares people or media with it is rejected.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Learning rate; default: the preset's.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Number of epochs; default: the preset's.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Total number of steps, instead of epochs.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Examples per step, over all GPUs.")] = None,
    micro_batch: Annotated[
        int | None, typer.Option(min=1, help="Examples per micro-batch on a GPU; halved if memory runs out.")
    ] = None,
    rank: Annotated[int | None, typer.Option(min=1, help="LoRA rank.")] = None,
    alpha: Annotated[int | None, typer.Option(min=1, help="LoRA alpha; the adapter is scaled by alpha / rank.")] = None,
    schedule: Annotated[
        str | None, typer.Option(help="Learning rate schedule: cosine, linear, constant_with_warmup...")
    ] = None,
    save_every: Annotated[int | None, typer.Option(min=1, help="Steps between checkpoints.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the adapter and the order.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Use only the first so many examples.")] = None,
    prompt: Annotated[
        Path | None, typer.Option(help="Text file that replaces the system prompt; for a dataset.")
    ] = None,
    revision: Annotated[str | None, typer.Option(help="Revision of a checkpoint on the Hub.")] = None,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Shrink larger pictures to this number of pixels.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Such as cuda:0 or cpu; default: chosen automatically.")] = None,
    dtype: Annotated[
        str | None, typer.Option(help="Precision of the base model; default: bfloat16 on a GPU, float32 elsewhere.")
    ] = None,
    gradient_checkpointing: Annotated[
        bool, typer.Option("--recompute/--no-recompute", help="Gradient checkpointing: less memory, more time.")
    ] = True,
    tracker: Annotated[
        list[str] | None, typer.Option(help="Also report to tensorboard or trackio, if installed.")
    ] = None,
) -> None:
    """Train a LoRA adapter of the language model on examples; the vision and audio encoders are not changed.

    The loss is computed on the answers only. The folder receives the adapter, its card and its loss curve, for
    `omni-persona run --adapter`; the same command resumes an interrupted training.
    """
    from omni_persona_runner.checkpoint import Checkpoint
    from omni_persona_runner.prompt import Prompt, read_rules
    from omni_persona_training.tuning.settings import sft_preset
    from omni_persona_training.tuning.sft import sft as train

    settings = changed(
        sft_preset(preset, Checkpoint(model, revision).config.model_type),
        learning_rate=learning_rate,
        epochs=epochs,
        steps=steps,
        batch_size=batch_size,
        micro_batch=micro_batch,
        rank=rank,
        alpha=alpha,
        schedule=schedule,
        save_every=save_every,
        seed=seed,
        gradient_checkpointing=gradient_checkpointing,
    )
    with at_work(device, dtype, max_pixels, tracker) as machine:
        trained = train(
            dataset,
            model,
            target,
            settings,
            preset=preset,
            revision=revision,
            exclude=exclude,
            prompt=None if prompt is None else Prompt(rules=read_rules(prompt)),
            limit=limit,
            machine=machine,
        )
    report(trained, model)
