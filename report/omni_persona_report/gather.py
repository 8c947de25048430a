"""Bring runs, their items and their scores together: all that a report tells, before it is laid out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import omni_persona_cal
from omni_persona_artifacts.run_reader import Run, RunFolderError, read_run
from omni_persona_artifacts.shown import Ablation, Cues
from omni_persona_cal.reading import OnProblem, PredictionLine, VerdictLine
from omni_persona_report.measures import number
from omni_persona_report.outcomes import OUTCOMES, Outcome, outcome, source_of
from omni_persona_report.report_dataset import (
    Entry,
    ReportDataset,
    View,
    entry_from_record,
    fingerprint_of,
    read_dataset,
)


@dataclass
class ReportRun:
    """One run of a report."""

    files: Run
    dataset: ReportDataset
    view: View
    scores: dict[str, Any] | None
    """As `scores.json` has them; None where a run cannot be scored."""
    scored_on_the_way: bool
    name: str = ""
    """What this report calls it: the model's name, with the run's folder where two runs share it."""
    answers: dict[str, PredictionLine] = field(default_factory=dict)
    """Item -> answer with its verdict; a lexical one where nobody judged the run."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    sources: dict[str, int | None] = field(default_factory=dict)
    """Item -> the place of the context that the answer's words come from."""

    @property
    def n_missing(self) -> int:
        """Items of the dataset that the run was not asked."""
        return sum(item_id not in self.answers for item_id in self.dataset.entries)

    def count(self, name: Outcome) -> int:
        return sum(found == name for found in self.outcomes.values())


@dataclass
class Gathered:
    """All that a report is about."""

    runs: list[ReportRun]
    datasets: list[ReportDataset]
    notices: list[str]
    """What a reader must know before reading on, one sentence each."""
    problems: list[str]
    """Lines that could not be read."""


def gather(paths: Sequence[str | Path], *, dataset: str | Path | None = None, with_media: bool = True) -> Gathered:
    """Read runs and the datasets they were made with.

    dataset: where to look for the dataset in place of where each run says it was.
    Raises `RunFolderError` for a path that is no run, and what `omni_persona.load` raises for a `dataset` that is none.
    """
    problems: list[str] = []
    read = [_read_run(path, problems.append) for path in paths]
    notices: list[str] = []
    folders = [_dataset_of(run, dataset, notices) for run in read]
    views = [_view(run, notices) for run in read]
    datasets: dict[Any, ReportDataset] = {}
    runs = []
    for run, (folder, fingerprint), view in zip(read, folders, views, strict=True):
        if folder is not None:
            key: Any = fingerprint
            if key not in datasets:
                shown = list(dict.fromkeys(v for v, f in zip(views, folders, strict=True) if f[1] == fingerprint))
                datasets[key] = read_dataset(folder, shown, fingerprint=fingerprint or "", with_media=with_media)
                notices += datasets[key].notices
        else:
            key = _place_without_dataset(run, fingerprint, datasets)
        asked = datasets[key]
        unknown = [item_id for item_id in run.predictions if item_id not in asked.entries]
        if unknown:
            notices.append(f"{run.path}: {len(unknown)} answers are to items that {asked.label} does not hold")
            asked.entries.update({item_id: Entry(item_id) for item_id in unknown})
        runs.append(_run(run, asked, view, notices))
    _name_apart(runs)
    return Gathered(runs, list(datasets.values()), _unfinished(runs) + notices, problems)


def _read_run(path: str | Path, on_problem: OnProblem) -> Run:
    """Read a run; the first problem of a path without one prediction is why there is none."""
    seen: list[str] = []

    def told(problem: str) -> None:
        seen.append(problem)
        on_problem(problem)

    run = read_run(path, on_problem=told)
    if not run.predictions and not run.path.is_dir():
        raise RunFolderError(f"{path} holds no predictions{f': {seen[0]}' if seen else ''}")
    return run


def model_name(run: Run) -> str:
    """The name of a run's model as its manifest or its lines have it, else the name of its folder or file."""
    model = (run.manifest or {}).get("model")
    name = model.get("name") if isinstance(model, dict) else None
    told = (line.record.get("model_name") for line in run.predictions.values())
    names = [name, *([] if isinstance(name, str) else told)]
    own = run.path.stem if run.path.is_file() else run.path.name
    return next((name for name in names if isinstance(name, str)), own or str(run.path))


def judges_of_lines(lines: Iterable[PredictionLine]) -> list[str]:
    """The names of those who judged some answers."""
    return sorted({line.verdict.judge for line in lines if line.verdict and line.verdict.judge})


def _verdict(line: PredictionLine) -> str:
    return line.verdict.verdict if line.verdict else "UNJUDGED"


def _dataset_of(run: Run, given: str | Path | None, notices: list[str]) -> tuple[Path | None, str | None]:
    """The folder of a run's dataset, None where it is not there, and the fingerprint of what the run was asked."""
    said = (run.manifest or {}).get("dataset")
    said = said if isinstance(said, dict) else {}
    expected = said.get("fingerprint") if isinstance(said.get("fingerprint"), str) else None
    place = given if given is not None else said.get("path")
    if place is None or not isinstance(place, (str, Path)):
        notices.append(f"{run.path} names no dataset folder: no media, no notes. --dataset tells where it is.")
        return None, expected
    found = fingerprint_of(Path(place))
    if found is None:
        if given is not None:
            raise FileNotFoundError(f"{place} has no data/*.parquet: expected a dataset folder")
        notices.append(f"The dataset of {run.path} is not at {place} any more: no media, no notes. --dataset moves it.")
        return None, expected
    if expected is not None and found != expected:
        notices.append(f"{run.path} was made with another dataset than what {place} holds: no media, no notes of it.")
        return None, expected
    return Path(place), found


def _view(run: Run, notices: list[str]) -> View:
    """What a run showed, by its manifest."""
    manifest = run.manifest or {}
    cues, prompt = manifest.get("cues") or "isolated", manifest.get("prompt")
    without = prompt.get("without") if isinstance(prompt, dict) else None
    known = tuple(part for part in without or () if part in get_args(Ablation)) if isinstance(without, list) else ()
    if cues not in get_args(Cues):
        notices.append(f"{run.path} was made with cues that this version does not know; isolated ones are shown.")
        cues = "isolated"
    return View(cues, known)  # type: ignore[arg-type]  # checked above


def _place_without_dataset(run: Run, fingerprint: str | None, datasets: dict[Any, ReportDataset]) -> Any:
    """The key of the dataset of a run without a dataset; runs over the same items share one."""
    entries = {item_id: entry_from_record(line.record) for item_id, line in run.predictions.items()}
    if fingerprint is not None:
        key: Any = ("gone", fingerprint)
        dataset = datasets.setdefault(key, ReportDataset("a dataset that is not there", fingerprint, {}, [View()]))
        dataset.entries = entries | dataset.entries
        return key
    for key, dataset in datasets.items():
        shared = entries.keys() & dataset.entries.keys()
        if isinstance(key, tuple) and key[0] == "records" and shared and _agree(entries, dataset.entries):
            dataset.entries |= {
                item_id: _fuller(entry, dataset.entries.get(item_id, entry)) for item_id, entry in entries.items()
            }
            return key
    key = ("records", str(run.path))
    datasets[key] = ReportDataset(f"the lines of {run.path}", None, entries, [View()])
    return key


def _agree(one: dict[str, Entry], other: dict[str, Entry]) -> bool:
    """Whether two runs' items of one id are the same item."""
    return all(
        (one[item_id].gold, one[item_id].task, one[item_id].absence)
        == (other[item_id].gold, other[item_id].task, other[item_id].absence)
        for item_id in one.keys() & other.keys()
    )


def _fuller(one: Entry, other: Entry) -> Entry:
    return replace(other, question=other.question if other.question is not None else one.question)


def _run(files: Run, dataset: ReportDataset, view: View, notices: list[str]) -> ReportRun:
    scores = None if files.scores is None else dict(files.scores)
    run = ReportRun(files, dataset, view, scores, scored_on_the_way=False, name=model_name(files))
    for item_id, entry in dataset.entries.items():
        line = files.predictions.get(item_id)
        if line is None:
            continue
        verdict = None if files.verdicts is None else files.verdicts.get(item_id)
        if files.verdicts is None and entry.answerable and line.prediction is not None and entry.gold:
            word = omni_persona_cal.lexical_judge(entry.gold, line.prediction)
            verdict = VerdictLine(item_id, word, judge="lexical")
        notes = [memory.text or "" for memory in entry.memories]
        answers = line.prediction is not None and not omni_persona_cal.abstains(line.prediction)
        source = source_of(line.prediction or "", entry.question or "", notes) if answers else None
        run.answers[item_id], run.sources[item_id] = replace(line, verdict=verdict), source
        run.outcomes[item_id] = outcome(
            line.prediction,
            answerable=entry.answerable,
            verdict=verdict.verdict if verdict else None,
            source=source,
            target=entry.target,
        )
    if run.scores is None:
        run.scores = _scored(run)
        run.scored_on_the_way = run.scores is not None
        if run.scores is None:
            notices.append(f"{files.path} has no scores, and without its dataset it cannot be scored.")
    elif not _agrees(run):
        notices.append(
            f"The lines of {files.path} give other scores than its scores.json, which is shown: "
            "`omni-persona score` brings them together."
        )
    return run


def judged(run: ReportRun, item_ids: Sequence[str] | None = None) -> list[Any]:
    """The answered items of a run as the metric counts them, of which it knows all it must.

    item_ids: only these, in this order.
    """
    wanted = list(run.dataset.entries) if item_ids is None else item_ids
    rows = [(run.dataset.entries[item_id].reference(), run.answers.get(item_id)) for item_id in wanted]
    known = [(reference, said) for reference, said in rows if reference and said and said.prediction is not None]
    if not known:
        return []
    items, _ = omni_persona_cal.judged_items(
        [said.prediction or "" for _, said in known],
        [reference for reference, _ in known],
        verdicts=[_verdict(said) for _, said in known],
    )
    return items


def _scored(run: ReportRun) -> dict[str, Any] | None:
    """Scores of a run that has none, made as `omni-persona score` makes them; None where its items are not known."""
    references = [entry.reference() for entry in run.dataset.entries.values()]
    known = [reference for reference in references if reference is not None]
    rows = [(reference, run.answers.get(reference["augmented_id"])) for reference in known]
    answered = [(reference, said) for reference, said in rows if said is not None and said.prediction is not None]
    if not answered:
        return None
    result = omni_persona_cal.compute(
        predictions=[said.prediction or "" for _, said in answered],
        references=[reference for reference, _ in answered],
        verdicts=[_verdict(said) for _, said in answered],
    )
    n_missing = len(references) - len(answered)
    judges = judges_of_lines(said for _, said in answered)
    return {
        **result,
        "judge": ", ".join(judges) or "given",
        "n_items": len(references),
        "n_missing": n_missing,
        "n_failed": run.count("failed"),
        "complete": bool(result["complete"]) and n_missing == 0,
    }


def _agrees(run: ReportRun) -> bool:
    """Whether the scores that a run holds are those of its lines, as far as the lines' items are known."""
    if any(entry.answerable is None for item_id, entry in run.dataset.entries.items() if item_id in run.answers):
        return True
    scores = run.scores or {}
    answerable = [item_id for item_id in run.answers if run.dataset.entries[item_id].answerable]
    right = sum(run.outcomes[item_id] == "right" for item_id in answerable)
    rated = sum(run.outcomes[item_id] not in ("failed", "unjudged") for item_id in answerable)
    # An abstaining answer without a verdict is in no rate either, which the outcome does not tell.
    rated -= sum(
        run.outcomes[item_id] == "false_abstention" and _verdict(run.answers[item_id]) == "UNJUDGED"
        for item_id in answerable
    )
    answered = len(run.answers) - run.count("failed")
    ans = number(scores.get("ans_guarded", scores.get("ans")))
    same_ans = (ans is None and not rated) or (ans is not None and rated > 0 and abs(ans - right / rated) < 1e-9)
    return scores.get("n") == answered and same_ans


def _unfinished(runs: Sequence[ReportRun]) -> list[str]:
    """What is missing from runs, told first."""
    told = []
    for run in runs:
        counts = [(run.count(name), OUTCOMES[name][0].lower()) for name in ("failed", "unjudged")]
        counts.append((run.n_missing, "not asked"))
        parts = [f"{count} {word}" for count, word in counts if count]
        if parts:
            told.append(f"{run.name} is incomplete, of {len(run.dataset.entries)} items: {', '.join(parts)}.")
    return told


def _name_apart(runs: Sequence[ReportRun]) -> None:
    """Give runs of one model names that differ."""
    names = [run.name for run in runs]
    for run in runs:
        if names.count(run.name) > 1:
            run.name = f"{run.name} ({run.files.path.name})"
    seen: dict[str, int] = {}
    for run in runs:
        seen[run.name] = seen.get(run.name, 0) + 1
        if seen[run.name] > 1:
            run.name = f"{run.name} #{seen[run.name]}"
