"""`omni-persona run`: ask a model every question of a benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from omni_persona_artifacts.progress import silent
from omni_persona_cli import run_options as options
from omni_persona_cli.console import err, out, progress

if TYPE_CHECKING:
    from omni_persona_cli.run_choices import Choices
    from omni_persona_runner.fleet import Fleet
    from omni_persona_runner.model import Model
    from omni_persona_runner.usage import Budget, Prices

EXAMPLES = """Examples:

omni-persona run --model baseline:nearest --out runs/nearest

omni-persona run --model baseline:specialists --fit-on train/omni-persona --out runs/specialists

omni-persona run --model Qwen/Qwen2.5-Omni-3B --batch-size auto --out runs/qwen-3b

omni-persona run --engine vllm --model Qwen/Qwen2.5-Omni-7B --out runs/qwen-7b

omni-persona run --model ./my-checkpoint --temperature 0.7 --repeats 5 --out runs/five-times

omni-persona run --model Qwen/Qwen2.5-Omni-3B --adapter adapters/first --out runs/first

omni-persona run --model ./my-checkpoint --limit 24 --without image --out runs/without-faces

omni-persona run --endpoint http://localhost:8000/v1 --model openbmb/MiniCPM-o-4_5 --out runs/minicpm

torchrun --nproc-per-node 8 -m omni_persona_cli run --model Qwen/Qwen2.5-Omni-7B --batch-size auto --out runs/qwen-7b

RAY_ADDRESS=auto omni-persona run --ray --model Qwen/Qwen2.5-Omni-7B --batch-size auto --out runs/qwen-7b"""


def run(
    model: options.ModelName,
    target: options.Out,
    revision: options.Revision = None,
    adapter: options.AdapterFolder = None,
    dataset: options.Dataset = Path("omni-persona"),
    fit_on: options.FitOn = None,
    limit: options.Limit = None,
    subset: options.Subset = None,
    batch_size: options.BatchSize = "1",
    max_new_tokens: options.MaxNewTokens = None,
    cues: options.CuesShown = options.Cues.isolated,
    without: options.LeftOut = None,
    prompt: options.PromptFile = None,
    reason: options.Reason = False,
    repeats: options.Repeats = 1,
    temperature: options.Temperature = 0.0,
    top_p: options.TopP = 1.0,
    seed: options.Seed = 0,
    max_tokens_total: options.MaxTokensTotal = None,
    price_in: options.PriceIn = None,
    price_out: options.PriceOut = None,
    track: options.Track = None,
    max_pixels: options.MaxPixels = None,
    drop_unsupported: options.DropUnsupported = False,
    endpoint: options.Endpoint = None,
    concurrency: options.Concurrency = 8,
    api_dialect: options.Dialects = None,
    same_model: options.SameModel = False,
    api_key_env: options.ApiKeyEnv = "OPENAI_API_KEY",
    engine: options.Engine = options.EngineName.local,
    vllm_command: options.VllmCommand = "vllm",
    engine_wait: options.EngineWait = 1800.0,
    device: options.Device = None,
    dtype: options.Dtype = None,
    attention: options.Attention = None,
    trust_remote_code: options.TrustRemoteCode = False,
    ray: options.Ray = False,
    ray_workers: options.RayWorkers = None,
) -> None:
    """Ask a model every question and write its answers to a run folder. Exit code 1 if items failed."""
    from omni_persona_cli.run_choices import Asked, Choices, Local, Served, Spending
    from omni_persona_runner.ranks import is_first

    asked = Asked(limit, max_new_tokens, cues, without, prompt, reason, repeats, temperature, top_p, seed, subset)
    spending = Spending(max_tokens_total, price_in, price_out)
    served = Served(endpoint, concurrency, api_dialect, same_model, api_key_env, engine, vllm_command, engine_wait)
    checkpoint = (
        revision,
        adapter,
        batch_size,
        max_pixels,
        drop_unsupported,
        device,
        dtype,
        attention,
        trust_remote_code,
    )
    choices = Choices(model, dataset, fit_on, asked, spending, served, Local(*checkpoint, ray, ray_workers))
    choices.check()
    whole = _run_all(choices, target)
    if track is not None and is_first():
        _track(track.value, target)
    if not whole:
        raise typer.Exit(1)
    if is_first():
        out.print(f"Next: omni-persona score {target}", soft_wrap=True)


def _run_all(choices: Choices, target: Path) -> bool:
    """Run every repeat and print its usage; return whether every item of each has an answer."""
    from omni_persona_artifacts.repeats import repeat_folder
    from omni_persona_runner.ranks import is_first
    from omni_persona_runner.sampling import Repeatable
    from omni_persona_runner.usage import usage_of_run

    budget, whole = choices.spending.budget(), True
    with choices.ready() as (model, fleet):
        for number in range(1, choices.asked.repeats + 1):
            whole &= run_and_report(
                model.repeat(number) if isinstance(model, Repeatable) else model,
                choices.dataset,
                repeat_folder(target, number),
                limit=choices.asked.limit,
                subset=choices.asked.subset,
                same_model=choices.served.same_model,
                prices=choices.spending.prices(),
                budget=budget,
                fleet=fleet,
            )
    if is_first():
        used = usage_of_run(target)
        if used.n_counted:
            out.print(used.told(), soft_wrap=True)
        if budget is not None and budget.n_left:
            told = f"stopped: {budget.used:,} tokens are used of {budget.tokens:,}, and {budget.n_left} items are left"
            err.print(f"{told}; the same command with a larger --max-tokens-total goes on", soft_wrap=True)
    return whole


def run_and_report(
    model: Model,
    dataset: Path,
    target: Path,
    *,
    limit: int | None = None,
    subset: int | None = None,
    same_model: bool = False,
    prices: Prices | None = None,
    budget: Budget | None = None,
    fleet: Fleet | None = None,
) -> bool:
    """Run with a progress display and print a summary; return whether every item has an answer.

    Of several parallel processes, only the first prints anything.
    """
    from omni_persona_runner.endpoint import EndpointModel
    from omni_persona_runner.ranks import is_first
    from omni_persona_runner.run_loop import run as run_model

    with progress() as shown:
        summary = run_model(
            model,
            dataset,
            target,
            limit=limit,
            subset=subset,
            same_model=same_model,
            prices=prices,
            budget=budget,
            progress=shown if is_first() else silent,
            fleet=fleet,
        )
    whole = not summary.n_failed and not summary.n_left
    if not is_first():
        return whole
    before = f", {summary.n_skipped} answered before" * bool(summary.n_skipped)
    out.print(f"{model.name}: {summary.n_done} answered{before}; run folder {target}", soft_wrap=True)
    if isinstance(model, EndpointModel) and (refused := model.not_taken()):
        err.print(f"The server takes no {' and no '.join(refused)}: its own defaults decided.", soft_wrap=True)
    if summary.n_failed:
        out.print(
            f"{summary.n_failed} items failed: predictions.jsonl says why; the same command asks them again",
            style="bold red",
        )
    return whole


def _track(tracker: str, target: Path) -> None:
    """Send a run's figures to a tracker; a run that is not judged yet is scored lexically."""
    from omni_persona_runner.tracking import track_run

    place = track_run(tracker, target)
    out.print(f"Figures sent to {tracker}: {place}", soft_wrap=True)
