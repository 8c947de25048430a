"""The processes of one run: a single one, or those started by `torchrun` or `accelerate launch`.

    torchrun --nproc-per-node 8 -m omni_persona_cli run --model ORG/MODEL --out runs/model

Each process asks whole source samples and writes its answers to its own part file; the first one manages
the run folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from omni_persona_artifacts.dataset_folder import Row

_T = TypeVar("_T")

_PATIENCE = timedelta(days=7)
"""How long a finished process waits for the others."""


@dataclass(frozen=True)
class Ranks:
    """This process and its peers."""

    index: int
    """Rank of this process, from 0."""
    count: int

    @property
    def part(self) -> int | None:
        """Number of the part file it writes; None for a single process."""
        return self.index if self.count > 1 else None

    def share(self, rows: Sequence[Row]) -> list[Row]:
        """The rows for this process to ask: every `count`-th source sample."""
        order = {sample: place for place, sample in enumerate(dict.fromkeys(row.source_sample_id for row in rows))}
        return [row for row in rows if order[row.source_sample_id] % self.count == self.index]

    def first_does(self, work: Callable[[], _T]) -> _T:
        """Run `work` in the first process; all processes return its result or raise its exception."""
        if self.count == 1:
            return work()
        import torch.distributed

        outcome: list[Any] = [None, None]
        if self.index == 0:
            try:
                outcome[0] = work()
            except Exception as error:
                outcome[1] = error
        torch.distributed.broadcast_object_list(outcome, src=0)
        if outcome[1] is not None:
            raise outcome[1]
        return outcome[0]

    def total(self, number: int) -> int:
        """The sum over all processes; blocks until each has called it."""
        if self.count == 1:
            return number
        import torch.distributed

        numbers: list[Any] = [None] * self.count
        torch.distributed.all_gather_object(numbers, number)
        return sum(numbers)


def is_first() -> bool:
    """Whether this process is the only one or the first."""
    return int(os.environ.get("RANK", "0")) == 0


def local_rank() -> int:
    """Rank of this process on its machine, from 0."""
    return int(os.environ.get("LOCAL_RANK", "0"))


@contextmanager
def ranks() -> Iterator[Ranks]:
    """Yield this process's `Ranks`, connected to its peers for the duration of the block."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks(0, 1)
        return
    import torch.distributed

    # Few, small messages are exchanged: gloo suffices and needs no GPU.
    torch.distributed.init_process_group("gloo", timeout=_PATIENCE)
    try:
        yield Ranks(torch.distributed.get_rank(), count)
    finally:
        torch.distributed.destroy_process_group()
