"""`omni-persona demo`: the whole workflow once, on fictional people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from omni_persona_cli.build import build_and_report
from omni_persona_cli.check import check_and_report
from omni_persona_cli.console import out
from omni_persona_cli.run import run_and_report
from omni_persona_cli.score import score_and_report

EXAMPLES = """Example:

omni-persona demo --out first-look"""


def demo(
    target: Annotated[
        Path, typer.Option("--out", help="Folder in which omni-persona/ and runs/ are created.")
    ] = Path(),
) -> None:
    """Build a benchmark of 24 fictional people, run two baselines and print their scores. Takes a minute.

    Needs no network and no GPU. A second call reuses what the first one made.
    """
    from omni_persona_artifacts.dataset_loading import load
    from omni_persona_people.invent import EMBEDDED_POOL
    from omni_persona_runner.baselines import load_baseline

    dataset, runs = target / "omni-persona", target / "runs"
    out.rule("1. Build", align="left")
    if dataset.exists():
        out.print(f"{dataset} is there already and is used as it is")
    else:
        build_and_report(EMBEDDED_POOL, "tiny", dataset, licence="apache-2.0")

    out.rule("2. Check", align="left")
    passed = check_and_report(dataset, write=True)

    out.rule("3. Load", align="left")
    out.print(f'load_dataset("{dataset}", split="test")')
    out.print(str(load(dataset)))

    out.rule("4. Run and score", align="left")
    for name in ("abstain", "nearest"):
        passed &= run_and_report(load_baseline(f"baseline:{name}"), dataset, runs / name).complete
        passed &= score_and_report(runs / name)

    out.rule("What next", align="left")
    out.print(
        f"The benchmark is in {dataset}, the answers and scores in {runs}. Cal is the mean of Ans and Unans; a "
        "model that always abstains has 50.\n"
        f"See and hear it:  omni-persona report {runs / 'abstain'} {runs / 'nearest'} --out report.html\n"
        f"A real model:     omni-persona run --model Qwen/Qwen2.5-Omni-3B --dataset {dataset} --out {runs / 'qwen'}\n"
        "Your own people:  omni-persona build --pool YOUR_FOLDER --out own/omni-persona\n"
        "Every command:    omni-persona --help",
        soft_wrap=True,
    )
    if not passed:
        raise typer.Exit(1)
