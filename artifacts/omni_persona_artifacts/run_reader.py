"""Read what a run says: its manifest, predictions, verdicts and scores.

A run is a folder with `run.json` and `predictions.jsonl`, or what the v2.2 release's scripts write: a file of lines
with `model_prediction` (and `judge_verdict` once judged), or the folder that holds such files, or what a batch API
hands back. Lines are parsed by the
metric (`omni_persona_cal.reading`). A problem raises `RunFolderError`, unless the caller's `on_problem` takes it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.json_files import read_object
from omni_persona_cal import reading
from omni_persona_cal.reading import OnProblem, PredictionLine, VerdictLine

MANIFEST = "run.json"
PREDICTIONS = "predictions.jsonl"
PART = "predictions.part-{}.jsonl"
"""The file of one of several processes that run side by side."""
VERDICTS = "verdicts.jsonl"
SCORES = "scores.json"
JUDGE_RESULTS = "judge_results.jsonl"
"""Where the release's scripts put predictions together with their verdicts."""

UNNAMED_JUDGE = "a judge without a name"


class RunFolderError(ArtifactError):
    """A run folder that cannot be used as asked; the message names the file, the line or what differs."""


def refuse(problem: str) -> NoReturn:
    """The default `on_problem`: raise `RunFolderError`."""
    raise RunFolderError(problem)


@dataclass(frozen=True)
class Run:
    """What the files of a run hold."""

    path: Path
    manifest: Mapping[str, Any] | None
    """None for a run that is not one of ours."""
    predictions: Mapping[str, PredictionLine]
    """Item -> its line, in the order of the file."""
    verdicts: Mapping[str, VerdictLine] | None
    """Item -> verdict; None where nobody judged the run."""
    scores: Mapping[str, Any] | None
    """`scores.json`, None where there is none."""

    @property
    def answers(self) -> dict[str, str]:
        """Item -> what the model said; a failed item has said nothing."""
        return {item: line.prediction for item, line in self.predictions.items() if line.prediction is not None}

    @property
    def judge(self) -> str | None:
        """Who judged the run, several names by commas; None where nobody did."""
        return None if self.verdicts is None else judges_of(self.verdicts)


def read_run(path: str | Path, *, on_problem: OnProblem = refuse) -> Run:
    """Read all that a run holds.

    Raises `RunFolderError` where there is nothing that looks like a run, and by default at the first problem.
    """
    path = Path(path)
    if path.is_dir():
        known = (MANIFEST, PREDICTIONS, JUDGE_RESULTS)
        if not any((path / name).is_file() for name in known):
            raise RunFolderError(f"{path} is no run folder: it has no {MANIFEST} and no {PREDICTIONS}")
        manifest, scores = (_read_object(path / name, on_problem) for name in (MANIFEST, SCORES))
    else:
        manifest, scores = None, None
    predictions = read_predictions(path, on_problem=on_problem)
    return Run(path, manifest, predictions, verdicts_of(path, predictions, on_problem=on_problem), scores)


def read_predictions(path: str | Path, *, on_problem: OnProblem = refuse) -> dict[str, PredictionLine]:
    """The predictions of a run folder, its parts included, or of a file, by item.

    A failed line makes room for a later line of its item; a second answer to an item is a problem. In a run folder
    a last line without a line end that is not JSON is left out: a run was killed while it wrote it.
    Raises `RunFolderError` for a path that is not there.
    """
    path = Path(path)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise RunFolderError(f"{path}: no such run folder or file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RunFolderError(f"cannot read {str(path)!a}: {reason}") from None
    files = [path]
    if path.is_dir():
        # What is no regular file is told by the reader.
        files = [file for file in (path / PREDICTIONS, *parts(path)) if os.path.lexists(file)]
        if not files:
            files = [file for file in (path / JUDGE_RESULTS,) if os.path.lexists(file)]
    lines = (line for file in files for line in _lines(file, on_problem, drop_half_line=path.is_dir()))
    return reading.by_item(lines, on_problem=on_problem)


def _lines(file: Path, on_problem: OnProblem, *, drop_half_line: bool) -> Iterator[PredictionLine]:
    """The prediction lines of a file, those that a batch API handed back among them."""
    for record, where in reading.read_records(file, on_problem=on_problem, drop_half_line=drop_half_line):
        if "custom_id" in record:
            from omni_persona_artifacts.batch_output import is_batch_line, plain_line

            record = plain_line(record) if is_batch_line(record) else record
        line = reading.prediction_line(record, where, on_problem=on_problem)
        if line is not None:
            yield line


def read_verdicts(path: str | Path, *, on_problem: OnProblem = refuse) -> dict[str, VerdictLine] | None:
    """The verdicts on a run, by item; None where nobody judged it.

    They stand in `verdicts.jsonl`, or in the lines of predictions that the release's scripts have judged.
    """
    return verdicts_of(Path(path), read_predictions(path, on_problem=on_problem), on_problem=on_problem)


def verdicts_of(
    path: Path, predictions: Mapping[str, PredictionLine], *, on_problem: OnProblem = refuse
) -> dict[str, VerdictLine] | None:
    """`read_verdicts` for a run whose predictions are read."""
    if os.path.lexists(path / VERDICTS):
        lines = reading.read_verdicts(path / VERDICTS, on_problem=on_problem, drop_half_line=True)
        return reading.by_item(lines, on_problem=on_problem)
    judged = dict(predictions)
    if (path / PREDICTIONS).is_file() and (path / JUDGE_RESULTS).is_file():
        judged |= read_predictions(path / JUDGE_RESULTS, on_problem=on_problem)
    return {item: line.verdict for item, line in judged.items() if line.verdict is not None} or None


def judges_of(verdicts: Mapping[str, VerdictLine]) -> str:
    """The names of who gave some verdicts, separated by commas."""
    return ", ".join(sorted({line.judge or UNNAMED_JUDGE for line in verdicts.values()})) or UNNAMED_JUDGE


def parts(run: Path) -> list[Path]:
    """The files of processes that ran side by side and did not come to the end together."""
    return sorted(run.glob(PART.format("*")))


def _read_object(file: Path, on_problem: OnProblem) -> dict[str, Any] | None:
    """The JSON object of a file; None where there is no such file or, where `on_problem` returns, no object."""
    try:
        return read_object(file)
    except FileNotFoundError:
        return None
    except ArtifactError as error:
        on_problem(str(error))
        return None
