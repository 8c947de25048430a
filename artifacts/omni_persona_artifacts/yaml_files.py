"""Read a small, untrusted YAML file such as a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import read_regular

if TYPE_CHECKING:
    from yaml import Node

MOST_BYTES = 1 << 17
"""Maximum file size; a recipe takes two kilobytes."""
MOST_DEPTH = 20
"""Maximum nesting of lists and mappings; a recipe has two levels."""
_LONGEST_REASON = 300


def read_yaml(file: str | Path) -> Any:
    """Read a YAML file into plain Python values.

    Raises `FileNotFoundError` if it does not exist, and `ArtifactError` if it is not a regular file, not UTF-8, not
    YAML, too large, too deeply nested, has a key twice in one mapping, or has aliases, a few of which can expand to
    billions of values.
    """
    import yaml

    content = read_regular(file, MOST_BYTES)
    try:
        text = content.decode("utf-8")
        _require_plain(text, file)
        _require_unique_keys(yaml.compose(text, Loader=yaml.SafeLoader), file)
        return yaml.safe_load(text)
    except ArtifactError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # Not only YAML errors: month 13 in a date, or a number of 5,000 digits, raises ValueError.
        reason = " ".join(str(error).split())
        shown = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}..."
        raise ArtifactError(f"{file}: not YAML: {shown}") from None


def _require_plain(text: str, file: str | Path) -> None:
    """Scan the text without constructing values, whose construction would recurse with the nesting."""
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


def _require_unique_keys(node: Node | None, file: str | Path) -> None:
    """Raise `ArtifactError` where a mapping has a key twice: a loader would silently take the last of them."""
    import yaml

    if isinstance(node, yaml.SequenceNode):
        for one in node.value:
            _require_unique_keys(one, file)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[tuple[str, str]] = set()
    for key, value in node.value:
        name = (key.tag, str(key.value))
        if isinstance(key, yaml.ScalarNode) and name in seen:
            where = f"{file}:{key.start_mark.line + 1}"
            raise ArtifactError(f"{where}: expected each key once, got {key.value[:40]!r} again; remove one of them")
        seen.add(name)
        _require_unique_keys(value, file)
