"""Reinforcement learning with verifiable rewards: GSPO, that is TRL's GRPO with sequence-level ratios.

    rlvr("corpora/rlvr-1k", "Qwen/Qwen2.5-Omni-3B", "adapters/grounded", RlvrSettings())

The same call goes on where a killed one stopped. Answers are drawn by transformers: no server takes pictures and clips
from TRL so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from omni_persona_cal import make_judge
from omni_persona_runner.checkpoint import Checkpoint
from omni_persona_runner.prompt import RULES, Prompt
from omni_persona_runner.ranks import is_first
from omni_persona_runner.sampling import Sampling
from omni_persona_training.errors import TrainingError
from omni_persona_training.rewards.functions import SCALE_REWARDS, make_reward, require_judge
from omni_persona_training.tuning.base import describe_base
from omni_persona_training.tuning.encoding import Encoder
from omni_persona_training.tuning.examples import NAME_CONTEXT, TrainingSet
from omni_persona_training.tuning.language_model import Targets
from omni_persona_training.tuning.omni_grpo import omni_grpo_class, suppressed_tokens
from omni_persona_training.tuning.order import balanced_order, shuffled_order
from omni_persona_training.tuning.session import Machine, Session, Trained, halving, shared_arguments
from omni_persona_training.tuning.settings import RlvrSettings

if TYPE_CHECKING:
    from omni_persona_cal import Judge

PROMPT = "prompt.txt"
"""In an adapter's folder: rules for `omni-persona run --prompt` where training asked for the context, too."""

REWARDED = ("kind", "answer", "absence", "context", "example_id")


def rlvr(
    data: str | Path,
    model: str | Path,
    out: str | Path,
    settings: RlvrSettings,
    *,
    preset: str | None = None,
    judge: Judge | None = None,
    revision: str | None = None,
    exclude: Path | None = None,
    prompt: Prompt | None = None,
    limit: int | None = None,
    machine: Machine | None = None,
) -> Trained:
    """Train an adapter of `model` by a reward; `out` becomes the adapter's folder.

    judge: says which answers are right; None takes the lexical one. Others as for `sft`.
    Raises `JudgeError` before the first step where the judge is down, and what `sft` raises.
    """
    machine, judges = machine or Machine(), judge or make_judge("lexical")
    asks = NAME_CONTEXT if settings.reward == "grounded" else ""
    examples = TrainingSet(Path(data), prompt, limit, asks)
    if exclude is not None:
        examples.require_apart(exclude)
    checkpoint = Checkpoint(model, revision)
    about = {
        "command": "rlvr",
        "preset": preset,
        "base": describe_base(checkpoint),
        "data": examples.describe(),
        "settings": {**settings.describe(), "judge": judges.name},
    }
    require_judge(judges)
    session = Session(examples, checkpoint, Path(out), about, machine)
    if done := session.done_before():
        return done
    if asks and is_first():
        (session.out / PROMPT).write_text((prompt.rules if prompt else RULES) + asks, encoding="utf-8")
    return halving(settings, lambda now: _train(session, now, judges), machine)


def _train(session: Session, settings: RlvrSettings, judge: Judge) -> Trained:
    from peft import LoraConfig

    processor = session.checkpoint.processor
    ends = session.checkpoint.generation(settings.max_new_tokens, Sampling()).eos_token_id or []

    def make_trainer(model: Any, encoder: Encoder, chosen: Targets) -> Any:
        return omni_grpo_class()(
            model=model,
            reward_funcs=make_reward(settings.reward, judge),
            args=_arguments(session, settings, suppressed_tokens(processor, ends)),
            train_dataset=prompts(session.examples, settings),
            processing_class=processor,
            peft_config=LoraConfig(
                r=settings.rank, lora_alpha=settings.alpha, lora_dropout=0.0, target_modules=list(chosen.modules)
            ),
            encoder=encoder,
        )

    return session.train(make_trainer)


def _arguments(session: Session, settings: RlvrSettings, suppressed: Sequence[int]) -> Any:
    from trl import GRPOConfig

    return GRPOConfig(
        **shared_arguments(session.out, settings, session.machine),
        per_device_train_batch_size=settings.micro_batch * settings.group_size,
        steps_per_generation=1,  # or all prompts of a step would be answered at once
        max_steps=settings.steps,
        num_generations=settings.group_size,
        max_completion_length=settings.max_new_tokens,
        temperature=settings.temperature,
        beta=settings.beta,
        epsilon=settings.clip,
        epsilon_high=settings.clip,
        importance_sampling_level="sequence",
        loss_type="grpo",
        scale_rewards=settings.scale or SCALE_REWARDS[settings.reward],
        shuffle_dataset=False,  # the order is made beforehand
        generation_kwargs={"suppress_tokens": list(suppressed)},
    )


def prompts(examples: TrainingSet, settings: RlvrSettings) -> Any:
    """The prompts of a training in their order, without their media; TRL copies and gathers what stands here."""
    import datasets

    entries = examples.entries()
    if not entries:
        raise TrainingError(f"{examples.path}: expected examples, got none")
    rng = np.random.default_rng(settings.seed)
    arrange = balanced_order if settings.reward == "grounded" else shuffled_order
    order = arrange(entries, settings.steps * settings.batch_size, rng)
    columns = [examples.columns(place) for place in order]
    return datasets.Dataset.from_dict(
        {
            "prompt": [[{"role": "user", "content": row["example_id"]}] for row in columns],
            "place": order,
            **{name: [row[name] for row in columns] for name in REWARDED},
        }
    )
