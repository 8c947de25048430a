"""The options given to `omni-persona run`: whether they are consistent, and the model they define."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omni_persona_cli import run_options as options
from omni_persona_cli.console import err, progress

if TYPE_CHECKING:
    from omni_persona_runner.batching import Size
    from omni_persona_runner.fleet import Fleet
    from omni_persona_runner.model import Model
    from omni_persona_runner.prompt import Prompt
    from omni_persona_runner.sampling import Sampling
    from omni_persona_runner.usage import Budget, Prices

_SAID_AGAIN = 15.0
"""Seconds between two messages while a server starts."""


@dataclass(frozen=True)
class Asked:
    """What is asked, and how answers are sampled."""

    limit: int | None
    max_new_tokens: int | None
    cues: options.Cues
    without: Sequence[options.Without] | None
    prompt_file: Path | None
    reason: bool
    repeats: int
    temperature: float
    top_p: float
    seed: int
    subset: int | None = None

    def prompt(self) -> Prompt:
        """The prompt settings. Raises `ValueError` for an invalid prompt file."""
        from omni_persona_runner.prompt import RULES, Prompt, read_rules

        return Prompt(
            rules=RULES if self.prompt_file is None else read_rules(self.prompt_file),
            cues=self.cues.value,
            without=frozenset(one.value for one in self.without or ()),
            reason=self.reason,
        )

    def sampling(self) -> Sampling:
        """The sampling settings. Raises `ValueError` for numbers out of range."""
        from omni_persona_runner.sampling import Sampling

        return Sampling(self.temperature, self.top_p, self.seed)

    def settings(self) -> dict[str, Any]:
        """Arguments common to all models except baselines."""
        longest = options.MAX_NEW_TOKENS_WITH_THOUGHTS if self.reason else options.MAX_NEW_TOKENS
        return {
            "prompt": self.prompt(),
            "sampling": self.sampling(),
            "max_new_tokens": self.max_new_tokens or longest,
        }


@dataclass(frozen=True)
class Spending:
    """Budget and prices."""

    max_tokens_total: int | None
    price_in: float | None
    price_out: float | None

    def prices(self) -> Prices | None:
        """The given prices. Raises `ValueError` if one is missing."""
        from omni_persona_runner.usage import Prices

        if (self.price_in is None) != (self.price_out is None):
            raise ValueError("expected both --price-in and --price-out, or neither")
        return None if self.price_in is None or self.price_out is None else Prices(self.price_in, self.price_out)

    def budget(self) -> Budget | None:
        """The token budget; None for no limit."""
        from omni_persona_runner.usage import Budget

        return None if self.max_tokens_total is None else Budget(self.max_tokens_total)


@dataclass(frozen=True)
class Served:
    """The server that answers, if any."""

    endpoint: str | None
    concurrency: int
    dialects: Sequence[options.ApiDialect] | None
    same_model: bool
    api_key_env: str
    engine: options.EngineName
    vllm_command: str
    engine_wait: float

    @property
    def has_engine(self) -> bool:
        """Whether a server is started for this run."""
        return self.engine != options.EngineName.local


@dataclass(frozen=True)
class Local:
    """How a checkpoint is run locally."""

    revision: str | None
    adapter: Path | None
    batch_size: str
    max_pixels: int | None
    drop_unsupported: bool
    device: str | None
    dtype: str | None
    attention: str | None
    trust_remote_code: bool
    ray: bool
    ray_workers: int | None

    def size(self) -> Size:
        """The batch size. Raises `ValueError` for anything but a number or `auto`."""
        if self.batch_size == "auto":
            return "auto"
        if not self.batch_size.isdecimal():
            raise ValueError(f"expected --batch-size to be a number or auto, got {self.batch_size!r}")
        return int(self.batch_size)


@dataclass(frozen=True)
class Choices:
    """All options."""

    model: str
    dataset: Path
    fit_on: Path | None
    asked: Asked
    spending: Spending
    served: Served
    local: Local

    @property
    def is_baseline(self) -> bool:
        """Whether the model is a baseline, which needs no checkpoint and no server."""
        return self.served.endpoint is None and self.model.startswith("baseline:")

    def check(self) -> None:
        """Raise `ValueError` for inconsistent options."""
        self.local.size()
        self.spending.prices()
        for is_wrong, problem in (*self._problems_of_models(), *self._problems_of_asking()):
            if is_wrong:
                raise ValueError(problem)

    def _problems_of_models(self) -> Iterator[tuple[bool, str]]:
        served, local = self.served, self.local
        is_checkpoint = served.endpoint is None and not self.is_baseline
        yield (
            self.fit_on is not None and not self.is_baseline,
            "--fit-on only applies to baseline:specialists",
        )
        yield (
            not is_checkpoint and (local.revision is not None or local.max_pixels is not None),
            f"--revision and --max-pixels only apply to checkpoints; {self.model} is not loaded here",
        )
        yield (
            local.adapter is not None and (served.has_engine or not is_checkpoint),
            f"--adapter only applies to checkpoints that are loaded here; {self.model} is not",
        )
        yield (
            served.has_engine and int(os.environ.get("WORLD_SIZE") or 1) > 1,
            "--engine starts one server: run it in one process, not under torchrun or accelerate",
        )
        yield served.has_engine and not is_checkpoint, "--engine only applies to checkpoints: leave out --endpoint"
        yield (
            served.has_engine
            and (
                local.max_pixels is not None
                or local.attention is not None
                or local.drop_unsupported
                or local.batch_size != "1"
            ),
            f"--max-pixels, --attention, --drop-unsupported and --batch-size do not apply to --engine "
            f"{served.engine.value}, which decides these itself",
        )
        yield (
            served.endpoint is None and bool(served.dialects or served.same_model),
            "--api-dialect and --same-model only apply to --endpoint",
        )

    def _problems_of_asking(self) -> Iterator[tuple[bool, str]]:
        from omni_persona_runner.prompt import Prompt

        served, local, asked = self.served, self.local, self.asked
        yield (
            local.ray and (served.endpoint is not None or served.has_engine),
            "expected --endpoint or --ray, got both: a server is asked by one process, --concurrency at once",
        )
        yield local.ray_workers is not None and not local.ray, "--ray-workers is for --ray"
        yield (
            local.ray and local.device not in (None, "cpu"),
            f"expected --device cpu or none with --ray, where each worker has a GPU, got {local.device!r}",
        )
        yield (
            local.ray and (asked.repeats > 1 or self.spending.max_tokens_total is not None),
            "--repeats and --max-tokens-total do not go with --ray",
        )
        draws = not asked.sampling().is_greedy
        for_models = asked.prompt() != Prompt(cues=asked.cues.value) or asked.max_new_tokens is not None
        yield (
            self.is_baseline and (draws or for_models),
            f"{self.model} reads no prompt and writes no tokens: --without, --prompt, --reason, --temperature and "
            "--max-new-tokens are for models",
        )
        yield (
            asked.repeats > 1 and not draws and self.model != "baseline:random",
            "--repeats would give the same answers again: add --temperature, such as 0.7",
        )

    # ---- the model

    @contextmanager
    def ready(self) -> Iterator[tuple[Model, Fleet | None]]:
        """Yield the model; its server or cluster runs for the duration of the block."""
        if self.local.ray:
            from omni_persona_runner.cluster import cluster
            from omni_persona_runner.fleet import Fleet

            use_gpus = self.local.device is None and not self.is_baseline
            with cluster(self.local.ray_workers, use_gpus=use_gpus) as workers:
                load = self._loader(workers.device)
                yield load(), Fleet(workers, load, self.local.size())
        elif self.served.has_engine:
            with self._engine() as model:
                yield model, None
        else:
            yield self._loader(self.local.device)(), None

    def _loader(self, device: str | None) -> Callable[[], Model]:
        from omni_persona_runner.endpoint import EndpointModel
        from omni_persona_runner.transformers_model import TransformersModel

        if self.served.endpoint is not None:
            return partial(
                EndpointModel,
                self.served.endpoint,
                self.model,
                api_key_env=self.served.api_key_env,
                dialects=[one.value for one in self.served.dialects or ()],
                concurrency=self.served.concurrency,
                **self.asked.settings(),
            )
        if self.is_baseline:
            fit_on = None if self.fit_on is None else self.fit_on.resolve()
            return partial(_baseline, self.model, self.asked.seed, fit_on, self.dataset.resolve())
        return partial(
            TransformersModel,
            self.model,
            revision=self.local.revision,
            adapter=self.local.adapter,
            batch_size=self.local.size(),
            device=device,
            dtype=self.local.dtype,
            attention=self.local.attention,
            max_pixels=self.local.max_pixels,
            drop_unsupported=self.local.drop_unsupported,
            trust_remote_code=self.local.trust_remote_code,
            **self.asked.settings(),
        )

    @contextmanager
    def _engine(self) -> Iterator[Model]:
        from omni_persona_runner import engine
        from omni_persona_runner.endpoint import EndpointModel

        name: engine.Engine = "vllm" if self.served.engine == options.EngineName.vllm else "transformers-serve"
        settings = engine.Settings(
            model=self.model,
            most_media=engine.most_media(self.dataset),
            revision=self.local.revision,
            dtype=self.local.dtype,
            device=self.local.device,
            trust_remote_code=self.local.trust_remote_code,
        )
        asked = self.asked.settings()
        with engine.serve(
            name,
            settings,
            program=self.served.vllm_command,
            start_seconds=self.served.engine_wait,
            on_wait=_waiting(name),
        ) as server:
            yield EndpointModel(
                server.url,
                self.model,
                api_key_env=None,
                concurrency=self.served.concurrency,
                sampling_rate=engine.SAMPLING_RATE,
                engine=name,
                versions=server.versions,
                **asked,
            )


def _waiting(engine: str) -> Callable[[float, str], None]:
    """Reports, after a few seconds and at intervals, that a server is starting."""
    said_at = -_SAID_AGAIN + 2.0

    def say(seconds: float, line: str) -> None:
        nonlocal said_at
        if seconds - said_at >= _SAID_AGAIN:
            said_at = seconds
            err.print(f"{engine} is starting ({seconds:.0f} s): {line}", soft_wrap=True)

    return say


def _baseline(name: str, seed: int, fit_on: Path | None, dataset: Path) -> Model:
    """Load a baseline, with a progress display if it must be fitted first."""
    from omni_persona_runner.baselines import load_baseline

    if fit_on is None:
        return load_baseline(name, seed)
    with progress() as shown:
        return load_baseline(
            name,
            seed,
            fit_on=fit_on,
            dataset=dataset,
            progress=lambda done, total: shown(f"fitting on {fit_on}", done, total),
        )
