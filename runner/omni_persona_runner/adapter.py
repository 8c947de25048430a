"""LoRA adapters in PEFT format, trained by `omni-persona` or another program, applied to their base checkpoint.

    read_adapter("adapters/first")            parse its two files
    attach(model, adapter)                    apply it to the weights; every tensor must match

Trainers name modules differently: ms-swift loads the whole Omni model, so its names begin with `thinker.`, and
older versions of transformers kept the language model's layers elsewhere. Names are mapped to those of the model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.json_files import read_object
from omni_persona_runner.devices import reason_of
from omni_persona_runner.model import LoadError

CONFIG, WEIGHTS, ABOUT = "adapter_config.json", "adapter_model.safetensors", "training.json"
NAME = "omni_persona"
_PREFIX = "base_model.model."

_RENAMES: tuple[Callable[[str], str], ...] = (
    lambda name: name,
    lambda name: name.removeprefix("thinker."),
    lambda name: name.removeprefix("thinker.").replace("model.layers.", "model.language_model.layers.", 1),
    lambda name: name.replace("model.layers.", "model.language_model.layers.", 1),
    lambda name: name.replace("language_model.model.layers.", "model.language_model.layers.", 1),
    lambda name: name.replace("model.language_model.layers.", "model.layers.", 1),
)
"""Rewrites that map an adapter's module names to the model's; the first one that fits every name is used."""


@dataclass(frozen=True)
class Adapter:
    """The contents of an adapter's files."""

    folder: Path
    config: dict[str, Any]
    base: str
    """The base checkpoint, as named by the trainer."""
    base_mark: str | None
    """Fingerprint of the base checkpoint's weights, if our own trainer recorded one."""
    mark: str
    """SHA-256 of the adapter's weights, in hex."""

    def describe(self) -> dict[str, Any]:
        """The adapter's entry in the manifest."""
        return {
            "name": self.folder.resolve().name,
            "base": self.base,
            "mark": self.mark,
            "rank": self.config.get("r"),
            "alpha": self.config.get("lora_alpha"),
        }


def is_adapter(path: str | Path) -> bool:
    """Whether a folder holds an adapter and no checkpoint."""
    return (Path(path) / CONFIG).is_file() and not (Path(path) / "config.json").is_file()


def read_adapter(path: str | Path) -> Adapter:
    """Read an adapter folder. Raises `LoadError` if it holds no adapter, or one that is not LoRA."""
    folder = Path(path)
    config = _json_object(folder / CONFIG, f"{path} is no adapter: expected a folder with {CONFIG} and {WEIGHTS}")
    if config.get("peft_type") != "LORA":
        raise LoadError(f"{folder / CONFIG}: expected an adapter of the kind LORA, got {config.get('peft_type')!r}")
    base = config.get("base_model_name_or_path")
    if not isinstance(base, str) or not base:
        raise LoadError(f"{folder / CONFIG}: expected the name of its base under base_model_name_or_path, got {base!r}")
    if config.get("modules_to_save"):
        raise LoadError(f"{folder / CONFIG}: expected LoRA alone, got whole modules {config['modules_to_save']}")
    if not (folder / WEIGHTS).is_file():
        raise LoadError(f"{folder} has no {WEIGHTS}: other formats may run code and are not read")
    record = _json_object(folder / ABOUT, "") if (folder / ABOUT).is_file() else {}
    trained_on = record.get("base")
    mark = trained_on.get("weights_mark") if isinstance(trained_on, dict) else None
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    return Adapter(folder, config, base, mark if isinstance(mark, str) else None, digest)


def chosen(model: str | Path, adapter: str | Path | None) -> tuple[str, str, Adapter | None]:
    """Return the model's display name, the checkpoint to load, and the adapter to apply to it.

    model: a checkpoint, or an adapter folder, which names its base. Raises `LoadError` for an adapter
    that cannot be read, and `ValueError` if two adapters are given.
    """
    if is_adapter(model):
        if adapter is not None:
            raise ValueError(f"{model} is an adapter itself: expected the checkpoint that both are based on")
        alone = read_adapter(model)
        return str(model), alone.base, alone
    if adapter is None:
        return str(model), str(model), None
    beside = read_adapter(adapter)
    return f"{model} + {beside.folder.resolve().name}", str(model), beside


def require_base(adapter: Adapter, name: str, weights_mark: str | None) -> None:
    """Raise `LoadError` if an adapter was trained on weights other than those of the checkpoint `name`.

    weights_mark: fingerprint of those weights; None if they are not on this machine: Hub names are compared instead.
    """
    if adapter.base_mark is not None and weights_mark is not None:
        if adapter.base_mark != weights_mark:
            raise LoadError(f"{adapter.folder} was trained on {adapter.base}, whose weights are not those of {name}")
        return
    both_on_hub = not Path(name).is_dir() and not adapter.base.startswith((".", "/", "~"))
    if both_on_hub and adapter.base != name:
        raise LoadError(f"{adapter.folder} was trained on {adapter.base}, not on {name}")


def attach(model: Any, adapter: Adapter) -> None:
    """Add an adapter's weights to a model in place; the model's class does not change.

    Raises `LoadError` if one of its tensors has no counterpart in the model, or has a different shape.
    """
    from peft import LoraConfig, inject_adapter_in_model, set_peft_model_state_dict
    from safetensors.torch import load_file

    try:
        tensors = load_file(adapter.folder / WEIGHTS)
    except Exception as error:
        raise LoadError(f"{adapter.folder / WEIGHTS} cannot be read: {error}") from None
    names = {name.removeprefix(_PREFIX).rpartition(".lora_")[0] for name in tensors}
    if not names or "" in names:
        raise LoadError(f"{adapter.folder / WEIGHTS}: expected tensors of LoRA alone")
    rename = _fitting(names, {name for name, _ in model.named_modules()})
    if rename is None:
        raise LoadError(f"{adapter.folder} does not fit {type(model).__name__}: it has no module {min(names)}")
    given = {key: value for key, value in adapter.config.items() if key in LoraConfig.__dataclass_fields__}
    targets = {"target_modules": sorted(map(rename, names)), "inference_mode": True, "exclude_modules": None}
    for pattern in ("rank_pattern", "alpha_pattern"):
        targets[pattern] = {rename(key): value for key, value in (given.get(pattern) or {}).items()}
    renamed = {_renamed(key, rename): value for key, value in tensors.items()}
    try:
        inject_adapter_in_model(LoraConfig(**{**given, **targets}), model, adapter_name=NAME)
        report: Any = set_peft_model_state_dict(model, renamed, adapter_name=NAME)
    except Exception as error:
        reason = reason_of(error).splitlines()[0]
        raise LoadError(f"{adapter.folder} does not fit {type(model).__name__}: {reason}") from None
    lacking = [key for key in report.missing_keys if "lora_" in key]
    if report.unexpected_keys or lacking:
        raise LoadError(
            f"{adapter.folder} does not fit {type(model).__name__}: {[*report.unexpected_keys, *lacking][0]}"
        )


def _fitting(names: Iterable[str], modules: set[str]) -> Callable[[str], str] | None:
    wanted = list(names)
    return next((rename for rename in _RENAMES if all(rename(name) in modules for name in wanted)), None)


def _renamed(key: str, rename: Callable[[str], str]) -> str:
    module, _, rest = key.removeprefix(_PREFIX).rpartition(".lora_")
    return f"{rename(module)}.lora_{rest}"


def _json_object(file: Path, missing: str) -> dict[str, Any]:
    try:
        return read_object(file)
    except FileNotFoundError:
        raise LoadError(missing or f"{file}: there is no such file") from None
    except ArtifactError as error:
        raise LoadError(str(error)) from None
