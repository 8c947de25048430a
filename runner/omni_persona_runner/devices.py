"""What a model runs on: which device, how full it is, and what its failures mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from omni_persona_runner.ranks import local_rank


def default_device() -> str:
    """A GPU where there is one; of several processes on a machine, each takes one of its own."""
    import torch

    return f"cuda:{local_rank()}" if torch.cuda.is_available() else "cpu"


def on_gpu(device: str) -> bool:
    """Whether a model goes to GPUs; `auto` spreads it over all there are."""
    import torch

    return device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())


def use(device: str) -> None:
    """Make a GPU this process's own, so that what asks for no device in particular takes no room on the first."""
    import torch

    if device.startswith("cuda:"):
        torch.cuda.set_device(device)


def memory_in_use(devices: Iterable[Any]) -> float:
    """The largest share of any GPU's memory in use since the last call, in 0..1; 0 where there is none among them."""
    import torch

    shares = [0.0]
    for device in {device for device in devices if device.type == "cuda"}:
        shares.append(torch.cuda.max_memory_allocated(device) / torch.cuda.get_device_properties(device).total_memory)
        torch.cuda.reset_peak_memory_stats(device)
    return max(shares)


def free_memory() -> None:
    """Give back what failed attempts have left."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def is_out_of_memory(error: Exception) -> bool:
    """Whether less at once may do."""
    # The second as from cuBLAS, which finds no room for its workspace.
    return isinstance(error, MemoryError) or any(
        sign in str(error).lower() for sign in ("out of memory", "alloc_failed")
    )


def is_fatal(error: Exception) -> bool:
    """Whether a device has failed for good: every later call of this process would fail, too."""
    import torch

    return isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)
