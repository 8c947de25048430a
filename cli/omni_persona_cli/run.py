"""`omni-persona run`: ask a model every question of a benchmark."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from omni_persona_cli import run_options as options
from omni_persona_cli.console import err, out, progress, tell_if_more
from omni_persona_cli.results import RunResult, output_kept_for_result, print_result

if TYPE_CHECKING:
    from omni_persona_cli.run_choices import Choices
    from omni_persona_runner.fleet import Fleet
    from omni_persona_runner.model import Model
    from omni_persona_runner.run_loop import RunSummary
    from omni_persona_runner.usage import Budget, Prices

EXAMPLES = """Examples:

omni-persona run --model baseline:nearest --out runs/nearest

omni-persona run --model baseline:nearest --out runs/nearest --json > run.json

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
    as_json: options.AsJson = False,
) -> None:
    """Ask a model every question and write its answers to a run folder. Exit code 1 if items failed."""
    from omni_persona_cli.run_choices import Asked, Choices, Local, Served, Spending
    from omni_persona_runner.ranks import is_first

    asked = Asked(limit, max_new_tokens, cues, without, prompt, reason, repeats, temperature, top_p, seed, subset)
    spending = Spending(max_tokens_total, price_in, price_out)
    served = Served(endpoint, concurrency, api_dialect, same_model, api_key_env, engine, vllm_command, engine_wait)
    shown = (revision, adapter, batch_size, max_pixels, drop_unsupported)
    local = Local(*shown, device, dtype, attention, trust_remote_code, ray, ray_workers)
    choices = Choices(model, dataset, fit_on, asked, spending, served, local)
    choices.check()
    with output_kept_for_result(as_json):
        result = _run_all(choices, target, quiet=as_json)
        if track is not None and is_first():
            result = replace(result, tracked=_track(track.value, target))
    if is_first():
        print_result(result) if as_json else _print_end(result)
    if not result.complete:
        raise typer.Exit(1)


def _print_end(result: RunResult) -> None:
    """Print usage, where figures were sent, and the next command."""
    from omni_persona_runner.usage import Usage

    used = Usage(**result.usage)
    if used.n_counted:
        out.print(used.summary(), soft_wrap=True)
    if result.tracked is not None:
        out.print(f"Figures sent to {result.tracked}", soft_wrap=True)
    if result.complete:
        out.print(f"Next: omni-persona score {result.run}", soft_wrap=True)


def _run_all(choices: Choices, target: Path, *, quiet: bool) -> RunResult:
    """Run every repeat and return the result of all of them."""
    from omni_persona_artifacts.repeats import repeat_folder
    from omni_persona_runner.ranks import is_first
    from omni_persona_runner.sampling import Repeatable
    from omni_persona_runner.usage import usage_of_run

    budget, summaries = choices.spending.budget(), []
    folders = [repeat_folder(target, number) for number in range(1, choices.asked.repeats + 1)]
    with choices.ready() as (model, fleet):
        for number, folder in enumerate(folders, start=1):
            one = model.repeat(number) if isinstance(model, Repeatable) else model
            summary = run_and_report(
                one,
                choices.dataset,
                folder,
                limit=choices.asked.limit,
                subset=choices.asked.subset,
                same_model=choices.served.same_model,
                prices=choices.spending.prices(),
                budget=budget,
                fleet=fleet,
                quiet=quiet,
            )
            summaries.append(summary)
    if is_first():
        tell_if_more("--limit", choices.asked.limit, summaries[0].n_asked)
        tell_if_more("--subset", choices.asked.subset, summaries[0].n_asked)
    if budget is not None and budget.n_left and is_first():
        reason = f"stopped: {budget.used:,} tokens are used of {budget.tokens:,}, and {budget.n_left} items are left"
        err.print(f"{reason}; repeat the command with a larger --max-tokens-total to continue", soft_wrap=True)
    return RunResult(
        run=str(target),
        model=model.name,
        dataset=str(choices.dataset),
        complete=all(one.complete for one in summaries),
        n_answered=sum(one.n_done for one in summaries),
        n_answered_before=sum(one.n_skipped for one in summaries),
        n_failed=sum(one.n_failed for one in summaries),
        n_left=sum(one.n_left for one in summaries),
        not_taken=list(_not_taken(model)),
        repeats=[str(folder) for folder in folders],
        usage=usage_of_run(target).as_dict() if is_first() else {},
    )


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
    quiet: bool = False,
) -> RunSummary:
    """Run with a progress display and print a summary, unless `quiet`; warnings are printed in any case.

    Of several parallel processes, only the first prints anything.
    """
    from omni_persona_runner.ranks import is_first
    from omni_persona_runner.run_loop import run as run_model

    with progress(hidden=not is_first()) as shown:
        summary = run_model(
            model,
            dataset,
            target,
            limit=limit,
            subset=subset,
            same_model=same_model,
            prices=prices,
            budget=budget,
            progress=shown,
            fleet=fleet,
        )
    if not is_first():
        return summary
    if not quiet:
        before = f", {summary.n_skipped} answered before" * bool(summary.n_skipped)
        out.print(f"{model.name}: {summary.n_done} answered{before}; run folder {target}", soft_wrap=True)
    if refused := _not_taken(model):
        err.print(f"The server takes no {' and no '.join(refused)}: its own defaults applied.", soft_wrap=True)
    if summary.n_failed:
        (err if quiet else out).print(
            f"{summary.n_failed} items failed: predictions.jsonl says why; repeat the command to ask them again",
            style="bold red",
        )
    return summary


def _not_taken(model: Model) -> tuple[str, ...]:
    """Settings that the endpoint behind a model does not accept."""
    from omni_persona_runner.endpoint import EndpointModel

    return model.not_taken() if isinstance(model, EndpointModel) else ()


def _track(tracker: str, target: Path) -> str:
    """Send a run's figures to a tracker and return where; a run that is not judged yet is scored lexically."""
    from omni_persona_runner.tracking import track_run

    return f"{tracker}: {track_run(tracker, target)}"
