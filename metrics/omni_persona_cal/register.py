"""Make `evaluate.load("omni_persona_cal")` work by name, from any folder, without a network.

`evaluate` looks for a bare name on the Hub first, and falls back to what its module cache holds under that
name. We put the module there. Set HF_EVALUATE_OFFLINE=1 where there is no network: the look-up is then
skipped. Without it, a network that refuses costs seconds, and one that swallows packets costs minutes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

MODULE = "omni_persona_cal"

_SOURCE = Path(__file__).resolve().parent
_SIBLING = re.compile(r"^from \.(\w+) import ", re.MULTILINE)


def register(modules_cache: Path | None = None) -> Path:
    """Copy the metric into evaluate's module cache, where it supersedes any version registered before.

    Args:
        modules_cache: The cache; default: the one that evaluate uses, from HF_MODULES_CACHE or HF_HOME.

    Returns:
        The folder of this version, named by its SHA-256, in
        `<cache>/evaluate_modules/metrics/evaluate-metric--omni_persona_cal`. Registering the same version
        again changes nothing but its time stamp.

    Raises:
        OSError: the cache cannot be written.
    """
    if modules_cache is None:
        from evaluate import config

        modules_cache = Path(config.HF_MODULES_CACHE)
    from filelock import FileLock

    files = _module_files()
    versions = modules_cache / "evaluate_modules" / "metrics" / f"evaluate-metric--{MODULE}"
    version = versions / _digest(files)
    versions.mkdir(parents=True, exist_ok=True)
    # The same lock as evaluate's own when it copies a module here.
    with FileLock(f"{versions}.lock"):
        for package in (modules_cache, versions.parents[1], versions.parent, versions):
            (package / "__init__.py").touch()
        if _contents(version) != files:
            try:
                _write(version, files)
            except OSError as error:  # a full disk is told without a path
                raise OSError(error.errno, error.strerror or str(error), str(versions)) from error
        _make_newest(version, versions)
    return version


def space_files() -> tuple[Path, list[str]]:
    """This folder, and the names of its files that make the metric's Space on the Hub: module, page, card."""
    names = sorted({*(path.name for path in _SOURCE.glob("*.py")), "README.md", "requirements.txt"})
    return _SOURCE, names


def _module_files() -> dict[str, bytes]:
    """What evaluate would copy, by name: the module, the siblings it imports, an empty __init__.py."""
    main = f"{MODULE}.py"
    names = [main, *(f"{name}.py" for name in _SIBLING.findall((_SOURCE / main).read_text(encoding="utf-8")))]
    return {"__init__.py": b"", **{name: (_SOURCE / name).read_bytes() for name in names}}


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.py")}


def _digest(files: dict[str, bytes]) -> str:
    """64 hexadecimal digits: evaluate knows a version's folder by the length of its name."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _write(version: Path, files: dict[str, bytes]) -> None:
    # Written aside and renamed: one folder without the module in it keeps evaluate from finding any version.
    with tempfile.TemporaryDirectory(dir=version.parent) as aside:
        staged = Path(aside) / "version"
        staged.mkdir()
        for name, content in files.items():
            (staged / name).write_bytes(content)
        if version.exists():
            shutil.rmtree(version)
        staged.rename(version)


def _make_newest(version: Path, versions: Path) -> None:
    """Gives `version` the latest time stamp: of several, evaluate loads the module file modified last."""
    module = version / f"{MODULE}.py"
    others = [path.stat().st_mtime for path in versions.glob(f"*/{MODULE}.py") if path != module]
    stamp = max([time.time(), *(other + 1 for other in others)])
    os.utime(module, (stamp, stamp))
