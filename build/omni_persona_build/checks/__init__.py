"""Check a dataset folder: is it what its recipe says, and does it hold what makes a question fair?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import omni_persona
from omni_persona import Item, Media
from omni_persona_artifacts.construction import read_construction
from omni_persona_build.checks import hidden, rows
from omni_persona_build.checks.finding import Finding, each, failures, summary
from omni_persona_build.checks.media import media as media_findings
from omni_persona_build.checks.missing import missing_people
from omni_persona_build.checks.shortcuts import shortcuts
from omni_persona_build.errors import BuildError
from omni_persona_build.recipe import Recipe

__all__ = ["Finding", "built_with", "check", "failures", "summary"]


def check(folder: Path, progress: Callable[[int], None] = lambda done: None) -> list[Finding]:
    """Run every check over a dataset folder, reading it once.

    progress: called with the number of items read. Raises `BuildError` where the folder cannot be read as a dataset.
    """
    recipe = built_with(folder)
    items: list[Item] = []
    media: dict[Media, Media] = {}
    try:
        for item in omni_persona.read(folder):
            items.append(omni_persona.sharing(item, media))
            progress(len(items))
    except (ValueError, KeyError, TypeError, OSError, pa.ArrowException) as error:
        raise BuildError(f"{folder} is no Omni-Persona dataset: {error}") from None
    if not items:
        raise BuildError(f"{folder} holds no items")
    construction = read_construction(folder)
    return [
        rows.counts(items, recipe),
        each("identifiers", items, rows.repeated_ids(items), "are unique"),
        rows.balance(items, recipe),
        rows.positions(items),
        each("memories", items, rows.wrong_contexts(items, recipe), "have K contexts, shared by sibling questions"),
        each("supervision", items, rows.contradiction, "agrees with itself, and abstains in the canonical words"),
        each("gold answers", items, rows.unfounded_gold, "are stated by the target's note and by no other"),
        each("query media", items, rows.reused_query, "stand in no context"),
        each("query cues", items, rows.wrong_cue, "are of the query's modality alone"),
        *hidden.findings(items, construction),
        *media_findings(items, recipe),
        *shortcuts(items, construction),
        *missing_people(items),
    ]


def built_with(folder: Path) -> Recipe | None:
    """The recipe that a dataset folder says it was built with, or None where it does not say."""
    files = sorted(folder.glob(omni_persona.DATA_FILES))
    if not files:
        raise BuildError(
            f"{folder} has no {omni_persona.DATA_FILES}: expected a folder written by `omni-persona build`"
        )
    try:
        metadata = pq.read_schema(files[0]).metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise BuildError(f"{files[0]}: not a Parquet file: {error}") from None
    # An imported release says where it is from, and no recipe.
    recipe = json.loads(metadata.get(b"omni_persona", b"{}")).get("recipe")
    return None if recipe is None else Recipe.model_validate(recipe)
