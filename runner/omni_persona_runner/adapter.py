"""A LoRA adapter in PEFT's format, from our trainer or another's, on the checkpoint that it was trained for.

    read_adapter("adapters/first")            what its two files say
    attach(model, adapter)                    the weights with it, checked to the last tensor

Trainers name modules differently: ms-swift loads the whole Omni model, so that its names begin with `thinker.`, and
older versions of transformers kept the language model's layers elsewhere. Names are brought to those of the model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.json_files import read_object
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
"""Ways in which the name of a module may be the model's own in other words; the first that fits all is taken."""


@dataclass(frozen=True)
class Adapter:
    """What an adapter's files say."""

    folder: Path
    config: dict[str, Any]
    base: str
    """The checkpoint that it was trained on, as its trainer called it."""
    base_mark: str | None
    """A mark of that checkpoint's weights, where our own trainer wrote it down."""
    mark: str
    """SHA-256 in hex of its weights."""

    def describe(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return {
            "name": self.folder.resolve().name,
            "base": self.base,
            "mark": self.mark,
            "rank": self.config.get("r"),
            "alpha": self.config.get("lora_alpha"),
        }


def is_adapter(path: str | Path) -> bool:
    """Whether a folder holds an adapter and no checkpoint of its own."""
    return (Path(path) / CONFIG).is_file() and not (Path(path) / "config.json").is_file()


def read_adapter(path: str | Path) -> Adapter:
    """Read what an adapter is. Raises `LoadError` for a folder that holds none, or one that is no LoRA."""
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
    told = _json_object(folder / ABOUT, "") if (folder / ABOUT).is_file() else {}
    trained_on = told.get("base")
    mark = trained_on.get("weights_mark") if isinstance(trained_on, dict) else None
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    return Adapter(folder, config, base, mark if isinstance(mark, str) else None, digest)


def chosen(model: str | Path, adapter: str | Path | None) -> tuple[str, str, Adapter | None]:
    """What a table calls a model, the checkpoint to load, and the adapter to put on it.

    model: a checkpoint, or the folder of an adapter, which says what its base is. Raises `LoadError` for an adapter
    that cannot be read, and `ValueError` for two.
    """
    if is_adapter(model):
        if adapter is not None:
            raise ValueError(f"{model} is an adapter itself: expected the checkpoint that both stand on")
        alone = read_adapter(model)
        return str(model), alone.base, alone
    if adapter is None:
        return str(model), str(model), None
    beside = read_adapter(adapter)
    return f"{model} + {beside.folder.resolve().name}", str(model), beside


def require_base(adapter: Adapter, name: str, weights_mark: str | None) -> None:
    """Raise `LoadError` where an adapter was trained on other weights than those of the checkpoint `name`.

    weights_mark: of those weights, None where they are not on this machine; then names of the Hub are compared.
    """
    if adapter.base_mark is not None and weights_mark is not None:
        if adapter.base_mark != weights_mark:
            raise LoadError(f"{adapter.folder} was trained on {adapter.base}, whose weights are not those of {name}")
        return
    both_on_hub = not Path(name).is_dir() and not adapter.base.startswith((".", "/", "~"))
    if both_on_hub and adapter.base != name:
        raise LoadError(f"{adapter.folder} was trained on {adapter.base}, not on {name}")


def attach(model: Any, adapter: Adapter) -> None:
    """Put an adapter into a model, whose class stays what it is.

    Raises `LoadError` where one of its tensors has no place in the model, or is of another shape than there.
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
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
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
