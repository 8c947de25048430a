"""What may stand in place of a file and is none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

NO_FILES: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a folder": os.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path),
}
"""Kind -> makes one at a path."""
