"""Read logs of inspect_ai: `.eval` files, which are ZIP archives of JSON with an entry for each sample.

An archive is hostile until shown otherwise: entries are read one at a time up to a limit, nothing is unpacked to disk,
and no name in it is used as a path. inspect_ai compresses by Zstandard, which Python's `zipfile` reads from 3.14 on.
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from omni_persona_artifacts.chat import split_thinking
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import open_regular

VERSIONS = (2,)
"""The versions of the log format that are read."""
MOST_ENTRIES = 100_000
MOST_ENTRY_BYTES = 64 << 20
"""Maximum unpacked size of a sample, which may hold its media as text."""
MOST_BYTES = 4 << 30
"""Maximum unpacked size of all samples together."""

_MAGIC = b"PK\x03\x04"
_ZSTANDARD = 93
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_LONGEST_REASON = 200
_FINISH = {"stop": "stop", "max_tokens": "length", "model_length": "length"}


def is_log(file: Path) -> bool:
    """Whether a path is a regular file that begins as a ZIP archive does. Raises what `open_regular` raises."""
    with open_regular(file) as opened:
        return opened.read(len(_MAGIC)) == _MAGIC


def plain_lines(file: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Convert a log's samples to prediction lines, each with where it stands.

    A line also has the sample's `target` and `input`. Samples with an error, without an answer or with a filtered one
    are failed items.
    Raises `ArtifactError` for an archive that is damaged, too large or no log, and for a version that is not known.
    """
    with open_regular(file) as opened:
        try:
            with zipfile.ZipFile(opened) as archive:
                yield from _lines(file, opened, archive.infolist())
        except (zipfile.BadZipFile, struct.error, EOFError, NotImplementedError, UnicodeDecodeError) as error:
            raise ArtifactError(f"{file}: expected a log of inspect_ai, got a damaged archive: {error}") from None


def _lines(file: Path, opened: BinaryIO, entries: list[zipfile.ZipInfo]) -> Iterator[tuple[dict[str, Any], str]]:
    if len(entries) > MOST_ENTRIES:
        raise ArtifactError(f"{file}: expected at most {MOST_ENTRIES:,} entries, got {len(entries):,}")
    held = {entry.filename: entry for entry in entries}
    _require_version(file, opened, held)
    left = MOST_BYTES
    for entry in entries:
        if not (entry.filename.startswith("samples/") and entry.filename.endswith(".json")):
            continue
        where = f"{file}: {entry.filename!r:.80}"
        content = _content(opened, entry, where)
        left -= len(content)
        if left < 0:
            raise ArtifactError(f"{file}: expected samples of at most {MOST_BYTES >> 30} GiB unpacked")
        yield _plain(_object(content, where), where), where


def _require_version(file: Path, opened: BinaryIO, held: Mapping[str, zipfile.ZipInfo]) -> None:
    """The header is written last: a killed run has only the journal's start."""
    name = next((name for name in ("header.json", "_journal/start.json") if name in held), None)
    if name is None:
        raise ArtifactError(f"{file}: expected a log of inspect_ai, got an archive without header.json")
    header = _object(_content(opened, held[name], f"{file}: {name}"), f"{file}: {name}")
    if header.get("version") not in VERSIONS or isinstance(header.get("version"), bool):
        known = " or ".join(map(str, VERSIONS))
        raise ArtifactError(f"{file}: expected a log of version {known}, got version {header.get('version')!r:.40}")


def _content(opened: BinaryIO, entry: zipfile.ZipInfo, where: str) -> bytes:
    """An entry's unpacked bytes; sizes that the archive states are not believed."""
    opened.seek(entry.header_offset)
    magic, name_length, extra_length = _LOCAL_HEADER.unpack(opened.read(_LOCAL_HEADER.size))
    if magic != _MAGIC or entry.flag_bits & 1:
        raise ArtifactError(f"{where}: expected a readable entry, got an encrypted or damaged one")
    opened.seek(name_length + extra_length, 1)
    packed = opened.read(min(entry.compress_size, MOST_ENTRY_BYTES + 1))
    try:
        content = _unpacked(packed, entry.compress_type)
    except (zlib.error, OSError, pa.ArrowException) as error:
        raise ArtifactError(f"{where}: cannot be unpacked: {error}") from None
    if len(content) > MOST_ENTRY_BYTES:
        raise ArtifactError(
            f"{where}: expected at most {MOST_ENTRY_BYTES >> 20} MiB unpacked; --no-log-images leaves media out of logs"
        )
    return content


def _unpacked(packed: bytes, method: int) -> bytes:
    if method == zipfile.ZIP_STORED:
        return packed
    if method == zipfile.ZIP_DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, MOST_ENTRY_BYTES + 1)
    if method == _ZSTANDARD:
        with pa.input_stream(pa.BufferReader(packed), compression="zstd") as stream:
            return bytes(stream.read(MOST_ENTRY_BYTES + 1))
    raise NotImplementedError(f"compression method {method}")


def _object(content: bytes, where: str) -> dict[str, Any]:
    try:
        # Not strict: a score of NaN, which is no JSON, marks a sample that was not scored.
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{where}: not JSON: {str(error)[:100]}") from None
    if not isinstance(value, dict):
        raise ArtifactError(f"{where}: expected a JSON object, got {type(value).__name__}")
    return value


def _plain(sample: Mapping[str, Any], where: str) -> dict[str, Any]:
    item_id, epoch = _item(sample), sample.get("epoch", 1)
    if epoch != 1:
        raise ArtifactError(f"{where}: expected one epoch, got epoch {epoch!r:.40}: an item has one answer")
    line = {
        "augmented_id": item_id,
        "prediction": None,
        "status": "failed",
        **{key: text for key in ("target", "input") if (text := _text(sample.get(key)))},
    }
    try:
        return {**line, **_answer(sample), "status": "ok"}
    except ValueError as error:
        return {**line, "error": str(error)}


def _item(sample: Mapping[str, Any]) -> object:
    """The item: of the sample's metadata if a task numbers its samples, otherwise the sample's ID."""
    metadata = sample.get("metadata")
    named = metadata.get("augmented_id") if isinstance(metadata, Mapping) else None
    return sample.get("id") if named is None else named


def _answer(sample: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a sample. Raises `ValueError` with the reason if there is none."""
    if (error := sample.get("error")) is not None:
        text = error.get("message") if isinstance(error, Mapping) else error
        # A message may begin with the whole request; the reason ends it.
        reason = " ".join(str(text).replace("\\n", " ").split())
        raise ValueError(f"...{reason[-_LONGEST_REASON:]}" if len(reason) > _LONGEST_REASON else reason or "an error")
    output = sample.get("output")
    choices = output.get("choices") if isinstance(output, Mapping) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(output, Mapping) or not isinstance(first, Mapping):
        raise ValueError("no output")
    if first.get("stop_reason") == "content_filter":
        raise ValueError("the answer was filtered")
    message = first.get("message")
    content = message.get("content") if isinstance(message, Mapping) else None
    said = split_thinking(_text(content))
    if not said.answer:
        raise ValueError("an empty answer")
    usage = output.get("usage")
    counts = usage if isinstance(usage, Mapping) else {}
    return {
        "prediction": said.answer,
        "thinking": said.thinking or _text(content, "reasoning") or None,
        "finish": _FINISH.get(str(first.get("stop_reason"))),
        **{key: counts[key] for key in ("input_tokens", "output_tokens") if type(counts.get(key)) is int},
    }


def _text(content: object, kind: str = "text") -> str:
    """The texts of a content: a text, or a list of texts, parts or messages; empty if it holds none."""
    if isinstance(content, str):
        return content if kind == "text" else ""
    if isinstance(content, Mapping):
        if content.get("type") == kind or "type" not in content:
            return _text(content.get(kind, content.get("content"))) if kind == "text" else str(content.get(kind, ""))
        return ""
    if isinstance(content, list):
        return "\n".join(filter(None, (_text(part, kind) for part in content)))
    return ""
