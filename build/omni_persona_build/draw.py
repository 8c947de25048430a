"""Draw one sample from people any of whom could be the one asked about, or the one who is missing.

K + 1 people are drawn who fit every role, and all of them get a memory and a query. Then one is dropped: the person
asked about if somebody is to be missing, otherwise another. So nothing about the people reveals which one it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from omni_persona_build.candidate import Drawn
from omni_persona_build.field_fits import FieldFits
from omni_persona_build.fields import Fields
from omni_persona_build.plan import PlannedItem, PlannedSample
from omni_persona_build.recipes import Recipe
from omni_persona_build.sample import Facts, Memory, Question, Sample
from omni_persona_build.sample_rules import UnmetNeedError, flaw, says_the_same
from omni_persona_build.together import Rules, Together
from omni_persona_people.persona import Clip, Persona, Picture
from omni_persona_people.rules import wording
from omni_persona_people.rules.content_words import content_words, share_words

Medium = TypeVar("Medium", Picture, Clip)


WORDINGS = 8
"""Attempts to word a sample before other people are drawn."""


class SampleDraw:
    """Draws the media, notes and questions of a planned sample for given people."""

    def __init__(
        self,
        recipe: Recipe,
        planned: PlannedSample,
        rng: np.random.Generator,
        questions: Mapping[str, Sequence[str]],
        fits: FieldFits,
        common_words: frozenset[str],
    ) -> None:
        """questions: the pool's own, by asked field. fits: of the people to draw from.

        common_words: words that several people of the pool say.
        """
        self._recipe, self._planned, self._rng = recipe, planned, rng
        self._own_questions, self._fits, self._common_words = questions, fits, common_words
        self._heard, self._asks_by_voice = "T2Any" in recipe.groups, "A2A" in recipe.groups

    def sample(self, people: Sequence[int], fields: Fields, number: int, strict: bool) -> Sample:
        """Draw a sample that contains the first person and some of the others, in any position.

        people: their indices, in random order but for the first. number: people to draw. If it is K + 1, one is
        dropped. If it is K, the person missing from the memories is one more of the others and is not bound by the
        rules. strict: everybody drawn fits every role. Raises `UnmetNeedError`.
        """
        contexts, position = self._recipe.contexts, self._planned.position
        left_out = tuple(fields.left_out.values())
        rules = Rules(fields.common, left_out, self._heard, self._asks_by_voice, strict, self._common_words)
        drawn = Together(rules, self._rng, self._fits).fill(people, number)
        order = [drawn[place] for place in self._rng.permutation(number)]
        if exempt := position is None and number == contexts:
            known = [one.person for one in order]
            candidates = (self._fits.people[index].person for index in people)
            other = next(person for person in candidates if person not in known)
            order.append(Drawn(other, self._pick(other.clips), None))
        place = contexts if position is None else position
        if self._asks_by_voice and not strict:
            order[place] = self._asked_with(order[place], order, fields)
        # Who gets which role stays as it is: people who are hard to word in one role would get that role less often.
        unmet = ""
        for _ in range(WORDINGS):
            try:
                sample = self._worded(order, place, fields, exempt)
            except UnmetNeedError as error:
                unmet = str(error)
                continue
            unmet = flaw(sample, self._common_words) or ""
            if not unmet:
                return sample
        raise UnmetNeedError(unmet)

    def _worded(self, order: Sequence[Drawn], place: int, fields: Fields, exempt: bool) -> Sample:
        """A sample of people whose roles are known. place: that of the person asked about."""
        contexts, queried = self._recipe.contexts, order[place]
        silent = self._silent(fields)
        # If nobody is identified by what they say, a note may repeat it.
        said = frozenset[str]().union(*(one.said(self._heard) for one in order))
        avoided = [
            said.union(*(content_words(str(one.person.value(field))) for field in silent if silent[field] == at))
            for at, one in enumerate(order)
        ]
        facts = self._facts([one.person for one in order], silent, fields.cue, avoided)
        memories = [
            Memory(
                one.person,
                self._pick(one.person.pictures),
                one.clip,
                stated,
                wording.note(stated, self._rng, one.person.statements, words),
            )
            for one, stated, words in zip(order, facts, avoided, strict=True)
        ]
        groups = {item.task.group for item in self._planned.items}
        return Sample(
            self._planned,
            queried.person,
            self._planned.position,
            fields.cue,
            self._heard,
            tuple(memories[:contexts]),
            self._pick(queried.person.query_pictures) if "I2I" in groups else None,
            queried.query_clip if "A2A" in groups else None,
            tuple(self._question(item, fields, queried.person, queried.clip) for item in self._planned.items),
            tuple(fields.left_out.values()),
            () if exempt else tuple(memories[contexts:]),
            exempt,
            tuple(one.query_clip for one in order if one.query_clip is not None),
        )

    def _asked_with(self, queried: Drawn, everybody: Sequence[Drawn], fields: Fields) -> Drawn:
        """The person asked about, with a query clip that repeats neither a note nor a memory's clip."""
        values = [str(one.person.value(field)) for one in everybody for field in fields.common]
        fitting = [
            clip
            for clip in queried.person.query_clips
            if clip.transcript is None
            or (
                not any(share_words(clip.transcript, value) for value in values)
                and (
                    clip.transcript in self._common_words or not any(says_the_same(clip, one.clip) for one in everybody)
                )
            )
        ]
        if not fitting:
            raise UnmetNeedError("a query clip says what a note states, or what a memory's clip says")
        return Drawn(queried.person, queried.clip, self._pick(fitting))

    def _silent(self, fields: Fields) -> dict[str, int]:
        """Field -> position of the note that omits it, one of the K that remain."""
        planned, places = self._planned, range(self._recipe.contexts)
        absent = {item.task.asked_group: item.absence == "absent_attribute" for item in planned.items}
        silent = {}
        for kind, field in fields.left_out.items():
            # If no question asks for this kind, the plan says whether the queried person's note omits it: the notes
            # must not reveal which kinds are asked for.
            by_queried = absent.get(kind, kind in planned.left_out)
            fitting = [
                place for place in places if planned.position is None or (place == planned.position) == by_queried
            ]
            silent[field] = int(self._rng.choice(fitting))
        return silent

    def _facts(
        self,
        people: Sequence[Persona],
        silent: Mapping[str, int],
        cue: str | None,
        avoided: Sequence[frozenset[str]],
    ) -> list[Facts]:
        """The facts that each note states, as (field, value); all notes state the same number, padded with other facts.

        avoided: for each person, stems of words that the padding facts must not hold.
        """
        common = [*silent] if cue is None else [cue, *silent]
        stated = [[field for field in common if silent.get(field) != place] for place in range(len(people))]
        spare = [
            [
                field
                for field in wording.FILLERS
                if field not in common
                and (value := person.value(field)) is not None
                and wording.sayable(field, value, words, person.statements)
            ]
            for person, words in zip(people, avoided, strict=True)
        ]
        possible = min(len(fields) + len(more) for fields, more in zip(stated, spare, strict=True))
        length = max(*(len(fields) for fields in stated), min(len(common), possible))
        for fields, more, person in zip(stated, spare, people, strict=True):
            missing = length - len(fields)
            if missing > len(more):
                raise UnmetNeedError(f"{person.persona_id} has too few fields to fill a note")
            fields += [str(field) for field in self._rng.choice(more, missing, replace=False)] if missing else []
        return [
            tuple((field, str(person.value(field))) for field in fields)
            for fields, person in zip(stated, people, strict=True)
        ]

    def _question(self, item: PlannedItem, fields: Fields, queried: Persona, clip: Clip) -> Question:
        """A planned item in words. clip: a clip in which the person asked about is heard."""
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
