"""`omni-persona score`: the score table of a run."""

from __future__ import annotations

from collections.abc import Container, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from omni_persona_cli import collected_options as options
from omni_persona_cli.console import about_intervals, err, out, score_table
from omni_persona_cli.results import print_result

EXAMPLES = """Examples:

omni-persona score runs/nearest

omni-persona score runs/nearest --json > scores.json

omni-persona score answers.jsonl --dataset omni-persona

omni-persona score logs/2026-11-26_omni-persona.eval --dataset omni-persona"""


class Protocol(str, Enum):
    """Which variants of Ans and Cal are the headline scores."""

    guarded = "guarded"
    paper = "paper"
    v2_2 = "v2.2"


def score(
    run: Annotated[
        Path,
        typer.Argument(
            help="Run folder; or, with --dataset, a file of answers collected elsewhere: lines of augmented_id and "
            "prediction, result files of the v2.2 release, the output of a batch API, samples that lmms-eval logged, "
            "or an .eval log of inspect_ai."
        ),
    ],
    dataset: options.Dataset = None,
    partial: options.Partial = False,
    protocol: Annotated[
        Protocol,
        typer.Option(
            help="guarded: an abstention is never a right answer, Cal is the mean of Ans and Unans. paper: it may be. "
            "v2.2: as guarded, but Cal is weighted by the number of items."
        ),
    ] = Protocol.guarded,
    as_json: Annotated[bool, typer.Option("--json", help="Print all scores as JSON instead of the table.")] = False,
) -> None:
    """Score a run by its verdicts, or lexically if it has none; writes scores.json.

    Exit code 1 if items are missing or unjudged.
    """
    if not score_and_report(run, dataset, partial=partial, protocol=protocol.value, as_json=as_json):
        raise typer.Exit(1)


def score_and_report(
    run: Path,
    dataset: Path | None = None,
    *,
    partial: bool = False,
    protocol: str = "guarded",
    as_json: bool = False,
) -> bool:
    """Score a run and print a table, or JSON; return whether every item has an answer and a verdict."""
    from omni_persona_artifacts.characters import name_shown
    from omni_persona_artifacts.check_results import about_unneeded
    from omni_persona_artifacts.run_folder import read_manifest
    from omni_persona_runner.scoring import score_file, score_run
    from omni_persona_runner.usage import Usage

    run = options.answers(run, dataset)
    scores = (
        score_run(run, protocol=protocol) if dataset is None else score_file(run, dataset, protocol, partial=partial)
    )
    if as_json:
        print_result(scores)
    else:
        name = "" if dataset else f"{name_shown(read_manifest(run)['model']['name'])} "
        title = f"{name}(judge: {name_shown(scores['judge'])}) in {run}"
        shortcuts = _unneeded(run, dataset, scores["by_group"])
        out.print(score_table(title, scores, shortcuts))
        for group, checks in shortcuts.items():
            out.print(f"* {about_unneeded(group, checks)}", soft_wrap=True)
        out.print(about_intervals(scores["interval"]), soft_wrap=True)
        if scores["cal"] is not None and scores["intervals"]["cal"] is None:
            out.print(
                "Cal has no interval: too few answers differ from always abstaining or always answering, or too few "
                "people are asked about (docs, The metric, Intervals).",
                soft_wrap=True,
            )
        if scores["n_phrased_otherwise"]:
            out.print(
                f"{scores['n_phrased_otherwise']} items phrased otherwise: answers that abstain without any of the "
                "benchmark's phrases; only the rows 'any wording' count them as abstentions",
                soft_wrap=True,
            )
        _tell_subset(scores.get("subset"))
        _tell_repeats(scores)
        if scores["usage"]["n_counted"]:
            out.print(Usage(**scores["usage"]).summary(), soft_wrap=True)
    if scores["n_missing"]:
        _incomplete(
            f"{scores['n_missing']} of {scores['n_items']} items have no answer and count in no rate"
            + ("; repeat the omni-persona run command without --limit to answer them" if dataset is None else "")
        )
    if scores["n_unjudged"]:
        _incomplete(
            f"{scores['n_unjudged']} answers have no verdict and count in no rate; repeat the omni-persona judge "
            "command to judge them"
        )
    return bool(scores["complete"])


def _unneeded(run: Path, dataset: Path | None, groups: Container[str]) -> dict[str, list[str]]:
    """Return which of some groups do not need their modality, according to the dataset's checks; report read errors."""
    from omni_persona_artifacts.check_results import read_unneeded
    from omni_persona_runner.scoring import dataset_of

    try:
        found = read_unneeded(Path(dataset_of(run)) if dataset is None else dataset)
    except (ValueError, OSError) as error:
        err.print(f"note: {error}; it is unknown which groups need their modality", soft_wrap=True)
        return {}
    return {group: checks for group, checks in found.items() if group in groups}


def _tell_subset(subset: Mapping[str, Any] | None) -> None:
    """Print the standard error that asking only a subset adds."""
    if subset is None or subset["n_items"] == subset["n_of"]:
        return
    error = subset["added_error_cal"]
    effect = "no Cal" if error is None else f"adds a standard error of {100 * error:.1f} points to Cal"
    out.print(f"A subset of {subset['n_items']} of {subset['n_of']} items: {effect}.", soft_wrap=True)


def _tell_repeats(scores: Mapping[str, Any]) -> None:
    """Print what repeats add: how often k tries include a right answer, and how consistent they are."""
    n = scores.get("n_repeats", 1)
    if n < 2:
        return

    def share(rate: Mapping[str, Any]) -> str:
        return "-" if rate["value"] is None else f"{100 * rate['value']:.1f}"

    parts = [f"pass@{k} {share(scores['pass_at_k'][k])}" for k in (1, n)]
    parts.append(f"abstains in all {n} {share(scores['abstains_all_of_k'][n])}")
    parts.append(f"two repeats agree {share(scores['agreement'])}")
    out.print(f"{n} repeats (x 100): {', '.join(parts)}", soft_wrap=True)


def _incomplete(what: str) -> None:
    err.print(f"incomplete: {what}", style="bold red", soft_wrap=True)
