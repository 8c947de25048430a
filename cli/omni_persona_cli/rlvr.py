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
    dataset: Annotated[Path, typer.Option(help="A corpus of `omni-persona train-data`, or a dataset folder.")],
    model: Annotated[str, typer.Option(help="A checkpoint's folder, or its name on the Hub.")],
    target: Annotated[Path, typer.Option("--out", help="The folder for the adapter; a killed training goes on there.")],
    reward: Annotated[
        RewardName,
        typer.Option(help="What an answer earns, with the settings that go with it; see `omni-persona rewards`."),
    ] = RewardName.grounded,
    exclude: Annotated[
        Path | None, typer.Option(help="The test dataset; data that shares people or media with it is refused.")
    ] = None,
    by: Annotated[JudgeName, typer.Option("--judge", help="Who says which answers are right.")] = JudgeName.lexical,
    url: Annotated[str | None, typer.Option("--judge-url", help="The endpoint of --judge openai.")] = None,
    judge_model: Annotated[str | None, typer.Option("--judge-model", help="The model of a model judge.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="In place of the preset's.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="In place of the preset's.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Prompts of a step, over all GPUs.")] = None,
    micro_batch: Annotated[
        int | None, typer.Option(min=1, help="Prompts at once on a GPU, with all their answers; halved.")
    ] = None,
    group_size: Annotated[int | None, typer.Option(min=2, help="Answers drawn to each prompt.")] = None,
    beta: Annotated[float | None, typer.Option(min=0, help="Weight of the divergence from the base.")] = None,
    temperature: Annotated[float | None, typer.Option(help="At which answers are drawn.")] = None,
    max_new_tokens: Annotated[int | None, typer.Option(min=1, help="Longest answer.")] = None,
    rank: Annotated[int | None, typer.Option(min=1, help="Rank of the adapter.")] = None,
    alpha: Annotated[int | None, typer.Option(min=1, help="Its weight is alpha / rank.")] = None,
    save_every: Annotated[int | None, typer.Option(min=1, help="Steps from one checkpoint to the next.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the adapter, the order and the answers.")] = 0,
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
    """Train a LoRA adapter of the language model by what its answers earn; what sees and hears is left as it is.

    GSPO: groups of answers to each prompt, ratios of whole answers. A judge that is down stops it before the first
    step; the same command goes on after a kill.
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
