"""Commands called in this process as from a terminal, and what they set up in it."""

from __future__ import annotations

import io
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import pytest


@contextmanager
def restored() -> Iterator[None]:
    """Undo what a command sets up in its process: where notes go, what signals do, who reports lost errors."""
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    unraisable = sys.unraisablehook
    _reset_logging()  # another command, or a library, may have changed it before
    try:
        yield
    finally:
        _reset_logging()
        sys.unraisablehook = unraisable
        for number, handler in before.items():
            signal.signal(number, handler)


def _reset_logging() -> None:
    notes = logging.getLogger("omni_persona")
    notes.handlers, notes.propagate, notes.disabled = [], True, False
    notes.setLevel(logging.NOTSET)
    logging.disable(logging.NOTSET)
    logging.getLogger().setLevel(logging.WARNING)


def call(arguments: Sequence[object], cwd: Path, **environment: str) -> SimpleNamespace:
    """Call `omni-persona` in a folder. Returns `returncode`, `stdout` and `stderr`, as `subprocess.run` does."""
    from omni_persona_cli import console
    from omni_persona_cli.app import main

    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, restored(), redirect_stdout(out), redirect_stderr(err):
        # `main` sets the first; all are reset afterwards.
        for name, value in {**dict.fromkeys(console._FOREIGN_BARS, "1"), **environment}.items():
            patch.setenv(name, value)
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["omni-persona", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
    return SimpleNamespace(returncode=end.value.code or 0, stdout=out.getvalue(), stderr=err.getvalue())
