"""The checksums of a frozen pool: they tell when its folder was cut off or edited."""

from __future__ import annotations

import hashlib
from pathlib import Path

from omni_persona_people.errors import PoolError

CHECKSUMS = "SHA256SUMS"
"""The file that holds them, as `sha256sum` writes and reads it."""


def write_checksums(folder: Path) -> None:
    """Records the SHA-256 of every file of a pool but its README."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    lines = [f"{_digest(folder / name)}  {name}\n" for name in names if name not in (CHECKSUMS, "README.md")]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def read_checksums(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 in hex; empty where a pool has none. Raises `PoolError` where a line is broken."""
    file = folder / CHECKSUMS
    if not file.is_file():
        return {}
    sums = {}
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        digest, _, name = line.partition("  ")
        if len(digest) != 64 or not name:
            raise PoolError(f"{file}:{number}: expected a SHA-256 and a file name; the file was cut off or edited")
        sums[name] = digest
    return sums


def require_unchanged(folder: Path) -> None:
    """Raise `PoolError` that counts the files which are missing or differ from their recorded checksums."""
    missing, changed = [], []
    for name, digest in read_checksums(folder).items():
        if not (folder / name).is_file():
            missing.append(name)
        elif _digest(folder / name) != digest:
            changed.append(name)
    if missing or changed:
        told = [f"{len(names)} {what} (first {names[0]})" for names, what in ((missing, "missing"), (changed, "changed")) if names]
        raise PoolError(
            f"{folder}: the pool was cut off or edited: {', '.join(told)}; restore it, or remove {CHECKSUMS} to use "
            "it as it is"
        )


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
