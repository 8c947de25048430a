"""Shared by `omni-persona sft` and `rlvr`: the progress bar and the final summary."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from omni_persona_cli.console import err, out, progress

if TYPE_CHECKING:
    from omni_persona_cal import Judge
    from omni_persona_training.tuning.session import Machine, Trained
    from omni_persona_training.tuning.settings import RlvrSettings, SftSettings

Settings = TypeVar("Settings", "SftSettings", "RlvrSettings")


def changed(settings: Settings, **given: Any) -> Settings:
    """The settings with the values given on the command line."""
    from dataclasses import replace

    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def judge_of(name: str, url: str | None, model: str | None) -> Judge:
    """The judge for training. Raises `ValueError` for inconsistent options."""
    from omni_persona_cal import make_judge

    if name == "lexical":
        if url or model:
            raise ValueError("--judge-url and --judge-model are for --judge openai or transformers")
        return make_judge(name)
    if not model:
        raise ValueError(f"--judge {name} needs --judge-model")
    if url and name != "openai":
        raise ValueError("--judge-url is for --judge openai")
    return make_judge(name, {"model": model, **({"base_url": url} if url else {})})


@contextmanager
def at_work(
    device: str | None, dtype: str | None, max_pixels: int | None, trackers: list[str] | None
) -> Iterator[Machine]:
    """Where the training runs, with a progress bar on a terminal; of several processes only the first prints."""
    import warnings

    from omni_persona_runner.ranks import is_first
    from omni_persona_training.tuning.session import Machine

    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    # PEFT and TRL use names that transformers will remove; users cannot change that.
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers\.")
    with progress(hidden=not is_first()) as stages:

        def tell(line: str) -> None:
            if is_first():
                err.print(line, soft_wrap=True)

        def advance(step: int, steps: int, logged: Mapping[str, float]) -> None:
            figures = " ".join(f"{name} {logged[name]:.4g}" for name in ("loss", "reward", "kl") if name in logged)
            stages(f"training: {figures}" if figures else "training", step, steps)

        yield Machine(device, dtype, max_pixels, tuple(trackers or ()), tell, advance)


def report(trained: Trained, model: str, extra: str = "") -> None:
    """Print the result and the command that runs it."""
    from omni_persona_runner.ranks import is_first

    if not is_first():
        return
    came = {"loss": trained.loss, "reward": trained.reward}
    figures = "".join(f", {name} {value:.4g}" for name, value in came.items() if value is not None)
    out.print(f"Trained {trained.out}: {trained.steps} steps{figures}", soft_wrap=True)
    command = f"omni-persona run --model {model} --adapter {trained.out}{extra} --out runs/{Path(trained.out).name}"
    out.print(f"Next: {command}", soft_wrap=True)
