"""The source of examples: sets of contexts, and what is known about the people in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from omni_persona import Item, Media
from omni_persona_artifacts.construction import Placed, read_construction
from omni_persona_artifacts.dataset_rows import read
from omni_persona_training.errors import TrainingError


@dataclass(frozen=True)
class MediaFacts:
    """What a pool's author knows about its media, keyed by SHA-256 of their content."""

    transcripts: Mapping[bytes, str] = field(default_factory=dict)
    emotions: Mapping[bytes, str] = field(default_factory=dict)
    """How a clip is spoken; neutral clips may be omitted."""
    looks: Mapping[bytes, str] = field(default_factory=dict)
    """How the person in a picture looks."""
    pool: Path | None = None
    """The pool that they come from, if any: an input that no corpus replaces."""


@dataclass(frozen=True)
class Memory:
    """The context of one person in one set."""

    person: str
    image: Media
    audio: Media
    text: str


@dataclass
class Person:
    """All that a dataset contains of one person."""

    name: str
    """The pool's ID; never shown."""
    pictures: list[Media] = field(default_factory=list)
    clips: list[Media] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    """Profile field -> its value, if an item asks for it."""


@dataclass(frozen=True)
class Scene:
    """A set of contexts and the items over it."""

    sample_id: str
    memories: tuple[Memory, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Source:
    """A dataset in the form that the makers of examples use."""

    path: Path
    scenes: tuple[Scene, ...]
    people: Mapping[str, Person]
    transcripts: Mapping[Media, str]
    """Clip -> transcript."""
    emotions: Mapping[Media, str]
    """Clip -> manner of speaking, if known and not neutral."""
    looks: Mapping[Media, str]
    """Picture -> appearance of its person."""

    @property
    def n_contexts(self) -> int:
        """K, the number of contexts in a set."""
        return len(self.scenes[0].memories)


def read_source(dataset: Path, facts: MediaFacts | None = None) -> Source:
    """Read a dataset folder written by `omni-persona build`.

    facts: the pool's labels of the media, which the dataset lacks. Raises `TrainingError` if the dataset does not
    identify its people, or its sets of contexts differ in size.
    """
    construction = read_construction(dataset)
    if construction is None:
        raise TrainingError(
            f"{dataset} has no data/construction.parquet, which says who is who: expected a built dataset"
        )
    people: dict[str, Person] = {}
    scenes: dict[str, tuple[tuple[Memory, ...], list[Item]]] = {}
    transcripts: dict[Media, str] = {}
    for item in read(dataset):
        placed = construction.get(item.augmented_id)
        if placed is None or len(placed) != len(item.contexts):
            raise TrainingError(f"{dataset}: data/construction.parquet and item {item.augmented_id!r} do not agree")
        memories = _memories(item, placed, people, transcripts)
        scenes.setdefault(item.source_sample_id, (memories, []))[1].append(item)
        _learn(_person(people, placed[0]["queried_person"]), item, placed[0])
    sizes = sorted({len(memories) for memories, _ in scenes.values()})
    if len(sizes) > 1:
        raise TrainingError(f"{dataset}: expected sets of memories of one size, got {' and '.join(map(str, sizes))}")
    found = tuple(Scene(sample, memories, tuple(items)) for sample, (memories, items) in scenes.items())
    return _with_facts(Source(dataset, found, people, transcripts, {}, {}), facts or MediaFacts())


def _memories(
    item: Item, placed: Iterable[Placed], people: dict[str, Person], transcripts: dict[Media, str]
) -> tuple[Memory, ...]:
    memories = []
    for context, row in zip(item.contexts, placed, strict=True):
        person = _person(people, row["person"])
        _add(person.pictures, context.image)
        _add(person.clips, context.audio)
        if row["transcript"]:
            transcripts[context.audio] = row["transcript"]
        memories.append(Memory(person.name, context.image, context.audio, context.text))
    return tuple(memories)


def _learn(person: Person, item: Item, placed: Placed) -> None:
    """Add the queried person's query media and the value of the asked field."""
    if item.query_image is not None:
        _add(person.pictures, item.query_image)
    if item.query_audio is not None:
        _add(person.clips, item.query_audio)
    value = item.gold_answer if item.answerable else placed["withheld"]
    if value and item.asked_subfield:
        person.known[item.asked_subfield] = value


def _with_facts(source: Source, facts: MediaFacts) -> Source:
    import hashlib

    def by_medium(values: Mapping[bytes, str], media: Iterable[Media]) -> dict[Media, str]:
        known = ((medium, values.get(hashlib.sha256(medium.data).digest())) for medium in media)
        return {medium: value for medium, value in known if value}

    people = source.people.values()
    looks = {
        picture: look
        for person in people
        if (look := person.known.get("appearance") or _joined(person.known))
        for picture in person.pictures
    }
    clips = [clip for person in people for clip in person.clips]
    return Source(
        source.path,
        source.scenes,
        source.people,
        {**source.transcripts, **by_medium(facts.transcripts, clips)},
        {clip: how for clip, how in by_medium(facts.emotions, clips).items() if how != "neutral"},
        {**looks, **by_medium(facts.looks, (picture for person in people for picture in person.pictures))},
    )


def _joined(known: Mapping[str, str]) -> str | None:
    """Hair and clothes as one description, if both are known."""
    if "hairstyle" in known and "clothing" in known:
        return f"{known['hairstyle']}, wearing {known['clothing']}"
    return known.get("clothing") or known.get("hairstyle")


def _person(people: dict[str, Person], name: str) -> Person:
    return people.setdefault(name, Person(name))


def _add(media: list[Media], medium: Media) -> None:
    if medium not in media:
        media.append(medium)
