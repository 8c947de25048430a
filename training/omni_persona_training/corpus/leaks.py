"""Prevent leakage: find people and media that a training set shares with a test set."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from omni_persona_artifacts.construction import excluded_by, read_construction
from omni_persona_artifacts.dataset_folder import media_digests
from omni_persona_training.corpus.folder import CorpusFolder
from omni_persona_training.errors import TrainingError

_DIGEST = re.compile("[0-9a-f]{64}").fullmatch

SHOWN = 6
"""Maximum number of IDs named in an error."""


@dataclass(frozen=True)
class Holdings:
    """The people and media of a set."""

    people: frozenset[str]
    """Pool IDs, if known."""
    media: frozenset[bytes]
    """SHA-256 of each medium, or of the medium it was made from."""
    names: dict[bytes, str]
    """Digest -> file name of the medium."""


def of_dataset(path: Path) -> Holdings:
    """Read the holdings of a dataset folder."""
    people, sources = excluded_by(read_construction(path) or {})
    made_from = {bytes.fromhex(digest): f"source {digest[:16]}" for digest in sorted(sources) if _DIGEST(digest)}
    names = made_from | media_digests(path)
    return Holdings(frozenset(people), frozenset(names), names)


def of_corpus(corpus: CorpusFolder) -> Holdings:
    """Read the holdings of a corpus, including what it was made from."""
    made_from = {bytes.fromhex(digest): digest[:16] for digest in corpus.about.get("media", ())}
    files = {part["path"] for record in corpus.records for part in _media_parts(record)}
    names = made_from | {hashlib.sha256((corpus.path / path).read_bytes()).digest(): path for path in sorted(files)}
    return Holdings(frozenset(corpus.about.get("people", ())), frozenset(names), names)


def require_apart(train: Holdings, test_path: Path, what: Path) -> None:
    """Raise `TrainingError`, with IDs, if `what`, which holds `train`, shares people or media with a dataset."""
    test = of_dataset(test_path)
    people, media = train.people & test.people, train.media & test.media
    if not people and not media:
        return
    shared = []
    if people:
        shared.append(f"{len(people)} people ({_some(people)})")
    if media:
        shared.append(f"{len(media)} pictures and clips ({_some(test.names[digest] for digest in media)})")
    raise TrainingError(
        f"{what} shares {' and '.join(shared)} with the test set {test_path}: build the training set with "
        f"`omni-persona build --recipe train --exclude {test_path}`"
    )


def _some(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:SHOWN]) + (", ..." if len(ordered) > SHOWN else "")


def _media_parts(record: dict[str, object]) -> Iterable[dict[str, str]]:
    for message in record["messages"]:  # type: ignore[attr-defined]
        yield from (part for part in message["content"] if part["type"] != "text")
