"""A command that is killed at any moment loses nothing of the user's, leaves nothing behind, and does nothing twice."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forked

KILLS = 10
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP)
MINE = ("mine.txt", ".mine", "notes/.secret")
"""Files of the user's in the folder where a command is called."""


@dataclass
class Case:
    """A command, what it reads, and what it leaves."""

    words: list[object]
    make: Callable[[Path], None]
    """Writes what the command reads to a folder."""
    out: str
    """What it writes, in that folder."""
    result: Callable[[Path], Any]
    """What must be the same as after an undisturbed call, from `out`."""
    target: str | None = None
    """What it writes completely or not at all, and replaces with --overwrite, if it does."""
    together: int = 2
    """Number of kills until the command is repeated to its end."""
    check: Callable[[Path], None] = lambda folder: None
    """Called between two calls, with the folder."""


UNFINISHED = re.compile(r"(.*/)?\.omni-persona/\.[a-z-]+\.npz\.[0-9a-f]{16}\.tmp")
"""A cache's table that was being written when the command was killed; the next call removes it."""


def tree(folder: Path) -> dict[str, str]:
    """Hash of each file by its path; tables of caches hold times."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".npz"
    }


def users(folder: Path, out: str) -> dict[str, str]:
    """What was in the folder before the command: no file outside of what it writes may change."""
    written = (out, f".{Path(out).name}")
    return {
        name: digest
        for name, digest in tree(folder).items()
        if not name.startswith(written) and not UNFINISHED.fullmatch(name)
    }


def but_manifest(run: Path) -> dict[str, str]:
    """The manifest names the place of the dataset, which differs."""
    return {name: digest for name, digest in tree(run).items() if name != "run.json"}


def hidden(folder: Path) -> set[str]:
    """Hidden files and folders, and whatever is left in the folder for temporary files."""
    paths = {path.relative_to(folder) for path in folder.rglob("*")}
    left = {path for path in paths if path.name.startswith(".") or path.parts[0] == "tmp"}
    return {path.as_posix() for path in left} - set(MINE)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def prepared(folder: Path, case: Case) -> Path:
    for name in MINE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine")
    (folder / "tmp").mkdir()
    case.make(folder)
    return folder


def started(case: Case, folder: Path) -> forked.Command:
    environment = {"TMPDIR": str(folder / "tmp"), "OMP_NUM_THREADS": "1", "OPENAI_API_KEY": "k", "COLUMNS": "200"}
    again = ["--overwrite"] if case.target and (folder / case.target).exists() else []
    return forked.start([*case.words, *again], folder, folder.with_suffix(".output"), **environment)


def warm_up(folder: Path) -> None:
    """Start the process that commands are forked from, and wait until it has done its imports."""
    forked.prepare([*forked.ROOMS, *forked.TRAINING])
    started = forked.start(["power"], folder, folder / "output")
    assert started.wait(300) == 0, started.printed()


def ten_kills(case: Case, tmp_path: Path) -> None:
    """Kill a command ten times, repeat it until it is done, and compare with a command that nobody disturbed."""
    whole = prepared(tmp_path / "whole", case)
    begun = time.monotonic()
    undisturbed = started(case, whole)
    assert undisturbed.wait() == 0, undisturbed.printed()
    seconds = time.monotonic() - begun
    expected, left = case.result(whole / case.out), hidden(whole)
    case.check(whole)

    folder = prepared(tmp_path / "killed", case)
    mine, moments, ends = users(folder, case.out), random.Random(str(case.words[0])), Counter()

    def reset() -> None:
        """As it was before the first call."""
        shutil.rmtree(folder)
        prepared(folder, case)

    for turn in range(KILLS):
        number = SIGNALS[turn % len(SIGNALS)]
        begun, process = time.monotonic(), started(case, folder)
        process.process.join(moments.uniform(0, 0.9 * seconds))
        if process.process.exitcode == 0:  # this machine has become faster
            seconds = min(seconds, 0.8 * (time.monotonic() - begun))
        process.send(number)
        code = process.wait()
        ends[code] += 1
        assert code in (0, -signal.SIGKILL, 128 + number, -number), process.printed()
        assert "Traceback" not in process.printed(), process.printed()
        assert forked.all_end(process.pid), "a worker lives on"
        assert users(folder, case.out) == mine
        case.check(folder)
        if code != 0 and (turn + 1) % case.together:
            continue
        if code != 0:
            process = started(case, folder)
            assert process.wait() == 0, process.printed()
            case.check(folder)
        assert users(folder, case.out) == mine
        assert case.result(folder / case.out) == expected
        assert hidden(folder) == left
        reset()
    assert ends[0] < 0.8 * KILLS, "most calls ended before they were killed"
