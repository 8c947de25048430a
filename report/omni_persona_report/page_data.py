"""What the item browser reads: items and answers as JSON that is safe inside a script element."""

from __future__ import annotations

import json
from typing import Any

from omni_persona import TASKS
from omni_persona_report.gather import Gathered, ReportRun
from omni_persona_report.measures import ABSENCE_NAMES, GROUP_NAMES
from omni_persona_report.media import Size
from omni_persona_report.outcomes import OUTCOMES
from omni_persona_report.report_dataset import Entry, Memory, ReportDataset

_SAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
"""A script element ends, or turns strange, by these alone; within JSON they stand in strings alone."""


def page_json(gathered: Gathered, size: Size) -> str:
    """The data of a page."""
    places = [(number, item_id) for number, dataset in enumerate(gathered.datasets) for item_id in dataset.entries]
    value = {
        "items": [_item(gathered.datasets[number].entries[item_id], number) for number, item_id in places],
        "runs": [_run(run, gathered.datasets.index(run.dataset), places) for run in gathered.runs],
        "outcomes": [(key, name, meaning) for key, (name, meaning) in OUTCOMES.items()],
        "groups": {key: f"{key}, {name}" for key, name in GROUP_NAMES.items()},
        "absences": ABSENCE_NAMES,
        "tasks": {task.name: task.paper_id for task in TASKS.values()},
        "media": size,
    }
    return safe_json(value)


def safe_json(value: Any) -> str:
    """JSON in ASCII without `<`, `>` and `&`: no text in it can end the script element it stands in."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).translate(_SAFE)


def shown_media(dataset: ReportDataset) -> tuple[list[str], list[str]]:
    """The hashes of all pictures and of all clips that a page shows."""
    pictures, clips = [], []
    for entry in dataset.entries.values():
        pairs = [(memory.image, memory.audio) for memory in entry.memories] + list(entry.query_media)
        pictures += [image for image, _ in pairs if image]
        clips += [audio for _, audio in pairs if audio]
    return pictures, clips


def _item(entry: Entry, dataset: int) -> dict[str, Any]:
    return {
        "d": dataset,
        "id": entry.item_id,
        "g": entry.group,
        "t": entry.task,
        "a": entry.absence,
        "q": entry.question,
        "gold": entry.gold,
        "f": entry.subfield,
        "target": entry.target,
        "m": [_memory(memory) for memory in entry.memories],
        "query": entry.query_media,
    }


def _memory(memory: Memory) -> dict[str, Any]:
    told: dict[str, Any] = {"n": memory.text, "i": memory.image, "s": memory.audio}
    if memory.transcript:
        told["said"] = memory.transcript
    if memory.similarity:
        told["sim"] = {name: round(value, 3) for name, value in memory.similarity.items()}
    return told


def _run(run: ReportRun, dataset: int, places: list[tuple[int, str]]) -> dict[str, Any]:
    return {
        "name": run.name,
        "view": run.dataset.views.index(run.view) if run.view in run.dataset.views else 0,
        "without": run.view.without,
        "answers": [_answer(run, item_id) if number == dataset else None for number, item_id in places],
    }


def _answer(run: ReportRun, item_id: str) -> dict[str, Any] | None:
    said = run.answers.get(item_id)
    if said is None:
        return None
    verdict = said.verdict
    told: dict[str, Any] = {"p": said.prediction, "o": run.outcomes[item_id]}
    optional = {
        "e": said.error,
        "v": verdict.verdict if verdict else None,
        "j": verdict.judge if verdict else None,
        "raw": verdict.raw if verdict else None,
        "c": said.confidence,
        "sec": said.seconds,
        "tok": said.output_tokens,
        "th": said.thinking,
        "d": list(said.dropped) or None,
        "src": run.sources[item_id],
    }
    return told | {key: value for key, value in optional.items() if value is not None}
