"""Read the word lists in `data/`. Entries are plain ASCII, because a model's answer is compared with them."""

from __future__ import annotations

import itertools
import re
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"
_ALTERNATIVES = re.compile(r"\{([^{}]*\|[^{}]*)\}")


@cache
def word_lists(name: str) -> dict[str, Any]:
    """The lists in a file of `data/`, such as `worlds`."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return dict(yaml.load((_DATA / f"{name}.yaml").read_text(encoding="utf-8"), Loader=loader))


def readings(sentence: str) -> list[str]:
    """All variants of a sentence with alternatives.

    >>> readings("A {red|blue} hat.")
    ['A red hat.', 'A blue hat.']
    """
    parts = _ALTERNATIVES.split(sentence)
    options = [part.split("|") if number % 2 else [part] for number, part in enumerate(parts)]
    return ["".join(choice) for choice in itertools.product(*options)]


def all_readings(sentences: list[str]) -> tuple[str, ...]:
    """All variants of every sentence in a list."""
    return tuple(text for sentence in sentences for text in readings(sentence))
