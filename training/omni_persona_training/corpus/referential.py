"""Localization and verification: whose face, whose voice, which emotion, who speaks when."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from omni_persona import Media
from omni_persona_training.corpus import wording
from omni_persona_training.corpus.example import Example
from omni_persona_training.corpus.sounds import MANNERS, conversation, spoken_as
from omni_persona_training.corpus.source import Person
from omni_persona_training.corpus.studio import Drawn, Show, Studio, example

Modality = Literal["image", "audio"]
Pair = tuple[Example | None, Example | None]
"""An example and its twin with a different answer."""

NOTHING: Pair = (None, None)


def recognisable(studio: Studio, modality: Modality) -> set[str]:
    """People with two media of a kind: one to show in a context, one to query with."""
    return {name for name, person in studio.source.people.items() if len(_media(person, modality)) > 1}


def localization(studio: Studio, modality: Modality, able: set[str]) -> Pair:
    """Which context matches; the twin has the same contexts and question, but a query person who is in none of them."""
    drawn = studio.memories(able)
    stranger = None if drawn is None else studio.stranger(drawn, able)
    if drawn is None or stranger is None:
        return NOTHING
    task = f"{modality}_localization"
    words = studio.pick(wording.LOCALIZE_FACE if modality == "image" else wording.LOCALIZE_VOICE)
    twin = f"{task} {drawn.scene.sample_id} {studio.rng.integers(1 << 40)}"

    def asked(medium: Media, answer: str, context: int) -> Example:
        show = _asked_with(Show(wording.LOCALIZE, drawn.memories), modality, medium)
        absence = "none" if context else "absent_persona"
        return example(
            task,
            show.messages(words),
            "localization",
            answer,
            drawn.scene.sample_id,
            absence=absence,  # type: ignore[arg-type]
            context=context,
            twin=twin,
        )

    number = drawn.place + 1
    return asked(_other(studio, drawn, modality), str(number), number), asked(
        studio.pick(_media(stranger, modality)), "none", 0
    )


def verification(studio: Studio, modality: Modality, able: set[str]) -> Pair:
    """Answer "yes"; the twin, with the same contexts and query, asks about another context: "no"."""
    drawn = studio.memories(able)
    if drawn is None:
        return NOTHING
    task = f"{modality}_verification"
    words = studio.pick(wording.VERIFY_FACE if modality == "image" else wording.VERIFY_VOICE)
    twin = f"{task} {drawn.scene.sample_id} {studio.rng.integers(1 << 40)}"
    show = _asked_with(Show(wording.VERIFY, drawn.memories), modality, _other(studio, drawn, modality))
    wrong = studio.pick([place for place in range(len(drawn.memories)) if place != drawn.place])

    def asked(place: int, answer: str) -> Example:
        return example(
            task,
            show.messages(words.format(n=place + 1)),
            "verification",
            answer,
            drawn.scene.sample_id,
            context=drawn.place + 1,
            twin=twin,
        )

    return asked(drawn.place, "yes"), asked(wrong, "no")


def emotion(studio: Studio, able: set[str]) -> Pair:
    """Which context's speaker has an emotion; in the twin, none has it."""
    drawn = studio.memories(able)
    if drawn is None:
        return NOTHING
    how, clip = _emotional(studio, drawn)
    words = studio.pick(wording.EMOTION).format(how=how)
    twin = f"emotion {drawn.scene.sample_id} {studio.rng.integers(1 << 40)}"
    neutral = _neutral(studio, drawn)

    def asked(drawn: Drawn, answer: str, context: int) -> Example:
        show = Show(wording.LOCALIZE, drawn.memories, pictures=False)
        absence = "none" if context else "absent_persona"
        return example(
            "emotion_speaker_localization",
            show.messages(words),
            "localization",
            answer,
            drawn.scene.sample_id,
            absence=absence,  # type: ignore[arg-type]
            context=context,
            twin=twin,
        )

    number = neutral.place + 1
    target = replace(neutral.target, audio=clip)
    memories = (*neutral.memories[: neutral.place], target, *neutral.memories[number:])
    return asked(replace(neutral, memories=memories), str(number), number), asked(neutral, "none", 0)


def conversation_speaker(studio: Studio, able: set[str]) -> Pair:
    """Who speaks first, second or third in a conversation; in the twin, another person does."""
    drawn = studio.memories(able)
    stranger = None if drawn is None else studio.stranger(drawn, able)
    if drawn is None or stranger is None:
        return NOTHING
    others = [memory for memory in drawn.memories if memory.person in able and memory is not drawn.target]
    if not others:
        return NOTHING
    speakers = studio.shuffled([drawn.target, *studio.shuffled(others)[:2]])
    turn = speakers.index(drawn.target)
    clips = [studio.other(studio.source.people[one.person].clips, one.audio) for one in speakers]
    words = studio.pick(wording.CONVERSATION).format(turn=wording.TURNS[turn])
    twin = f"conversation {drawn.scene.sample_id} {studio.rng.integers(1 << 40)}"

    def asked(clips: list[Media], answer: str, context: int) -> Example:
        heard = conversation([studio.samples(clip) for clip in clips])
        key = ("conversation", *(str(id(clip)) for clip in clips))
        show = Show(wording.LOCALIZE, drawn.memories, pictures=False, query_audio=studio.made(key, heard))
        absence = "none" if context else "absent_persona"
        return example(
            "conversation_speaker_localization",
            show.messages(words),
            "localization",
            answer,
            drawn.scene.sample_id,
            absence=absence,  # type: ignore[arg-type]
            context=context,
            twin=twin,
        )

    number = drawn.place + 1
    changed = [*clips[:turn], studio.pick(stranger.clips), *clips[turn + 1 :]]
    return asked(clips, str(number), number), asked(changed, "none", 0)


def _media(person: Person, modality: Modality) -> list[Media]:
    return person.pictures if modality == "image" else person.clips


def _other(studio: Studio, drawn: Drawn, modality: Modality) -> Media:
    """A medium of the queried person other than the one in the context."""
    shown = drawn.target.image if modality == "image" else drawn.target.audio
    return studio.other(_media(studio.source.people[drawn.target.person], modality), shown)


def _asked_with(show: Show, modality: Modality, medium: Media) -> Show:
    """A query with the asked modality only."""
    return replace(show, query_image=medium) if modality == "image" else replace(show, query_audio=medium)


def _neutral(studio: Studio, drawn: Drawn) -> Drawn:
    """The same contexts without clips that the pool labels as not neutral."""
    memories = []
    for memory in drawn.memories:
        calm = [clip for clip in studio.source.people[memory.person].clips if clip not in studio.source.emotions]
        shown = memory if memory.audio in calm or not calm else replace(memory, audio=studio.pick(calm))
        memories.append(shown)
    return replace(drawn, memories=tuple(memories))


def _emotional(studio: Studio, drawn: Drawn) -> tuple[str, Media]:
    """An emotion of the queried person and a clip with it: one labelled by the pool, or else one modified by us."""
    clips = studio.source.people[drawn.target.person].clips
    known = [clip for clip in clips if clip in studio.source.emotions]
    if known:
        clip = studio.pick(known)
        return studio.source.emotions[clip], clip
    clip, how = studio.pick(clips), studio.pick(sorted(MANNERS))
    return how, studio.made((how, str(id(clip))), spoken_as(studio.samples(clip), how))
