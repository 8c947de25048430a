"""`omni-persona run`: ask a model every question of a benchmark."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omni_persona_cli.console import err, out, progress

if TYPE_CHECKING:
    from omni_persona_runner.batching import Size
    from omni_persona_runner.fleet import Fleet
    from omni_persona_runner.model import Model

EXAMPLES = """Examples:

omni-persona run --model baseline:nearest --out runs/nearest

omni-persona run --model baseline:specialists --fit-on train/omni-persona --out runs/specialists

omni-persona run --model Qwen/Qwen2.5-Omni-3B --batch-size auto --out runs/qwen-3b

omni-persona run --model ./my-checkpoint --limit 24 --without image --out runs/without-faces

omni-persona run --endpoint http://localhost:8000/v1 --model openbmb/MiniCPM-o-4_5 --out runs/minicpm

torchrun --nproc-per-node 8 -m omni_persona_cli run --model Qwen/Qwen2.5-Omni-7B --batch-size auto --out runs/qwen-7b

RAY_ADDRESS=auto omni-persona run --ray --model Qwen/Qwen2.5-Omni-7B --batch-size auto --out runs/qwen-7b"""

MAX_NEW_TOKENS = 256
MAX_NEW_TOKENS_WITH_THOUGHTS = 4096


class Cues(str, Enum):
    """Which query media a model is shown."""

    isolated = "isolated"
    as_released = "as-released"


class Without(str, Enum):
    """What a model is not shown."""

    image = "image"
    audio = "audio"
    text = "text"
    query = "query"


class ApiDialect(str, Enum):
    """How an endpoint wants requests."""

    openai = "openai"
    audio_url = "audio_url"
    data_uri = "data-uri"
    stream = "stream"


def run(
    model: Annotated[
        str,
        typer.Option(
            help="baseline:abstain, baseline:random, baseline:nearest, baseline:specialists, a Hub id, a folder, or "
            "with --endpoint the name that the server knows."
        ),
    ],
    target: Annotated[
        Path, typer.Option("--out", help="The run folder; the same command again goes on where it stopped.")
    ],
    revision: Annotated[
        str | None, typer.Option(help="Of a checkpoint on the Hub: a branch, a tag, a commit, or refs/pr/N.")
    ] = None,
    dataset: Annotated[Path, typer.Option(help="The dataset folder.")] = Path("omni-persona"),
    fit_on: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="For baseline:specialists: a dataset folder of other people, to fit its threshold on."
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask that many items, spread over groups and absences.")
    ] = None,
    batch_size: Annotated[
        str, typer.Option(metavar="N|auto", help="Items that a checkpoint answers at once; auto: as many as fit.")
    ] = "1",
    max_new_tokens: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=f"The longest answer, in tokens; {MAX_NEW_TOKENS} if left out, and "
            f"{MAX_NEW_TOKENS_WITH_THOUGHTS} with --reason.",
        ),
    ] = None,
    cues: Annotated[
        Cues,
        typer.Option(
            help="isolated: the medium of the query's modality alone. as-released: all that the item has, but no "
            "picture for voice queries."
        ),
    ] = Cues.isolated,
    without: Annotated[
        list[Without] | None,
        typer.Option(
            help="Leave out all pictures, all clips, the notes, or the query's picture and clip; may be repeated."
        ),
    ] = None,
    prompt: Annotated[Path | None, typer.Option(help="A text file to take the place of our system prompt.")] = None,
    reason: Annotated[bool, typer.Option(help="Let the model think first; what follows is its answer.")] = False,
    max_pixels: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Shrink larger pictures for a checkpoint; if left out, Qwen-Omni is shown 1048576 pixels at most and "
            "others what their image processor makes of it.",
        ),
    ] = None,
    drop_unsupported: Annotated[
        bool, typer.Option(help="Leave out of an item what a checkpoint cannot take, and say so in its line.")
    ] = False,
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="An OpenAI-compatible server, such as http://localhost:8000/v1.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Requests to an endpoint at a time.")] = 8,
    api_dialect: Annotated[
        list[ApiDialect] | None,
        typer.Option(
            help="How an endpoint wants requests. openai: clips as input_audio. audio_url: clips as audio_url, as vLLM "
            "has them. data-uri: clips as input_audio that holds a data URI. stream: replies in parts; goes with any "
            "of the others. May be repeated."
        ),
    ] = None,
    same_model: Annotated[
        bool, typer.Option(help="Go on with a run whose model is served at another host or port by now.")
    ] = False,
    api_key_env: Annotated[
        str, typer.Option(metavar="NAME", help="The environment variable that holds the endpoint's key.")
    ] = "OPENAI_API_KEY",
    device: Annotated[
        str | None, typer.Option(help="Such as cuda:0 or cpu, or auto: over all GPUs; chosen for you if left out.")
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(help="Such as float16; bfloat16 on a GPU and float32 elsewhere if left out.")
    ] = None,
    attention: Annotated[
        str | None,
        typer.Option(help="Such as sdpa or eager; if left out, flash attention where it is installed and fits."),
    ] = None,
    trust_remote_code: Annotated[bool, typer.Option(help="Run code that comes with the checkpoint.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="For baseline:random.")] = 0,
    ray: Annotated[
        bool,
        typer.Option(
            "--ray",
            help="Have the workers of a Ray cluster answer: the one that RAY_ADDRESS names, or else this machine. "
            "Every machine needs omni-persona, and the dataset and a checkpoint under the same path.",
        ),
    ] = False,
    ray_workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="How many workers; if left out, one on each GPU of the cluster, or one on each machine without."
        ),
    ] = None,
) -> None:
    """Ask a model every question and keep its answers in a run folder. Exit code 1 when items failed."""
    from omni_persona_runner.endpoint import EndpointModel
    from omni_persona_runner.fleet import Fleet, cluster
    from omni_persona_runner.prompt import RULES, Prompt, read_rules
    from omni_persona_runner.ranks import is_first
    from omni_persona_runner.transformers_model import TransformersModel

    put = Prompt(
        rules=RULES if prompt is None else read_rules(prompt),
        cues=cues.value,
        without=frozenset(one.value for one in without or ()),
        reason=reason,
    )
    longest = max_new_tokens or (MAX_NEW_TOKENS_WITH_THOUGHTS if reason else MAX_NEW_TOKENS)
    size = _batch_size(batch_size)
    if fit_on is not None and (endpoint is not None or not model.startswith("baseline:")):
        raise ValueError(f"{model} is fitted on nothing here: --fit-on is for baseline:specialists")
    if (revision is not None or max_pixels is not None) and (endpoint is not None or model.startswith("baseline:")):
        raise ValueError(f"--revision and --max-pixels are for checkpoints, and {model} is none here")
    if endpoint is not None and ray:
        raise ValueError(
            "expected --endpoint or --ray, got both: an endpoint is asked by one process, --concurrency at once"
        )
    if endpoint is None and (api_dialect or same_model):
        raise ValueError("--api-dialect and --same-model are for --endpoint")
    if ray_workers is not None and not ray:
        raise ValueError("--ray-workers is for --ray")
    if ray and device not in (None, "cpu"):
        raise ValueError(f"expected --device cpu or none with --ray, where each worker has a GPU, got {device!r}")

    def loader(device: str | None) -> Callable[[], Model]:
        if endpoint is not None:
            return partial(
                EndpointModel,
                endpoint,
                model,
                prompt=put,
                api_key_env=api_key_env,
                dialects=[one.value for one in api_dialect or ()],
                max_new_tokens=longest,
                concurrency=concurrency,
            )
        if model.startswith("baseline:"):
            return partial(_baseline, model, seed, fit_on and fit_on.resolve(), dataset.resolve())
        return partial(
            TransformersModel,
            model,
            revision=revision,
            prompt=put,
            batch_size=size,
            max_new_tokens=longest,
            device=device,
            dtype=dtype,
            attention=attention,
            max_pixels=max_pixels,
            drop_unsupported=drop_unsupported,
            trust_remote_code=trust_remote_code,
        )

    if endpoint is None and model.startswith("baseline:") and put != Prompt(cues=cues.value):
        raise ValueError(f"{model} reads no prompt: --without, --prompt and --reason are for models that do")
    if ray:
        with cluster(ray_workers, use_gpus=device is None and not model.startswith("baseline:")) as workers:
            load = loader(workers.device)
            whole = run_and_report(load(), dataset, target, limit=limit, fleet=Fleet(workers, load, size))
    else:
        whole = run_and_report(loader(device)(), dataset, target, limit=limit, same_model=same_model)
    if not whole:
        raise typer.Exit(1)
    if is_first():
        out.print(f"Next: omni-persona score {target}", soft_wrap=True)


def _baseline(name: str, seed: int, fit_on: Path | None, dataset: Path) -> Model:
    """A baseline; where it is fitted first, with a progress display."""
    from omni_persona_runner.baselines import load_baseline

    if fit_on is None:
        return load_baseline(name, seed)
    with progress() as display:
        bar = display.add_task(f"fitting on {fit_on}", total=None)
        return load_baseline(
            name,
            seed,
            fit_on=fit_on,
            dataset=dataset,
            progress=lambda done, total: display.update(bar, completed=done, total=total),
        )


def _batch_size(text: str) -> Size:
    """A number, or `auto`."""
    if text == "auto":
        return "auto"
    if not text.isdecimal():
        raise ValueError(f"expected --batch-size to be a number or auto, got {text!r}")
    return int(text)


def run_and_report(
    model: Model,
    dataset: Path,
    target: Path,
    *,
    limit: int | None = None,
    same_model: bool = False,
    fleet: Fleet | None = None,
) -> bool:
    """Run with a progress display and say what came of it; true where every item has an answer.

    Of several processes that run side by side, the first alone shows and says anything.
    """
    from omni_persona_runner.endpoint import EndpointModel
    from omni_persona_runner.ranks import is_first
    from omni_persona_runner.run import run as run_model

    shown = err if err.is_terminal and is_first() else None
    summary = run_model(model, dataset, target, limit=limit, same_model=same_model, console=shown, fleet=fleet)
    if not is_first():
        return not summary.n_failed
    before = f", {summary.n_skipped} answered before" * bool(summary.n_skipped)
    out.print(f"{model.name}: {summary.n_done} answered{before}; run folder {target}", soft_wrap=True)
    if isinstance(model, EndpointModel) and (refused := model.not_taken()):
        err.print(f"The server takes no {' and no '.join(refused)}: its own defaults decided.", soft_wrap=True)
    if summary.n_failed:
        out.print(
            f"{summary.n_failed} items failed: predictions.jsonl says why; the same command asks them again",
            style="bold red",
        )
    return not summary.n_failed
