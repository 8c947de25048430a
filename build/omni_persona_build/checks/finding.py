"""The result of a check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from omni_persona import Item


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    check: str
    passed: bool | None
    """None if the check could not be made."""
    detail: str
    """What was found. On a failure it lists the first items concerned; for a skipped check it gives the reason."""
    group: str | None = None
    """The group that does not need its modality if this check fails; None if the check is about something else."""
    too_few: bool = False
    """Whether the check could not be made because there are too few items to tell a leak from chance."""
    p: float | None = None
    """Shortcuts: how probable a result at least as high is without a leak, not corrected for the number of checks."""

    @property
    def result(self) -> str:
        """`pass`, `FAIL`, `too few to tell` or `skipped`."""
        if self.passed is None:
            return "too few to tell" if self.too_few else "skipped"
        return "pass" if self.passed else "FAIL"


def failures(findings: Sequence[Finding]) -> int:
    """The number of failed checks."""
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
    """A summary of all findings in one line."""
    failed = failures(findings)
    if failed:
        return f"{failed} of {len(findings)} checks failed"
    passed, few = sum(bool(one.passed) for one in findings), sum(one.too_few for one in findings)
    skipped = len(findings) - passed - few
    summary = f"{passed} checks pass" if skipped or few else f"All {passed} checks pass"
    return summary + f", {skipped} skipped" * bool(skipped) + f", {few} on too few items to tell" * bool(few)


Rule = Callable[[Item], str | None]
"""Returns what is wrong with an item, or None."""


def each(check: str, items: Sequence[Item], rule: Rule, promise: str) -> Finding:
    """A finding that passes if no item breaks the rule; `promise` states the rule that then holds."""
    return each_of(items, [(check, rule, promise)])[0]


def each_of(items: Sequence[Item], rules: Sequence[tuple[str, Rule, str]]) -> list[Finding]:
    """The findings of `each` for several checks, rules and promises.

    All rules are tried on an item before the next one, so that its notes are split into words once.
    """
    wrong: list[list[str]] = [[] for _ in rules]
    for item in items:
        for found, (_, rule, _) in zip(wrong, rules, strict=True):
            if reason := rule(item):
                found.append(f"{item.augmented_id}: {reason}")
    return [listed(check, found, promise) for found, (check, _, promise) in zip(wrong, rules, strict=True)]


def listed(check: str, wrong: Sequence[str], promise: str, limit: int = 3) -> Finding:
    """A finding that passes if the list of errors is empty, and otherwise shows the first few of them."""
    if not wrong:
        return Finding(check, True, promise)
    more = len(wrong) - limit
    return Finding(check, False, "; ".join(wrong[:limit]) + (f"; and {more} more" if more > 0 else ""))
