"""Read a small YAML file that somebody else wrote, such as a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import read_regular

MOST_BYTES = 1 << 17
"""A recipe takes two kilobytes."""
MOST_DEPTH = 20
"""How deep lists and mappings may be nested; a recipe has two levels."""
_LONGEST_REASON = 300


def read_yaml(file: str | Path) -> Any:
    """What a YAML file holds, as plain Python values.

    Raises `FileNotFoundError` where there is none, and `ArtifactError` for one that is no regular file, no UTF-8, no
    YAML, too large or nested too deeply, or that has aliases: few of them can stand for billions of values.
    """
    import yaml

    content = read_regular(file, MOST_BYTES)
    try:
        text = content.decode("utf-8")
        _require_plain(text, file)
        return yaml.safe_load(text)
    except ArtifactError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # Not only errors of YAML: a date of month 13, or a number of 5,000 digits, is a ValueError.
        reason = " ".join(str(error).split())
        shown = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}..."
        raise ArtifactError(f"{file}: not YAML: {shown}") from None


def _require_plain(text: str, file: str | Path) -> None:
    """Go through the text without building anything, which would follow its nesting by recursion."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        where = f"{file}:{event.start_mark.line + 1 if event.start_mark else 1}"
        if isinstance(event, yaml.AliasEvent):
            raise ArtifactError(f"{where}: expected plain YAML, got the alias *{str(event.anchor)[:40]}; write it out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH:
            raise ArtifactError(f"{where}: nested more than {MOST_DEPTH} levels deep; a recipe needs two")
