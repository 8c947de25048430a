"""Read a run leniently: what can be read is shown, what cannot is listed.

A run is a folder with `run.json` and `predictions.jsonl`, or what the v2.2 release's scripts write: a file of lines
with `model_prediction` (and `judge_verdict` once judged), or the folder that holds such files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omni_persona_artifacts import run_folder as folder
from omni_persona_cal import VERDICTS

JUDGE_RESULTS = "judge_results.jsonl"
"""Where the release's scripts put their verdicts."""

_SKIPPED = "[SKIP] "
"""What the release's scripts write in place of an answer where a request was refused."""


@dataclass(frozen=True)
class Said:
    """A model's answer to one item, and what a judge made of it."""

    prediction: str | None
    """None where the item failed."""
    error: str | None = None
    """Why it failed."""
    seconds: float | None = None
    output_tokens: int | None = None
    thinking: str | None = None
    """What the model wrote before its answer."""
    dropped: tuple[str, ...] = ()
    """What the model was not shown, because it cannot take it."""
    verdict: str | None = None
    """CORRECT, WRONG or UNJUDGED; None where nobody judged."""
    judge: str | None = None
    raw: str | None = None
    """The judge's own words."""


@dataclass
class RunLines:
    """What the files of a run hold."""

    path: Path
    name: str
    """What a table calls it: the model's name."""
    manifest: dict[str, Any] | None = None
    """None for a run that is not one of ours."""
    said: dict[str, Said] = field(default_factory=dict)
    """Item -> answer, in the order of the file."""
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Item -> what a line of the release's scripts tells of the item itself."""
    judged: bool = False
    """Whether there are verdicts at all."""
    scores: dict[str, Any] | None = None
    problems: list[str] = field(default_factory=list)
    """What could not be read, one line each, with `FILE:LINE`."""


def read_run(path: str | Path) -> RunLines:
    """Read a run. Raises `folder.RunFolderError` where there is nothing that looks like one."""
    path = Path(path)
    if not path.exists():
        raise folder.RunFolderError(f"{path}: no such run folder or file")
    if path.is_file():
        run = RunLines(path, path.stem)
        _read_predictions(run, path)
        if not run.said:
            seen = f": {run.problems[0]}" if run.problems else ""
            raise folder.RunFolderError(f"{path} holds no predictions{seen}")
        return _named(run)
    files = [path / name for name in (folder.PREDICTIONS, JUDGE_RESULTS) if (path / name).is_file()]
    if not files and not (path / folder.MANIFEST).is_file():
        raise folder.RunFolderError(f"{path} is no run folder: it has no {folder.MANIFEST} and no {folder.PREDICTIONS}")
    run = RunLines(path, path.name or str(path))
    run.manifest = _read_object(path / folder.MANIFEST, run.problems)
    for file in files:
        _read_predictions(run, file)
    if (path / folder.VERDICTS).is_file():
        _read_verdicts(run, path / folder.VERDICTS)
    run.scores = _read_object(path / folder.SCORES, run.problems)
    return _named(run)


def _named(run: RunLines) -> RunLines:
    model = (run.manifest or {}).get("model")
    name = model.get("name") if isinstance(model, Mapping) else None
    if not isinstance(name, str):
        name = next(
            (said for record in run.records.values() if isinstance(said := record.get("model_name"), str)), None
        )
    run.name = name or run.name
    return run


def _read_object(file: Path, problems: list[str]) -> dict[str, Any] | None:
    try:
        value = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        problems.append(f"{file}: not readable: {error}")
        return None
    if isinstance(value, dict):
        return value
    problems.append(f"{file}: expected a JSON object, got {type(value).__name__}")
    return None


def _records(file: Path, problems: list[str]) -> Iterator[tuple[dict[str, Any], str]]:
    """The JSON objects of a file, each with its `FILE:LINE`; the file may be one JSON list, too."""
    try:
        content = file.read_bytes()
    except OSError as error:
        problems.append(f"{file}: not readable: {error}")
        return
    if content.lstrip()[:1] == b"[":
        try:
            values: Iterable[tuple[int, Any]] = list(enumerate(json.loads(content), start=1))
        except (ValueError, RecursionError) as error:
            problems.append(f"{file}: not a JSON list: {error}")
            return
    else:
        values = _lines(file, content, problems)
    for number, value in values:
        if isinstance(value, dict):
            yield value, f"{file}:{number}"
        else:
            problems.append(f"{file}:{number}: expected a JSON object, got {type(value).__name__}")


def _lines(file: Path, content: bytes, problems: list[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as error:
            problems.append(f"{file}:{number}: not a JSON record: {error}")


def _read_predictions(run: RunLines, file: Path) -> None:
    for record, where in _records(file, run.problems):
        item_id = record.get("augmented_id")
        if not isinstance(item_id, str) or not item_id:
            run.problems.append(f"{where}: expected augmented_id to be a string, got {_described(item_id)}")
            continue
        upstream = "model_prediction" in record
        text: Any = record.get("model_prediction") if upstream else record.get("prediction")
        status = record.get("status", "failed" if text is None else "ok")
        if status not in ("ok", "failed") or (status == "ok" and not isinstance(text, str)):
            found = f"status {_described(status)}, prediction {_described(text)}"
            run.problems.append(f"{where} ({item_id}): expected an answer or a failure, got {found}")
            continue
        error = _string(record.get("error"))
        if upstream:
            run.records[item_id] = run.records.get(item_id, {}) | record
            if isinstance(text, str) and text.startswith(_SKIPPED):
                text, error = None, text.removeprefix(_SKIPPED)
        before = run.said.get(item_id)
        judged = record.get("judge_verdict")
        run.judged |= judged is not None
        run.said[item_id] = Said(
            prediction=text if status == "ok" else None,
            error=error,
            seconds=_number(record.get("seconds")),
            output_tokens=record["output_tokens"] if isinstance(record.get("output_tokens"), int) else None,
            thinking=_string(record.get("thinking")),
            dropped=tuple(str(part) for part in _list(record.get("dropped"))),
            verdict=_verdict(judged) if judged is not None else before.verdict if before else None,
            judge=_string(record.get("judge_model")) or _string(record.get("judge")),
            raw=_string(record.get("judge_raw")) or _string(record.get("judge_response")),
        )


def _read_verdicts(run: RunLines, file: Path) -> None:
    run.judged = True
    for record, where in _records(file, run.problems):
        item_id, verdict = record.get("augmented_id"), record.get("verdict")
        if not isinstance(item_id, str):
            run.problems.append(f"{where}: expected augmented_id to be a string, got {_described(item_id)}")
            continue
        if verdict not in VERDICTS:
            expected = ", ".join(VERDICTS)
            run.problems.append(f"{where} ({item_id}): expected one of {expected}, got {_described(verdict)}")
            verdict = "UNJUDGED"
        said = run.said.get(item_id)
        if said is not None:
            raw = record.get("raw")
            words = raw if raw is None or isinstance(raw, str) else json.dumps(raw, indent=2, ensure_ascii=False)
            run.said[item_id] = Said(
                **{**vars(said), "verdict": verdict, "judge": _string(record.get("judge")), "raw": words}
            )


def _verdict(word: Any) -> str:
    """The release's word for a verdict as one of ours; only whole words count."""
    known = {"CORRECT": "CORRECT", "WRONG": "WRONG", "INCORRECT": "WRONG"}
    return known.get(str(word).strip().upper(), "UNJUDGED")


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _described(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:60]}..."
