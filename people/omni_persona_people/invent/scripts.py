"""Decides what a person says in the four clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omni_persona_people.invent import sentences
from omni_persona_people.invent.deck import Deck
from omni_persona_people.invent.overlap import Footprints
from omni_persona_people.invent.speech import SHORTEST
from omni_persona_people.invent.voices import Speaker

# Longer clips cost space and say nothing more.
_LEAST, _MOST = SHORTEST + 0.05, SHORTEST + 0.75


@dataclass(frozen=True)
class Script:
    """What is said in one clip."""

    role: str
    """`reference` or `query`."""
    text: str
    afterthought: str
    """Said as well if the clip turns out too short."""


class Talk:
    """Deals sentences to people one after another."""

    def __init__(self, deck_rng: np.random.Generator) -> None:
        self._topics = Deck(sentences.TOPIC_FRAMES, deck_rng)
        self._quotes = Deck(sentences.QUOTE_FRAMES, deck_rng)
        self._everyday = Deck(sentences.EVERYDAY, deck_rng)
        self._afterthoughts = Deck(sentences.AFTERTHOUGHTS, deck_rng)

    def scripts(self, profile: dict[str, str], speaker: Speaker) -> tuple[Script, Script, Script, Script]:
        """Two references, which speak topic and quote verbatim, and two queries of everyday talk.

        `profile` holds the name as well. Neither the queries nor the frames around topic and quote share a
        content word with any fact.
        """
        known = Footprints(*profile.values())
        texts = [
            self._frame(self._topics, profile["topic"], known, speaker),
            self._frame(self._quotes, profile["quote"], known, speaker),
            self._plain(known, speaker),
            self._plain(known, speaker),
        ]
        roles = ("reference", "reference", "query", "query")
        four = [Script(role, text, self._aside(known)) for role, text in zip(roles, texts, strict=True)]
        return four[0], four[1], four[2], four[3]

    def _frame(self, frames: Deck[str], fact: str, known: Footprints, speaker: Speaker) -> str:
        quiet = [frame for frame in frames.cards if not known.meets(frame)]
        fitting = [frame for frame in quiet if fits(frame.format(fact), speaker)]
        # A fact too long for any frame gets the shortest.
        fitting = fitting or [min(quiet, key=len)]
        return frames.draw(lambda frame: frame in fitting).format(fact)

    def _plain(self, known: Footprints, speaker: Speaker) -> str:
        return self._everyday.draw(lambda text: fits(text, speaker) and not known.meets(text))

    def _aside(self, known: Footprints) -> str:
        return self._afterthoughts.draw(lambda text: not known.meets(text))


def fits(text: str, speaker: Speaker) -> bool:
    """Whether `text` takes about as long as a clip should."""
    return _LEAST <= len(text) / speaker.tempo <= _MOST
