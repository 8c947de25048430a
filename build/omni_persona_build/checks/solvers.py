"""What the solvers of the checks say of each item, for findings about all items and for leaks of single ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item
from omni_persona_build.checks.evidence import area_finding, share_finding
from omni_persona_build.checks.finding import Finding
from omni_persona_build.checks.ready import Ready


@dataclass(frozen=True)
class Picked:
    """A solver that tries to find the right person."""

    name: str
    items: Ready
    scores: NDArray[np.float64]
    """The higher, the more probably a context is the target, shape (n, K)."""
    group: str | None = None
    """The group that does not need its modality if the solver succeeds; None if that is not about one."""

    def finding(self) -> Finding:
        """Whether it finds more people than a guess."""
        right, items = self.items.chosen(self.scores), self.items
        return share_finding(f"shortcut: {self.name}", right, items.chances, items.clusters, self.group)


@dataclass(frozen=True)
class Classifier:
    """A classifier that tries to tell whether somebody, or an attribute, is missing."""

    name: str
    items: Sequence[Sequence[Item]]
    """For each of n sets of memories, the items whose answer it gives away."""
    seen: Any
    """What it sees of each set, shape (n, d), rows of about unit length."""
    missing: NDArray[np.bool_]
    """Shape (n,)."""
    group: str | None = None
    """The group that does not need its modality if the classifier succeeds; None if that is not about one."""

    def finding(self) -> Finding:
        """Whether it tells more than with shuffled labels."""
        return area_finding(f"shortcut: {self.name}", self.seen, self.missing, self.group)
