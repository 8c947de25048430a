"""`omni-persona check`: verify that a dataset folder is what it claims to be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from omni_persona_cli.console import out, progress, stopping
from omni_persona_cli.results import JSON_HELP, CheckResult, output_kept_for_result, print_result

if TYPE_CHECKING:
    from omni_persona_build.checks import Finding, ItemLeak

EXAMPLES = """Examples:

omni-persona check omni-persona

omni-persona check --write omni-persona

omni-persona check omni-persona --items

omni-persona check omni-persona --json > checks.json

omni-persona check omni-persona --pool people --seeds 5"""


MOST_ITEMS = 20
"""Items that `--items` lists."""


def check(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder.")],
    write: Annotated[bool, typer.Option("--write", help="Also write the results into the folder's card.")] = False,
    seeds: Annotated[
        int,
        typer.Option(min=1, help="Check as many datasets together: this one, and others built with the next seeds."),
    ] = 1,
    pool: Annotated[
        Path | None, typer.Option(help="Pool that the dataset was built from; required with --seeds.")
    ] = None,
    items: Annotated[
        bool, typer.Option("--items", help="Also list the items that shortcuts solve most surely, and by what.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Check a dataset folder: counts, balance, positions, answers, cues. Exit code 1 if a check fails.

    Solvers try to answer by shortcuts. The table shows each one's own interval; it fails only if its result also holds
    after correction for the number of solvers (Holm), so that a fair dataset fails by chance in at most 5 % of cases.

    `build`, `import` and `push` do the same, and write the results into the card.
    """
    if (seeds > 1) != (pool is not None):
        raise typer.BadParameter("--seeds needs --pool, the pool that the dataset was built from, and --pool --seeds")
    from omni_persona_artifacts.folders import scratch_folder

    with scratch_folder() as folder, output_kept_for_result(as_json):
        others = [] if pool is None else _other_seeds(dataset, pool, seeds, folder)
        findings, leaks = find(dataset, write=write, with_leaks=items, others=others, pool=pool)
    worst = sorted(leaks, key=lambda one: -one.leak)[:MOST_ITEMS] if items else []
    result = result_of(dataset, findings, worst)
    if as_json:
        print_result(result)
    else:
        print_findings(dataset, findings)
        if items:
            _print_items(worst)
        if not others:
            tell_how_to_check_more(dataset, findings)
    if not result.passed:
        raise typer.Exit(1)


def tell_how_to_check_more(dataset: Path, findings: Sequence[Finding], pool: object = "POOL") -> None:
    """Print the command that pools several seeds, if a check had too few items."""
    if any(finding.too_few for finding in findings):
        out.print(f"To check more items: omni-persona check {dataset} --seeds 5 --pool {pool}", soft_wrap=True)


def _other_seeds(dataset: Path, pool: Path, seeds: int, folder: Path) -> list[Path]:
    """Datasets of the same pool and recipe, built with the seeds that follow the dataset's own.

    Raises `BuildError` if the dataset does not say how it was built, or was built from another pool.
    """
    from omni_persona_build.checks import about, built_with, seed_of
    from omni_persona_build.pipeline import build
    from omni_persona_build.recipes.errors import BuildError
    from omni_persona_perception import perception

    recipe, seed = built_with(dataset), seed_of(dataset)
    if recipe is None or seed is None:
        raise BuildError(f"{dataset} does not say with which recipe and seed it was built: --seeds cannot build others")
    # All datasets must be made as this one was, or the solvers would see the difference.
    facts = about(dataset)
    equalise, seen_by = facts.get("equalised"), perception(str(facts.get("perception", "light")))
    others = []
    with progress() as shown:
        for number in range(1, seeds):
            others.append(folder / str(number) / "omni-persona")
            build(pool, recipe, others[-1], seed=seed + number, equalise=equalise, perception=seen_by, progress=shown)
            of, other = facts.get("pool_fingerprint"), about(others[-1]).get("pool_fingerprint")
            if of is not None and of != other:
                raise BuildError(
                    f"expected the pool that {dataset} was built from (fingerprint {of}), got another, or one that "
                    f"changed since, in {pool} ({other}); a dataset that was built with --exclude has no other seeds"
                )
    return others


def _print_items(worst: Sequence[ItemLeak]) -> None:
    """Print a table of the items that are solved most surely."""
    table = Table(title="Items that shortcuts solve most surely (0: a guess, 1: certain)", title_justify="left")
    for column in ("item", "leak", "solved by"):
        table.add_column(column)
    for one in worst:
        table.add_row(one.augmented_id, f"{one.leak:.2f}", one.solver or "nothing")
    out.print(table)


def find_in_built(dataset: Path, pool: Path | None = None) -> list[Finding]:
    """Like `find` with `write`, for a folder that is already complete; Ctrl-C leaves it unchecked."""
    with stopping(f"{dataset} is whole but not checked: omni-persona check --write {dataset}"):
        return find(dataset, write=True, pool=pool)[0]


def check_and_report(dataset: Path, *, write: bool = False) -> bool:
    """Run all checks, optionally add them to the folder's card, and print them; return whether none failed."""
    findings, _ = find(dataset, write=write)
    print_findings(dataset, findings)
    return result_of(dataset, findings).passed


def find(
    dataset: Path,
    *,
    write: bool = False,
    with_leaks: bool = False,
    others: Sequence[Path] = (),
    pool: Path | None = None,
) -> tuple[list[Finding], list[ItemLeak]]:
    """Run all checks with a progress display, and tell how surely each item is solved by a shortcut.

    write: also add the checks to the folder's card, and the items' leaks to its side file.
    with_leaks: whether the leaks of items are wanted; they are computed with `write`, too.
    others: datasets built with other seeds, whose items the solvers of the checks also use.
    pool: the pool that the dataset was built from; what its cache has of its media is not computed again.
    """
    from omni_persona_build.checks import examine
    from omni_persona_build.prepare import cache_of

    known = None if pool is None else cache_of(pool)
    with progress() as shown:
        findings, leaks = examine(
            dataset,
            lambda done: shown("checking items", done),
            others=others,
            with_leaks=write or with_leaks,
            known=known,
        )
    if write:
        from omni_persona_build.card import write_findings
        from omni_persona_build.construction import write_leaks

        write_leaks(dataset, leaks)
        write_findings(dataset, findings)
    return findings, leaks


def result_of(dataset: Path, findings: Sequence[Finding], worst: Sequence[ItemLeak] = ()) -> CheckResult:
    """The checks, and the items that are solved most surely, as `--json` prints them."""
    from omni_persona_build.checks import failures, summary, unneeded

    return CheckResult(
        dataset=str(dataset),
        passed=not failures(findings),
        n_checks=len(findings),
        n_failed=failures(findings),
        summary=summary(findings),
        does_not_need_its_modality=unneeded(findings),
        checks=[{"check": one.check, "result": one.result, "seen": one.detail, "p": one.p} for one in findings],
        items=[{"augmented_id": one.augmented_id, "leak": one.leak, "by": one.solver or None} for one in worst],
    )


def print_findings(dataset: Path, findings: Sequence[Finding]) -> None:
    """Print a table of the checks and their summary."""
    from omni_persona_build.checks import failures, summary, unneeded

    table = Table(title=f"Checks of {dataset}", title_justify="left")
    for column in ("check", "result", "what was seen"):
        table.add_column(column)
    for finding in findings:
        style = {True: "green", False: "bold red", None: "dim"}[finding.passed]
        table.add_row(finding.check, Text(finding.result, style), finding.detail)
    out.print(table)
    for group, checks in unneeded(findings).items():
        out.print(
            f"{group} does not need its modality: the right person is found by {', '.join(checks)}", soft_wrap=True
        )
    out.print(summary(findings), style="bold red" if failures(findings) else None)
