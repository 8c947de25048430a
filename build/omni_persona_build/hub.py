"""The files that the Hub reads besides the rows: the card, the leaderboards' tasks, and `croissant.json`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import yaml

import omni_persona
from omni_persona_build.card import BuildFacts, render_card
from omni_persona_build.croissant import write_croissant
from omni_persona_build.example import write_example
from omni_persona_build.row_group import Row

CARD = "README.md"
EVAL = "eval.yaml"

_ABOUT_EVAL = """\
# The tasks of this benchmark's leaderboards on the Hub; `omni-persona report --eval-results` writes a model's entries.
# It names no evaluation_framework: the Hub accepts only frameworks that it knows (packages/tasks/src/eval.ts of
# huggingface.js), and shows an error for others. Once a pull request there has added omni-persona, add the key here.
"""


def write_hub_files(folder: Path, facts: BuildFacts, example: Row | None = None) -> None:
    """Write `README.md`, `eval.yaml` and `croissant.json` into a draft with Parquet files.

    example: the row that the card shows. None for an imported release, because its notes may name people and a card is
    public.
    """
    (folder / CARD).write_text(render_card(facts, write_example(folder, example)), encoding="utf-8")
    (folder / EVAL).write_text(render_eval(facts), encoding="utf-8")
    write_croissant(folder, facts)


def render_eval(facts: BuildFacts) -> str:
    """`eval.yaml`: one task for each leaderboard whose configuration has items."""
    items = Counter({"default": facts.counts.total()})
    for (task, _), count in facts.counts.items():
        items[omni_persona.TASKS[task].group] += count
    content = {
        "name": f"Omni-Persona ({facts.recipe})",
        "description": "Whether an omnimodal model finds the person that a face, a voice or a description refers to, "
        "answers from the memory of that person, and abstains where it does not hold the answer. Values are x 100: "
        "cal is the mean of ans (answerable items) and unans (the others).",
        "tasks": [
            {"id": task_id, "config": config, "split": facts.split}
            for task_id, (config, _) in omni_persona.LEADERBOARDS.items()
            if items[config]
        ],
    }
    return _ABOUT_EVAL + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
