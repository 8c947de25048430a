"""Devices: choose one, measure its memory, and classify its errors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from omni_persona_runner.ranks import local_rank

_LONGEST_REASON = 500
"""Maximum length of an error message, in characters."""
_OBJECT = re.compile(r"<(?:[\w.]+\.)?(\w+)[^<>]* at 0x[0-9a-fA-F]+>")
"""A Python object in a message: its class, and its address in memory."""


def default_device() -> str:
    """Choose a GPU if available; several processes on a machine take different ones."""
    import torch

    return f"cuda:{local_rank()}" if torch.cuda.is_available() else "cpu"


def on_gpu(device: str) -> bool:
    """Whether a model goes to GPUs; `auto` spreads it over all of them."""
    import torch

    return device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())


def best_attention(has_flash: bool, device: str, dtype: str) -> str | None:
    """Flash attention if it is installed and applicable; None lets transformers choose, which prefers SDPA.

    has_flash: whether the model family supports it.
    """
    from transformers.utils import is_flash_attn_2_available

    fits = has_flash and on_gpu(device) and dtype in ("bfloat16", "float16")
    return "flash_attention_2" if fits and is_flash_attn_2_available() else None


def check_dtype(name: str) -> None:
    """Raise `ValueError` for a name that is not a torch dtype."""
    import torch

    if not isinstance(getattr(torch, name, None), torch.dtype):
        raise ValueError(f"expected a dtype such as float32 or bfloat16, got {name!r}")


def use(device: str) -> None:
    """Make a GPU the process's default, so that code which names no device does not allocate on the first one.

    On a GPU, attention no longer uses cuDNN, which plans anew for every length, and each new token is a new length: on
    an H200, a batch took about three times as long.
    """
    import torch

    if on_gpu(device):
        torch.backends.cuda.enable_cudnn_sdp(False)
    if device.startswith("cuda:"):
        torch.cuda.set_device(device)


def memory_in_use(devices: Iterable[Any]) -> tuple[float, float]:
    """Fractions of GPU memory (0..1) in use now, and at the peak since the last call; 0 without a GPU.

    With several GPUs, those of the fullest one.
    """
    import torch

    shares = [(0.0, 0.0)]
    for device in {device for device in devices if device.type == "cuda"}:
        whole = torch.cuda.get_device_properties(device).total_memory
        now, peak = torch.cuda.memory_allocated(device), torch.cuda.max_memory_allocated(device)
        shares.append((now / whole, peak / whole))
        torch.cuda.reset_peak_memory_stats(device)
    return max(shares, key=lambda share: share[1])


def free_memory() -> None:
    """Release the memory that failed attempts still hold."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def is_out_of_memory(error: Exception) -> bool:
    """Whether an exception means out of memory, so that a smaller batch may succeed."""
    # Messages of CUDA libraries and of the CPU allocator that do not raise OutOfMemoryError.
    said = ("out of memory", "status_alloc_failed", "not enough memory", "can't allocate memory")
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in said)


def is_fatal(error: Exception) -> bool:
    """Whether the device has failed permanently, so that every later call of this process would fail."""
    import torch

    return isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)


def reason_of(error: Exception) -> str:
    """A library's error message without references to Python objects, shortened to fit the line of a failed item."""
    text = _OBJECT.sub(r"a \1", str(error)).strip() or "it failed without a reason"
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}..."
