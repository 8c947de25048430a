"""Score a run from its answers and verdicts, and compare runs; needs no media and no model.

An item that failed or was never asked has no answer to score. It is missing: left out of every rate, counted in
`n_missing`, and the scores are not `complete`. It never counts as an empty, wrong answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import omni_persona_cal
from omni_persona_artifacts.check_results import UNNEEDED, read_unneeded
from omni_persona_artifacts.collected import read_collected
from omni_persona_artifacts.data_files import dataset_fingerprint, dataset_state
from omni_persona_artifacts.references import references
from omni_persona_artifacts.repeats import repeat_folders
from omni_persona_artifacts.run_folder import SCORES, RunFolderError, read_manifest, write_json
from omni_persona_artifacts.run_reader import judges_of, read_predictions, verdicts_of
from omni_persona_cal.reading import PredictionLine, VerdictLine
from omni_persona_runner.subset import added_error, subset
from omni_persona_runner.usage import prices_of, usage

if TYPE_CHECKING:
    from omni_persona import Item


_LEXICAL = "lexical"
"""Name of the deterministic judge, whose verdicts can be completed at any time."""


def dataset_of(run: str | Path) -> str:
    """The path of the dataset that a run used.

    Raises `RunFolderError` if the dataset is missing or has changed since the run.
    """
    manifest = read_manifest(Path(run))["dataset"]
    path = str(manifest["path"])
    try:
        # Files with unchanged sizes and times need not be hashed again.
        if manifest.get("state") is not None and manifest["state"] == dataset_state(path):
            return path
        fingerprint = dataset_fingerprint(path)
    except FileNotFoundError as error:
        raise RunFolderError(f"{run} was made with a dataset that is missing: {error}") from None
    if fingerprint != manifest["fingerprint"]:
        raise RunFolderError(f"{run} was made with another dataset than what {path} holds now")
    return path


def run_references(run: str | Path) -> list[dict[str, Any]]:
    """The references of the items that a run was asked about: its dataset, or the subset of it.

    Raises what `dataset_of` raises.
    """
    known, n = references(dataset_of(run)), read_manifest(Path(run)).get("subset")
    return known if not isinstance(n, int) else [known[index] for index in subset(known, n)]


def score_run(
    run: str | Path, items: Iterable[Item | Mapping[str, Any]] | None = None, protocol: str = "guarded"
) -> dict[str, Any]:
    """Score a run's answers and write `scores.json`: the metric's result, and

        n_items      items of the dataset
        n_missing    items without an answer (failed or not asked); in no rate
        n_failed     the failed ones among them
        complete     every item has an answer and every answer to an answerable item a verdict
        judge        name of the judge
        subset       for a run of a subset: its `n_items`, those of the whole dataset, and `added_error_cal`, the
                     standard error that it adds to Cal; None otherwise
        usage        tokens, seconds and cost, see `usage.Usage`
        does_not_need_its_modality
                     group -> checks of the dataset in which a shortcut works; {} if there is none or nothing was
                     checked, None if the results cannot be read

    A run with repeats is scored over all of them (`omni_persona_cal.compute_repeats`), each on the items it answered.
    Verdicts come from `verdicts.jsonl` or, if there is none, the lexical judge. An answer without a verdict is
    UNJUDGED, unless all verdicts are lexical: it is then judged lexically, to complete a judged run that was resumed.
    items: the dataset's items or references; read from the dataset by default. protocol: which variants of Ans and Cal
    the headline keys hold, see `omni_persona_cal.compute`. Raises `RunFolderError` if no item has an answer, and,
    without `items` what `dataset_of` raises.
    """
    run = Path(run)
    asked = run_references(run) if items is None else [_reference(item) for item in items]
    repeats = [_Repeat.of(folder) for folder in repeat_folders(run)]
    scores = {**_scores(run, asked, protocol, repeats), "subset": _subset(run, asked), UNNEEDED: _unneeded(run)}
    write_json(run / SCORES, scores)
    return scores


def _subset(run: Path, asked: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The `subset` entry of `score_run`."""
    manifest = read_manifest(run)
    if not isinstance(manifest.get("subset"), int):
        return None
    whole = references(dataset_of(run))
    part, of = (Counter(bool(one["answerable"]) for one in some) for some in (asked, whole))
    return {"n_items": len(asked), "n_of": len(whole), "added_error_cal": added_error(part, of)}


def score_file(
    file: str | Path, dataset: str | Path, protocol: str = "guarded", *, partial: bool = False
) -> dict[str, Any]:
    """Score answers collected elsewhere; returns what `score_run` returns and writes nothing.

    file, partial: see `collected.read_collected`, which raises `RunFolderError` for answers that are not the dataset's.
    """
    run = read_collected(file, dataset, partial=partial)
    scores = _scores(run.path, references(dataset), protocol, [_Repeat(run.predictions, run.verdicts)])
    return {**scores, UNNEEDED: _unneeded(file, dataset)}


def _unneeded(run: str | Path, dataset: str | Path | None = None) -> dict[str, list[str]] | None:
    """The groups of a run's dataset that do not need their modality; None if the results cannot be read."""
    try:
        return read_unneeded(Path(dataset_of(run) if dataset is None else dataset))
    except (ValueError, OSError):
        return None


def _scores(run: Path, asked: Sequence[Mapping[str, Any]], protocol: str, repeats: Sequence[_Repeat]) -> dict[str, Any]:
    in_all = set.intersection(*(set(repeat.answers) for repeat in repeats))
    scored = [reference for reference in asked if reference["augmented_id"] in in_all]
    if not scored:
        raise RunFolderError(f"{run} contains no answer to any item of its dataset")
    result = _result(repeats, scored, protocol)
    n_missing = len(asked) - len(scored)
    lines = [line for repeat in repeats for line in repeat.predictions.values()]
    failed = {line.augmented_id for line in lines if line.status == "failed"}
    return {
        **result,
        "n_items": len(asked),
        "n_missing": n_missing,
        "n_failed": sum(reference["augmented_id"] in failed for reference in asked),
        "complete": result["complete"] and n_missing == 0,
        "usage": usage(lines, prices_of(run)).as_dict(),
    }


@dataclass(frozen=True)
class _Repeat:
    """One repeat of a run."""

    predictions: Mapping[str, PredictionLine]
    verdicts: Mapping[str, VerdictLine] | None
    """None if it was not judged."""

    @classmethod
    def of(cls, folder: Path) -> _Repeat:
        predictions = read_predictions(folder)
        return cls(predictions, verdicts_of(folder, predictions))

    @property
    def answers(self) -> dict[str, str]:
        return {name: line.prediction for name, line in self.predictions.items() if line.prediction is not None}

    def verdicts_on(self, ids: Sequence[str]) -> list[str | None]:
        known = self.verdicts or {}
        return [known[name].verdict if name in known else "UNJUDGED" for name in ids]


def _result(repeats: Sequence[_Repeat], scored: Sequence[Mapping[str, Any]], protocol: str) -> dict[str, Any]:
    """The metric's result for the answers to some references, and the name of the judge."""
    ids = [reference["augmented_id"] for reference in scored]
    answers = [repeat.answers for repeat in repeats]
    predictions = [[said[name] for name in ids] for said in answers]
    # If another repeat was judged, missing verdicts are UNJUDGED rather than lexical: judges are not mixed.
    judged = {name: line for repeat in repeats for name, line in (repeat.verdicts or {}).items()}
    verdicts = [repeat.verdicts_on(ids) for repeat in repeats] if judged else None
    if verdicts is not None and judges_of(judged) == _LEXICAL:
        verdicts = [
            _completed(known, said, repeat.verdicts or {}, scored)
            for known, said, repeat in zip(verdicts, predictions, repeats, strict=True)
        ]
    if len(repeats) > 1:
        result = omni_persona_cal.compute_repeats(predictions, scored, verdicts=verdicts, protocol=protocol)
    else:
        given = None if verdicts is None else verdicts[0]
        result = omni_persona_cal.compute(predictions[0], scored, verdicts=given, protocol=protocol)
    return {**result, "judge": judges_of(judged) if judged else result["judge"]}


def _completed(
    verdicts: list[str | None],
    predictions: Sequence[str],
    judged: Mapping[str, VerdictLine],
    scored: Sequence[Mapping[str, Any]],
) -> list[str | None]:
    """Add lexical verdicts for answers that a resumed run added after it was judged."""
    new = [
        place
        for place, reference in enumerate(scored)
        if reference["answerable"] and reference["augmented_id"] not in judged
    ]
    if not new:
        return verdicts
    items, _ = omni_persona_cal.judged_items([predictions[place] for place in new], [scored[place] for place in new])
    completed = list(verdicts)
    for place, item in zip(new, items, strict=True):
        completed[place] = item.verdict
    return completed


def compare_runs(
    runs: Sequence[str | Path], dataset: str | Path | None = None, *, partial: bool = False
) -> dict[str, Any]:
    """Compare runs over the same items, using the items that all of them answered.

    runs: run folders, or files of answers to the items of `dataset`. partial: allow items that a file does not mention.
    Returns `runs`, their paths; `judge`; `n_asked`; `n_left_out`, items without an answer in one of them; for two
    runs, `a` and `b`, the result of `omni_persona_cal.compare`, b minus a; for more, `omni_persona_cal.compare_several`
    under `several`, with the runs' paths as names.
    Raises `ValueError` for fewer than two runs, for a duplicate run, and for runs over different items or with
    different judges; `RunFolderError` for a path that is not a run.
    """
    names = [str(run) for run in runs]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(f"expected at least two runs, each named once, got {', '.join(names) or 'none'}")
    paths = [_dataset_of(Path(run), dataset) for run in runs]
    sides = [_Side.of(Path(run), path, partial) for run, path in zip(runs, paths, strict=True)]
    for name, side in zip(names[1:], sides[1:], strict=True):
        _require_alike(names[0], sides[0], name, side)
    in_all = set(sides[0].answers).intersection(*(side.answers for side in sides[1:]))
    # Read each dataset once for all runs over it; datasets that give one ID to different items are kept apart.
    read = {path: [one for one in references(path) if one["augmented_id"] in in_all] for path in set(paths)}
    if not in_all or not all(read.values()):
        raise ValueError(f"expected runs with answers to the same items, got no item that all of {len(names)} answered")
    judged = {name: side.judged(read[path]) for name, side, path in zip(names, sides, paths, strict=True)}
    header = {
        "runs": names,
        "judge": sides[0].judge,
        "n_asked": len(sides[0].asked),
        "n_left_out": len(sides[0].asked) - len(judged[names[0]]),
    }
    if len(names) == 2:
        return {**header, "a": names[0], "b": names[1], **omni_persona_cal.compare(*judged.values())}
    several = omni_persona_cal.compare_several(judged)
    n_unjudged = max(pair["n_unjudged"] for pair in several["pairs"])
    return {**header, "n_unjudged": n_unjudged, "several": several}


def _dataset_of(run: Path, dataset: str | Path | None) -> str:
    if not run.is_file():
        return dataset_of(run)
    if dataset is None:
        raise ValueError(f"{run} is a file: name the dataset that it answers with --dataset")
    return str(dataset)


@dataclass(frozen=True)
class _Side:
    """One of the runs being compared."""

    asked: frozenset[str]
    """All items of the run, answered or not."""
    answers: Mapping[str, str]
    """Item ID -> answer."""
    judge: str
    """Name of the judge."""
    verdicts: Mapping[str, str] | None
    """Item ID -> verdict; None for a run that was not judged."""

    @classmethod
    def of(cls, run: Path, dataset: str, partial: bool) -> _Side:
        predictions: Mapping[str, PredictionLine]
        judged: Mapping[str, VerdictLine] | None
        if run.is_file():
            collected = read_collected(run, dataset, partial=partial)
            predictions, judged = collected.predictions, collected.verdicts
        else:
            predictions = read_predictions(run)
            judged = verdicts_of(run, predictions)
        answers = {name: line.prediction for name, line in predictions.items() if line.prediction is not None}
        if not judged:
            return cls(frozenset(predictions), answers, _LEXICAL, None)
        verdicts = {name: line.verdict for name, line in judged.items()}
        return cls(frozenset(predictions), answers, judges_of(judged), verdicts)

    def judged(self, known: Sequence[Mapping[str, Any]]) -> list[Any]:
        ids = [reference["augmented_id"] for reference in known]
        verdicts = None if self.verdicts is None else [self.verdicts.get(name, "UNJUDGED") for name in ids]
        return omni_persona_cal.judged_items([self.answers[name] for name in ids], known, verdicts=verdicts)[0]


def _require_alike(name: str, side: _Side, other_name: str, other: _Side) -> None:
    if side.asked != other.asked:
        alone = {name: side.asked - other.asked, other_name: other.asked - side.asked}
        got = " and ".join(f"{len(items)} only in {run}" for run, items in alone.items() if items)
        raise ValueError(f"expected runs over the same items, got {got}: run both with the same --subset or --limit")
    if side.judge != other.judge:
        raise ValueError(
            f"expected runs judged by one judge, got {side.judge} in {name} and {other.judge} in {other_name}: "
            "judge one of them again"
        )


def _reference(item: Item | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(item, Mapping) and "answerable" in item:
        return item
    import omni_persona

    return omni_persona.reference(item)
