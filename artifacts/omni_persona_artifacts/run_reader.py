"""Read a run: its manifest, predictions, verdicts and scores.

A run is a folder with `run.json` and `predictions.jsonl`, or output of the v2.2 release's scripts: a file of lines
with `model_prediction` (and `judge_verdict` once judged) or a folder with such files, or output of a batch API.
Lines are parsed by the metric (`omni_persona_cal.reading`). A problem raises `RunFolderError`, unless the caller's
`on_problem` handles it.
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
"""The part file of one of several parallel processes."""
VERDICTS = "verdicts.jsonl"
SCORES = "scores.json"
JUDGE_RESULTS = "judge_results.jsonl"
"""File names under which the release's scripts store predictions together with verdicts."""

UNNAMED_JUDGE = "a judge without a name"


class RunFolderError(ArtifactError):
    """A run folder that cannot be used; the message names the file and line, or the difference."""


def refuse(problem: str) -> NoReturn:
    """The default `on_problem`: raise `RunFolderError`."""
    raise RunFolderError(problem)


@dataclass(frozen=True)
class Run:
    """The contents of a run's files."""

    path: Path
    manifest: Mapping[str, Any] | None
    """The manifest; None for a run that we did not write."""
    predictions: Mapping[str, PredictionLine]
    """Item ID -> its line, in file order."""
    verdicts: Mapping[str, VerdictLine] | None
    """Item ID -> verdict; None if the run was not judged."""
    scores: Mapping[str, Any] | None
    """The contents of `scores.json`; None if there is none."""

    @property
    def answers(self) -> dict[str, str]:
        """Item ID -> answer; failed items are left out."""
        return {item: line.prediction for item, line in self.predictions.items() if line.prediction is not None}

    @property
    def judge(self) -> str | None:
        """The judge's name, several separated by commas; None if the run was not judged."""
        return None if self.verdicts is None else judges_of(self.verdicts)


def read_run(path: str | Path, *, on_problem: OnProblem = refuse) -> Run:
    """Read all files of a run.

    Raises `RunFolderError` if the path is not a run and, by default, at the first problem.
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
    """Read the predictions of a run folder, including its parts, or of a file; item ID -> line.

    A failed line is replaced by a later line of its item; a second answer to an item is a problem. In a run folder
    a last line without a line ending that is not JSON is ignored: the run was killed while writing it.
    Raises `RunFolderError` if the path does not exist.
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
    """The prediction lines of a file, including batch API output."""
    for record, where in reading.read_records(file, on_problem=on_problem, drop_half_line=drop_half_line):
        if "custom_id" in record:
            from omni_persona_artifacts.batch_output import is_batch_line, plain_line

            record = plain_line(record) if is_batch_line(record) else record
        line = reading.prediction_line(record, where, on_problem=on_problem)
        if line is not None:
            yield line


def read_verdicts(path: str | Path, *, on_problem: OnProblem = refuse) -> dict[str, VerdictLine] | None:
    """Read the verdicts of a run by item ID; None if it was not judged.

    They are in `verdicts.jsonl`, or in prediction lines that the release's scripts have judged.
    """
    return verdicts_of(Path(path), read_predictions(path, on_problem=on_problem), on_problem=on_problem)


def verdicts_of(
    path: Path, predictions: Mapping[str, PredictionLine], *, on_problem: OnProblem = refuse
) -> dict[str, VerdictLine] | None:
    """`read_verdicts` for a run whose predictions are already read."""
    if os.path.lexists(path / VERDICTS):
        lines = reading.read_verdicts(path / VERDICTS, on_problem=on_problem, drop_half_line=True)
        return reading.by_item(lines, on_problem=on_problem)
    judged = dict(predictions)
    if (path / PREDICTIONS).is_file() and (path / JUDGE_RESULTS).is_file():
        judged |= read_predictions(path / JUDGE_RESULTS, on_problem=on_problem)
    return {item: line.verdict for item, line in judged.items() if line.verdict is not None} or None


def judges_of(verdicts: Mapping[str, VerdictLine]) -> str:
    """The names of the judges of some verdicts, separated by commas."""
    return ", ".join(sorted({line.judge or UNNAMED_JUDGE for line in verdicts.values()})) or UNNAMED_JUDGE


def parts(run: Path) -> list[Path]:
    """The part files of parallel processes that did not finish together."""
    return sorted(run.glob(PART.format("*")))


def _read_object(file: Path, on_problem: OnProblem) -> dict[str, Any] | None:
    """The JSON object in a file; None if there is no such file or, if `on_problem` returns, no object."""
    try:
        return read_object(file)
    except FileNotFoundError:
        return None
    except ArtifactError as error:
        on_problem(str(error))
        return None
