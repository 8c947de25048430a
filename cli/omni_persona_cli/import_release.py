"""`omni-persona import`: convert a published release to a dataset folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from omni_persona_cli.build_options import KEEP_METADATA
from omni_persona_cli.check import find_in_built, print_findings
from omni_persona_cli.console import out, progress

EXAMPLES = """Example:

omni-persona import --release release.jsonl --assets assets --out v22/omni-persona"""


def import_release(
    release: Annotated[Path, typer.Option(help="JSONL file of the release.")],
    assets: Annotated[Path, typer.Option(help="Folder that the release's media paths are relative to.")],
    target: Annotated[Path, typer.Option("--out", help="Dataset folder to write.")] = Path("omni-persona"),
    overwrite: Annotated[bool, typer.Option(help="Replace --out if it exists.")] = False,
    keep_metadata: Annotated[bool, typer.Option("--keep-metadata", help=KEEP_METADATA)] = False,
) -> None:
    """Import a release without loss, then report what its items leak.

    Failed checks are properties of the release and do not change the exit code: the import alters nothing.
    """
    import omni_persona
    from omni_persona_build.leaks import leak_rows
    from omni_persona_build.release import import_release as import_dataset

    with progress() as shown:
        imported = import_dataset(
            release, assets, target, overwrite=overwrite, keep_metadata=keep_metadata, progress=shown
        )
    out.print(f"Imported {imported.out}: {imported.items} items over {imported.samples} sets of memories")
    same = "the counts" if imported.published_counts else "other counts than those"
    out.print(f"It has {same} of the published v2.2 release.")
    table = Table(title="What its items leak", title_justify="left")
    table.add_column("items, of those that could")
    for group in omni_persona.GROUPS:
        table.add_column(group, justify="right")
    for row in leak_rows(imported.leaks):
        table.add_row(*map(str, row))
    out.print(table)
    out.print("Show a model only the medium of the query's modality, as `omni-persona run` does by default.")
    print_findings(target, find_in_built(target))
