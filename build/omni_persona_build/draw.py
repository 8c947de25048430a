"""Draw one sample from people any of whom could be the one asked about, or the one who is missing.

K + 1 people are drawn, and all of them get a memory and a query under the same rules. Then one is dropped: the person
asked about if somebody is to be missing, otherwise another. So nothing about the people reveals which one it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from omni_persona_build.plan import PlannedItem, PlannedSample
from omni_persona_build.recipe import Recipe
from omni_persona_build.sample import Facts, Memory, Question, Sample
from omni_persona_build.sample_rules import READ, SAID_TWICE, says_the_same, spoken_content, tells_of_itself
from omni_persona_people import wording
from omni_persona_people.content_words import alike, share_words
from omni_persona_people.persona import Clip, Persona, Picture

Medium = TypeVar("Medium", Picture, Clip)


WORDINGS = 4
"""Attempts to word a note."""


class UnmetNeedError(Exception):
    """The people drawn cannot form a sample; the message names the need that they do not meet."""


@dataclass(frozen=True)
class Fields:
    """The fields that the notes of a sample state; everybody drawn has a value for each."""

    left_out: Mapping[str, str]
    """Kind of attribute -> the field of that kind that one note omits and all others state, asked for or not."""
    cue: str | None
    """The field that T2T describes people by; None if the recipe has no T2T."""

    @property
    def common(self) -> tuple[str, ...]:
        """All fields together."""
        return (*self.left_out.values(), *(() if self.cue is None else (self.cue,)))


class SampleDraw:
    """Draws the media, notes and questions of a planned sample for given people."""

    def __init__(
        self,
        recipe: Recipe,
        planned: PlannedSample,
        rng: np.random.Generator,
        questions: Mapping[str, Sequence[str]],
        common_words: frozenset[str],
    ) -> None:
        """questions: the pool's own, by asked field. common_words: words that several people of the pool say."""
        self._recipe, self._planned, self._rng = recipe, planned, rng
        self._own_questions, self._common_words = questions, common_words
        self._heard, self._asks_by_voice = "T2Any" in recipe.groups, "A2A" in recipe.groups

    def sample(self, first: Persona, others: Sequence[Persona], fields: Fields, number: int) -> Sample:
        """Draw a sample that contains the first person and some of the others, in any position.

        others: in random order. number: people to draw. If it is K + 1, all of them follow the same rules and one is
        dropped. If it is K, the person missing from the memories is one more of the others and is not bound by the
        rules. Raises `UnmetNeedError`.
        """
        contexts, position = self._recipe.contexts, self._planned.position
        drawn = self._together(first, others, fields, number)
        order = [drawn[place] for place in self._rng.permutation(number)]
        people, clips = [person for person, _ in order], [clip for _, clip in order]
        exempt = position is None and number == contexts
        if exempt:
            people.append(next(person for person in others if person not in people))
            clips.append(self._pick(people[-1].clips))
        place = contexts if position is None else position
        queried = people[place]
        query_clips = self._query_clips(people if number > contexts else [queried], people, clips, fields)
        silent = self._silent(fields)
        # If nobody is identified by what they say, a note may repeat it.
        said = [spoken_content(person, clip) for person, clip in zip(people, clips, strict=True) if self._heard]
        said += [clip.transcript for clip in query_clips if clip.transcript]
        facts = self._facts(people, silent, fields.cue, said)
        memories = [
            Memory(
                person,
                self._pick(person.pictures),
                clip,
                stated,
                self._note(
                    person, stated, [*said, *(str(person.value(field)) for field in silent if silent[field] == at)]
                ),
            )
            for at, (person, clip, stated) in enumerate(zip(people, clips, facts, strict=True))
        ]
        groups = {item.task.group for item in self._planned.items}
        query_clip = query_clips[place if number > contexts else 0] if "A2A" in groups else None
        return Sample(
            self._planned,
            queried,
            position,
            fields.cue,
            self._heard,
            tuple(memories[:contexts]),
            self._pick(queried.query_pictures) if "I2I" in groups else None,
            query_clip,
            tuple(self._question(item, fields, queried, clips[place]) for item in self._planned.items),
            tuple(fields.left_out.values()),
            tuple(memories[contexts:]) if number > contexts else (),
            exempt,
            tuple(query_clips),
        )

    def _together(
        self, first: Persona, others: Sequence[Persona], fields: Fields, number: int
    ) -> list[tuple[Persona, Clip]]:
        """People who may share a sample, including the first one, and the clip of each that is heard."""
        heard = self._heard
        drawn: list[tuple[Persona, Clip]] = []
        reasons: Counter[str] = Counter()
        for person in (first, *others):
            values = [(one.value(field), person.value(field)) for one, _ in drawn for field in fields.common]
            if any(alike(str(one), str(other)) for one, other in values):
                reasons["two people share what is asked for"] += 1
                continue
            clips = [clip for clip in person.clips if not (heard and any(says_the_same(clip, one) for _, one in drawn))]
            reasons[SAID_TWICE] += not clips
            fitting = [clip for clip in clips if not (heard and tells_of_itself(person, clip, fields.common))]
            reasons[READ] += bool(clips) and not fitting
            if fitting:
                drawn.append((person, self._pick(fitting)))
            if len(drawn) == number:
                return drawn
            if not drawn:
                break
        raise UnmetNeedError(reasons.most_common(1)[0][0] if reasons.total() else "too few people")

    def _query_clips(
        self, asked: Sequence[Persona], people: Sequence[Persona], clips: Sequence[Clip], fields: Fields
    ) -> list[Clip]:
        """The clip that each person could be asked about with; empty if the recipe has no voice queries."""
        if not self._asks_by_voice:
            return []
        values = [str(person.value(field)) for person in people for field in fields.common]
        queries = []
        for person in asked:
            fitting = [
                clip
                for clip in person.query_clips
                if clip.transcript is None
                or (
                    not any(share_words(clip.transcript, value) for value in values)
                    and (clip.transcript in self._common_words or not any(says_the_same(clip, one) for one in clips))
                )
            ]
            if not fitting:
                raise UnmetNeedError("a query clip says what a note states, or what a memory's clip says")
            queries.append(self._pick(fitting))
        return queries

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
        self, people: Sequence[Persona], silent: Mapping[str, int], cue: str | None, said: Sequence[str]
    ) -> list[Facts]:
        """The facts that each note states, as (field, value); all notes state the same number, padded with other facts.

        said: texts that share no content word with the padding facts.
        """
        common = [*silent] if cue is None else [cue, *silent]
        stated = [[field for field in common if silent.get(field) != place] for place in range(len(people))]
        spare = [
            [
                field
                for field in wording.FILLERS
                if field not in common
                and (value := person.value(field)) is not None
                and not any(share_words(value, one) for one in said)
            ]
            for person in people
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

    def _note(self, person: Persona, facts: Facts, others: Sequence[str]) -> str:
        """A note that shares no words with other texts. Raises `UnmetNeedError`."""
        for _ in range(WORDINGS):
            note = wording.note(facts, self._rng, person.statements)
            if not any(share_words(one, note) for one in others):
                return note
        raise UnmetNeedError("a note holds what is said, or what it leaves out")

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
