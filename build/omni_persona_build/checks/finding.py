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
    group: str | None = None
    """The group that does not need its modality where this fails; None where it says nothing of the kind."""
    too_few: bool = False
    """Whether it could not be checked because the items are too few to tell a leak from chance."""

    @property
    def result(self) -> str:
        """`pass`, `FAIL`, `too few to tell` or `skipped`."""
        if self.passed is None:
            return "too few to tell" if self.too_few else "skipped"
        return "pass" if self.passed else "FAIL"


def failures(findings: Sequence[Finding]) -> int:
    """How many checks failed."""
    return sum(finding.passed is False for finding in findings)


def unneeded(findings: Sequence[Finding]) -> dict[str, list[str]]:
    """Group that does not need its modality -> the checks that show it."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        if finding.passed is False and finding.group is not None:
            found.setdefault(finding.group, []).append(
                finding.check.removeprefix("shortcut: ").removeprefix(f"{finding.group} by ")
            )
    return found


def summary(findings: Sequence[Finding]) -> str:
    """All findings in a line."""
    failed = failures(findings)
    if failed:
        return f"{failed} of {len(findings)} checks failed"
    passed, few = sum(bool(one.passed) for one in findings), sum(one.too_few for one in findings)
    skipped = len(findings) - passed - few
    told = f"{passed} checks pass" if skipped or few else f"All {passed} checks pass"
    return told + f", {skipped} skipped" * bool(skipped) + f", {few} on too few items to tell" * bool(few)


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
