"""Count leaks in a release's items: cues of other modalities by which a query can be answered without its own.

Leaks are counted for each group over the items as published. They never fail an import; they are reported, so that
users of the release know what a score may be based on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

import omni_persona
from omni_persona import Item, Media
from omni_persona_people.rules.content_words import WORD, content_words, states
from omni_persona_people.rules.function_words import is_function_word
from omni_persona_perception import MediaError, Vectors, face_vectors, voice_vectors

TITLES = {"Dr", "Mr", "Mrs", "Ms", "Prof", "Professor"}


@dataclass(frozen=True)
class Leak:
    """Number of items affected by one kind of leak."""

    what: str
    found: dict[str, tuple[int, int]]
    """Group -> (items that leak, items that could). A group that uses this cue by design has no entry."""


def count_leaks(items: Iterable[Item], progress: Callable[[int], None] = lambda done: None) -> list[Leak]:
    """Count every kind of leak over the items. progress: called with the number of items looked at."""
    vectors = _Vectors()
    kinds: dict[str, Callable[[Item], bool | None]] = {
        "the query comes with a face, whatever it asks by": lambda item: _foreign(item, "I2I", item.query_image),
        "… and comparing faces finds the person": lambda item: vectors.face_finds(item),
        "the query comes with a voice, whatever it asks by": lambda item: _foreign(item, "A2A", item.query_audio),
        "… and comparing voices finds the person": lambda item: vectors.voice_finds(item),
        "the query's face or voice is a context's own": _reused,
        "the question names the person": _named,
        "the question's words fit the person's note best": _read,
        "the question holds the answer": _holds_answer,
    }
    found: dict[str, dict[str, tuple[int, int]]] = {what: {} for what in kinds}
    for done, item in enumerate(items, start=1):
        for what, leaks in kinds.items():
            if (answer := leaks(item)) is not None:
                hits, number = found[what].get(item.task.group, (0, 0))
                found[what][item.task.group] = (hits + answer, number + 1)
        progress(done)
    return [Leak(what, groups) for what, groups in found.items()]


def leak_rows(leaks: Sequence[Leak]) -> list[list[str]]:
    """Table rows: kind of leak, then for each group the number of items that leak and that could, or a dash."""
    rows = []
    for leak in leaks:
        counts = (leak.found.get(group) for group in omni_persona.GROUPS)
        rows.append([leak.what, *("-" if count is None else f"{count[0]} of {count[1]}" for count in counts)])
    return rows


def _foreign(item: Item, own: str, medium: Media | None) -> bool | None:
    return None if item.task.group == own else medium is not None


def _reused(item: Item) -> bool | None:
    asked = {medium.data for medium in (item.query_image, item.query_audio) if medium is not None}
    remembered = {medium.data for context in item.contexts for medium in (context.image, context.audio)}
    return bool(asked & remembered) if asked else None


def _named(item: Item) -> bool | None:
    """Whether the question contains a word of the name at the start of the person's note."""
    notes = [context.text for context in item.contexts if context.concept_id == item.target_concept_id]
    if not notes:
        return None
    return not set(_words(item.query_text)).isdisjoint(_name(notes[0]))


def _name(note: str) -> list[str]:
    """The first capitalised words of a note, without titles and function words: for `I met Dr. Ada Ex`, Ada and Ex."""
    words = [word for word in _words(note) if word not in TITLES and not is_function_word(word)]
    start = next((place for place, word in enumerate(words) if word[0].isupper()), len(words))
    return list(takewhile(lambda word: word[0].isupper(), words[start:]))


def _words(text: str) -> list[str]:
    return [word.replace("’", "'").removesuffix("'s") for word in WORD.findall(text)]


def _read(item: Item) -> bool | None:
    """Whether the words of a question that should need a face or a voice identify the right note."""
    if item.task.group == "T2T" or item.target_concept_id is None:
        return None
    question = content_words(item.query_text)
    shared = [len(question & content_words(context.text)) for context in item.contexts]
    best = [context.concept_id for context, words in zip(item.contexts, shared, strict=True) if words == max(shared)]
    return best == [item.target_concept_id]


def _holds_answer(item: Item) -> bool | None:
    return states(item.query_text, item.gold_answer) if item.answerable else None


class _Vectors:
    """Vectors of media; each medium is described once."""

    def __init__(self) -> None:
        self._known: dict[bytes, Vectors | None] = {}

    def face_finds(self, item: Item) -> bool | None:
        """Whether the query's face is nearest to the target's, in groups whose cue is not the face."""
        if item.task.group == "I2I" or item.query_image is None:
            return None
        return self._finds(item, item.query_image, [one.image for one in item.contexts], face_vectors)

    def voice_finds(self, item: Item) -> bool | None:
        """Whether the query's voice is nearest to the target's, in groups whose cue is not the voice."""
        if item.task.group == "A2A" or item.query_audio is None:
            return None
        return self._finds(item, item.query_audio, [one.audio for one in item.contexts], voice_vectors)

    def _finds(
        self, item: Item, query: Media, remembered: Sequence[Media], describe: Callable[[Sequence[bytes]], Vectors]
    ) -> bool | None:
        if item.target_concept_id is None:
            return None
        vectors = [self._vector(medium, describe) for medium in (query, *remembered)]
        known = [vector for vector in vectors if vector is not None]
        if len(known) < len(vectors):
            return None
        likeness = np.stack(known[1:]) @ known[0]
        return item.contexts[int(likeness.argmax())].concept_id == item.target_concept_id

    def _vector(self, medium: Media, describe: Callable[[Sequence[bytes]], Vectors]) -> Vectors | None:
        if medium.data not in self._known:
            try:
                self._known[medium.data] = describe([medium.data])[0]
            except MediaError:
                self._known[medium.data] = None
        return self._known[medium.data]
