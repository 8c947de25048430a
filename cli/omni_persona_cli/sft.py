"""`omni-persona sft`: supervised fine-tuning of a checkpoint's language model."""

from __future__ import annotations

from typing import Annotated

import typer

from omni_persona_cli import tuning_options as options
from omni_persona_cli.tuning import at_work, changed, report

EXAMPLES = """Examples:

omni-persona sft --dataset corpora/sft-1k --model Qwen/Qwen2.5-Omni-3B --out adapters/first

omni-persona sft --dataset train/omni-persona --exclude omni-persona --model ./checkpoint --steps 200 --out adapters/qa

accelerate launch -m omni_persona_cli sft --dataset corpora/sft-10k --model Qwen/Qwen2.5-Omni-7B --out adapters/10k"""


def sft(
    dataset: options.Data,
    model: options.ModelName,
    target: options.Out,
    preset: Annotated[
        str, typer.Option(help="paper: its learning rate, epochs and ranks; our values for all else.")
    ] = "paper",
    exclude: options.Exclude = None,
    learning_rate: options.LearningRate = None,
    epochs: Annotated[float | None, typer.Option(help="Number of epochs; default: the preset's.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Total number of steps, instead of epochs.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Examples per step, over all GPUs.")] = None,
    micro_batch: Annotated[
        int | None, typer.Option(min=1, help="Examples per micro-batch on a GPU; halved if memory runs out.")
    ] = None,
    rank: options.Rank = None,
    alpha: options.Alpha = None,
    schedule: Annotated[
        str | None, typer.Option(help="Learning rate schedule: cosine, linear, constant_with_warmup...")
    ] = None,
    save_every: options.SaveEvery = None,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the adapter and the order.")] = 0,
    limit: options.Limit = None,
    prompt: options.PromptFile = None,
    revision: options.Revision = None,
    max_pixels: options.MaxPixels = None,
    device: options.Device = None,
    dtype: options.Dtype = None,
    gradient_checkpointing: options.GradientCheckpointing = True,
    tracker: options.Trackers = None,
) -> None:
    """Train a LoRA adapter of the language model on examples; the vision and audio encoders are not changed.

    The loss is computed on the answers only. The folder receives the adapter, its card and its loss curve, for
    `omni-persona run --adapter`; the same command resumes an interrupted training.
    """
    from omni_persona_runner.checkpoint import Checkpoint
    from omni_persona_runner.prompt import Prompt, read_rules
    from omni_persona_training.tuning.settings import sft_preset
    from omni_persona_training.tuning.sft import sft as train

    settings = sft_preset(preset, Checkpoint(model, revision).config.model_type)
    settings = changed(settings, learning_rate=learning_rate, epochs=epochs, steps=steps, batch_size=batch_size)
    settings = changed(settings, micro_batch=micro_batch, rank=rank, alpha=alpha, schedule=schedule)
    settings = changed(settings, save_every=save_every, seed=seed, gradient_checkpointing=gradient_checkpointing)
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
