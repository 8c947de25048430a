"""Describe a dataset from its folder: its recipe, its people, and whether it is the published release."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omni_persona_artifacts.build_record import PEOPLE, people_kind, read_build_record
from omni_persona_artifacts.data_files import RELEASE_FILE
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import read_regular
from omni_persona_artifacts.json_files import MOST_BYTES

_RECIPE = re.compile(r"^# Omni-Persona: (.+)$", re.MULTILINE)
_POOL = re.compile(r"from the pool `([^`\n]+)`")
_PEOPLE = re.compile(r"sets of memories of ([\d,]+) people")


@dataclass(frozen=True)
class About:
    """What a dataset's card and build record say; empty fields where they say nothing."""

    recipe: str = ""
    pool: str = ""
    count: str = ""
    """Number of people."""
    kind: str = ""
    """What the people are, such as `invented people`; empty if that is not recorded."""
    imported: bool = False
    """Whether it was imported from a release."""

    @property
    def people(self) -> str:
        """Such as `24 invented people`; empty if nothing is known."""
        return f"{self.count} {self.kind or 'people'}".strip() if self.count or self.kind else ""


def read_about(folder: Path) -> About:
    """Read the card and the build record of a dataset folder; missing or foreign ones give empty fields."""
    try:
        card = read_regular(folder / "README.md", MOST_BYTES).decode(errors="replace")
    except (OSError, ArtifactError):
        card = ""
    imported = (folder / RELEASE_FILE).is_file()
    recipe, pool, count = (
        found[1].strip() if (found := form.search(card)) else "" for form in (_RECIPE, _POOL, _PEOPLE)
    )
    return About(recipe, pool, count, PEOPLE.get(people_kind(_record(folder)) or "", ""), imported)


def _record(folder: Path) -> dict[str, Any]:
    try:
        return read_build_record(folder)
    except (OSError, ArtifactError):
        return {}
