"""How a command is stopped: by Ctrl-C, or by a signal that ends a process.

Each raises an exception, so that `finally` and `with` blocks remove drafts and end child processes.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from types import FrameType

NAMES = ("SIGTERM", "SIGHUP")
"""Signals, besides Ctrl-C's, that stop a command; Windows lacks some of them."""

_AGAIN_AFTER = 5.0
"""Seconds after which a stop request that nothing has answered is repeated."""

_AGAIN_AT_ONCE = 0.01
"""Seconds after which a stop request is repeated that is known to be lost: a destructor takes less."""

_LOCKING = frozenset(("__enter__", "__exit__", "acquire", "release", "_acquire_restore", "_release_save"))
"""Functions that take or give back a lock, in `threading` and what follows its names."""

_WAITS_FOR_LOCK = 1.0
"""Seconds for which a stop request waits at most until such a function has returned."""

_ENDS_WITHIN = 10.0
"""Seconds that the interpreter has to end in after a stop request."""

_report_lost = sys.unraisablehook
"""Reports any other exception that could not be raised."""

_answered = threading.Event()
"""Set as soon as the command is known to be stopping; each command has an event of its own."""
_answering = threading.Lock()
"""Held while that is set, or a request repeated: none is repeated afterwards."""
_repeating = threading.Event()
"""Set while a request is repeated."""
_requested: list[int] = []
"""Numbers of the signals that requested the command to stop."""
_waiting_since: list[float] = []
"""When a stop request arrived that waits for a lock."""


class Stopped(SystemExit):
    """A signal requested the command to end.

    A kind of `SystemExit`, because libraries let that pass: asyncio, for example, logs other exceptions of a callback
    with a traceback, and goes on.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number
        self.code = 128 + number


def install() -> None:
    """Let signals stop the command, even if one arrives while Python cannot raise its exception.

    An exception raised in a destructor, in a callback of a C library, or where a library catches everything is lost.
    The request is then repeated until `answer` is called. A signal that is ignored already, as SIGHUP is under nohup,
    stays so.
    """
    global _answered
    # A thread that waits to repeat a request to stop the command before this one has to see that it was answered.
    _answered = threading.Event()
    for number in _numbers():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    sys.unraisablehook = _not_raised


def answer() -> None:
    """Say that the command is stopping, so that the request is not repeated."""
    with _answering:
        _answered.set()


def release() -> None:
    """Let signals end the process at once, because the command has ended.

    While an interpreter ends, nobody catches their exceptions: they would be printed, or change the exit code. It waits
    for threads, of which one may wait forever for what the stopped command has not finished: a command that was stopped
    ends nevertheless.
    """
    answer()
    for number in _numbers():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if _requested:
        _thread.start_new_thread(_end, (128 + _requested[-1],))
    _requested.clear()


def _numbers() -> list[int]:
    return [getattr(signal, name) for name in ("SIGINT", *NAMES) if hasattr(signal, name)]


def stop_in(error: BaseException) -> KeyboardInterrupt | Stopped | None:
    """The request to stop that an exception is, or that a group of exceptions from concurrent tasks holds."""
    if isinstance(error, (KeyboardInterrupt, Stopped)):
        return error
    # Python 3.10 has no groups of its own; the package that stands in for them uses the same name.
    for inner in getattr(error, "exceptions", ()):
        if (stop := stop_in(inner)) is not None:
            return stop
    return None


def stop_behind(error: BaseException) -> KeyboardInterrupt | Stopped | None:
    """The request to stop that an exception is or holds, or that came before an exception which ends a command.

    What is raised after a request follows from it: code that does not expect an exception wraps it in one of its own,
    or leaves something unfinished. Python before 3.12, for example, raises a RuntimeError for whatever a `__set_name__`
    raises, and an import that was cut off leaves half a module. A SystemExit stands: its exit code was chosen.
    """
    if (stop := stop_in(error)) is not None or not _requested or isinstance(error, SystemExit):
        return stop
    return Stopped(_requested[-1])


def exit_code(stop: KeyboardInterrupt | Stopped) -> int:
    """The exit code of a process ended by a signal, by shell convention: 128 plus the signal number."""
    return 128 + (stop.number if isinstance(stop, Stopped) else int(signal.SIGINT))


def _end(code: int) -> None:
    """End the process if its interpreter does not."""
    threading.main_thread().join()  # until the interpreter begins to end
    time.sleep(_ENDS_WITHIN)
    os._exit(code)


def _stop(number: int, frame: FrameType | None) -> None:
    if _has_to_wait(frame):
        _repeat_in(_AGAIN_AT_ONCE, number, is_repeated=_repeating.is_set())
        return
    _repeat_in(_AGAIN_AFTER, number)
    repeated = _repeating.is_set()
    _repeating.clear()
    # Removing a draft of thousands of files may take longer than that, and another exception would end it halfway.
    if repeated and _is_cleaning_up(sys.exc_info()[1]):
        return
    # For Ctrl-C as well: a KeyboardInterrupt that passes through `exec` of a text, as imports call it, makes Python end
    # by a signal of its own, whatever exit code it is given.
    _requested.append(number)
    raise Stopped(number)


def _has_to_wait(frame: FrameType | None) -> bool:
    """Whether an exception in this frame could leave a lock locked, for which another thread would wait forever.

    `with condition:` calls a function written in Python, and between the lock that it takes and the block that gives it
    back, an exception belongs to neither.
    """
    if frame is not None and frame.f_code.co_name in _LOCKING:
        _waiting_since.append(time.monotonic())
        if _waiting_since[-1] - _waiting_since[0] < _WAITS_FOR_LOCK:
            return True
    _waiting_since.clear()
    return False


def _is_cleaning_up(handled: BaseException | None) -> bool:
    """Whether a `finally` or `except` block runs because of a request to stop."""
    while handled is not None and stop_in(handled) is None:
        handled = handled.__context__
    return handled is not None


def _not_raised(lost: sys.UnraisableHookArgs) -> None:
    """Repeat a stop request whose exception Python could not raise; report anything else as before."""
    if lost.exc_value is None or (stop := stop_in(lost.exc_value)) is None:
        _report_lost(lost)
    else:
        _repeat_in(_AGAIN_AT_ONCE, stop.number if isinstance(stop, Stopped) else signal.SIGINT)


def _repeat_in(seconds: float, number: int, *, is_repeated: bool = True) -> None:
    # An exception raised before this returns would be lost again, or printed: starting a thread may take long. `Thread`
    # takes locks to start one, and the code that was interrupted may hold them.
    started = threading.Event()
    _thread.start_new_thread(_repeat, (started, _answered, seconds, number, is_repeated))
    started.set()


def _repeat(
    started: threading.Event, answered: threading.Event, seconds: float, number: int, is_repeated: bool
) -> None:
    started.wait()
    answered.wait(seconds)
    with _answering:
        if not answered.is_set():
            if is_repeated:
                _repeating.set()
            os.kill(os.getpid(), number)
