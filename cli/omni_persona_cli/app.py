"""The command line `omni-persona`: registers the commands and handles errors, nothing else.

Every command has its own file and imports what it needs when it is called, so that `--help` is fast.
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
from omni_persona_cli.help import Command, Group, called
from omni_persona_cli.signals import exit_code, release, stop_behind

app = typer.Typer(
    name="omni-persona",
    cls=Group,
    help="Find out whether an omnimodal model can be a personal assistant: build a benchmark, run a model, score it.",
    epilog="Start with: omni-persona demo. Exit codes: 0 done, 1 the work found a problem, 2 bad usage or bad input.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

GOES_ON = ("demo", "refine", "run", "judge", "sft", "rlvr", "push")
"""Commands that keep their progress when they are stopped."""

_MAKE, _SCORE, _TRAIN, _SHARE = "Make a benchmark", "Run and score models", "Train", "Share"

for _panel, _name, _module, _function in (
    (_SCORE, "demo", demo, demo.demo),
    (_MAKE, "pool", pool, pool.pool),
    (_MAKE, "refine", refine, refine.refine),
    (_MAKE, "build", build, build.build),
    (_MAKE, "import", import_release, import_release.import_release),
    (_MAKE, "check", check, check.check),
    (_SCORE, "run", run, run.run),
    (_SCORE, "export", export, export.export),
    (_SCORE, "judge", judge, judge.judge),
    (_SCORE, "score", score, score.score),
    (_SCORE, "compare", compare, compare.compare),
    (_SCORE, "power", power, power.power),
    (_SCORE, "report", report, report.report),
    (_TRAIN, "train-data", train_data, train_data.train_data),
    (_TRAIN, "sft", sft, sft.sft),
    (_TRAIN, "rlvr", rlvr, rlvr.rlvr),
    (_TRAIN, "rewards", rewards, rewards.rewards),
    (_SHARE, "register", register, register.register),
    (_SHARE, "push", push, push.push),
):
    _left = "repeat the command to continue" if _name in GOES_ON else "nothing was left half-written"
    app.command(_name, cls=Command, rich_help_panel=_panel, epilog=_module.EXAMPLES)(stopping(_left)(_function))


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
    """Options of all commands; `main` handles --debug in any position, `_version` handles --version."""


def main() -> None:
    """Run the command line and exit with its code."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        set_up()
        with errors(debug=len(arguments) < len(sys.argv) - 1):
            sys.exit(called(app, arguments))
    except BaseException as error:  # before or after the command itself
        stop = stop_behind(error)
        if stop is None:
            raise
        sys.exit(exit_code(stop))
    finally:
        release()
