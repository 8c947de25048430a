"""Commands in processes of their own, forked from one that has imported what they need, so that they start at once."""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

ROOMS = [
    f"omni_persona_{name}"
    for name in (
        "build.pipeline",
        "build.release",
        "build.checks",
        "runner.run_loop",
        "report.write",
        "people.refine.refine",
    )
] + ["omni_persona_cli.app"]
TRAINING = ["trl", "peft", "transformers", "omni_persona_training.tuning.sft", "omni_persona_training.tuning.rlvr"]


def prepare(modules: Sequence[str]) -> None:
    """Name the modules that every later command finds imported."""
    # One that an earlier test started has other modules, and the limits of that moment.
    multiprocessing.forkserver._forkserver._stop()
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(modules))


@dataclass
class Command:
    """A command that was started."""

    process: BaseProcess
    output: Path
    """What it has written to standard output and standard error."""

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def send(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.process.exitcode is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float = 120) -> int:
        """Wait for its end; its exit code, negative for a signal that killed it."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            os.killpg(self.pid, signal.SIGKILL)
            raise AssertionError(f"the command did not end within {seconds:g} s: {self.printed()}")
        return self.process.exitcode

    def printed(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")


def start(arguments: Sequence[object], folder: Path, output: Path, **environment: str) -> Command:
    """Start `omni-persona ARGUMENTS` in a folder, in a session of its own."""
    context = multiprocessing.get_context("forkserver")
    words = [str(argument) for argument in arguments]
    output.write_bytes(b"")  # a command may be killed before it can open it
    process = context.Process(target=_command, args=(words, folder, output, environment))
    process.start()
    return Command(process, output)


def _command(words: list[str], folder: Path, output: Path, environment: dict[str, str]) -> None:
    os.setsid()
    os.chdir(folder)
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.environ.update(environment)
    tempfile.tempdir = None  # the process that we are forked from may have looked it up
    sys.argv = ["omni-persona", *words]
    from omni_persona_cli.app import main

    if words[0] == "build":  # as if the pool were large: with two processes, more can go wrong
        from omni_persona_build import dataset_rows

        dataset_rows.APART_BYTES = 0
    main()


def living(session: int) -> list[int]:
    """Processes of a session that have not ended."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, its = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if int(its) == session and state != "Z":
            found.append(int(entry.name))
    return found


def all_end(session: int, seconds: float = 60) -> bool:
    """Whether every process of a session ends in time."""
    end = time.monotonic() + seconds
    while living(session):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
