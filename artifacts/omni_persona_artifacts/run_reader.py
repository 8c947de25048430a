"""Read a run: its manifest, predictions, verdicts and scores.

A run is a folder with `run.json` and `predictions.jsonl`, or output of the v2.2 release's scripts: a file of lines
with `model_prediction` (and `judge_verdict` once judged) or a folder with such files, or output of a batch API, or a
log of lmms-eval or inspect_ai. Verdicts on the answers in a file stand beside it, in `FILE.verdicts.jsonl`.
Lines are parsed by the metric (`omni_persona_cal.reading`). A problem raises `RunFolderError`, unless the caller's
`on_problem` handles it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
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


def read_run(path: str | Path, *, rows: Sequence[str] | None = None, on_problem: OnProblem = refuse) -> Run:
    """Read all files of a run.

    rows: as for `read_predictions`.
    Raises `RunFolderError` if the path is not a run and, by default, at the first problem.
    """
    path = Path(path)
    if path.is_dir():
        known = (MANIFEST, PREDICTIONS, JUDGE_RESULTS)
        if not any((path / name).is_file() for name in known):
            raise RunFolderError(f"{path} is not a run folder: it has no {MANIFEST} and no {PREDICTIONS}")
        manifest, scores = (_read_object(path / name, on_problem) for name in (MANIFEST, SCORES))
    else:
        manifest, scores = None, None
    predictions = read_predictions(path, rows=rows, on_problem=on_problem)
    return Run(path, manifest, predictions, verdicts_of(path, predictions, on_problem=on_problem), scores)


def read_predictions(
    path: str | Path, *, rows: Sequence[str] | None = None, on_problem: OnProblem = refuse
) -> dict[str, PredictionLine]:
    """Read the predictions of a run folder, including its parts, or of a file; item ID -> line.

    rows: the dataset's item IDs in order, for logs of lmms-eval that name rows instead of items.

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
    lines = (line for file in files for line in _lines(file, rows, on_problem, drop_half_line=path.is_dir()))
    return reading.by_item(lines, on_problem=on_problem)


def _lines(
    file: Path, rows: Sequence[str] | None, on_problem: OnProblem, *, drop_half_line: bool
) -> Iterator[PredictionLine]:
    """The prediction lines of a file, converted from other programs' forms if need be."""
    for record, where in _records(file, on_problem, drop_half_line=drop_half_line):
        try:
            plain = _plain(record, rows)
        except ValueError as error:
            on_problem(f"{where}: {error}")
            continue
        line = reading.prediction_line(plain, where, on_problem=on_problem)
        if line is not None:
            yield line


def _records(file: Path, on_problem: OnProblem, *, drop_half_line: bool) -> Iterator[tuple[Mapping[str, Any], str]]:
    from omni_persona_artifacts import inspect_log

    try:
        if inspect_log.is_log(file):
            yield from inspect_log.plain_lines(file)
            return
    except ArtifactError as error:
        on_problem(str(error))
        return
    yield from reading.read_records(file, on_problem=on_problem, drop_half_line=drop_half_line)


def _plain(record: Mapping[str, Any], rows: Sequence[str] | None) -> Mapping[str, Any]:
    """A record as a prediction line. Raises `ValueError` for one that is none."""
    if "custom_id" in record:
        from omni_persona_artifacts import batch_output

        return batch_output.plain_line(record) if batch_output.is_batch_line(record) else record
    if "doc_id" in record:
        from omni_persona_artifacts import lmms_samples

        return lmms_samples.plain_line(record, rows) if lmms_samples.is_lmms_line(record) else record
    return record


def read_verdicts(path: str | Path, *, on_problem: OnProblem = refuse) -> dict[str, VerdictLine] | None:
    """Read the verdicts of a run by item ID; None if it was not judged.

    They are in `verdicts.jsonl`, beside a file of answers (`verdicts_file`), or in prediction lines that the release's
    scripts have judged.
    """
    return verdicts_of(Path(path), read_predictions(path, on_problem=on_problem), on_problem=on_problem)


def verdicts_of(
    path: Path, predictions: Mapping[str, PredictionLine], *, on_problem: OnProblem = refuse
) -> dict[str, VerdictLine] | None:
    """`read_verdicts` for a run whose predictions are already read."""
    own = verdicts_file(path)
    if os.path.lexists(own):
        lines = reading.read_verdicts(own, on_problem=on_problem, drop_half_line=True)
        return reading.by_item(lines, on_problem=on_problem)
    judged = dict(predictions)
    if (path / PREDICTIONS).is_file() and (path / JUDGE_RESULTS).is_file():
        judged |= read_predictions(path / JUDGE_RESULTS, on_problem=on_problem)
    return {item: line.verdict for item, line in judged.items() if line.verdict is not None} or None


def verdicts_file(path: Path) -> Path:
    """Where the verdicts of a run folder, or of a file of answers, are kept."""
    return path.with_name(f"{path.name}.{VERDICTS}") if path.is_file() else path / VERDICTS


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
