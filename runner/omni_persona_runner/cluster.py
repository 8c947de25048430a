"""A Ray cluster for a run: connects to one or starts it, and divides its machines among workers (extra `ray`)."""

from __future__ import annotations

import logging
import math
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Workers:
    """A cluster's resources for a run."""

    count: int
    gpus: int
    """GPUs per worker: 0 or 1."""
    cpus: int
    """CPUs per worker."""
    machines: int

    @property
    def device(self) -> str:
        """Device of a worker's model; a worker sees only its own GPU."""
        return "cuda:0" if self.gpus else "cpu"


@contextmanager
def cluster(n_workers: int | None = None, *, use_gpus: bool = True) -> Iterator[Workers]:
    """Connect to the cluster named by RAY_ADDRESS, or start one on this machine, for the duration of the block.

    n_workers: None for one per GPU, or one per machine if no GPU is used.
    Raises `ValueError` for more workers than there are GPUs or CPUs, `ConnectionError` if RAY_ADDRESS names no
    cluster, and `ModuleNotFoundError` without `ray`.
    """
    # Both are read when Ray is imported or started: they turn off usage reports and verbose logs.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray

    ours = not ray.is_initialized()
    if ours:
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
        with _same_sigterm():
            if address := os.environ.get("RAY_ADDRESS"):
                _reach(address)
                ray.init(address=address, **quiet)
            else:
                ray.init(address="local", include_dashboard=False, **quiet)
    try:
        yield share([node["Resources"] for node in ray.nodes() if node["Alive"]], n_workers, use_gpus)
    finally:
        if ours:
            ray.shutdown()


@contextmanager
def _same_sigterm() -> Iterator[None]:
    """Handle SIGTERM after the block as before: `ray.init` would make it end the process with exit code 15."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread() and handler is not None:
            signal.signal(signal.SIGTERM, handler)


def _reach(address: str) -> None:
    """Raise `ConnectionError` if nothing listens at `HOST:PORT`; Ray itself would retry for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise ConnectionError(f"RAY_ADDRESS: no Ray cluster at {address}: {error}") from None


def share(machines: Sequence[Mapping[str, float]], n_workers: int | None, use_gpus: bool) -> Workers:
    """Divide the GPUs and CPUs of some machines among workers.

    machines: the resources of each, with keys `CPU` and `GPU`.
    Raises `ValueError` for more workers than GPUs, or than CPUs if no GPU is used.
    """
    cpus = [int(machine.get("CPU", 0)) for machine in machines]
    gpus = [int(machine.get("GPU", 0)) * use_gpus for machine in machines]
    unit, most, usual = ("GPU", sum(gpus), sum(gpus)) if any(gpus) else ("CPU", sum(cpus), sum(map(bool, cpus)))
    count = usual if n_workers is None else n_workers
    if not 1 <= count <= most:
        raise ValueError(f"expected 1 to {most} workers, at most one for each {unit} of the cluster, got {count}")
    if any(gpus):
        each = min(n_cpus // n_gpus for n_cpus, n_gpus in zip(cpus, gpus, strict=True) if n_gpus)
    else:
        each = max(1, min(filter(None, cpus)) // math.ceil(count / usual))
    return Workers(count, int(any(gpus)), each, len(machines))
