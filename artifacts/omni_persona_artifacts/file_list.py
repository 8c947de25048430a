"""The list of what we wrote in a folder, by which our files are told from those of others.

A folder written here contains `.omni-persona/files.json`, the size and SHA-256 of each of its files. A file that is
not listed, or that has changed since, is somebody else's.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from omni_persona_artifacts.files import kind_of, make_folder, read_regular, write_atomically

OWN = ".omni-persona"
"""Subfolder of a dataset or pool for metadata: the list of its files, caches."""
MARKER = f"{OWN}/files.json"
"""The list of files that we wrote: path -> size and SHA-256."""

LOCK = ".omni-persona-draft"
"""File in a draft that is locked while the draft is written."""

_DROPPINGS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Files that desktop environments create in any folder they show; may be deleted."""


def list_files(folder: Path) -> None:
    """Write the list of a draft's files, which marks them as ours. Those entered while they were written are not read
    again.
    """
    (folder / OWN).mkdir(exist_ok=True)
    files = {name: draft_entry(folder, name) for name in sorted(contents(folder))}
    write_atomically(folder / MARKER, json.dumps({"files": files}, indent=1).encode() + b"\n")


def draft_entry(folder: Path, name: str) -> dict[str, Any]:
    """The entry of a file of a draft; one that was hashed while it was written is not read again."""
    entry = (_listed(folder) or {}).get(name)
    if isinstance(entry, dict) and entry.get("bytes") == (folder / name).lstat().st_size:
        return entry
    return file_entry(folder / name)


def enter_written(folder: Path, name: str, n_bytes: int, sha256: str) -> None:
    """Enter a file of a draft, hashed while it was written, into the draft's list."""
    make_folder(folder / OWN)
    files = {**(_listed(folder) or {}), name: {"bytes": n_bytes, "sha256": sha256}}
    write_atomically(folder / MARKER, json.dumps({"files": files}, indent=1).encode() + b"\n")


def rewrite(folder: Path, name: str, content: bytes) -> None:
    """Replace one file of a folder and its entry in the folder's list; a folder without a list gets none.

    Nothing is written if the file holds this content already. The entry of a file that somebody else changed stays as
    it was, because what they wrote may be part of the new content.
    """
    if holds(folder / name, content):
        return
    listed = _listed(folder)
    if listed is not None and (not os.path.lexists(folder / name) or _is_as_listed(listed.get(name), folder / name)):
        enter(folder, {name: content})
    write_atomically(folder / name, content)


def enter(folder: Path, files: Mapping[str, bytes]) -> None:
    """Enter files that are about to be written, by name, into a folder's list, which is created if missing.

    An entry also describes the file that is replaced, so that it is ours if the process is killed in between.
    """
    make_folder(folder / OWN)
    listed = _listed(folder) or {}
    for name, content in files.items():
        entry = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        known = listed.get(name)
        before = {key: value for key, value in known.items() if key != "replaced"} if isinstance(known, dict) else None
        if before != entry:
            listed[name] = entry if before is None else {**entry, "replaced": before}
    write_atomically(folder / MARKER, json.dumps({"files": listed}, indent=1).encode() + b"\n")


def is_ours(file: Path) -> bool:
    """Whether the list of a file's own folder describes an existing file as it is."""
    return _is_as_listed((_listed(file.parent) or {}).get(file.name), file)


def holds(file: Path, content: bytes) -> bool:
    """Whether a file exists, is no link, and holds exactly this content."""
    try:
        found = os.lstat(file)
        return stat.S_ISREG(found.st_mode) and found.st_size == len(content) and file.read_bytes() == content
    except OSError:
        return False


def foreign_files(folder: Path) -> list[str] | None:
    """Names of files in a folder that we did not write, or that changed since; None if it has no list."""
    listed = _listed(folder)
    if listed is None:
        return None
    found = contents(folder)
    return [name for name in sorted(found) if not _is_as_listed(listed.get(name), folder / name)]


def harmed_files(folder: Path, sha256: Callable[[str], str | None] = lambda name: None) -> tuple[list[str], list[str]]:
    """Names of listed files that are missing, and of those that changed; both empty without a list.

    sha256: a file's, in hex, if the caller knows it; None reads the file.
    """
    listed = _listed(folder) or {}
    missing = [name for name in sorted(listed) if not (folder / name).is_file()]
    there = sorted(set(listed).difference(missing))
    return missing, [name for name in there if not _is_as_listed(listed[name], folder / name, sha256(name))]


def _is_as_listed(entry: Any, file: Path, sha256: str | None = None) -> bool:
    """Whether a file is the one that an entry of the list describes, or the one that it says was replaced.

    sha256: the file's, in hex; None reads it.
    """
    if not isinstance(entry, dict):
        return False
    replaced = entry.get("replaced")
    sizes = [one.get("bytes") for one in (entry, replaced) if isinstance(one, dict)]
    size = os.lstat(file).st_size
    if size not in sizes:  # a file of another size, which may be large, is not read
        return False
    found = file_entry(file) if sha256 is None else {"bytes": size, "sha256": sha256}
    return found == {key: value for key, value in entry.items() if key != "replaced"} or found == replaced


def contents(folder: Path) -> Iterator[str]:
    """Relative paths of all files, links and so on in a folder, except its list, caches and desktop files."""
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in (*files, *links):
            path = Path(parent, name).relative_to(folder)
            cached = path.parts[0] == OWN and len(path.parts) == 2 and path.suffix in (".npz", ".json")
            if not cached and name not in _DROPPINGS and path.as_posix() != LOCK:
                yield path.as_posix()


def file_entry(file: Path) -> dict[str, Any]:
    """A file's entry in a list, by its content: `bytes` and `sha256`, or `kind` for what is no regular file."""
    mode = os.lstat(file).st_mode
    if not stat.S_ISREG(mode):
        return {"kind": kind_of(mode)}
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
            size += len(block)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _listed(folder: Path) -> dict[str, Any] | None:
    try:
        listed = json.loads(read_regular(folder / MARKER, 1 << 28))["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(listed, dict):
        return None
    # A list that is somebody else's may name files elsewhere.
    return {name: entry for name, entry in listed.items() if not ({"..", ""} & set(name.split("/")))}
