"""Choose what a person says in the four clips, in which mood, and how it is recorded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from omni_persona_people.deck import Deck
from omni_persona_people.invent.overlap import Footprints
from omni_persona_people.invent.speech import SHORTEST
from omni_persona_people.invent.vocabulary import all_readings, word_lists
from omni_persona_people.natural.conditions import Conditions, draw_conditions
from omni_persona_people.natural.speakers import MOODS

# Longer clips take space without adding information.
_LEAST, _MOST = SHORTEST + 0.05, SHORTEST + 0.75


class Tempo(Protocol):
    """The speaking rate of a speaker."""

    @property
    def tempo(self) -> float:
        """Approximate number of characters spoken per second."""


@dataclass(frozen=True)
class Script:
    """The text of one clip, and how it is recorded."""

    role: str
    """`reference` or `query`."""
    text: str
    afterthought: str
    """Added if the clip is too short."""
    mood: str
    """One of `MOODS`; only natural voices express it."""
    conditions: Conditions
    """Recording conditions; used only for natural voices."""


class Talk:
    """Deals sentences to one person after another."""

    def __init__(self, deck_rng: np.random.Generator, taken: Collection[str] = ()) -> None:
        """taken: sentences of other people, which are not dealt."""
        lists = word_lists("sentences")
        self._topics = Deck(lists["topic_frames"], deck_rng)
        self._quotes = Deck(lists["quote_frames"], deck_rng)
        everyday = [text for text in all_readings(lists["everyday"]) if text not in set(taken)]
        self._everyday = Deck(everyday, deck_rng)
        self._afterthoughts = Deck(lists["afterthoughts"], deck_rng)

    def scripts(
        self, profile: dict[str, str], mood: str, speaker: Tempo, rng: np.random.Generator
    ) -> tuple[Script, Script, Script, Script]:
        """Two references, which contain topic and quote verbatim in the given mood, and two queries in any mood.

        `profile` includes the name. Neither the queries nor the sentences around topic and quote share a content word
        with any fact.
        """
        known = Footprints(*profile.values())
        texts = [
            self._frame(self._topics, "TOPIC", profile["topic"], known, speaker),
            self._frame(self._quotes, "QUOTE", profile["quote"], known, speaker),
            self._plain(known, speaker),
            self._plain(known, speaker),
        ]
        roles = ("reference", "reference", "query", "query")
        moods = (mood, mood, *(str(one) for one in rng.choice(list(MOODS), 2)))
        four = [
            Script(role, text, self._aside(known), one, draw_conditions(rng))
            for role, text, one in zip(roles, texts, moods, strict=True)
        ]
        return four[0], four[1], four[2], four[3]

    def _frame(self, frames: Deck[str], place: str, fact: str, known: Footprints, speaker: Tempo) -> str:
        quiet = [frame for frame in frames.cards if not known.meets(frame.replace(place, ""))]
        fitting = [frame for frame in quiet if fits(frame.replace(place, fact), speaker)]
        # A fact too long for every frame gets the shortest one.
        fitting = fitting or [min(quiet, key=len)]
        return frames.draw(lambda frame: frame in fitting).replace(place, fact)

    def _plain(self, known: Footprints, speaker: Tempo) -> str:
        return self._everyday.draw(lambda text: fits(text, speaker) and not known.meets(text))

    def _aside(self, known: Footprints) -> str:
        return self._afterthoughts.draw(lambda text: not known.meets(text))


def fits(text: str, speaker: Tempo) -> bool:
    """Whether `text` takes about as long to speak as a clip should last."""
    return _LEAST <= len(text) / speaker.tempo <= _MOST
