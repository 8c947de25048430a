"""Draw one sample from people who could each be the one asked about, or the one who is missing.

K + 1 people are drawn, and all of them get what a memory and a query need, under the same rules. Then one is dropped:
the one asked about, where somebody is to be missing, or another. So nothing about the people tells which it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from omni_persona_build.plan import PlannedItem, PlannedSample
from omni_persona_build.recipe import Recipe
from omni_persona_build.sample import Facts, Memory, Question, Sample
from omni_persona_build.sample_rules import READ, SAID_TWICE, says_the_same, stated_fields, tells_of_itself
from omni_persona_people import wording
from omni_persona_people.pool import Clip, Persona, Picture

Medium = TypeVar("Medium", Picture, Clip)


class UnmetNeedError(Exception):
    """The people drawn cannot make a sample; the message says which need they do not meet."""


@dataclass(frozen=True)
class Fields:
    """What the notes of a sample state: fields that everybody drawn has a value for."""

    left_out: Mapping[str, str]
    """Kind of attribute -> the field of that kind that one note leaves out and all others state, asked for or not."""
    cue: str | None
    """What T2T describes people by; None where the recipe has no T2T."""


class SampleDraw:
    """Draws the media, notes and questions of a planned sample for people who are given."""

    def __init__(
        self,
        recipe: Recipe,
        planned: PlannedSample,
        rng: np.random.Generator,
        questions: Mapping[str, Sequence[str]],
        common_words: frozenset[str],
    ) -> None:
        """questions: the pool's own, by asked field. common_words: what several people of the pool say."""
        self._recipe, self._planned, self._rng = recipe, planned, rng
        self._own_questions, self._common_words = questions, common_words

    def sample(self, people: Sequence[Persona], fields: Fields, alike: bool) -> Sample:
        """A sample of the first K people; whoever is beyond them is dropped. Raises `UnmetNeedError`.

        alike: whether the one who is dropped keeps the rules of those who stay.
        """
        contexts, position = self._recipe.contexts, self._planned.position
        queried = people[contexts] if position is None else people[position]
        silent = self._silent(fields)
        facts = self._facts(people, silent, fields.cue)
        query_clips = self._query_clips(people if alike else [queried])
        clips = self._clips(people if alike else people[:contexts], facts, query_clips)
        # Whoever is not held to the rules is asked about by anything that they say.
        clips += [self._pick(persona.clips) for persona in people[len(clips) :]]
        memories = [
            Memory(
                persona, self._pick(persona.pictures), clip, stated, wording.note(stated, self._rng, persona.statements)
            )
            for persona, clip, stated in zip(people, clips, facts, strict=True)
        ]
        groups = {item.task.group for item in self._planned.items}
        place = people.index(queried)
        return Sample(
            queried,
            position,
            fields.cue,
            "T2Any" in self._recipe.groups,
            tuple(memories[:contexts]),
            self._pick(queried.query_pictures) if "I2I" in groups else None,
            query_clips[place if alike else 0] if "A2A" in groups else None,
            tuple(self._question(item, fields, queried, clips[place]) for item in self._planned.items),
            tuple(fields.left_out.values()),
            tuple(memories[contexts:]) if alike else (),
            tuple(query_clips),
        )

    def _silent(self, fields: Fields) -> dict[str, int]:
        """Field -> the place of the note that leaves it out, one of the K that stay."""
        planned, places = self._planned, range(self._recipe.contexts)
        absent = {item.task.asked_group: item.absence == "absent_attribute" for item in planned.items}
        silent = {}
        for kind, field in fields.left_out.items():
            # Where nobody asks, the notes must not tell: whoever could be asked about leaves out as much.
            by_queried = absent.get(kind, kind in planned.left_out)
            fitting = [
                place for place in places if planned.position is None or (place == planned.position) == by_queried
            ]
            silent[field] = int(self._rng.choice(fitting))
        return silent

    def _facts(self, people: Sequence[Persona], silent: Mapping[str, int], cue: str | None) -> list[Facts]:
        """What each note states, as (field, value): equally many facts, in the end filled up with others."""
        common = [*silent] if cue is None else [cue, *silent]
        stated = [[field for field in common if silent.get(field) != place] for place in range(len(people))]
        spare = [
            [field for field in wording.FILLERS if field not in common and persona.value(field) is not None]
            for persona in people
        ]
        possible = min(len(fields) + len(more) for fields, more in zip(stated, spare, strict=True))
        length = max(*(len(fields) for fields in stated), min(len(common), possible))
        for fields, more, persona in zip(stated, spare, people, strict=True):
            missing = length - len(fields)
            if missing > len(more):
                raise UnmetNeedError(f"{persona.persona_id} has too few fields to fill a note")
            fields += [str(field) for field in self._rng.choice(more, missing, replace=False)] if missing else []
        return [
            tuple((field, str(persona.value(field))) for field in fields)
            for fields, persona in zip(stated, people, strict=True)
        ]

    def _query_clips(self, people: Sequence[Persona]) -> list[Clip]:
        """What each person could be asked about with; none where the recipe does not ask by voice."""
        return [self._pick(persona.query_clips) for persona in people] if "A2A" in self._recipe.groups else []

    def _clips(self, people: Sequence[Persona], facts: Sequence[Facts], queries: Sequence[Clip]) -> list[Clip]:
        """A clip of each person: nobody says what a query clip does, and those who are to be heard, nothing alike."""
        heard, fields = "T2Any" in self._recipe.groups, stated_fields(facts)
        unlike = [query for query in queries if query.transcript not in self._common_words]
        clips: dict[int, Clip] = {}
        for place in self._rng.permutation(len(people)).tolist():
            others = [*unlike, *(clips.values() if heard else ())]
            fitting = [clip for clip in people[place].clips if not any(says_the_same(clip, other) for other in others)]
            if not fitting:
                raise UnmetNeedError(SAID_TWICE)
            if heard:
                fitting = [clip for clip in fitting if not tells_of_itself(people[place], clip, fields)]
            if not fitting:
                raise UnmetNeedError(READ)
            clips[place] = self._pick(fitting)
        return [clips[place] for place in range(len(people))]

    def _question(self, item: PlannedItem, fields: Fields, queried: Persona, clip: Clip) -> Question:
        """A planned item in words. clip: what the person asked about can be heard saying."""
        asked = fields.left_out[item.task.asked_group]
        cue = phrase = None
        if item.task.group == "T2T":
            assert fields.cue is not None
            cue = str(queried.value(fields.cue))
            phrase = wording.describe(fields.cue, cue)
        elif item.task.group == "T2Any":
            if not clip.transcript:
                raise UnmetNeedError(f"a clip of {queried.persona_id} has no transcript")
            phrase, cue = wording.heard(clip.transcript, queried.profile.topic)
        text = wording.question(item.task.group, asked, phrase, self._rng, self._own_questions.get(asked, ()))
        return Question(item, asked, cue, text)

    def _pick(self, media: Sequence[Medium]) -> Medium:
        return media[int(self._rng.integers(len(media)))]
