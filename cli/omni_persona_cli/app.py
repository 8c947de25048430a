"""The command line `omni-persona`: this file knows the commands and what an error looks like, nothing else.

Every command stands in a file of its own and imports what it needs when it is called, so that `--help` is quick.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from omni_persona_cli import (
    build,
    check,
    compare,
    demo,
    export,
    import_release,
    judge,
    pool,
    power,
    push,
    refine,
    register,
    report,
    rewards,
    rlvr,
    run,
    score,
    sft,
    train_data,
)
from omni_persona_cli.console import errors, set_up, stopping
from omni_persona_cli.signals import Stopped, exit_code

app = typer.Typer(
    name="omni-persona",
    help="Find out whether an omnimodal model can be a personal assistant: build a benchmark, run a model, score it.",
    epilog="Start with: omni-persona demo. Exit codes: 0 done, 1 the work found a problem, 2 bad usage or bad input.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)

GOES_ON = ("demo", "refine", "run", "judge", "sft", "rlvr", "push")
"""Commands that keep what they did when they are stopped."""

# Examples keep their lines in the help, which joins those of a paragraph otherwise.
for _name, _module, _function in (
    ("demo", demo, demo.demo),
    ("pool", pool, pool.pool),
    ("refine", refine, refine.refine),
    ("build", build, build.build),
    ("import", import_release, import_release.import_release),
    ("check", check, check.check),
    ("run", run, run.run),
    ("export", export, export.export),
    ("judge", judge, judge.judge),
    ("score", score, score.score),
    ("compare", compare, compare.compare),
    ("power", power, power.power),
    ("report", report, report.report),
    ("train-data", train_data, train_data.train_data),
    ("sft", sft, sft.sft),
    ("rlvr", rlvr, rlvr.rlvr),
    ("rewards", rewards, rewards.rewards),
    ("register", register, register.register),
    ("push", push, push.push),
):
    _left = "the same command goes on where it was" if _name in GOES_ON else "nothing was left half-written"
    app.command(_name, epilog=_module.EXAMPLES)(stopping(_left)(_function))


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"omni-persona {version('omni-persona')}")
        raise typer.Exit


@app.callback()
def _root(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    shown: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The options of every command; `main` reads --debug wherever it stands, and `_version` does the other's work."""


def main() -> None:
    """Run the command line and exit with its code."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    set_up()
    try:
        with errors(debug=len(arguments) < len(sys.argv) - 1):
            app(arguments)
    except (KeyboardInterrupt, Stopped) as stop:  # before or after the command itself
        sys.exit(exit_code(stop))
