"""Folders that tests of writing start from; signals as they were before a command was called in this process."""

import signal
import sys

import pytest
from written_folder import write


@pytest.fixture(autouse=True)
def signals():
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    unraisable = sys.unraisablehook
    yield
    sys.unraisablehook = unraisable
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def ours(tmp_path):
    """A folder that we wrote."""
    write(tmp_path / "out", "old")
    return tmp_path / "out"
