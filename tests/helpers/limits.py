"""Limits of the system that stand in for a full disk and for a machine of little memory.

Python compiles no module under a limit on files: it would keep what it could write of one, which nobody can import.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """In the block, this process can write no file beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    compiles = not sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        sys.dont_write_bytecode = not compiles


def python_within(**limits: int) -> list[str]:
    """The beginning of a command: Python, with arguments to follow, within limits such as `RLIMIT_DATA=2**30`."""
    set_all = "".join(f"resource.setrlimit(resource.{name}, ({size}, {size})); " for name, size in limits.items())
    code = f"import os, resource, sys; {set_all}os.execv(sys.executable, [sys.executable, '-B', *sys.argv[1:]])"
    return [sys.executable, "-B", "-c", code]
