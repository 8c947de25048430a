"""The processes of one run: alone, or as many as `torchrun` or `accelerate launch` started.

    torchrun --nproc-per-node 8 -m omni_persona_cli run --model ORG/MODEL --out runs/model

Each process takes whole source samples and writes its answers down in a part of its own; the first one looks after
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
"""How long a process that is done waits for the others."""


@dataclass(frozen=True)
class Ranks:
    """This process and its peers."""

    index: int
    """Which of them it is, from 0."""
    count: int

    @property
    def part(self) -> int | None:
        """The number of the part it writes; None for a process that is alone."""
        return self.index if self.count > 1 else None

    def share(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that are this process's to ask: every `count`-th source sample."""
        order = {sample: place for place, sample in enumerate(dict.fromkeys(row.source_sample_id for row in rows))}
        return [row for row in rows if order[row.source_sample_id] % self.count == self.index]

    def first_does(self, work: Callable[[], _T]) -> _T:
        """What the first process's `work` returns, in all of them; what it raises, they all raise."""
        if self.count == 1:
            return work()
        import torch.distributed

        told: list[Any] = [None, None]
        if self.index == 0:
            try:
                told[0] = work()
            except Exception as error:
                told[1] = error
        torch.distributed.broadcast_object_list(told, src=0)
        if told[1] is not None:
            raise told[1]
        return told[0]

    def total(self, number: int) -> int:
        """The sum over all processes, once each has come this far."""
        if self.count == 1:
            return number
        import torch.distributed

        numbers: list[Any] = [None] * self.count
        torch.distributed.all_gather_object(numbers, number)
        return sum(numbers)


def is_first() -> bool:
    """Whether this process is alone or the first of several."""
    return int(os.environ.get("RANK", "0")) == 0


def local_rank() -> int:
    """Which of this machine's processes this is, from 0."""
    return int(os.environ.get("LOCAL_RANK", "0"))


@contextmanager
def ranks() -> Iterator[Ranks]:
    """This process and its peers, connected as long as the block runs."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks(0, 1)
        return
    import torch.distributed

    # Little is said between processes, all of it small: gloo is enough, and needs no GPU.
    torch.distributed.init_process_group("gloo", timeout=_PATIENCE)
    try:
        yield Ranks(torch.distributed.get_rank(), count)
    finally:
        torch.distributed.destroy_process_group()
