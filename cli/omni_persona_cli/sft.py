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
    dataset: Annotated[Path, typer.Option(help="A corpus of `omni-persona train-data`, or a dataset folder.")],
    model: Annotated[str, typer.Option(help="A checkpoint's folder, or its name on the Hub.")],
    target: Annotated[Path, typer.Option("--out", help="The folder for the adapter; a killed training goes on there.")],
    preset: Annotated[
        str, typer.Option(help="paper: its learning rate, epochs and ranks, and ours where it is silent.")
    ] = "paper",
    exclude: Annotated[
        Path | None, typer.Option(help="The test dataset; data that shares people or media with it is refused.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="In place of the preset's.")] = None,
    epochs: Annotated[float | None, typer.Option(help="In place of the preset's.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps in all, in place of epochs.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Examples of a step, over all GPUs.")] = None,
    micro_batch: Annotated[
        int | None, typer.Option(min=1, help="Examples at once on a GPU; halved where memory ends.")
    ] = None,
    rank: Annotated[int | None, typer.Option(min=1, help="Rank of the adapter.")] = None,
    alpha: Annotated[int | None, typer.Option(min=1, help="Its weight is alpha / rank.")] = None,
    schedule: Annotated[str | None, typer.Option(help="Such as cosine, linear or constant_with_warmup.")] = None,
    save_every: Annotated[int | None, typer.Option(min=1, help="Steps from one checkpoint to the next.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the adapter and of the order.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many examples alone.")] = None,
    prompt: Annotated[
        Path | None, typer.Option(help="A text file in place of the system prompt of a dataset's items.")
    ] = None,
    revision: Annotated[str | None, typer.Option(help="Of a checkpoint on the Hub.")] = None,
    max_pixels: Annotated[int | None, typer.Option(min=1, help="Shrink larger pictures.")] = None,
    device: Annotated[str | None, typer.Option(help="Such as cuda:0 or cpu; chosen for you if left out.")] = None,
    dtype: Annotated[
        str | None, typer.Option(help="Of the base; bfloat16 on a GPU and float32 elsewhere if left out.")
    ] = None,
    gradient_checkpointing: Annotated[
        bool, typer.Option("--recompute/--no-recompute", help="Gradient checkpointing: less memory, more time.")
    ] = True,
    tracker: Annotated[
        list[str] | None, typer.Option(help="Report to tensorboard or trackio, too, where it is installed.")
    ] = None,
) -> None:
    """Train a LoRA adapter of the language model on examples; what sees and hears is left as it is.

    The loss is on the answers alone. The folder ends as an adapter with its card and loss curve, for
    `omni-persona run --adapter`; the same command goes on after a kill.
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
