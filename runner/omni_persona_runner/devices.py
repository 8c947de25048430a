"""What a model runs on: which device, how full it is, and what its failures mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from omni_persona_runner.ranks import local_rank

_LONGEST_REASON = 500
"""Letters."""


def default_device() -> str:
    """A GPU where there is one; of several processes on a machine, each takes one of its own."""
    import torch

    return f"cuda:{local_rank()}" if torch.cuda.is_available() else "cpu"


def on_gpu(device: str) -> bool:
    """Whether a model goes to GPUs; `auto` spreads it over all there are."""
    import torch

    return device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())


def best_attention(has_flash: bool, device: str, dtype: str) -> str | None:
    """Flash attention where it is installed and fits; None leaves it to transformers, which prefers SDPA.

    has_flash: whether the family of models can use it.
    """
    from transformers.utils import is_flash_attn_2_available

    fits = has_flash and on_gpu(device) and dtype in ("bfloat16", "float16")
    return "flash_attention_2" if fits and is_flash_attn_2_available() else None


def check_dtype(name: str) -> None:
    """Raise `ValueError` for a name that is none of torch's dtypes."""
    import torch

    if not isinstance(getattr(torch, name, None), torch.dtype):
        raise ValueError(f"expected a dtype such as float32 or bfloat16, got {name!r}")


def use(device: str) -> None:
    """Make a GPU this process's own, so that what asks for no device in particular takes no room on the first."""
    import torch

    if device.startswith("cuda:"):
        torch.cuda.set_device(device)


def memory_in_use(devices: Iterable[Any]) -> tuple[float, float]:
    """The shares of a GPU's memory in use now, and at most since the last call, in 0..1; 0 where there is none.

    Of several GPUs, those of the one that was fullest.
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
    """Give back what failed attempts have left."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def is_out_of_memory(error: Exception) -> bool:
    """Whether less at once may do."""
    # What libraries of CUDA, and the CPU's allocator, say in place of it.
    said = ("out of memory", "status_alloc_failed", "not enough memory", "can't allocate memory")
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in said)


def is_fatal(error: Exception) -> bool:
    """Whether a device has failed for good: every later call of this process would fail, too."""
    import torch

    return isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)


def reason_of(error: Exception) -> str:
    """What a library raised, cut to what is worth a place in the line of a failed item."""
    text = f"{type(error).__name__}: {error}"
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}..."
