"""Describe a dataset from its folder: its recipe, its people, and whether it is the published release."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import read_regular
from omni_persona_artifacts.json_files import MOST_BYTES

RELEASE_FILE = "data/release.parquet"
"""File that `omni-persona import` writes beside the rows."""

_RECIPE = re.compile(r"^# Omni-Persona: (.+)$", re.MULTILINE)
_POOL = re.compile(r"from the pool `([^`\n]+)`")
_PEOPLE = re.compile(r"sets of memories of ([\d,]+) people")
_INVENTED = {"embedded_pool": "invented people, rendered and spoken by programs"}
_KINDS = (
    (re.compile(r"\brendered\b", re.IGNORECASE), "invented people, rendered faces and natural synthetic voices"),
    (re.compile(r"\binvented\b", re.IGNORECASE), "invented people"),
    (re.compile(r"\breal\b", re.IGNORECASE), "real people"),
)


@dataclass(frozen=True)
class About:
    """What a dataset's card says; empty fields where it says nothing."""

    recipe: str = ""
    pool: str = ""
    people: str = ""
    """Number and kind of people, such as `24 invented people`."""
    imported: bool = False
    """Whether it was imported from a release."""


def read_about(folder: Path) -> About:
    """Read the card of a dataset folder; a missing or foreign card gives empty fields."""
    try:
        card = read_regular(folder / "README.md", MOST_BYTES).decode(errors="replace")
    except (OSError, ArtifactError):
        card = ""
    imported = (folder / RELEASE_FILE).is_file()
    recipe, pool, count = (
        found[1].strip() if (found := form.search(card)) else "" for form in (_RECIPE, _POOL, _PEOPLE)
    )
    kind = "people of a release" if imported else _kind(pool)
    return About(recipe, pool, f"{count} {kind}".strip() if count else kind, imported)


def _kind(pool: str) -> str:
    """The kind of people in a pool, by its name; plain `people` if unknown."""
    if pool in _INVENTED:
        return _INVENTED[pool]
    return next((kind for form, kind in _KINDS if form.search(pool.replace("_", " "))), "people" if pool else "")
