"""The data of the item browser: items and answers as JSON that is safe inside a script element.

Notes, transcripts and names of media are stored once and referred to by index, and so are the memories that sibling
items share.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from typing import Any

from omni_persona import TASKS
from omni_persona_report.comparison import Comparison, Difference
from omni_persona_report.gather import Gathered
from omni_persona_report.media import Size
from omni_persona_report.runs.measures import ABSENCE_NAMES, GROUP_NAMES, shown, signed
from omni_persona_report.runs.outcomes import OUTCOMES
from omni_persona_report.runs.report_dataset import Entry, Memory, ReportDataset
from omni_persona_report.runs.report_run import ReportRun

_SAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
"""A script element ends, or turns strange, by these alone; within JSON they stand in strings alone."""

_PLACES = {name: place for place, name in enumerate(OUTCOMES)}


class _Once:
    """A list that stores each value once."""

    def __init__(self) -> None:
        self.places: dict[Hashable, int] = {}

    def place(self, value: Hashable | None) -> int:
        """The index of the value; -1 for None."""
        return -1 if value is None else self.places.setdefault(value, len(self.places))


def page_json(gathered: Gathered, size: Size, pairs: Sequence[Comparison], media: Sequence[str]) -> str:
    """The data of a page. media: names of the embedded media, in order."""
    texts, sets = _Once(), _Once()
    files = {name: place for place, name in enumerate(media)}
    entries = list(gathered.dataset.entries.values())
    items = [_item(entry, texts, sets, files) for entry in entries]
    value = {
        "texts": list(texts.places),
        "sets": list(sets.places),
        "items": items,
        "runs": [_run(run, entries) for run in gathered.runs],
        "pairs": [_pair(pair) for pair in pairs],
        "outcomes": [(key, name, meaning) for key, (name, meaning) in OUTCOMES.items()],
        "groups": {key: f"{key}, {name}" for key, name in GROUP_NAMES.items()},
        "absences": ABSENCE_NAMES,
        "tasks": {task.name: task.paper_id for task in TASKS.values()},
        "media": size,
    }
    return safe_json(value)


def safe_json(value: Any) -> str:
    """ASCII JSON without `<`, `>` and `&`, so that no text in it can end the script element around it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).translate(_SAFE)


def shown_media(dataset: ReportDataset) -> tuple[list[str], list[str]]:
    """The hashes of all pictures and of all clips that a page shows."""
    pictures, clips = [], []
    for entry in dataset.entries.values():
        pairs = [(memory.image, memory.audio) for memory in entry.memories] + list(entry.query_media)
        pictures += [image for image, _ in pairs if image]
        clips += [audio for _, audio in pairs if audio]
    return pictures, clips


def _item(entry: Entry, texts: _Once, sets: _Once, files: dict[str, int]) -> list[Any]:
    """Id, group, task, absence, question, gold answer, what is asked for, place of the person asked about, place of
    the memories among the sets, the media beside the question for each view, and similarities where they are known."""

    def file(name: str | None) -> int:
        return -1 if name is None else files.get(name, -1)

    def memory(one: Memory) -> tuple[int, ...]:
        return texts.place(one.text), file(one.image), file(one.audio), texts.place(one.transcript or None)

    known = [{name: round(value, 2) for name, value in one.similarity.items()} for one in entry.memories]
    fields = [
        entry.item_id,
        entry.group,
        entry.task,
        entry.absence,
        entry.question,
        entry.gold,
        entry.subfield,
        -1 if entry.target is None else entry.target,
        sets.place(tuple(map(memory, entry.memories))),
        [[file(image), file(audio)] for image, audio in entry.query_media],
    ]
    return [*fields, known] if any(known) else fields


def _run(run: ReportRun, entries: Sequence[Entry]) -> dict[str, Any]:
    return {
        "name": run.name,
        "judge": run.judge,
        "view": run.dataset.views.index(run.view) if run.view in run.dataset.views else 0,
        "without": run.view.without,
        "answers": [_answer(run, entry.item_id) for entry in entries],
    }


def _answer(run: ReportRun, item_id: str) -> list[Any] | None:
    """The answer, the place of its outcome, and what else is known of it."""
    said = run.answers.get(item_id)
    if said is None:
        return None
    verdict = said.verdict
    optional = {
        "e": said.error,
        "v": verdict.verdict if verdict else None,
        "j": verdict.judge if verdict and verdict.judge != run.judge else None,
        "raw": verdict.raw if verdict else None,
        "c": said.confidence,
        "sec": None if said.seconds is None else round(said.seconds, 3),
        "tok": said.output_tokens,
        "th": said.thinking,
        "d": list(said.dropped) or None,
        "src": run.sources[item_id],
    }
    more = {key: value for key, value in optional.items() if value is not None}
    fields = [said.prediction, _PLACES[run.outcomes[item_id]]]
    return [*fields, more] if more else fields


def _pair(pair: Comparison) -> dict[str, Any]:
    return {
        "a": pair.first,
        "b": pair.second,
        "n": pair.n,
        "p": pair.p_holm,
        "onlyA": pair.only_first_right,
        "onlyB": pair.only_second_right,
        "scores": [_difference(one) for one in pair.differences],
        "moves": [[_PLACES[before], _PLACES[after], count] for before, after, count in pair.moves[:40]],
    }


def _difference(one: Difference) -> list[str | bool]:
    """Label, both scores, their difference and interval as printed, and whether the interval excludes zero.

    As text, because browsers round halves differently than the tables.
    """
    scores = shown(one.first, one.measure), shown(one.second, one.measure)
    ends = [signed(end, one.measure) for end in (one.difference, one.low, one.high)]
    return [one.label, *scores, *ends, one.clear]
