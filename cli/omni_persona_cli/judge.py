"""`omni-persona judge`: a verdict on every answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from enum import Enum
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from omni_persona_cli import collected_options as options
from omni_persona_cli.console import err, out, progress
from omni_persona_cli.results import JSON_HELP, JudgeResult, output_kept_for_result, print_result

if TYPE_CHECKING:
    from omni_persona_cal import Judge, Judgement

EXAMPLES = """Examples:

omni-persona judge runs/nearest --judge lexical

omni-persona judge runs/nearest --json > judged.json

omni-persona judge runs/nearest --judge openai --judge-url http://localhost:8000/v1 --judge-model ORG/MODEL

omni-persona judge runs/nearest --judge transformers --judge-model ORG/MODEL"""


class JudgeName(str, Enum):
    """The available judges."""

    lexical = "lexical"
    openai = "openai"
    transformers = "transformers"


ByJudge: TypeAlias = Annotated[
    JudgeName,
    typer.Option(
        "--judge",
        help="lexical: a deterministic rule, offline. openai: a model behind any OpenAI-compatible endpoint, "
        "with the key in OPENAI_API_KEY. transformers: a local model.",
    ),
]
WithReason: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--judge-reason/--judge-likelihood",
        help="Have a model judge write a reason before its verdict, or take the verdict from likelihoods in one "
        "step. Default: a reason for openai, likelihoods for transformers.",
        show_default=False,
    ),
]


def judge(
    run: Annotated[
        Path,
        typer.Argument(help="Run folder; or, with --dataset, a file of answers, as `omni-persona score` takes it."),
    ],
    dataset: options.Dataset = None,
    partial: options.Partial = False,
    by: ByJudge = JudgeName.lexical,
    url: Annotated[
        str | None, typer.Option("--judge-url", help="Base URL for --judge openai; default: OpenAI's own.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--judge-model", help="Model for --judge openai or transformers.")
    ] = None,
    at_once: Annotated[
        int | None, typer.Option("--at-once", min=1, help="Concurrent requests, or batch size, of a model judge.")
    ] = None,
    reason: WithReason = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Judge a run's answers to answerable items, and keep the verdicts in the run folder, or beside the file.

    Replies of a model judge are cached in the folder's `judge/` (`FILE.judge/`) and not requested again. Exit code 1
    if answers remain without a verdict.
    """
    from omni_persona_artifacts.repeats import repeat_folders
    from omni_persona_runner.judging import judge_file, judge_run, run_items

    run = options.answers(run, dataset)
    cache = run / "judge" if dataset is None else run.with_name(f"{run.name}.judge")
    with output_kept_for_result(as_json):
        items = [] if dataset is not None else [item for item in run_items(run) if item.answerable]
        done = count(1)
        with progress() as shown:
            judge_ = _judge(by.value, url, model, at_once, reason, cache, lambda: shown("judging", next(done)))
            if dataset is None:
                folders = repeat_folders(run)
                judgements = [one for folder in folders for one in judge_run(folder, items, judge_).values()]
            else:
                judgements = list(judge_file(run, dataset, judge_, partial=partial).values())
    result = _result(run, judge_.name, judgements)
    if kept := sum(one.kept for one in judgements):
        err.print(f"{kept} verdicts are from replies kept in {cache}; remove it to ask for them again", soft_wrap=True)
    if as_json:
        print_result(result)
    else:
        _print_counts(result)
    if not result.complete:
        _tell_unjudged(judgements)
        raise typer.Exit(1)
    if not as_json:
        of = "" if dataset is None else f" --dataset {dataset}"
        out.print(f"Next: omni-persona score {run}{of}", soft_wrap=True)


def _result(run: Path, judge: str, judgements: Sequence[Judgement]) -> JudgeResult:
    verdicts = Counter(one.verdict for one in judgements)
    return JudgeResult(
        run=str(run),
        judge=judge,
        complete=not verdicts["UNJUDGED"],
        n_judged=len(judgements),
        n_unjudged=verdicts["UNJUDGED"],
        verdicts={verdict: verdicts[verdict] for verdict in ("CORRECT", "WRONG", "UNJUDGED")},
    )


def _print_counts(result: JudgeResult) -> None:
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(result.verdicts.items()) if count)
    # Model names are plain text: markup and emoji codes are not interpreted.
    out.print(f"{result.n_judged} answers judged by {result.judge}: {counts or 'nothing to judge'}", soft_wrap=True)


def _tell_unjudged(judgements: Sequence[Judgement]) -> None:
    unjudged = [one for one in judgements if one.verdict == "UNJUDGED"]
    why = " ".join((unjudged[0].reason or unjudged[0].raw or "no reply").split())[:200]
    err.print(f"{len(unjudged)} answers have no verdict and count in no rate; the first: {why}", soft_wrap=True)
    err.print("Repeat the command to judge them; other answers are not judged again.")


def _judge(
    name: str,
    url: str | None,
    model: str | None,
    at_once: int | None,
    reason: bool | None,
    cache: Path,
    on_judged: Callable[[], None],
) -> Judge:
    from omni_persona_cal import make_judge

    if name == "lexical":
        if url or model or at_once or reason is not None:
            raise ValueError(
                "--judge-url, --judge-model, --at-once, --judge-reason and --judge-likelihood are for --judge openai "
                "or transformers"
            )
        return make_judge(name)
    if not model:
        raise ValueError(f"--judge {name} needs --judge-model")
    options: dict[str, Any] = {"model": model, "cache_dir": cache, "on_judged": on_judged}
    if reason is not None:
        options["reason"] = reason
    if name == "openai":
        options |= {"base_url": url} | ({"concurrency": at_once} if at_once else {})
    elif url:
        raise ValueError("--judge-url is for --judge openai")
    elif at_once:
        options["batch_size"] = at_once
    return make_judge(name, options)
