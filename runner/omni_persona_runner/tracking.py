"""Send a run's results to an experiment tracker: figures and settings only, never an item, answer or medium."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omni_persona_artifacts.run_folder import read_manifest
from omni_persona_runner.scoring import score_run
from omni_persona_runner.usage import usage_of_run

PROJECT = "omni-persona"

_SETTINGS = ("prompt", "cues", "generation", "seed", "limit", "versions")
"""Manifest entries sent to a tracker besides model and dataset."""


def track_run(tracker: str, run: str | Path) -> str:
    """Score a run, send its figures to `trackio` or `wandb`, and return the name of the tracked run.

    Raises `ValueError` if the tracker is not installed, and what `score_run` raises.
    """
    # Both have wandb's interface.
    try:
        module = importlib.import_module(tracker)
    except ModuleNotFoundError:
        how = f"the run is kept; install it (python -m pip install {tracker}) and run the same command again"
        raise ValueError(f"--track {tracker} needs the package {tracker}: {how}") from None
    run = Path(run)
    scores = score_run(run)
    module.init(project=PROJECT, name=run.name, config=settings(read_manifest(run), scores))
    module.log(figures(scores) | figures(usage_of_run(run).as_dict(), "usage/"))
    module.finish()
    return f"{PROJECT}/{run.name}"


def settings(manifest: Mapping[str, Any], scores: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the run. A local folder is reduced to its name."""
    model = manifest["model"]
    return {
        "model": Path(str(model["name"])).name if Path(str(model["name"])).is_dir() else model["name"],
        "dataset": manifest["dataset"]["fingerprint"],
        "judge": scores["judge"],
        "protocol": scores.get("protocol"),
        **{key: manifest.get(key) for key in _SETTINGS},
    }


def figures(scores: Mapping[str, Any], before: str = "") -> dict[str, float]:
    """The numbers of a result: those of groups as `by_group/I2I/cal`, each rate's interval as `cal_low`, `cal_high`."""
    found: dict[str, float] = {}
    for name, value in scores.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[f"{before}{name}"] = value
        elif name == "intervals" and isinstance(value, Mapping):
            for score, bounds in value.items():
                if bounds is not None:
                    found |= dict(zip((f"{before}{score}_low", f"{before}{score}_high"), bounds, strict=True))
        elif name in ("by_group", "by_absence") and isinstance(value, Mapping):
            for part, inner in value.items():
                found |= figures(inner, f"{before}{name}/{part}/")
    return found
