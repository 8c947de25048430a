"""A corpus folder: `corpus.jsonl`, its media, `corpus.json` (what it was made from) and a card.

This module is its only reader and writer.
"""

from __future__ import annotations

import json
import os
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from omni_persona import Media
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.json_files import read_object
from omni_persona_artifacts.json_lines import parse_json, text_lines
from omni_persona_runner.prompt import Clip, Message, Part, Picture, Text
from omni_persona_training.corpus.example import TASK_TYPES, Example, media_file, record_of
from omni_persona_training.errors import TrainingError
from omni_persona_training.rewards.columns import LabelError, labels

LINES = "corpus.jsonl"
ABOUT = "corpus.json"
MEDIA = "media"

_KEPT = 512
"""Maximum number of media cached in memory."""
_ROLES = ("system", "user")
_PARTS = {"text": "text", "image": "path", "audio": "path"}
"""Type of a part -> the key of its value."""


def write_examples(examples: Iterable[Example], folder: Path) -> None:
    """Write `corpus.jsonl` and each medium once."""
    (folder / MEDIA).mkdir()
    with (folder / LINES).open("w", encoding="utf-8") as lines:
        for example in examples:
            for part in example.media():
                file = folder / MEDIA / media_file(part.media)
                if not file.exists():
                    file.write_bytes(part.media.data)
            lines.write(json.dumps(record_of(example), ensure_ascii=False) + "\n")


class CorpusFolder:
    """The examples of a corpus folder; media are read on demand."""

    def __init__(self, path: str | Path) -> None:
        """Read and check every line.

        Raises `TrainingError`, naming file and line, for an invalid example, a medium that is missing or
        outside the folder, a duplicate id, and for counts that differ from `corpus.json`.
        """
        self.path = Path(path)
        file = self.path / LINES
        if not os.path.lexists(file):
            raise TrainingError(f"{path} has no {LINES}: expected a corpus of `omni-persona train-data`")
        self.about = _about(self.path / ABOUT)
        self.records: list[dict[str, Any]] = []
        self._media: OrderedDict[str, Media] = OrderedDict()
        known: set[str] = set()
        for number, line in _lines(file):
            record = _record(line, f"{file}:{number}")
            if record["example_id"] in known:
                raise TrainingError(f"{file}:{number}: example {record['example_id']} is there twice")
            known.add(record["example_id"])
            self._require_files(record, f"{file}:{number}")
            self.records.append(record)
        came, expected = Counter(record["task"] for record in self.records), Counter(self.about["made"])
        if came != expected:
            wrong = next(task for task in sorted(came | expected) if came[task] != expected[task])
            raise TrainingError(
                f"{file}: expected {expected[wrong]} examples of {wrong}, as {ABOUT} says, got {came[wrong]}: "
                "make it again"
            )
        if not self.records:
            raise TrainingError(f"{file}: expected examples, got none")

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.records)

    def example(self, place: int) -> Example:
        """The example with an index, from 0."""
        record = self.records[place]
        messages = tuple(
            Message(message["role"], tuple(self._part(part) for part in message["content"]))
            for message in record["messages"]
        )
        names = ("example_id", "task", "kind", "answer", "absence", "context", "source", "twin")
        return Example(messages=messages, **{name: record[name] for name in names})

    def _part(self, part: Mapping[str, str]) -> Part:
        if part["type"] == "text":
            return Text(part["text"])
        medium = self._medium(part["path"])
        return (Picture if part["type"] == "image" else Clip)(medium, part.get("place", "query"))

    def _medium(self, path: str) -> Media:
        if path not in self._media:
            self._media[path] = Media((self.path / path).read_bytes(), PurePosixPath(path).name)
            if len(self._media) > _KEPT:
                self._media.popitem(last=False)
        self._media.move_to_end(path)
        return self._media[path]

    def _require_files(self, record: Mapping[str, Any], where: str) -> None:
        for message in record["messages"]:
            for part in message["content"]:
                if part["type"] != "text":
                    path = PurePosixPath(part["path"])
                    if path.is_absolute() or ".." in path.parts:
                        raise TrainingError(f"{where}: the medium {part['path']} is not in {self.path}")
                    if not (self.path / path).is_file():
                        raise TrainingError(f"{where}: there is no medium {part['path']} in {self.path}")


def is_corpus(path: Path) -> bool:
    """Whether a folder is a corpus."""
    return (path / LINES).is_file()


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        yield from text_lines(file)
    except ArtifactError as error:
        raise TrainingError(str(error)) from None


def _about(file: Path) -> dict[str, Any]:
    try:
        # It also lists the people and media, of which a large corpus has many.
        about = read_object(file, 256 << 20)
    except (OSError, ArtifactError) as error:
        raise TrainingError(f"{file}: expected what the corpus was made from, got: {error}") from None
    made = about.get("made")
    if not isinstance(made, dict) or not all(type(count) is int for count in made.values()):
        raise TrainingError(f"{file}: expected the number of examples of each task type under `made`")
    return dict(about)


def _record(line: str, where: str) -> dict[str, Any]:
    try:
        record, flaw = parse_json(line, "example")
    except ValueError as error:
        raise TrainingError(f"{where}: {error}") from None
    if flaw:
        raise TrainingError(f"{where}: {flaw}")
    if not isinstance(record, dict):
        raise TrainingError(f"{where}: expected an example, got {str(record)[:60]}")
    for name in ("example_id", "task", "source", "kind", "answer", "absence"):
        if not isinstance(record.get(name), str):
            raise TrainingError(f"{where}: expected {name} to be a text, got {record.get(name)!r}")
    if record["task"] not in TASK_TYPES:
        raise TrainingError(f"{where}: expected one of the task types, got {record['task']!r}")
    record.setdefault("context", None)
    record.setdefault("twin", None)
    try:
        labels(1, {name: [record[name]] for name in ("example_id", "kind", "answer", "absence", "context")})
    except LabelError as error:
        raise TrainingError(f"{where}: {error}") from None
    _require_messages(record.get("messages"), where)
    return record


def _require_messages(messages: Any, where: str) -> None:
    if not isinstance(messages, list) or not messages:
        raise TrainingError(f"{where}: expected messages, got {str(messages)[:60]}")
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            raise TrainingError(f"{where}: expected messages of the roles {' and '.join(_ROLES)}")
        content = message.get("content")
        for part in content if isinstance(content, list) else [None]:
            held = part if isinstance(part, dict) else {}
            key = _PARTS.get(str(held.get("type")))
            if key is None or not isinstance(held.get(key), str):
                raise TrainingError(f"{where}: expected parts that are text, image or audio, got {str(part)[:60]}")
