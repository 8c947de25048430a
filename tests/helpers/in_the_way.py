"""Things of the user's in the way of what a command writes, and a look at what is left of them.

Links lead to the folder that the environment variable OUTSIDE names.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from command_world import World, called


def mine(path: Path) -> None:
    path.write_text("years of work")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def linked(path: Path) -> None:
    path.symlink_to(Path(os.environ["OUTSIDE"]) / "thesis.txt")


def linked_folder(path: Path) -> None:
    path.symlink_to(Path(os.environ["OUTSIDE"]) / "photos")


def folder(path: Path) -> None:
    path.mkdir()
    (path / "thesis.txt").write_text("years of work")


NEVER: tuple[Callable[[Path], None], ...] = (pipe, dangling, linked, linked_folder, folder)
"""Things that nothing replaces."""


def there(place: Path) -> dict[str, object]:
    """Kind and content of everything in a folder."""
    seen: dict[str, object] = {}
    for path in sorted(place.rglob("*")):
        mode = path.lstat().st_mode
        whole = path.read_bytes() if stat.S_ISREG(mode) else str(path.readlink()) if stat.S_ISLNK(mode) else b""
        seen[path.relative_to(place).as_posix()] = (stat.S_IFMT(mode), whole)
    return seen


def prepared(world: World, words: str) -> dict[str, Path]:
    places = {name for name in ("pool", "dataset", "run", "recipe", "lines") if f"{{{name}}}" in words}
    return world.fresh(places)


def spoken(words: str, paths: dict[str, Path]) -> list[str]:
    return words.format(**paths, url="http://127.0.0.1:9/v1").split()


def require_refused(world: World, words: list[str], name: str) -> str:
    before = there(world.work)
    code, output = called(words)
    assert code == 2, output
    error = output[output.index("error: ") :]
    assert name in error and len(error.splitlines()) <= 3, output
    assert there(world.work) == before
    return error
