"""The Python API of this package, exported by `omni_persona_runner`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omni_persona_artifacts.progress import Progress, bars
from omni_persona_artifacts.shown import Cues
from omni_persona_runner.model import Model
from omni_persona_runner.run_loop import RunSummary
from omni_persona_runner.run_loop import run as run_model
from omni_persona_runner.scoring import compare_runs, score_run

if TYPE_CHECKING:
    from omni_persona_cal import Judge, Judgement


def load_model(
    name: str,
    *,
    endpoint: str | None = None,
    fit_on: str | Path | None = None,
    dataset: str | Path | None = None,
    cues: Cues = "isolated",
    **options: Any,
) -> Model:
    """Load a model for `run`.

    name: `baseline:abstain`, `baseline:random`, `baseline:nearest`, `baseline:specialists`, a checkpoint on the Hub or
    in a folder, or, with `endpoint`, the server's name for the model.
    endpoint: the URL of an OpenAI-compatible server.
    fit_on, dataset: for baseline:specialists, the dataset folder that its thresholds are fitted on, which must be about
    other people, and the one that it will be run on.
    cues: which query media a checkpoint or an endpoint sees.
    options: additional arguments of `load_baseline` (`seed`), `EndpointModel` (`concurrency`...) or `TransformersModel`
    (`batch_size`, `device`, `dtype`...).
    Raises `LoadError` if the model cannot be used, and `ValueError` for options that do not go together.

    Examples:
        >>> load_model("baseline:nearest").name
        'baseline:nearest'
    """
    if name.startswith("baseline:") and endpoint is None:
        from omni_persona_runner.baselines import load_baseline

        if fit_on is not None:
            options |= {"fit_on": Path(fit_on).resolve(), "dataset": Path(dataset or "omni-persona").resolve()}
        return load_baseline(name, **options)
    if fit_on is not None:
        raise ValueError("fit_on only applies to baseline:specialists")
    options.setdefault("prompt", _prompt(cues))
    if endpoint is not None:
        from omni_persona_runner.endpoint import EndpointModel

        return EndpointModel(endpoint, name, **options)
    from omni_persona_runner.transformers_model import TransformersModel

    return TransformersModel(name, **options)


def _prompt(cues: Cues) -> Any:
    from omni_persona_runner.prompt import Prompt

    return Prompt(cues=cues)


def run(
    model: Model | str,
    dataset: str | Path = "omni-persona",
    *,
    out: str | Path,
    limit: int | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> RunSummary:
    """Ask a model every question of a dataset folder and write its answers to the run folder `out`.

    model: the result of `load_model`, or a model name. limit: ask only so many items, spread over groups and absences.
    progress: called as items are done; None shows a bar in a notebook and on a terminal.
    options: additional arguments of `omni_persona_runner.run_loop.run`.
    Repeating the call resumes an interrupted run. Raises what `omni_persona_runner.run_loop.run` raises.

    Examples:
        >>> run("baseline:nearest", "omni-persona", out="runs/nearest").n_failed
        0
    """
    asked = load_model(model) if isinstance(model, str) else model
    if progress is not None:
        return run_model(asked, dataset, out, limit=limit, progress=progress, **options)
    with bars() as shown:
        return run_model(asked, dataset, out, limit=limit, progress=shown, **options)


def judge(run: str | Path, judge: str | Judge = "lexical", **options: Any) -> dict[str, Judgement]:
    """Judge every answer of a run folder to an answerable item, and write `verdicts.jsonl`.

    judge: `lexical`, `openai`, `transformers`, or a custom judge. options: arguments of the judge, such as `model` and
    `base_url`, see `omni_persona_cal.make_judge`.
    Returns a mapping from item ID to judgement. Raises `JudgeError` if the judge cannot work.

    Examples:
        >>> {judgement.verdict for judgement in judge("runs/nearest").values()} <= {"CORRECT", "WRONG"}
        True
    """
    from omni_persona_cal import make_judge
    from omni_persona_runner.judging import judge_run, run_items

    asked = make_judge(judge, options) if isinstance(judge, str) else judge
    return judge_run(run, run_items(run), asked)


def score(run: str | Path, *, protocol: str = "guarded") -> dict[str, Any]:
    """Score a run folder and write `scores.json`; rates lie in 0..1.

    protocol: which variants of Ans and Cal are the headline scores; see `omni_persona_cal.compute`.
    Raises `RunFolderError` if there is nothing to score or the dataset is missing.

    Examples:
        >>> scores = score("runs/nearest")
        >>> 0 <= scores["cal"] <= 1
        True
    """
    return score_run(run, protocol=protocol)


def compare(*runs: str | Path) -> Mapping[str, Any]:
    """Compare runs over the same items: the difference b - a for two runs, a ranking with ties for more.

    Raises `ValueError` for runs over different items or with different judges.

    Examples:
        >>> compare("runs/abstain", "runs/nearest")["scores"]["cal"]["difference"] > 0
        True
    """
    return compare_runs(runs)
