"""A run folder: one model's answers to one dataset, and the settings that produced them.

    run.json             the manifest: model, dataset, prompt, cues, generation, seed, versions, hardware...
    predictions.jsonl    one line per asked item, appended while the run goes on; where several processes run side
                         by side, each appends to a `predictions.part-N.jsonl` of its own until all are done
    verdicts.jsonl       one line per judged answer
    scores.json          the metric's result

A killed run leaves whole lines and at most one partial line, which `start_or_resume` drops. A resumed run is as
good as an uninterrupted one: failed lines are replaced by the next attempt, and `arrange` puts a
finished run's lines in the dataset's order. Only one run at a time writes to a folder: a lock, which the system
releases when a process dies, keeps others out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

from filelock import FileLock, Timeout

from omni_persona_artifacts import run_reader
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import append, read_regular, reason, write_atomically
from omni_persona_artifacts.json_files import read_object
from omni_persona_artifacts.manifest import manifest_flaw
from omni_persona_artifacts.run_reader import MANIFEST, PART, PREDICTIONS, SCORES, VERDICTS, RunFolderError, parts

__all__ = [
    "COMPARED",
    "MANIFEST",
    "PREDICTIONS",
    "SCORES",
    "VERDICTS",
    "Finish",
    "Prediction",
    "RunFolderError",
    "append_predictions",
    "arrange",
    "read_manifest",
    "read_predictions",
    "start_or_resume",
    "write_json",
    "write_lines",
]

_LOCK = ".lock"

Finish: TypeAlias = Literal["stop", "length"]
"""Why an answer ended: the model ended it, or it reached the length limit."""

_ENDPOINT = "model.endpoint"
"""Manifest key of a served model's address."""

COMPARED = ("model", "dataset.fingerprint", "prompt", "cues", "generation", "seed")
"""The manifest keys that must be equal for a run to be resumed."""


@dataclass(frozen=True)
class Prediction:
    """A line of `predictions.jsonl`."""

    augmented_id: str
    prediction: str | None
    """The model's answer; None if it gave none."""
    status: Literal["ok", "failed"]
    error: str | None
    """Why there is no answer; None if there is one."""
    input_tokens: int | None
    output_tokens: int | None
    seconds: float | None
    finish: Finish | None = None
    """Why the answer ended; None if unknown."""
    thinking: str | None = None
    """The text before the answer; None if the model did not think first."""
    dropped: tuple[str, ...] = ()
    """Parts of the item left out because the model cannot take them."""
    confidence: float | None = None
    """The model's confidence in its answer, 0..1; None if not given."""


# ---- the manifest


def read_manifest(run: Path) -> dict[str, Any]:
    """Read a run's manifest. Raises `RunFolderError` if it is missing or unreadable."""
    file = run / MANIFEST
    try:
        manifest = read_object(file)
    except FileNotFoundError:
        raise RunFolderError(f"{run} is not a run folder: it has no {MANIFEST}") from None
    except ArtifactError as error:
        raise RunFolderError(str(error)) from None
    if reason := manifest_flaw(manifest):
        raise RunFolderError(f"{file}: {reason}; restore it, or start the run again in another folder")
    return manifest


@contextmanager
def start_or_resume(
    run: Path, manifest: Mapping[str, Any], *, same_model: bool = False
) -> Iterator[dict[str, Prediction]]:
    """Create a run folder, or resume one, and lock it for the duration of the block.

    same_model: allow a model of the same name at another endpoint to resume the run, for a server that has moved.

    Yields item ID -> existing answer. Failed lines and a half-written last line are dropped from the file,
    so that their items are asked again. A run without any line is replaced by any other.
    Raises `RunFolderError` for a folder that is not a run, for one that another run is writing, and for a run
    with a different model, dataset, prompt, cues, generation settings or seed; the message says which.
    """
    _make(run)
    with _alone_in(run):
        yield _begin(run, json.loads(json.dumps(manifest)), same_model)


def _make(run: Path) -> None:
    try:
        run.mkdir(parents=True, exist_ok=True)
        # A run killed at its very start leaves only hidden files, such as a temporary manifest.
        if not (run / MANIFEST).exists() and _shown(run):
            raise RunFolderError(f"{run} is not a run folder and not empty: it has no {MANIFEST}")
    except OSError as error:
        raise RunFolderError(f"cannot make the run folder {run}: {reason(error)}") from None


@contextmanager
def _alone_in(run: Path) -> Iterator[None]:
    with ExitStack() as held:
        is_locked = True
        try:
            held.enter_context(FileLock(run / _LOCK, fallback_to_soft=False).acquire(blocking=False))
        except Timeout:
            raise RunFolderError(f"another run is using {run}: wait until it ends, or choose another folder") from None
        except OSError:
            # Some network file systems have no locks, and a finished run may be read-only: both are allowed.
            is_locked = False
        try:
            yield
        finally:
            if is_locked:
                # Before it is released: a process that opened the same file then finds it removed, and makes its own.
                with suppress(OSError):
                    (run / _LOCK).unlink()


def _begin(run: Path, manifest: dict[str, Any], same_model: bool) -> dict[str, Prediction]:
    """Write or update the manifest and the lines of a folder; return the answers that are kept."""
    if not (run / MANIFEST).exists():
        write_atomically(run / MANIFEST, _json(manifest))
        return {}
    before = read_manifest(run)
    if _is_one_folder(_at(before, "model.name"), manifest["model"]["name"]):
        manifest["model"]["name"] = before["model"]["name"]
    differences = [line for key in COMPARED for line in _differences(key, _at(before, key), _at(manifest, key))]
    has_moved = _at(before, _ENDPOINT) is not None and _at(manifest, _ENDPOINT) not in (None, _at(before, _ENDPOINT))
    if has_moved and same_model:
        differences = [line for line in differences if not line.startswith(f"{_ENDPOINT}: ")]
    if differences and _is_unused(run):
        write_atomically(run / MANIFEST, _json(manifest))
        before, differences = manifest, []
    if differences:
        raise RunFolderError(
            f"{run} contains another run; choose another folder, or use the settings of that run:\n  "
            + "\n  ".join(differences)
            + _datasets(before, manifest)
            + "\n  (--same-model accepts a model that has moved)" * (has_moved and not same_model)
        )
    # Report what may differ: how many answers exist, and what the run is resumed with.
    after = before | {key: manifest[key] for key in ("limit", "subset") if key in manifest}
    if manifest.get("prices") is not None:
        after["prices"] = manifest["prices"]
    surroundings = {key: manifest[key] for key in ("versions", "hardware")}
    if has_moved:
        surroundings["endpoint"] = _at(manifest, _ENDPOINT)
    known = [{key: before.get(key) for key in surroundings}, *before.get("resumed_with", [])]
    if surroundings not in known:
        after["resumed_with"] = [*before.get("resumed_with", []), surroundings]
    if after != before:
        write_atomically(run / MANIFEST, _json(after))
    answered = {key: value for key, value in read_predictions(run).items() if value.status == "ok"}
    _rewrite(run, answered.values())
    return answered


def _shown(run: Path) -> set[str]:
    """The names in a folder that are not hidden."""
    return {entry.name for entry in run.iterdir() if not entry.name.startswith(".")}


def _is_unused(run: Path) -> bool:
    """Whether a run left a manifest but no line, for example because the weights could not be loaded."""
    return _shown(run) <= {MANIFEST, PREDICTIONS} and not read_predictions(run)


def _is_one_folder(name: str | None, other: str) -> bool:
    """Whether two model names are paths of the same checkpoint folder."""
    return name is not None and Path(name).is_dir() and Path(other).is_dir() and Path(name).samefile(other)


def _at(manifest: Mapping[str, Any], dotted: str) -> Any:
    value: Any = manifest
    for key in dotted.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _differences(key: str, before: Any, now: Any) -> Iterator[str]:
    """One line per value that differs, named by its key path in the manifest."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted(before.keys() | now.keys()):
            yield from _differences(f"{key}.{name}", before.get(name), now.get(name))
    elif before != now:
        yield f"{key}: {json.dumps(before)} there, {json.dumps(now)} now"


def _datasets(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The paths of the datasets whose fingerprints differ, since hashes mean nothing to a reader."""
    if _at(before, "dataset.fingerprint") == _at(now, "dataset.fingerprint"):
        return ""
    return f"\n  (the dataset in {_at(before, 'dataset.path')} there, the one in {_at(now, 'dataset.path')} now)"


# ---- its lines


def append_predictions(run: Path, predictions: Iterable[Prediction], part: int | None = None) -> None:
    """Append lines and flush them to disk. Raises `ArtifactError` on failure.

    part: the number of the writing process, if there are several.
    """
    target = run / (PREDICTIONS if part is None else PART.format(part))
    lines = b"".join(_line(asdict(prediction)) for prediction in predictions)
    append(target, lines)


def arrange(run: Path, order: Sequence[str]) -> None:
    """Merge the lines, including those of all parts, in the order of item ids, one per item."""
    predictions = read_predictions(run)
    _rewrite(run, (predictions[item_id] for item_id in order if item_id in predictions))


def read_predictions(run: str | Path) -> dict[str, Prediction]:
    """Read a run folder or file with `run_reader.read_predictions`, as `Prediction` objects."""
    lines = run_reader.read_predictions(run)
    return {
        item_id: Prediction(**{field.name: getattr(line, field.name) for field in fields(Prediction)})
        for item_id, line in lines.items()
    }


def _rewrite(run: Path, predictions: Iterable[Prediction]) -> None:
    """Make the file hold exactly these lines, and remove part files; an unchanged file is not rewritten."""
    file = run / PREDICTIONS
    content = b"".join(_line(asdict(prediction)) for prediction in predictions)
    if content != (read_regular(file) if os.path.lexists(file) else b""):
        write_atomically(file, content)
    for part in parts(run):
        part.unlink()


def write_lines(file: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Replace a file of JSON lines atomically."""
    write_atomically(file, b"".join(_line(record) for record in records))


def write_json(file: Path, value: Mapping[str, Any]) -> None:
    """Replace a JSON file atomically."""
    write_atomically(file, _json(value))


def _line(record: Mapping[str, Any]) -> bytes:
    # A model may write an unpaired surrogate, which UTF-8 cannot encode; JSON can, as \uXXXX.
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=2).encode() + b"\n"
