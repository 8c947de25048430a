"""The base model for training: its weights, ready for an adapter, and its identity."""

from __future__ import annotations

from typing import Any

from omni_persona_runner.checkpoint import Checkpoint
from omni_persona_runner.devices import default_device, on_gpu
from omni_persona_training.errors import TrainingError


def load_base(checkpoint: Checkpoint, device: str | None = None, dtype: str | None = None) -> Any:
    """Load a checkpoint's weights, by default in bfloat16 on a GPU and float32 elsewhere.

    Raises `TrainingError` for a family with built-in adapters, and `LoadError` for missing weights.
    """
    if checkpoint.family.adapters:
        raise TrainingError(f"{checkpoint.name} already has adapters, which another would replace")
    place = device or default_device()
    kind = dtype or ("bfloat16" if on_gpu(place) else "float32")
    model = checkpoint.weights(device=place, dtype=kind, attention=None, without=(), every_logit=True)
    _keep_encoders(model)
    return model


def _keep_encoders(model: Any) -> None:
    """Let the layers of the encoders compute in training what they do in a run.

    Batch norms of a frozen encoder would use the batch's statistics and go on moving with it, and dropout would drop.
    Only layers: containers read their mode to decide whether activations are recomputed.
    """
    language = {id(module) for module in model.get_decoder().modules()}
    for module in model.modules():
        if id(module) not in language and not any(module.children()):
            module.eval()
            module.train = lambda mode=True, module=module: module


def describe_base(checkpoint: Checkpoint) -> dict[str, Any]:
    """The identity of the base: a fingerprint of local weights, the revision of those on the Hub."""
    description = checkpoint.describe()
    return {
        "name": checkpoint.name,
        "model_type": checkpoint.config.model_type,
        "revision": description["revision"],
        "weights_mark": description["weights_mark"],
    }


def trains_on_cpu(device: str | None) -> bool:
    """Whether training runs without a GPU."""
    return not on_gpu(device or default_device())
