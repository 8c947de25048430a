"""`omni-persona rlvr`: reinforcement learning of a checkpoint's language model with verifiable rewards."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from omni_persona_cli.judge import JudgeName
from omni_persona_cli.tuning import at_work, changed, judge_of, report

EXAMPLES = """Examples:

omni-persona rlvr --dataset corpora/rlvr-1k --model Qwen/Qwen2.5-Omni-3B --reward grounded --out adapters/grounded

omni-persona rlvr --dataset corpora/rlvr-1k --model Qwen/Qwen2.5-Omni-3B --reward paper --judge openai \\
--judge-url http://localhost:8000/v1 --judge-model ORG/MODEL --out adapters/paper"""


class RewardName(str, Enum):
    """What an answer earns."""

    paper = "paper"
    release = "release"
    grounded = "grounded"


def rlvr(
    dataset: Annotated[Path, typer.Option(help="Corpus of `omni-persona train-data`, or dataset folder.")],
    model: Annotated[str, typer.Option(help="Checkpoint folder, or its name on the Hub.")],
    target: Annotated[
        Path, typer.Option("--out", help="Folder for the adapter; an interrupted training is resumed there.")
    ],
    reward: Annotated[
        RewardName,
        typer.Option(help="Reward and its settings: paper, release or grounded; see `omni-persona rewards`."),
    ] = RewardName.grounded,
    exclude: Annotated[
        Path | None, typer.Option(help="Test dataset; training data that shares people or media with it is rejected.")
    ] = None,
    by: Annotated[
        JudgeName, typer.Option("--judge", help="Judge of the answers: lexical, openai or transformers.")
    ] = JudgeName.lexical,
    url: Annotated[str | None, typer.Option("--judge-url", help="Base URL for --judge openai.")] = None,
    judge_model: Annotated[str | None, typer.Option("--judge-model", help="Model for a model judge.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Learning rate; default: the preset's.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Number of steps; default: the preset's.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Prompts per step, over all GPUs.")] = None,
    micro_batch: Annotated[
        int | None, typer.Option(min=1, help="Prompts per micro-batch on a GPU; halved if memory runs out.")
    ] = None,
    group_size: Annotated[int | None, typer.Option(min=2, help="Answers sampled per prompt.")] = None,
    beta: Annotated[float | None, typer.Option(min=0, help="Weight of the KL penalty against the base model.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Sampling temperature.")] = None,
    max_new_tokens: Annotated[int | None, typer.Option(min=1, help="Maximum answer length, in tokens.")] = None,
    rank: Annotated[int | None, typer.Option(min=1, help="LoRA rank.")] = None,
    alpha: Annotated[int | None, typer.Option(min=1, help="LoRA alpha; the adapter is scaled by alpha / rank.")] = None,
    save_every: Annotated[int | None, typer.Option(min=1, help="Steps between checkpoints.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the adapter, the order and the answers.")] = 0,
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
    """Train a LoRA adapter of the language model with rewards; the vision and audio encoders are not changed.

    GSPO: groups of answers per prompt, sequence-level ratios. An unavailable judge stops it before the first
    step; the same command resumes an interrupted training.
    """
    from omni_persona_runner.prompt import Prompt, read_rules
    from omni_persona_training.tuning.rlvr import PROMPT
    from omni_persona_training.tuning.rlvr import rlvr as train
    from omni_persona_training.tuning.settings import rlvr_preset

    settings = changed(
        rlvr_preset(reward.value),
        learning_rate=learning_rate,
        steps=steps,
        batch_size=batch_size,
        micro_batch=micro_batch,
        group_size=group_size,
        beta=beta,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        rank=rank,
        alpha=alpha,
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
            preset=reward.value,
            judge=judge_of(by.value, url, judge_model),
            revision=revision,
            exclude=exclude,
            prompt=None if prompt is None else Prompt(rules=read_rules(prompt)),
            limit=limit,
            machine=machine,
        )
    asked = (target / PROMPT).is_file()
    report(trained, model, f" --prompt {target / PROMPT}" if asked else "")
