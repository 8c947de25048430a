"""The conditions of a score besides the model: runs that differ in any of them are not ranked or compared together."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omni_persona_artifacts.repeats import repeat_folders
from omni_persona_artifacts.run_reader import Run

Conditions = Mapping[str, str | None]
"""Name of a condition -> its value in words; None where the run does not say, or it does not apply (a baseline has no
prompt): such a run stands beside any other."""

NAMES = {
    "dataset": "dataset",
    "items": "items asked",
    "protocol": "protocol",
    "judge": "judge",
    "prompt": "prompt",
    "cues": "query media",
    "generation": "generation settings",
}
"""The conditions and their display names."""


@dataclass(frozen=True)
class LeftOut:
    """A run that was given but is not shown."""

    name: str
    """The path as given."""
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def conditions_of(run: Run, *, dataset: str | None, judge: str, protocol: str) -> Conditions:
    """The conditions of a run.

    dataset: its identity, such as its fingerprint. judge, protocol: those with which the report scores the run.
    """
    manifest = run.manifest or {}
    prompt, cues = _mapping(manifest.get("prompt")), manifest.get("cues")
    without = prompt.get("without")
    left_out = ", ".join(map(str, without)) if isinstance(without, list) and without else ""
    return {
        "dataset": dataset,
        "items": _items(run),
        "protocol": protocol,
        "judge": judge,
        "prompt": _prompt(prompt),
        "cues": f"{cues}, without {left_out}" if cues and left_out else str(cues) if cues else None,
        "generation": _generation(_mapping(manifest.get("generation"))),
    }


def most_common(several: Sequence[Conditions]) -> dict[str, str | None]:
    """The most common value of each condition in turn; ties are resolved in favour of the first run.

    Runs excluded by an earlier condition do not count for later ones.
    """
    chosen: dict[str, str | None] = {}
    left = list(several)
    for name in NAMES:
        counts = Counter(value for one in left if (value := one[name]) is not None)
        chosen[name] = counts.most_common(1)[0][0] if counts else None
        left = [one for one in left if one[name] in (None, chosen[name])]
    return chosen


def difference(one: Conditions, chosen: Conditions) -> str | None:
    """Why a run is excluded given `chosen`, in words; None if it fits."""
    for name, label in NAMES.items():
        value, expected = one[name], chosen[name]
        if value is not None and expected is not None and value != expected:
            if name == "dataset":
                return "it was run on another dataset"
            return f"different {label}: {value}; in this report: {expected}"
    return None


def _items(run: Run) -> str:
    ids = sorted(run.predictions)
    digest = hashlib.sha256(json.dumps(ids).encode()).hexdigest()
    repeats = len(repeat_folders(run.path))
    times = f", each {repeats} times" if repeats > 1 else ""
    return f"{len(ids)} items (set {digest[:6]}){times}"


def _prompt(prompt: Mapping[str, Any]) -> str | None:
    if not prompt:
        return None
    version = prompt.get("version")
    own = f"version {version}" if version is not None else "custom"
    reason = ", thinking first" if prompt.get("reason") else ""
    return f"{own}{reason} (hash {str(prompt.get('hash'))[:8]})"


def _generation(settings: Mapping[str, Any]) -> str | None:
    """Settings that change answers: length limit and sampling. Greedy decoding has several spellings."""
    if not settings:
        return None
    length = f"at most {settings.get('max_new_tokens')} tokens"
    drawn = settings.get("do_sample", settings.get("temperature", 0) not in (0, None))
    if not drawn:
        return f"{length}, greedy"
    parts = [f"{name} {settings[name]}" for name in ("temperature", "top_p", "top_k") if name in settings]
    return f"{length}, sampled {' '.join(parts)}".rstrip()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
