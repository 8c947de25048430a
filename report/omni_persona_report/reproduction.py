"""What was run, and the commands to reproduce it.

A page may be shared, so absolute paths, which reveal details of the author's machine, are reduced to their last name.
The commands are relative to the folder in which the report was made, for paths inside or beside it.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from omni_persona_report.runs.report_run import ReportRun, model_name


def facts(run: ReportRun) -> list[tuple[str, str]]:
    """The main facts about a run: label and value."""
    manifest = _shareable(run.files.manifest or {})
    dataset, prompt, hardware = (_mapping(manifest.get(key)) for key in ("dataset", "prompt", "hardware"))
    model = _mapping(manifest.get("model"))
    versions = _mapping(manifest.get("versions"))
    facts: list[tuple[str, Any]] = [
        ("Model", model_name(run.files)),
        ("Revision", model.get("revision")),
        ("Run", _shareable(str(run.files.path))),
        ("Dataset", dataset.get("path") or _shareable(run.dataset.label)),
        ("Dataset fingerprint", dataset.get("fingerprint")),
        ("Items", f"{len(run.answers)} asked of {len(run.dataset.entries)}"),
        ("Query media", manifest.get("cues")),
        ("Left out", ", ".join(run.view.without)),
        ("Prompt", ", ".join(f"{key} {value}" for key, value in prompt.items() if value not in (None, [], False))),
        ("Generation", ", ".join(f"{key} {value}" for key, value in _mapping(manifest.get("generation")).items())),
        ("Seed", manifest.get("seed")),
        ("Judge", _mapping(run.scores).get("judge")),
        ("Protocol", _mapping(run.scores).get("protocol")),
        ("Scores", "computed for this report; `omni-persona score` stores them" if run.scored_here else None),
        ("Device", hardware.get("device")),
        ("GPUs", ", ".join(map(str, hardware.get("gpus") or []))),
        ("Versions", ", ".join(f"{name} {version}" for name, version in versions.items() if version)),
        ("Made", manifest.get("created")),
    ]
    return [(label, str(value)) for label, value in facts if value not in (None, "")]


_VERSIONS = ("omni-persona", "transformers", "torch", "vllm")
"""Programs that determine answers; others are in the manifest."""


def conditions(run: ReportRun) -> list[str]:
    """What else must be equal for the same scores, besides model, judge, protocol and what was shown, where known."""
    manifest = run.files.manifest or {}
    prompt, model, dataset = (_mapping(manifest.get(key)) for key in ("prompt", "model", "dataset"))
    versions = {**_mapping(manifest.get("versions")), **_mapping(model.get("versions"))}
    facts = [
        ("prompt", str(prompt["hash"])[:12] if prompt.get("hash") else None),
        ("pixels", model.get("max_pixels")),
        ("dataset", str(dataset["fingerprint"])[:12] if dataset.get("fingerprint") else None),
        *((name, versions.get(name)) for name in _VERSIONS),
    ]
    return [f"{name} {value}" for name, value in facts if isinstance(value, (str, int)) and value != ""]


def line(run: ReportRun) -> str:
    """How a run came about, on one line, for exported tables."""
    scores, manifest = _mapping(run.scores), run.files.manifest or {}
    shown = [f"cues {manifest['cues']}"] if isinstance(manifest.get("cues"), str) else []
    shown += [f"without {', '.join(run.view.without)}"] if run.view.without else []
    judged = [f"judge {scores.get('judge', run.judge)}", f"protocol {scores.get('protocol', run.protocol)}"]
    return ", ".join([*judged, *shown, *conditions(run)])


def commands(run: ReportRun) -> str:
    """The commands that reproduce the run and its scores; empty if unknown."""
    manifest, place = _from_here(run.files.manifest), _from_here(str(run.files.path))
    name = _mapping((manifest or {}).get("model")).get("name")
    if manifest is None or not isinstance(name, str):
        return ""
    model, prompt, generation = (_mapping(manifest.get(key)) for key in ("model", "prompt", "generation"))
    line = ["omni-persona", "run", "--model", name]
    line += ["--endpoint", str(model["endpoint"])] if model.get("endpoint") else []
    line += ["--dataset", str(_mapping(manifest.get("dataset")).get("path") or "omni-persona"), "--out", place]
    for option, value in (
        ("--limit", manifest.get("limit")),
        ("--subset", manifest.get("subset")),
        ("--cues", manifest.get("cues")),
        ("--max-new-tokens", generation.get("max_new_tokens")),
        ("--dtype", model.get("dtype")),
        ("--seed", manifest.get("seed")),
    ):
        line += [option, str(value)] if value is not None else []
    for part in run.view.without:
        line += ["--without", part]
    line += ["--reason"] if prompt.get("reason") else []
    line += ["--drop-unsupported"] if model.get("drop_unsupported") else []
    judges = _judges(run)
    judge = [["omni-persona", "judge", place, "--judge", "lexical"]] if judges == ["lexical"] else []
    return "\n".join(map(shlex.join, [line, *judge, ["omni-persona", "score", place]]))


def _judges(run: ReportRun) -> list[str]:
    """The judges of the run itself; empty if the report judged it."""
    return sorted({line.judge for line in (run.files.verdicts or {}).values() if line.judge})


def command_note(run: ReportRun) -> str:
    """What the commands do not cover."""
    said = _mapping((run.files.manifest or {}).get("prompt"))
    own = "pass its own prompt, with the hash above, by --prompt" if said and said.get("version", 0) is None else ""
    judges = sorted(set(_judges(run)) - {"lexical"})
    other = f"then judge it with {', '.join(judges)}" if judges else ""
    place = _mapping((run.files.manifest or {}).get("dataset")).get("path")
    paths = [PurePath(one) for one in (str(run.files.path), place) if isinstance(one, str)]
    far = any(path.is_absolute() and _from_here(str(path)) == path.name != os.path.relpath(path) for path in paths)
    moved = "for folders elsewhere, only the last part of the path is shown" if far else ""
    return "; ".join(part for part in (own, other, moved) if part)


def manifest_text(run: ReportRun) -> str:
    """`run.json`, formatted."""
    return (
        "" if run.files.manifest is None else json.dumps(_shareable(run.files.manifest), indent=2, ensure_ascii=False)
    )


def _shareable(value: Any) -> Any:
    """A JSON value in which absolute paths are reduced to their last names."""
    return _paths(value, lambda path: path.name)


def _from_here(value: Any) -> Any:
    """A JSON value in which absolute paths inside or beside the working folder become relative to it."""

    def shown(path: PurePath) -> str:
        near = PurePath(os.path.relpath(path))
        return path.name if near.parts[:2] == ("..", "..") else str(near)

    return _paths(value, shown)


def _paths(value: Any, shown: Callable[[PurePath], str]) -> Any:
    """A JSON value with its absolute paths replaced."""
    if isinstance(value, str):
        return shown(PurePath(value)) if PurePath(value).is_absolute() else value
    if isinstance(value, Mapping):
        return {key: _paths(one, shown) for key, one in value.items()}
    return [_paths(one, shown) for one in value] if isinstance(value, list) else value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
