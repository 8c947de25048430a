"""`omni-persona rlvr`: reinforcement learning of a checkpoint's language model with verifiable rewards."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, TypeAlias

import typer

from omni_persona_cli import tuning_options as options
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


Reward: TypeAlias = Annotated[
    RewardName,
    typer.Option(help="Reward and its settings: paper, release or grounded; see `omni-persona rewards`."),
]
ByJudge: TypeAlias = Annotated[
    JudgeName, typer.Option("--judge", help="Judge of the answers: lexical, openai or transformers.")
]
MicroBatch: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Prompts per micro-batch on a GPU; halved if memory runs out.")
]


def rlvr(
    dataset: options.Data,
    model: options.ModelName,
    target: options.Out,
    reward: Reward = RewardName.grounded,
    exclude: options.Exclude = None,
    by: ByJudge = JudgeName.lexical,
    url: Annotated[str | None, typer.Option("--judge-url", help="Base URL for --judge openai.")] = None,
    judge_model: Annotated[str | None, typer.Option("--judge-model", help="Model for a model judge.")] = None,
    learning_rate: options.LearningRate = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Number of steps; default: the preset's.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Prompts per step, over all GPUs.")] = None,
    micro_batch: MicroBatch = None,
    group_size: Annotated[int | None, typer.Option(min=2, help="Answers sampled per prompt.")] = None,
    beta: Annotated[float | None, typer.Option(min=0, help="Weight of the KL penalty against the base model.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Sampling temperature.")] = None,
    max_new_tokens: Annotated[int | None, typer.Option(min=1, help="Maximum answer length, in tokens.")] = None,
    rank: options.Rank = None,
    alpha: options.Alpha = None,
    save_every: options.SaveEvery = None,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the adapter, the order and the answers.")] = 0,
    limit: options.Limit = None,
    prompt: options.PromptFile = None,
    revision: options.Revision = None,
    max_pixels: options.MaxPixels = None,
    device: options.Device = None,
    dtype: options.Dtype = None,
    gradient_checkpointing: options.GradientCheckpointing = True,
    tracker: options.Trackers = None,
) -> None:
    """Train a LoRA adapter of the language model with rewards; the vision and audio encoders are not changed.

    GSPO: groups of answers per prompt, sequence-level ratios. An unavailable judge stops it before the first
    step; the same command resumes an interrupted training.
    """
    from omni_persona_runner.prompt import Prompt, read_rules
    from omni_persona_training.tuning.rlvr import PROMPT
    from omni_persona_training.tuning.rlvr import rlvr as train
    from omni_persona_training.tuning.settings import rlvr_preset

    settings = changed(rlvr_preset(reward.value), learning_rate=learning_rate, steps=steps, batch_size=batch_size)
    settings = changed(settings, micro_batch=micro_batch, group_size=group_size, beta=beta, temperature=temperature)
    settings = changed(settings, max_new_tokens=max_new_tokens, rank=rank, alpha=alpha, save_every=save_every)
    settings = changed(settings, seed=seed, gradient_checkpointing=gradient_checkpointing)
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
