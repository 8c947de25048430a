"""`omni-persona check`: is a dataset folder what it claims to be?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from omni_persona_cli.console import out, progress, stopping

EXAMPLES = """Examples:

omni-persona check omni-persona

omni-persona check --write omni-persona"""


def check(
    dataset: Annotated[Path, typer.Argument(help="The dataset folder.")],
    write: Annotated[bool, typer.Option("--write", help="Put the results into the folder's card, too.")] = False,
) -> None:
    """Check a dataset folder: counts, balance, positions, answers, cues. Exit code 1 when a check fails.

    `build`, `import` and `push` do the same, and put the results into the card.
    """
    if not check_and_report(dataset, write=write):
        raise typer.Exit(1)


def check_built(dataset: Path) -> bool:
    """Check a folder that is whole already, as `check_and_report` does with `write`; control-C leaves it unchecked."""
    with stopping(f"{dataset} is whole but not checked: omni-persona check --write {dataset}"):
        return check_and_report(dataset, write=True)


def check_and_report(dataset: Path, *, write: bool = False) -> bool:
    """Print a table of all checks, and put it into the folder's card where told to; true where all pass."""
    from omni_persona_build.card import write_findings
    from omni_persona_build.checks import check as check_dataset
    from omni_persona_build.checks import failures, summary

    with progress() as shown:
        findings = check_dataset(dataset, lambda done: shown("reading items", done))
    if write:
        write_findings(dataset, findings)
    table = Table(title=f"Checks of {dataset}", title_justify="left")
    for column in ("check", "result", "what was seen"):
        table.add_column(column)
    for finding in findings:
        style = {True: "green", False: "bold red", None: "dim"}[finding.passed]
        table.add_row(finding.check, Text(finding.result, style), finding.detail)
    out.print(table)
    failed = failures(findings)
    out.print(summary(findings), style="bold red" if failed else None)
    return not failed
