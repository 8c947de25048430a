"""The folder that a training run writes: the adapter, its card and loss curve, and checkpoints to resume from.

training.json            what is trained, on what, how; `complete` once it is done
checkpoints/             the last two, to resume from
curve.jsonl, curve.svg   the log of each step, and its figure
adapter_config.json, adapter_model.safetensors, README.md    the adapter
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import make_folder, write_atomically
from omni_persona_artifacts.json_files import read_object
from omni_persona_runner.adapter import ABOUT, WEIGHTS
from omni_persona_training.errors import TrainingError

CHECKPOINTS = "checkpoints"
CURVE = "curve.jsonl"
FIGURE = "curve.svg"

_COMPARED = ("command", "base", "data", "settings")
_PARTS = (WEIGHTS, "optimizer.pt", "scheduler.pt", "trainer_state.json")
"""Files that a complete checkpoint has; the last one is written last."""


def begin(out: Path, about: Mapping[str, Any]) -> bool:
    """Start or resume training in `out`; return whether it is already complete.

    Raises `TrainingError` if `out` contains a different training run, or something else.
    """
    file = out / ABOUT
    if out.exists() and not out.is_dir():
        raise TrainingError(f"{out} is a file; choose another --out")
    for path in (out, out / CHECKPOINTS, *(out.iterdir() if out.is_dir() else ())):
        if path.is_symlink():
            raise TrainingError(f"{path} is a symbolic link, which is not followed; choose another --out")
    if not file.exists():
        if out.is_dir() and any(out.iterdir()):
            raise TrainingError(f"{out} contains something other than a training; choose another --out")
        make_folder(out)
        _write(file, {**about, "complete": False})
        return False
    before = read(out)
    if not before.get("complete") and last_checkpoint(out) is None:
        # It failed or was killed before its first checkpoint: there is nothing to lose.
        _write(file, {**about, "complete": False})
        return False
    for key in _COMPARED:
        if before.get(key) != json.loads(json.dumps(about[key])):
            raise TrainingError(
                f"{out} contains another training: {key} {_difference(before.get(key), about[key])}; choose another "
                "--out"
            )
    return bool(before.get("complete"))


def read(out: Path) -> dict[str, Any]:
    """Read the description of a folder's training run. Raises `TrainingError` if there is none that can be read."""
    try:
        return read_object(out / ABOUT)
    except (OSError, ArtifactError) as error:
        raise TrainingError(f"{out / ABOUT}: expected what is trained, got: {error}") from None


def last_checkpoint(out: Path) -> Path | None:
    """The latest complete checkpoint, or None."""
    found = [(_step(path), path) for path in (out / CHECKPOINTS).glob("checkpoint-*") if _is_whole(path)]
    return max(found)[1] if found else None


def finish(out: Path, about: Mapping[str, Any], log: Sequence[Mapping[str, Any]], card: str) -> None:
    """Write the curve and the card, and mark the training as complete."""
    write_curve(out, log)
    write_atomically(out / "README.md", card.encode())
    _write(out / ABOUT, {**about, "complete": True})


def write_curve(out: Path, log: Sequence[Mapping[str, Any]]) -> None:
    """Write the log, one step per line, and a figure of loss or reward if matplotlib is installed."""
    lines = [entry for entry in log if "loss" in entry]
    write_atomically(out / CURVE, "".join(json.dumps(entry) + "\n" for entry in lines).encode())
    try:
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        return
    shown = "reward" if any("reward" in entry for entry in lines) else "loss"
    figure = Figure(figsize=(5, 3), layout="constrained")
    FigureCanvasSVG(figure)
    panel = figure.subplots()
    panel.plot([entry["step"] for entry in lines], [entry.get(shown, float("nan")) for entry in lines], linewidth=1)
    panel.set(xlabel="step", ylabel=shown)
    drawn = io.BytesIO()
    figure.savefig(drawn, format=Path(FIGURE).suffix.removeprefix("."))
    write_atomically(out / FIGURE, drawn.getvalue())


def _write(file: Path, about: Mapping[str, Any]) -> None:
    write_atomically(file, (json.dumps(about, indent=2) + "\n").encode())


def _is_whole(path: Path) -> bool:
    if not all((path / part).is_file() for part in _PARTS) or _step(path) < 0:
        return False
    try:
        return read_object(path / "trainer_state.json").get("global_step") == _step(path)
    except (OSError, ArtifactError):
        return False


def _step(path: Path) -> int:
    step = path.name.removeprefix("checkpoint-")
    return int(step) if step.isdecimal() else -1


def _difference(before: Any, now: Any) -> str:
    """The first difference between two descriptions."""
    if isinstance(before, dict) and isinstance(now, Mapping):
        for key in now:
            if before.get(key) != json.loads(json.dumps(now[key])):
                return f"{key} was {before.get(key)} and is {now[key]}"
    return f"was {before} and is {now}"
