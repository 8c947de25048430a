"""`omni-persona import`: a published release as a dataset folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from omni_persona_cli.check import check_and_report
from omni_persona_cli.console import out, progress

EXAMPLES = """Example:

omni-persona import --release release.jsonl --assets assets --out v22/omni-persona"""


def import_release(
    release: Annotated[Path, typer.Option(help="The release's JSONL file.")],
    assets: Annotated[Path, typer.Option(help="The folder that its media paths are relative to.")],
    target: Annotated[Path, typer.Option("--out", help="The dataset folder to write.")] = Path("omni-persona"),
    overwrite: Annotated[bool, typer.Option(help="Replace --out if it is there.")] = False,
) -> None:
    """Import a release without loss, then say what its items leak.

    Failed checks are the release's own and do not change the exit code: the import keeps what is there.
    """
    from omni_persona_build.release import import_release as import_dataset

    with progress() as display:
        bar = display.add_task("reading records", total=None)
        imported = import_dataset(
            release, assets, target, overwrite=overwrite, progress=lambda done: display.update(bar, completed=done)
        )
    out.print(f"Imported {imported.out}: {imported.items} items over {imported.samples} sets of memories")
    same = "the counts" if imported.published_counts else "other counts than those"
    out.print(f"It has {same} of the published v2.2 release.")
    check_and_report(target)
