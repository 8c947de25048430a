"""Read a small file of text or JSON, such as a manifest, which may be broken or somebody else's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import read_regular
from omni_persona_cal.records import json_type as json_type

MOST_BYTES = 16 << 20
"""The largest file that is read; a manifest takes a few kilobytes, the scores of a run about one megabyte."""
_MOST_LEVELS = 100


def read_text(file: str | Path, most_bytes: int = MOST_BYTES) -> str:
    """The text of a file, without a byte order mark.

    Raises `FileNotFoundError` where there is none, and `ArtifactError` for one that is no regular file, too large or
    no UTF-8.
    """
    content = read_regular(file, most_bytes)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong = f"byte {error.object[error.start]:#04x} at {error.start}"
        raise ArtifactError(f"{file}: expected UTF-8, got {wrong}") from None


def read_json(file: str | Path, most_bytes: int = MOST_BYTES) -> Any:
    """What a file of JSON holds. Raises as `read_text`, and `ArtifactError` for what is no JSON that can be read."""
    text = read_text(file, most_bytes)
    try:
        value = json.loads(text)
        _require_shallow(value)
        return value
    except json.JSONDecodeError as error:
        raise ArtifactError(f"{file}:{error.lineno}: not JSON: {error.msg} at column {error.colno}") from None
    except ValueError as error:  # a number of more digits than Python reads
        raise ArtifactError(f"{file}: JSON that cannot be read: {error}") from None
    except RecursionError:
        raise ArtifactError(f"{file}: JSON that cannot be read: nested too deeply") from None


def _require_shallow(value: Any) -> None:
    """Raise `RecursionError` for a value that only the reader can follow, but not what walks through it later."""
    level = [value]
    for _ in range(_MOST_LEVELS):
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise RecursionError


def read_object(file: str | Path, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """The JSON object of a file. Raises as `read_json`, and `ArtifactError` for JSON that is no object."""
    value = read_json(file, most_bytes)
    if not isinstance(value, dict):
        raise ArtifactError(f"{file}: expected a JSON object, got {json_type(value)}")
    return value
