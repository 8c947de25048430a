"""Shared by all makers of examples: randomness, sets of contexts without shortcuts, and the runner's own prompt."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from omni_persona import TASKS, Absence, Context, Item, Media
from omni_persona_runner.prompt import Message, Prompt, Text
from omni_persona_training.corpus.example import Example
from omni_persona_training.corpus.sounds import Samples, as_clip, speech
from omni_persona_training.corpus.source import Memory, Person, Scene, Source

T = TypeVar("T")

REPLACED = 0.5
"""Probability that a distractor is replaced by a person from another set."""


@dataclass(frozen=True)
class Drawn:
    """Contexts in a new order with some distractors replaced: neither position nor company reveals the answer."""

    scene: Scene
    memories: tuple[Memory, ...]
    place: int
    """Index of the queried person's context, from 0."""

    @property
    def target(self) -> Memory:
        """The context of the queried person."""
        return self.memories[self.place]

    def people(self) -> set[str]:
        """The people in the contexts."""
        return {memory.person for memory in self.memories}


class Studio:
    """Draws what examples show. Deterministic given the source, the seed of `rng` and the order of calls."""

    def __init__(self, source: Source, events: Mapping[str, Samples], rng: np.random.Generator) -> None:
        self.source = source
        self.events = events
        self.rng = rng
        self._memories = [memory for scene in source.scenes for memory in scene.memories]
        self._spoken: dict[Media, Samples] = {}
        self._made: dict[tuple[str, ...], Media] = {}
        self._places: list[int] = []

    # ---- chance

    def pick(self, things: Sequence[T]) -> T:
        """Choose one element."""
        return things[int(self.rng.integers(len(things)))]

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """The same elements in random order."""
        return [things[index] for index in self.rng.permutation(len(things)).tolist()]

    def place(self) -> int:
        """A context position; all positions occur equally often."""
        if not self._places:
            self._places = self.shuffled(range(self.source.n_contexts))
        return self._places.pop()

    # ---- memories

    def memories(self, able: Collection[str]) -> Drawn | None:
        """Contexts with a person of `able` at a randomly drawn position; None if the drawn set has no such person."""
        scene = self.pick(self.source.scenes)
        targets = [memory for memory in scene.memories if memory.person in able]
        if not targets:
            return None
        target = self.pick(targets)
        others = [memory for memory in scene.memories if memory is not target]
        others = [self._replaced(other, scene) if self.rng.random() < REPLACED else other for other in others]
        if len({target.person, *(other.person for other in others)}) < len(scene.memories):
            return None  # the same person would appear twice
        place = self.place()
        order = self.shuffled(others)
        return Drawn(scene, (*order[:place], target, *order[place:]), place)

    def _replaced(self, memory: Memory, scene: Scene) -> Memory:
        here = {one.person for one in scene.memories}
        other = self.pick(self._memories)
        return memory if other.person in here else other

    def stranger(self, drawn: Drawn, able: Collection[str]) -> Person | None:
        """A person of `able` who is not in the contexts."""
        name = self.pick(sorted(able))
        return None if name in drawn.people() else self.source.people[name]

    def other(self, media: Sequence[Media], shown: Media | None) -> Media:
        """A medium of the person that is not the one shown in a context."""
        return self.pick([medium for medium in media if medium != shown])

    # ---- sound

    def samples(self, clip: Media) -> Samples:
        """The samples of a clip; each clip is decoded once."""
        if clip not in self._spoken:
            self._spoken[clip] = speech(clip)
        return self._spoken[clip]

    def made(self, key: tuple[str, ...], samples: Samples) -> Media:
        """A synthesised clip; built once per key."""
        if key not in self._made:
            self._made[key] = as_clip(samples, "made")
        return self._made[key]


@dataclass(frozen=True)
class Show:
    """What a message shows besides its question."""

    rules: str
    memories: tuple[Memory, ...] = ()
    notes: bool = False
    pictures: bool = True
    clips: bool = True
    query_image: Media | None = None
    query_audio: Media | None = None
    hidden: frozenset[str] = field(default_factory=frozenset)
    """Positions, such as `context 2`, whose picture is left out."""

    def messages(self, question: str) -> tuple[Message, ...]:
        """The runner's own prompt: rules, contexts, query."""
        task = "visual_to_bio" if self.query_image else "voice_to_bio" if self.query_audio else "semantic_to_bio"
        contexts = tuple(Context("", one.image, one.audio, one.text, False) for one in self.memories)
        item = Item(
            augmented_id="",
            source_sample_id="",
            task=TASKS[task],
            absence="none",
            target_concept_id=None,
            contexts=contexts,
            query_image=self.query_image,
            query_audio=self.query_audio,
            query_text=question,
            gold_answer="",
            asked_subfield=None,
        )
        without = {"image": self.pictures, "audio": self.clips, "text": self.notes}
        hidden = frozenset(name for name, shown in without.items() if not shown)
        prompt = Prompt(rules=self.rules, without=hidden)  # type: ignore[arg-type]
        return tuple(self._without_hidden(message) for message in prompt.conversation(item))

    def _without_hidden(self, message: Message) -> Message:
        kept = tuple(
            part
            for part in message.parts
            if isinstance(part, Text) or part.place not in self.hidden or type(part).__name__ != "Picture"
        )
        return replace(message, parts=kept)


def example(
    task: str,
    messages: tuple[Message, ...],
    kind: str,
    answer: str,
    source: str,
    *,
    absence: Absence = "none",
    context: int | None = None,
    twin: str | None = None,
) -> Example:
    """An example without an ID."""
    return Example("", task, messages, kind, answer, absence, context, source, twin)
