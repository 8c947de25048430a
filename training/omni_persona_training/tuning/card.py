"""The card of an adapter: base model, data, settings, and which of them are the paper's."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from omni_persona_artifacts.characters import visible
from omni_persona_artifacts.markdown import code, inline
from omni_persona_training.errors import TrainingError
from omni_persona_training.tuning.language_model import Adapted
from omni_persona_training.tuning.settings import STATED, rlvr_preset, sft_preset

_PLAIN = re.compile(r"[A-Za-z][\w./-]*")
"""Strings that YAML needs no quotes for."""

_HEAD = """\
---
base_model: {quoted}
library_name: peft
tags: [omni-persona, lora, {command}]
---

# {name}

A LoRA adapter for {shown}, trained by `omni-persona {command}`. It changes the language model alone: {parameters:,} \
trained parameters in {modules} layers; what sees and hears is as it was.

    omni-persona run --model {base} --adapter FOLDER --out runs/adapter

| | |
|---|---|
| data | {data} |
| steps | {steps} |
| last loss | {loss} |
"""


def adapter_card(about: Mapping[str, Any], adapted: Adapted) -> str:
    """Render the README.md of an adapter folder; absolute paths are left out."""
    base = str(about["base"]["name"])
    base = Path(base).name if Path(base).is_dir() or os.sep + os.sep in base else base
    data = about["data"]
    source = data.get("corpus") or data.get("dataset")
    mark = data.get("content") or str(data.get("fingerprint"))[:16]
    head = _HEAD.format(
        # JSON strings on one line are valid YAML.
        quoted=base if _PLAIN.fullmatch(base) else json.dumps(base),
        shown=code(base),
        base=shlex.quote(" ".join(visible(base).split())),
        command=about["command"],
        name=inline(f"{base.rpartition('/')[2]} {about['command']}"),
        parameters=adapted.parameters,
        modules=adapted.modules,
        data=f"{data['n']} examples of {inline(source)} ({inline(mark)})",
        steps=about["steps"],
        loss="-" if about["loss"] is None else f"{about['loss']:.4f}",
    )
    origin = _origins(about)
    rows = [
        f"| {name.replace('_', ' ')} | {_value(value)} | {origin(name, value)} |"
        for name, value in about["settings"].items()
        if value is not None
    ]
    return head + "\n| setting | value | from |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _value(value: Any) -> str:
    """A setting in a cell; text is escaped, numbers need not be."""
    return str(value) if isinstance(value, int | float) else inline(value)


def _origins(about: Mapping[str, Any]) -> Callable[[str, Any], str]:
    """What says where the value of a setting comes from."""
    preset = about["preset"]
    try:
        of_sft = about["command"] == "sft"
        usual = (sft_preset(preset, about["base"]["model_type"]) if of_sft else rlvr_preset(preset)).describe()
    except TrainingError:  # settings of the caller's own
        return lambda name, value: "given"
    stated = STATED.get(f"{about['command']} {preset}", ())
    silent = "ours, where the source is silent" if stated else "ours"

    def origin(name: str, value: Any) -> str:
        if name not in usual or value != usual[name]:
            return "given"
        return f"the {preset}" if name in stated else silent

    return origin
