"""Collect runs, their items and their scores: the contents of a report, before layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from omni_persona_artifacts.collected import read_collected
from omni_persona_artifacts.repeats import repeat_folders
from omni_persona_artifacts.run_reader import Run, RunFolderError, read_run
from omni_persona_artifacts.shown import Ablation, Cues
from omni_persona_cal.published import counts_as_released
from omni_persona_cal.scores import GUARDED, PROTOCOLS
from omni_persona_report.conditions import NAMES, Conditions, LeftOut, conditions_of, difference, most_common
from omni_persona_report.runs.about import About
from omni_persona_report.runs.measures import CAL, value_of
from omni_persona_report.runs.outcomes import OUTCOMES
from omni_persona_report.runs.report_dataset import (
    Entry,
    ReportDataset,
    View,
    entry_from_record,
    fingerprint_of,
    read_dataset,
    unneeded_in,
)
from omni_persona_report.runs.report_run import LEXICAL, ReportRun, make_run, name_apart


@dataclass
class Gathered:
    """The contents of a report: runs scored by the same measure over the same items."""

    runs: list[ReportRun]
    """In order of decreasing Cal; runs without one last."""
    dataset: ReportDataset
    conditions: Mapping[str, str | None]
    """The conditions that all runs share; see `conditions.NAMES`."""
    left_out: list[LeftOut]
    notices: list[str]
    """Warnings that a reader must know first, one sentence each."""
    problems: list[str]
    """Messages about lines that could not be read."""

    @property
    def is_release(self) -> bool:
        """Whether the items are those that the published rows were measured on."""
        items = [(entry.group, entry.absence) for entry in self.dataset.entries.values()]
        return self.dataset.about.imported and counts_as_released(items)

    @property
    def measure(self) -> str:
        """The definition of Cal used, in words: judge and protocol."""
        return f"judge {self.conditions['judge']}, protocol {self.conditions['protocol']}"


@dataclass(frozen=True)
class _Given:
    """A run that was read, and the location of its dataset."""

    path: str
    """The path as given."""
    run: Run
    folder: Path | None
    """None if the dataset is missing."""
    identity: str | None
    """Identity of the dataset: its fingerprint, or the lines that contain its items."""
    judge: str


def gather(
    paths: Sequence[str | Path],
    *,
    dataset: str | Path | None = None,
    protocol: str = GUARDED,
    judge: str | None = None,
    with_media: bool = True,
) -> Gathered:
    """Read runs and their dataset; leave out those that are not comparable with the others, with the reason.

    Args:
        dataset: Folder of the dataset, instead of the one recorded by each run.
        protocol: Scoring rules for all runs, one of `omni_persona_cal.scores.PROTOCOLS`.
        judge: Judge whose verdicts count; `lexical` rejudges all runs. Default: the judge of most runs.

    Raises:
        RunFolderError: nothing is left to show; says why. FileNotFoundError: `dataset` is not a dataset folder.
        ValueError: an unknown protocol.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"expected a protocol among {', '.join(PROTOCOLS)}, got {protocol!r}")
    problems: list[str] = []
    notices: list[str] = []
    left_out: list[LeftOut] = []
    given = _read(paths, dataset, problems, left_out)
    located = _locate(given, dataset, judge, notices)
    kept, conditions = _alike(located, protocol, judge, left_out)
    runs: list[ReportRun] = []
    if kept:
        views = [_view(one.run, notices) for one in kept]
        asked = _dataset(kept, views, with_media)
        notices += asked.notices
        for one, view in zip(kept, views, strict=True):
            made = make_run(one.run, asked, view, protocol=protocol, judge=one.judge)
            if made.scores is None and made.count("failed") < len(made.answers):
                why = f"it has no scores by protocol {protocol}; scoring it needs its dataset, named with --dataset"
                left_out.append(LeftOut(one.path, why))
                continue
            if made.stale:
                notices.append(
                    f"{one.run.path}/scores.json does not match the run's answers and verdicts, so this report scores "
                    "the run again; `omni-persona score` updates the file."
                )
            if (repeats := len(repeat_folders(one.run.path))) > 1:
                notices.append(_of_repeats(one.run, repeats, made))
            runs.append(made)
    if not runs:
        raise RunFolderError("; ".join(map(str, left_out)) or "no run contains anything to show")
    if not asked.unneeded:
        asked.unneeded = next((marks for run in runs if (marks := unneeded_in(run.scores))), {})
    name_apart(runs)
    runs.sort(key=_rank)
    return Gathered(runs, asked, conditions, left_out, _unfinished(runs) + notices, problems)


def _of_repeats(run: Run, repeats: int, made: ReportRun) -> str:
    over = "the first answer" if made.scored_here else f"all {repeats}"
    return (
        f"{run.path} has {repeats} answers to every item. Its scores are over {over}; items, differences and figures "
        "of answers show the first."
    )


def _rank(run: ReportRun) -> float:
    cal = value_of(run.scores, CAL).value
    return float("inf") if cal is None else -cal


def _read(
    paths: Sequence[str | Path], dataset: str | Path | None, problems: list[str], left_out: list[LeftOut]
) -> list[tuple[str, Run]]:
    """The runs with at least one line; the others are left out with the reason."""
    found = []
    for path in paths:
        seen: list[str] = []
        try:
            if dataset is not None and Path(path).is_file():
                run = read_collected(path, dataset, partial=True)
            else:
                run = read_run(path, on_problem=seen.append)
        except RunFolderError as error:
            # The message begins with the path.
            left_out.append(LeftOut(str(path), str(error).removeprefix(str(path)).lstrip(": ")))
            continue
        problems += seen
        if run.predictions:
            found.append((str(path), run))
        else:
            left_out.append(LeftOut(str(path), f"contains no predictions{f': {seen[0]}' if seen else ''}"))
    return found


def _locate(
    runs: Sequence[tuple[str, Run]], given: str | Path | None, judge: str | None, notices: list[str]
) -> list[_Given]:
    """Find each run's dataset; if it has moved, try the location of other runs with the same dataset."""
    if given is not None and fingerprint_of(Path(given)) is None:
        raise FileNotFoundError(f"{given} has no data/*.parquet: expected a dataset folder")
    known: dict[Path, str | None] = {}
    places: dict[str, Path] = {}
    wanted: list[tuple[Path | None, str | None]] = []
    for _, run in runs:
        said = (run.manifest or {}).get("dataset")
        said = said if isinstance(said, dict) else {}
        expected = said.get("fingerprint") if isinstance(said.get("fingerprint"), str) else None
        place = given if given is not None else said.get("path")
        folder = Path(place) if isinstance(place, (str, Path)) else None
        wanted.append((folder, expected))
        if folder is not None:
            if folder not in known:
                known[folder] = fingerprint_of(folder)
            if (found := known[folder]) is not None:
                places.setdefault(found, folder)
    located = []
    records: list[tuple[str, dict[str, Entry]]] = []
    for (path, run), (folder, expected) in zip(runs, wanted, strict=True):
        found = known.get(folder) if folder is not None else None
        identity = expected or found
        at = places.get(identity) if identity is not None else None
        if at is None:
            why = _why_gone(folder, found)
            notices.append(f"{run.path} {why}. Media and notes are not shown; name its dataset with --dataset.")
        if identity is None:
            identity = _by_records(run, records)
        located.append(_Given(path, run, at, identity, _judge(run, judge)))
    return located


def _why_gone(folder: Path | None, found: str | None) -> str:
    if folder is None:
        return "names no dataset folder"
    if found is None:
        return f"was made with a dataset that is no longer at {folder}"
    return f"was made with another dataset than the one at {folder}"


def _judge(run: Run, judge: str | None) -> str:
    """The judge whose verdicts apply to a run here."""
    return LEXICAL if judge == LEXICAL or run.judge is None else run.judge


def _by_records(run: Run, known: list[tuple[str, dict[str, Entry]]]) -> str:
    """Identify a dataset that is known only from lines of runs: runs that agree on their items share it."""
    entries = {item_id: entry_from_record(line.record) for item_id, line in run.predictions.items()}
    for identity, others in known:
        shared = entries.keys() & others.keys()
        if shared and all(_facts(entries[item_id]) == _facts(others[item_id]) for item_id in shared):
            others |= entries
            return identity
    known.append((f"the lines of {run.path}", entries))
    return known[-1][0]


def _facts(entry: Entry) -> tuple[str | None, str, str]:
    return entry.gold, entry.task, entry.absence


def _alike(
    located: Sequence[_Given], protocol: str, judge: str | None, left_out: list[LeftOut]
) -> tuple[list[_Given], Conditions]:
    """The runs that can be ranked together, and the conditions they share."""
    described = [conditions_of(one.run, dataset=one.identity, judge=one.judge, protocol=protocol) for one in located]
    chosen = most_common([one for one in described if judge is None or one["judge"] == judge])
    if judge is not None:
        chosen["judge"] = judge
    kept = []
    for one, conditions in zip(located, described, strict=True):
        reason = difference(conditions, chosen)
        if reason is None:
            kept.append(one)
            continue
        hint = (
            " (--judge lexical uses the lexical judge for all runs)"
            if reason.startswith(f"different {NAMES['judge']}:")
            else ""
        )
        left_out.append(LeftOut(one.path, reason + hint))
    return kept, chosen


def _dataset(kept: Sequence[_Given], views: Sequence[View], with_media: bool) -> ReportDataset:
    """The items that the runs were asked."""
    shown = list(dict.fromkeys(views))
    folder = next((one.folder for one in kept if one.folder is not None), None)
    identity = kept[0].identity
    if folder is not None:
        dataset = read_dataset(folder, shown, fingerprint=identity or "", with_media=with_media)
    else:
        dataset = ReportDataset("a missing dataset", identity, {}, shown)
        of_release = all(line.of_release for one in kept for line in one.run.predictions.values())
        dataset.about = About(imported=of_release)
        for one in kept:
            for item_id, line in one.run.predictions.items():
                entry, before = entry_from_record(line.record), dataset.entries.get(item_id)
                if before is not None:
                    entry = replace(before, question=before.question if before.question is not None else entry.question)
                dataset.entries[item_id] = entry
    unknown = {item_id for one in kept for item_id in one.run.predictions} - dataset.entries.keys()
    if unknown:
        dataset.notices.append(f"{len(unknown)} answers are to items that {dataset.label} does not contain.")
        dataset.entries.update({item_id: Entry(item_id) for item_id in sorted(unknown)})
    return dataset


def _view(run: Run, notices: list[str]) -> View:
    """What a run showed to its model, according to its manifest."""
    manifest = run.manifest or {}
    cues, prompt = manifest.get("cues") or "isolated", manifest.get("prompt")
    without = prompt.get("without") if isinstance(prompt, dict) else None
    known = tuple(part for part in without or () if part in get_args(Ablation)) if isinstance(without, list) else ()
    if cues not in get_args(Cues):
        notices.append(f"{run.path}/run.json has an unknown value of `cues`; the items are shown with isolated cues.")
        cues = "isolated"
    return View(cues, known)  # type: ignore[arg-type]  # checked above


def _unfinished(runs: Sequence[ReportRun]) -> list[str]:
    """Warnings about what is missing from runs."""
    remarks = []
    for run in runs:
        counts: list[tuple[int, str]] = [(run.count("failed"), OUTCOMES["failed"][0].lower())]
        counts += [(run.count("unjudged"), OUTCOMES["unjudged"][0].lower()), (run.n_missing, "not asked")]
        parts = [f"{count} {word}" for count, word in counts if count]
        if parts:
            remarks.append(f"{run.name} is incomplete: of {len(run.dataset.entries)} items, {', '.join(parts)}.")
    return remarks
