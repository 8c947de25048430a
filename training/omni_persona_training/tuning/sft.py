"""Supervised fine-tuning: LoRA on the language model, with the loss on the answer only.

    sft("corpora/sft-1k", "Qwen/Qwen2.5-Omni-3B", "adapters/first", sft_preset("paper", "qwen2_5_omni"))

Repeating the call resumes an interrupted training. `accelerate launch -m omni_persona_cli sft ...` uses several GPUs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omni_persona_runner.prompt import Prompt
from omni_persona_training.tuning.encoding import Collator, Encoder
from omni_persona_training.tuning.language_model import Targets
from omni_persona_training.tuning.session import Machine, Session, Trained, halving, places, shared_arguments
from omni_persona_training.tuning.settings import SftSettings


def sft(
    data: str | Path,
    model: str | Path,
    out: str | Path,
    settings: SftSettings,
    *,
    preset: str | None = None,
    revision: str | None = None,
    exclude: Path | None = None,
    prompt: Prompt | None = None,
    limit: int | None = None,
    machine: Machine | None = None,
) -> Trained:
    """Train an adapter of `model` on a corpus or a dataset folder; `out` becomes the adapter's folder.

    preset: the name of the settings, for the card. exclude: a test dataset that must share no people or media with the
    data. prompt: for a dataset (a corpus has its own wording). limit: use only the first so many examples.
    Raises `TrainingError` for data or an `out` that cannot be used, and `LoadError` for a model that cannot be used.
    """
    machine = machine or Machine()
    session = Session.of(
        "sft",
        data,
        model,
        out,
        settings.describe(),
        machine,
        preset=preset,
        revision=revision,
        exclude=exclude,
        prompt=prompt,
        limit=limit,
    )
    return session.done_before() or halving(settings, lambda now: _train(session, now), machine)


def _train(session: Session, settings: SftSettings) -> Trained:
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    def make_trainer(model: Any, encoder: Encoder, chosen: Targets) -> Any:
        return SFTTrainer(
            model=model,
            args=SFTConfig(
                **shared_arguments(session.out, settings, session.machine),
                per_device_train_batch_size=settings.micro_batch,
                num_train_epochs=settings.epochs,
                max_steps=settings.steps or -1,
                warmup_steps=_warmup(settings, len(session.examples)),
                max_length=None,
                dataset_kwargs={"skip_prepare_dataset": True},
            ),
            train_dataset=places(range(len(session.examples))),
            data_collator=Collator(encoder),
            processing_class=session.checkpoint.processor,
            peft_config=LoraConfig(
                r=settings.rank,
                lora_alpha=settings.alpha,
                lora_dropout=settings.dropout,
                target_modules=list(chosen.modules),
            ),
        )

    return session.train(make_trainer)


def _warmup(settings: SftSettings, n_examples: int) -> int:
    """Number of warm-up steps."""
    steps = settings.steps or max(1, round(settings.epochs * n_examples / settings.batch_size))
    return round(settings.warmup * steps)
