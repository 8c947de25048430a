"""How a command is stopped: by Ctrl-C, or by a signal that ends a process.

Each raises an exception, so that `finally` and `with` blocks remove drafts and end child processes.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

NAMES = ("SIGTERM", "SIGHUP")
"""Signals, besides Ctrl-C's, that stop a command; Windows lacks some of them."""

_AGAIN_AFTER = 0.2
"""Seconds after which a lost stop request is repeated."""


class Stopped(BaseException):
    """A signal requested the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def install() -> None:
    """Let signals stop the command, even if one arrives while Python cannot raise its exception.

    An exception raised in a destructor or in a callback of a C library is discarded there. It is then raised again.
    """
    for name in NAMES:
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, _stop)
    usual = sys.unraisablehook

    def hook(lost: UnraisableHookArgs) -> None:
        if isinstance(lost.exc_value, Stopped):
            _again(lost.exc_value.number)
        elif isinstance(lost.exc_value, KeyboardInterrupt):
            _again(signal.SIGINT)
        else:
            usual(lost)

    sys.unraisablehook = hook


def exit_code(stop: KeyboardInterrupt | Stopped) -> int:
    """The exit code of a process ended by a signal, by shell convention: 128 plus the signal number."""
    return 128 + (stop.number if isinstance(stop, Stopped) else int(signal.SIGINT))


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped(number)


def _again(number: int) -> None:
    timer = threading.Timer(_AGAIN_AFTER, os.kill, (os.getpid(), number))
    timer.daemon = True
    timer.start()
