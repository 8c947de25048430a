"""What a check found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from omni_persona import Item


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    check: str
    passed: bool | None
    """None where it could not be checked."""
    detail: str
    """What was seen; on a failure, the first items it was seen in; or why it could not be checked."""

    @property
    def result(self) -> str:
        """`pass`, `FAIL` or `skipped`."""
        return {True: "pass", False: "FAIL", None: "skipped"}[self.passed]


def failures(findings: Sequence[Finding]) -> int:
    """How many checks failed."""
    return sum(finding.passed is False for finding in findings)


def summary(findings: Sequence[Finding]) -> str:
    """All findings in a line."""
    failed, skipped = failures(findings), sum(finding.passed is None for finding in findings)
    if failed:
        return f"{failed} of {len(findings)} checks failed"
    passed = len(findings) - skipped
    return f"All {passed} checks pass" if not skipped else f"{passed} checks pass, {skipped} skipped"


Rule = Callable[[Item], str | None]
"""What is wrong with an item, or None."""


def each(check: str, items: Sequence[Item], rule: Rule, promise: str) -> Finding:
    """A finding that passes where no item breaks the rule; `promise` is what then holds."""
    wrong = [f"{item.augmented_id}: {reason}" for item in items if (reason := rule(item))]
    return listed(check, wrong, promise)


def listed(check: str, wrong: Sequence[str], promise: str, limit: int = 3) -> Finding:
    """A finding that passes where the list of what is wrong is empty, and shows its first few entries."""
    if not wrong:
        return Finding(check, True, promise)
    more = len(wrong) - limit
    return Finding(check, False, "; ".join(wrong[:limit]) + (f"; and {more} more" if more > 0 else ""))
