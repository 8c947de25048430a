"""Shared by SFT and RLVR: a training run from first check to last file, with smaller batches if memory runs out."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_runner.checkpoint import Checkpoint
from omni_persona_runner.devices import free_memory, is_out_of_memory
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.ranks import is_first
from omni_persona_training.errors import TrainingError
from omni_persona_training.tuning import output
from omni_persona_training.tuning.base import describe_base, load_base, trains_on_cpu
from omni_persona_training.tuning.card import adapter_card
from omni_persona_training.tuning.encoding import Encoder
from omni_persona_training.tuning.examples import TrainingSet
from omni_persona_training.tuning.language_model import Adapted, Targets, require_language_model_alone, targets
from omni_persona_training.tuning.settings import RlvrSettings, SftSettings

Settings = TypeVar("Settings", SftSettings, RlvrSettings)


@dataclass(frozen=True)
class Machine:
    """Where training runs, and where it reports progress."""

    device: str | None = None
    """Such as `cpu`; None uses a GPU if available."""
    dtype: str | None = None
    """None uses bfloat16 on a GPU and float32 elsewhere."""
    max_pixels: int | None = None
    """Larger pictures are shrunk to this number of pixels."""
    trackers: tuple[str, ...] = ()
    """Trackers that TRL reports to, such as `tensorboard` or `trackio`."""
    tell: Callable[[str], None] = field(default=lambda line: None)
    """Called with a line of text to show."""
    advance: Callable[[int, int, Mapping[str, float]], None] = field(default=lambda step, steps, logged: None)
    """Called with (step, total steps, logged values)."""


@dataclass(frozen=True)
class Trained:
    """The result of a training run."""

    out: Path
    steps: int
    loss: float | None
    """Loss of the last step."""
    reward: float | None
    """Mean reward of the last step, if there are rewards."""


@dataclass(frozen=True)
class Session:
    """One training run."""

    examples: TrainingSet
    checkpoint: Checkpoint
    out: Path
    about: Mapping[str, Any]
    """The contents of `training.json`."""
    machine: Machine

    @classmethod
    def of(
        cls,
        command: str,
        data: str | Path,
        model: str | Path,
        out: str | Path,
        described: Mapping[str, Any],
        machine: Machine,
        *,
        preset: str | None,
        revision: str | None,
        exclude: Path | None,
        prompt: Prompt | None,
        limit: int | None,
        asks: str = "",
    ) -> Session:
        """The run of `sft` or `rlvr` (`command`) with their arguments; nothing is written or loaded yet.

        described: the settings that determine the outcome. asks: what the prompt asks for in addition.
        Raises `TrainingError` for data that cannot be used, and `LoadError` for a checkpoint that cannot be used.
        """
        examples = TrainingSet(Path(data), prompt, limit, asks)
        if exclude is not None:
            examples.require_apart(exclude)
        checkpoint = Checkpoint(model, revision)
        about = {
            "command": command,
            "preset": preset,
            "base": describe_base(checkpoint),
            "data": examples.describe(),
            "settings": described,
        }
        return cls(examples, checkpoint, Path(out), about, machine)

    def done_before(self) -> Trained | None:
        """The result, if training is already complete; otherwise prepare the folder and return None.

        Raises `TrainingError` if the folder contains something else.
        """
        if not output.begin(self.out, self.about):
            return None
        self.machine.tell(f"{self.out} is complete already")
        record = output.read(self.out)
        return Trained(self.out, record["steps"], record.get("loss"), record.get("reward"))

    def train(self, make_trainer: Callable[[Any, Encoder, Targets], Any]) -> Trained:
        """Load the model, train it with the trainer from `make_trainer(model, encoder, targets)`, and save it."""
        machine = self.machine
        model = load_base(self.checkpoint, machine.device, machine.dtype)
        chosen = targets(model)
        encoder = Encoder(self.checkpoint, model, self.examples, machine.max_pixels)
        encoder.check()
        trainer = make_trainer(model, encoder, chosen)
        _print_nothing(trainer)
        trainer.add_callback(_told_to(machine.advance))
        adapted = require_language_model_alone(trainer.model, chosen)
        machine.tell(
            f"training {adapted.parameters:,} parameters in {adapted.modules} layers of the language model, "
            f"{100 * adapted.parameters / adapted.whole:.2f} % of {adapted.whole:,}"
        )
        start = output.last_checkpoint(self.out)
        if start is not None:
            machine.tell(f"going on from {start.name}")
        with _full_disk_named(self.out):
            trainer.train(resume_from_checkpoint=None if start is None else str(start))
            return self._finish(trainer, adapted)

    def _finish(self, trainer: Any, adapted: Adapted) -> Trained:
        log = trainer.state.log_history
        came = {name: next((one[name] for one in reversed(log) if name in one), None) for name in ("loss", "reward")}
        trained = Trained(self.out, trainer.state.global_step, came["loss"], came["reward"])
        silent = [one["frac_reward_zero_std"] for one in log if "frac_reward_zero_std" in one]
        if silent and min(silent) == 1:
            self.machine.tell(
                "nothing was learned: in every step all answers to a prompt earned the same; train the base with "
                "`omni-persona sft` first, or take larger groups or a higher temperature"
            )
        if is_first():
            trainer.save_model(str(self.out))
            done = {**self.about, **came, "steps": trained.steps, "trained_parameters": adapted.parameters}
            output.finish(self.out, done, log, adapter_card(done, adapted))
        return trained


_FULL = ("No space left on device", "File too large", "Disk quota exceeded", "PytorchStreamWriter failed writing")
"""What torch and safetensors say, in errors of their own, when a file cannot be written."""


@contextmanager
def _full_disk_named(out: Path) -> Iterator[None]:
    """Raise `TrainingError` with the folder for an error of a library that could not write a file."""
    try:
        yield
    except Exception as error:
        said = next((words for words in _FULL if words in str(error)), None)
        if said is None or isinstance(error, ArtifactError):
            raise
        raise TrainingError(
            f"cannot write a checkpoint or the adapter to {out}: {said}; make room there, and repeat the command: it "
            "goes on from the last whole checkpoint"
        ) from error


def halving(settings: Settings, train: Callable[[Settings], Trained], machine: Machine) -> Trained:
    """Train; if memory runs out, retry with half the micro-batch, or less, and the same batch per step.

    Resumes from checkpoints. Raises what `train` raises, and the out-of-memory error for a micro-batch of one.
    """
    while True:
        try:
            return train(settings)
        except Exception as error:
            if not is_out_of_memory(error) or settings.micro_batch == 1:
                raise
        # Outside the handler, so that the failed attempt's tensors are freed.
        free_memory()
        # A divisor, so that whole micro-batches still make up a batch.
        micro = settings.micro_batch
        settings = replace(settings, micro_batch=next(n for n in range(micro // 2, 0, -1) if micro % n == 0))
        machine.tell(
            f"out of memory: {settings.micro_batch} at once from now on, {settings.batch_size} a step as before"
        )


def shared_arguments(out: Path, settings: SftSettings | RlvrSettings, machine: Machine) -> dict[str, Any]:
    """Arguments of transformers' trainer common to SFT and RLVR."""
    from transformers import TrainingArguments

    on_cpu = trains_on_cpu(machine.device)
    # transformers 5.23 renamed this argument.
    words = ("activation_checkpointing", "gradient_checkpointing")
    checkpointing = next(word for word in words if word in TrainingArguments.__dataclass_fields__)
    return {
        "output_dir": str(out / output.CHECKPOINTS),
        "gradient_accumulation_steps": accumulation(settings.batch_size, settings.micro_batch),
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": settings.schedule,
        "seed": settings.seed,
        "data_seed": settings.seed,
        "remove_unused_columns": False,
        checkpointing: settings.gradient_checkpointing,
        "save_strategy": "steps",
        "save_steps": settings.save_every,
        "save_total_limit": 2,
        "logging_steps": 1,
        # Otherwise transformers logs 0 for a loss that is not a number.
        "logging_nan_inf_filter": False,
        "report_to": list(machine.trackers) or "none",
        "use_cpu": on_cpu,
        "bf16": not on_cpu,
        "disable_tqdm": True,
    }


def accumulation(batch: int, micro: int) -> int:
    """Micro-batches per step and process. Raises `TrainingError` if they do not divide the batch."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if batch % (micro * processes):
        at_once = f"{micro} at once on {processes} processes"
        raise TrainingError(f"expected a batch of a multiple of {micro * processes}, {at_once}, got {batch}")
    return batch // (micro * processes)


def places(order: Iterable[int]) -> Any:
    """A dataset of example indices: media are read when a batch is built and never pass through Arrow."""
    import datasets

    return datasets.Dataset.from_dict({"place": list(order)})


def _print_nothing(trainer: Any) -> None:
    """Send logs to `advance` and the folder, not to standard output."""
    from transformers.trainer_callback import PrinterCallback

    trainer.remove_callback(PrinterCallback)


def _told_to(advance: Callable[[int, int, Mapping[str, float]], None]) -> Any:
    """A callback of transformers' trainer that forwards each logged step.

    It raises `TrainingError` for a loss or gradient that is not a number: an adapter from there on would be worthless.
    """
    from transformers import TrainerCallback

    class Advance(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            for name in ("loss", "grad_norm"):
                if not math.isfinite((logs or {}).get(name, 0.0)):
                    raise TrainingError(
                        f"step {state.global_step}: expected a finite {name}, got {logs[name]}; nothing can be learned "
                        "from here: start again in another --out with a lower --learning-rate, or --dtype float32"
                    )
            advance(state.global_step, state.max_steps, dict(logs or {}))

    return Advance()
