"""`omni-persona rewards`: simulate the effect of a reward on a policy before spending GPU time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from omni_persona_cli.console import out

EXAMPLES = """Examples:

omni-persona rewards

omni-persona rewards --reward grounded --absent 0.2 --beta 0.04 --out drift

omni-persona rewards --json"""


def rewards(
    reward: Annotated[
        list[str] | None,
        typer.Option(help='paper, release, "release as coded" or grounded; may be repeated; default: all.'),
    ] = None,
    absent: Annotated[float, typer.Option(min=0, max=1, help="Fraction of unanswerable questions.")] = 0.5,
    perception: Annotated[
        float, typer.Option(min=0, max=1, help="Fraction of examples that ask for yes or no or an index.")
    ] = 0.0,
    group_size: Annotated[int, typer.Option(min=2, max=64, help="Answers sampled per question.")] = 8,
    beta: Annotated[float, typer.Option(min=0, help="Weight of the KL penalty.")] = 0.0,
    steps: Annotated[int, typer.Option(min=1, max=100_000, help="Number of simulated steps.")] = 300,
    right: Annotated[
        list[float] | None,
        typer.Option(
            "--p", help="Probability that an attempted answer is right; may be repeated; default: 0.2 to 0.9."
        ),
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--out", help="Folder for rewards.csv and rewards.svg; created if missing.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files of the same names that this command did not write.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print every line as JSON instead of the table.")] = False,
) -> None:
    """Simulate policies under each reward: what they earn, how they are pushed, and where they drift.

    Takes seconds and needs no model. A policy abstains at one rate on answerable and at another on unanswerable
    questions, and can tell the two apart fully, half or not at all.
    """
    from omni_persona_training.rewards.drift import FIGURE, TABLE, output, record, write
    from omni_persona_training.rewards.simulate import RIGHT, SIMULATED, Setting, simulate

    files = None if target is None else output(target, overwrite=overwrite)
    setting = Setting(absent=absent, perception=perception, group_size=group_size, beta=beta, steps=steps)
    results = [one for name in reward or SIMULATED for one in simulate(name, setting, right=right or RIGHT)]
    if target is not None and files is not None:
        write(results, target, files)
    if as_json:
        for one in results:
            print(json.dumps(record(one)))
        return
    shown = {min(results, key=lambda one: abs(one.p - p)).p for p in (0.2, 0.5, 0.9)}
    table = Table(title="Rewards: where policies drift to (x 100)", title_justify="left")
    for column in ("reward", "policy", "p", "expected", "push on abstaining", "no signal", "1-FA", "TA", "Cal"):
        table.add_column(column, justify="left" if column in ("reward", "policy") else "right")
    for one in (one for one in results if one.p in shown):
        pushes = " ".join(_sign(push) for case, push in one.pushes.items() if setting.shares()[case])
        ends = (f"{100 * value:.0f}" for value in (one.one_minus_fa, one.ta, one.cal))
        silent = f"{100 * one.silent:.0f} %"
        table.add_row(one.reward, one.policy, f"{one.p:g}", f"{one.expected:+.2f}", pushes, silent, *ends)
    out.print(table)
    out.print("Push: answerable, absent person, absent attribute, then yes-or-no tasks where there are any.")
    _compare_published()
    if target is not None:
        out.print(f"All lines: {target / TABLE}; figure: {target / FIGURE}", soft_wrap=True)


def _sign(push: float) -> str:
    return "0" if abs(push) < 1e-6 else "+" if push > 0 else "-"


def _compare_published() -> None:
    from omni_persona_training.rewards.published import PUBLISHED

    table = Table(title="Beside what was published (1-FA / TA x 100)", title_justify="left")
    for column in ("training", "start", "published", "simulated", "same direction"):
        table.add_column(column)
    for one in PUBLISHED:
        said = one.simulated()
        table.add_row(
            one.name,
            f"{100 * (1 - one.start.false_abstention):.1f} / {100 * one.start.true_abstention:.1f}",
            f"{100 * one.one_minus_fa:.1f} / {100 * one.ta:.1f}",
            f"{100 * said.one_minus_fa:.1f} / {100 * said.ta:.1f}",
            "yes" if one.agrees() else "no",
        )
    out.print(table)
