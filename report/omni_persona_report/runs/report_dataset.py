"""The items that runs were asked, in the form that a report shows: texts, and media by content hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

import omni_persona
from omni_persona import Item, Media
from omni_persona_artifacts.check_results import UNNEEDED, about_unneeded, read_unneeded
from omni_persona_artifacts.construction import MODALITIES, read_construction
from omni_persona_artifacts.data_files import dataset_fingerprint
from omni_persona_artifacts.dataset_folder import DatasetFolder
from omni_persona_artifacts.errors import ArtifactError, ItemError
from omni_persona_artifacts.references import references
from omni_persona_artifacts.shown import Ablation, Cues, query_media
from omni_persona_report.runs.about import About, read_about
from omni_persona_report.runs.outcomes import stems_of


@dataclass(frozen=True)
class View:
    """The parts of an item that a run showed to its model."""

    cues: Cues = "isolated"
    without: tuple[Ablation, ...] = ()
    """What was left out: `image`, `audio`, `text`, `query`."""


@dataclass(frozen=True)
class Memory:
    """What is known of one person of an item."""

    concept_id: str
    text: str | None
    image: str | None = None
    """Hash of the picture."""
    audio: str | None = None
    """Hash of the clip."""
    transcript: str | None = None
    """Transcript of the clip, if the builder stored it."""
    similarity: Mapping[str, float] = field(default_factory=dict)
    """Modality -> cosine similarity to the person asked about, if the builder stored it."""


@dataclass(frozen=True)
class Entry:
    """One item. Unknown values are None or empty."""

    item_id: str
    source_sample_id: str = ""
    group: str = ""
    task: str = ""
    absence: str = ""
    question: str | None = None
    gold: str | None = None
    subfield: str | None = None
    memories: tuple[Memory, ...] = ()
    target: int | None = None
    """Index of the person asked about among the memories."""
    query_media: tuple[tuple[str | None, str | None], ...] = ()
    """For each view of the dataset, the hashes of the query's picture and clip."""

    @property
    def answerable(self) -> bool | None:
        return None if not self.absence else self.absence == "none"


@dataclass
class ReportDataset:
    """The items of one dataset."""

    label: str
    """The dataset folder, or the source of the items."""
    fingerprint: str | None
    entries: dict[str, Entry]
    views: list[View]
    media: dict[str, Media] = field(default_factory=dict)
    """Hash -> picture or clip."""
    notices: list[str] = field(default_factory=list)
    about: About = field(default_factory=About)
    references: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Item ID -> the metric's reference, if known."""
    unneeded: Mapping[str, str] = field(default_factory=dict)
    """Group that does not need its modality, as the dataset's checks found -> what that means for a score."""

    @cached_property
    def stems(self) -> Callable[[str], frozenset[str]]:
        """`stems_of` with a cache for notes."""
        return cache(stems_of)

    def reference(self, item_id: str) -> Mapping[str, Any] | None:
        """The metric's reference for an item; None if unknown."""
        found = self.references.get(item_id)
        entry = self.entries.get(item_id)
        if found is not None or entry is None or entry.gold is None:
            return found
        if not (entry.source_sample_id and entry.group and entry.task and entry.absence):
            return None
        return omni_persona.Reference(
            augmented_id=item_id,
            source_sample_id=entry.source_sample_id,
            group=entry.group,
            task=entry.task,
            absence=entry.absence,
            gold_answer=entry.gold,
            answerable=entry.absence == "none",
        )

    @property
    def about_marks(self) -> str:
        """For a caption: what it means that groups do not need their modality, with a space in front; else empty."""
        return "".join(f" {why}" for why in self.unneeded.values())

    @property
    def has_similarity(self) -> bool:
        return any(memory.similarity for entry in self.entries.values() for memory in entry.memories)


def read_dataset(path: Path, views: Sequence[View], *, fingerprint: str, with_media: bool = True) -> ReportDataset:
    """Read a dataset folder. Raises what `DatasetFolder` raises; an unreadable item becomes a notice."""
    folder = DatasetFolder(path)
    dataset = ReportDataset(str(path), fingerprint, {}, list(views), about=read_about(path))
    dataset.unneeded = _unneeded(path, dataset.notices)
    beside = _construction(path, dataset.notices)
    # What cannot be read is told item by item below, or was told of the side file.
    with suppress(OSError, ValueError, pa.ArrowException):
        dataset.references = {row["augmented_id"]: row for row in references(path)}
    names: dict[bytes, str] = {}
    for item in folder.items(folder.rows):
        if isinstance(item, ItemError):
            dataset.notices.append(f"{path}: {item}")
            dataset.entries[item.item_id] = Entry(item.item_id)
            continue
        entry = _entry(item, views, dataset.media if with_media else None, names)
        dataset.entries[entry.item_id] = _with_construction(entry, beside.get(entry.item_id, {}))
    return dataset


def fingerprint_of(path: Path) -> str | None:
    """The fingerprint of a dataset folder; None if it cannot be read."""
    try:
        return dataset_fingerprint(path)
    except OSError:
        return None


def entry_from_record(record: Mapping[str, Any]) -> Entry:
    """The item in a line of the release's scripts: no memories, no media."""

    def text(key: str) -> str | None:
        value = record.get(key)
        return value if isinstance(value, str) else None

    task = omni_persona.TASKS.get(text("selected_task") or "")
    answerable = record.get("answerable_from_context")
    absence = ""
    if isinstance(answerable, bool):
        absence = "none" if answerable else "absent_persona" if record.get("no_GT") else "absent_attribute"
    return Entry(
        item_id=str(record["augmented_id"]),
        source_sample_id=text("source_sample_id") or "",
        group=task.group if task else omni_persona.SCENARIOS.get(text("scenario") or "", ""),
        task=task.name if task else text("selected_task") or "",
        absence=absence,
        question=text("query_text"),
        gold=text("gold_answer"),
        subfield=text("asked_subfield"),
    )


def _entry(item: Item, views: Iterable[View], media: dict[str, Media] | None, names: dict[bytes, str]) -> Entry:
    """An item of a report. media: those of all items by their hashes, to which the item's are added; None keeps none.
    names: the hashes of contents that are known, to which the item's are added.
    """

    def keep(medium: Media | None) -> str | None:
        if medium is None or media is None:
            return None
        name = names.get(medium.data)
        if name is None:
            name = names[medium.data] = hashlib.sha256(medium.data).hexdigest()[:20]
            media.setdefault(name, medium)
        return name

    memories = tuple(
        Memory(context.concept_id, context.text, keep(context.image), keep(context.audio)) for context in item.contexts
    )
    places = {context.concept_id: place for place, context in enumerate(item.contexts)}
    return Entry(
        item_id=item.augmented_id,
        source_sample_id=item.source_sample_id,
        group=item.task.group,
        task=item.task.name,
        absence=item.absence,
        question=item.query_text,
        gold=item.gold_answer,
        subfield=item.asked_subfield,
        memories=memories,
        target=None if item.target_concept_id is None else places.get(item.target_concept_id),
        query_media=tuple(_query_media(item, view, keep) for view in views),
    )


def _query_media(item: Item, view: View, keep: Any) -> tuple[str | None, str | None]:
    """The picture and the clip of the query that a model was shown."""
    try:
        picture, clip = query_media(item, view.cues, frozenset(view.without))
    except ValueError:
        return None, None
    return keep(picture), keep(clip)


def _unneeded(path: Path, notices: list[str]) -> dict[str, str]:
    """Group that does not need its modality -> what that means; none where nothing was checked."""
    try:
        found = read_unneeded(path)
    except (OSError, ArtifactError) as error:
        notices.append(f"{error}. It is unknown which groups need their modality.")
        return {}
    return {group: about_unneeded(group, found[group]) for group in omni_persona.GROUPS if group in found}


def unneeded_in(scores: Mapping[str, Any] | None) -> dict[str, str]:
    """The same as `scores.json` records it, for a dataset that is not there."""
    found = (scores or {}).get(UNNEEDED)
    if not isinstance(found, Mapping):
        return {}
    marks = {group: found[group] for group in omni_persona.GROUPS if isinstance(found.get(group), list)}
    return {group: about_unneeded(group, [str(check) for check in checks]) for group, checks in marks.items()}


_SHOWN = ("concept_id", "transcript", *(f"{modality}_similarity" for modality in MODALITIES))
"""What a report shows of the side file."""


def _construction(path: Path, notices: list[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Item ID -> concept -> its row of the builder's side file; empty without one."""
    try:
        rows = read_construction(path, _SHOWN) or {}
    except ValueError as error:
        notices.append(f"{error}; the report does without it")
        return {}
    return {item_id: {str(row["concept_id"]): row for row in placed} for item_id, placed in rows.items()}


def _with_construction(entry: Entry, rows: Mapping[str, Mapping[str, Any]]) -> Entry:
    def stated(memory: Memory) -> Memory:
        row = rows.get(memory.concept_id, {})
        similarity = {
            key.removesuffix("_similarity"): float(value)
            for key, value in row.items()
            if key.endswith("_similarity") and isinstance(value, (int, float))
        }
        transcript = row.get("transcript")
        return replace(memory, similarity=similarity, transcript=transcript if isinstance(transcript, str) else None)

    return replace(entry, memories=tuple(stated(memory) for memory in entry.memories)) if rows else entry
