"""A run folder: one model's answers to one dataset, and what they were made with.

    run.json             the manifest: model, dataset, prompt, cues, generation, seed, versions, hardware...
    predictions.jsonl    one line per asked item, appended while the run goes on; where several processes run side
                         by side, each appends to a `predictions.part-N.jsonl` of its own until all are done
    verdicts.jsonl       one line per judged answer
    scores.json          what the metric made of them

A killed run leaves whole lines and at most one half line, which `start_or_resume` drops. What it leaves is as
good as what an undisturbed run writes: failed lines make room for the next attempt, and `arrange` puts a
finished run's lines in the dataset's order. One run at a time writes in a folder: a lock, which the system takes from
a process that dies, keeps others out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

from filelock import FileLock, Timeout

from omni_persona_artifacts import run_reader
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import append, read_regular, write_atomically
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
"""Why an answer ended: the model ended it, or it reached the limit on its length."""

_ENDPOINT = "model.endpoint"
"""Where a manifest names the address of a served model."""

COMPARED = ("model", "dataset.fingerprint", "prompt", "cues", "generation", "seed")
"""The keys of a manifest that a resumed run must share with the run it goes on with."""


@dataclass(frozen=True)
class Prediction:
    """A line of `predictions.jsonl`."""

    augmented_id: str
    prediction: str | None
    """The model's answer; None where it gave none."""
    status: Literal["ok", "failed"]
    error: str | None
    """Why there is no answer; None where there is one."""
    input_tokens: int | None
    output_tokens: int | None
    seconds: float | None
    finish: Finish | None = None
    """Why the answer ended; None where that is not known."""
    thinking: str | None = None
    """What the model wrote before the answer; None where it did not think first."""
    dropped: tuple[str, ...] = ()
    """What the model was not shown because it cannot take it."""
    confidence: float | None = None
    """How sure the model was of its answer, 0..1; None where it does not say."""


# ---- the manifest


def read_manifest(run: Path) -> dict[str, Any]:
    """The manifest of a run. Raises `RunFolderError` where there is none to read."""
    file = run / MANIFEST
    try:
        manifest = read_object(file)
    except FileNotFoundError:
        raise RunFolderError(f"{run} is no run folder: it has no {MANIFEST}") from None
    except ArtifactError as error:
        raise RunFolderError(str(error)) from None
    if reason := manifest_flaw(manifest):
        raise RunFolderError(f"{file}: {reason}; restore it, or start the run anew in another folder")
    return manifest


@contextmanager
def start_or_resume(
    run: Path, manifest: Mapping[str, Any], *, same_model: bool = False
) -> Iterator[dict[str, Prediction]]:
    """Make a run folder, or go on with one, and keep other runs out of it as long as the block runs.

    same_model: whether a model at another endpoint of the same name may go on, as where a server has moved.

    Yields the answers it holds already, by item. Failed lines and a half-written last line are dropped from the file,
    so that their items are asked again. A run that has not one line makes room for any other.
    Raises `RunFolderError` for a folder that is something else, for one in which another run is at work, and for a run
    with another model, dataset, prompt, cues, generation settings or seed: it says which.
    """
    _make(run)
    with _alone_in(run):
        yield _begin(run, json.loads(json.dumps(manifest)), same_model)


def _make(run: Path) -> None:
    try:
        run.mkdir(parents=True, exist_ok=True)
        # A run killed in its first moment leaves nothing but hidden files, such as one about to be the manifest.
        if not (run / MANIFEST).exists() and _shown(run):
            raise RunFolderError(f"{run} is no run folder and not empty: it has no {MANIFEST}")
    except OSError as error:
        raise RunFolderError(f"cannot make the run folder {run}: {error}") from None


@contextmanager
def _alone_in(run: Path) -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(FileLock(run / _LOCK, fallback_to_soft=False).acquire(blocking=False))
        except Timeout:
            raise RunFolderError(
                f"another run is at work in {run}: wait for its end, or choose another folder"
            ) from None
        except OSError:
            # Some network file systems know no locks, and a finished run may be read-only: neither stops a run.
            pass
        yield


def _begin(run: Path, manifest: dict[str, Any], same_model: bool) -> dict[str, Prediction]:
    """Write or bring up to date the manifest and the lines of a folder; the answers that stay."""
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
            f"{run} holds another run; choose another folder, or the settings it was made with:\n  "
            + "\n  ".join(differences)
            + _datasets(before, manifest)
            + "\n  (--same-model goes on with a model that has moved)" * (has_moved and not same_model)
        )
    # What may differ is told, not hidden: how far the run went, and what it went on with.
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
    """Whether a run left its manifest and not one line, as where the weights could not be loaded."""
    return _shown(run) <= {MANIFEST, PREDICTIONS} and not read_predictions(run)


def _is_one_folder(name: str | None, other: str) -> bool:
    """Whether two names of a model are ways to write the path of one checkpoint."""
    return name is not None and Path(name).is_dir() and Path(other).is_dir() and Path(name).samefile(other)


def _at(manifest: Mapping[str, Any], dotted: str) -> Any:
    value: Any = manifest
    for key in dotted.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _differences(key: str, before: Any, now: Any) -> Iterator[str]:
    """One line for each value that differs, named by its place in the manifest."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted(before.keys() | now.keys()):
            yield from _differences(f"{key}.{name}", before.get(name), now.get(name))
    elif before != now:
        yield f"{key}: {json.dumps(before)} there, {json.dumps(now)} now"


def _datasets(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Where the datasets lie whose fingerprints differ, for those who cannot tell them by their hashes."""
    if _at(before, "dataset.fingerprint") == _at(now, "dataset.fingerprint"):
        return ""
    return f"\n  (the dataset in {_at(before, 'dataset.path')} there, the one in {_at(now, 'dataset.path')} now)"


# ---- its lines


def append_predictions(run: Path, predictions: Iterable[Prediction], part: int | None = None) -> None:
    """Add lines, and wait until the disk has them. Raises `ArtifactError` where it cannot.

    part: the number of the process that writes, where several do.
    """
    target = run / (PREDICTIONS if part is None else PART.format(part))
    lines = b"".join(_line(asdict(prediction)) for prediction in predictions)
    append(target, lines)


def arrange(run: Path, order: Sequence[str]) -> None:
    """Put the lines, those of all parts among them, in the order of item ids, one per item."""
    predictions = read_predictions(run)
    _rewrite(run, (predictions[item_id] for item_id in order if item_id in predictions))


def read_predictions(run: str | Path) -> dict[str, Prediction]:
    """The predictions of a run folder or file, as `run_reader.read_predictions` reads them, in the writer's form."""
    lines = run_reader.read_predictions(run)
    return {
        item_id: Prediction(**{field.name: getattr(line, field.name) for field in fields(Prediction)})
        for item_id, line in lines.items()
    }


def _rewrite(run: Path, predictions: Iterable[Prediction]) -> None:
    """Make the file hold these lines and no other, and no part beside it; a file that does already is left alone."""
    file = run / PREDICTIONS
    content = b"".join(_line(asdict(prediction)) for prediction in predictions)
    if content != (read_regular(file) if os.path.lexists(file) else b""):
        write_atomically(file, content)
    for part in parts(run):
        part.unlink()


def write_lines(file: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Replace a file of JSON lines, whole or not at all."""
    write_atomically(file, b"".join(_line(record) for record in records))


def write_json(file: Path, value: Mapping[str, Any]) -> None:
    """Replace a JSON file, whole or not at all."""
    write_atomically(file, _json(value))


def _line(record: Mapping[str, Any]) -> bytes:
    # A model may write half of a character pair, which UTF-8 cannot hold: JSON can, spelled as \uXXXX.
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=2).encode() + b"\n"
