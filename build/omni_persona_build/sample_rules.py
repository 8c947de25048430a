"""The rules of a sample, which prevent answering a question without its modality.

Three of them are essential:

- The attribute that identifies a person (a face, a voice, a described fact, spoken words) is given once in the question
  and once in that person's memory, in the modality of the group, and nowhere else.
- Of K notes, K - 1 state the asked attribute whether the question can be answered or not, and all notes state the same
  number of facts. So neither the notes alone nor their lengths reveal whom the question means, or whether it can be
  answered.
- All memories have the same form: whatever a question needs of the person it asks about is provided by everybody, in
  every sample, whether it is asked for or not. This includes the person who was drawn and then dropped. So the memories
  do not reveal who is asked about, what is asked, or whether somebody is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, combinations

from omni_persona_build.sample import Facts, Memory, Question, Sample
from omni_persona_people.persona import Clip, Persona
from omni_persona_people.rules import wording
from omni_persona_people.rules.content_words import alike, share_words, states


class UnmetNeedError(Exception):
    """The people drawn cannot form a sample; the message names the need that they do not meet."""


SAID_TWICE = "two clips say the same"
READ = "a note holds what was said"


def flaw(sample: Sample, common_words: Collection[str] = ()) -> str | None:
    """The first rule that a sample breaks, in words, or None.

    common_words: words that several people of a pool say, so that they identify nobody.
    """
    queries = _query_clips(sample)
    media = [medium.digest for memory in sample.drawn for medium in (memory.picture, memory.clip)]
    media += [medium.digest for medium in (sample.query_picture, *queries) if medium is not None]
    if len(set(media)) < len(media):
        return "a picture or clip occurs twice"
    flaws = chain(
        _described_flaws(sample.drawn, sample.cue_field) if sample.cue_field is not None else (),
        _heard_flaws(sample.drawn) if sample.heard else (),
        *(_speech_flaws(sample.memories, query, common_words) for query in queries),
        *(_answer_flaws(sample, question) for question in sample.questions),
        *(_cue_flaws(sample, question, question.cue) for question in sample.questions if question.cue is not None),
        *(_left_out_flaws(sample, field, queries) for field in sample.left_out),
        *(_speech_flaws(sample.dropped, query, common_words) for query in queries),
    )
    return next(flaws, None)


def _query_clips(sample: Sample) -> list[Clip]:
    """Query clips: the clip that is asked with, and those available for the other people who were drawn."""
    clips = {} if sample.query_clip is None else {sample.query_clip.digest: sample.query_clip}
    return [*({clip.digest: clip for clip in sample.query_clips} | clips).values()]


def _described_flaws(memories: Sequence[Memory], field: str) -> Iterator[str]:
    """T2T: every person could be described by a field."""
    if any(memory.value(field) is None for memory in memories):
        yield f"not all notes state the {field}"
    if _shared(memories, field):
        yield f"two people share their {field}"


def _shared(memories: Sequence[Memory], field: str) -> bool:
    """Whether the value that one note states for a field also fits another note."""
    stated = [(memory, value) for memory in memories if (value := memory.value(field)) is not None]
    return any(_fits(other, field, value) for memory, value in stated for other in memories if other is not memory)


def _heard_flaws(memories: Sequence[Memory]) -> Iterator[str]:
    """T2Any: nobody's note contains, or could contain, what they say; and no two people say the same."""
    fields = stated_fields([memory.facts for memory in memories])
    if any(not memory.clip.transcript for memory in memories):
        yield "nobody knows what a clip says"
    for memory in memories:
        content = spoken_content(memory.persona, memory.clip)
        if tells_of_itself(memory.persona, memory.clip, fields) or share_words(content, memory.note):
            yield READ
    if any(says_the_same(one.clip, other.clip) for one, other in combinations(memories, 2)):
        yield SAID_TWICE


def stated_fields(facts: Sequence[Facts]) -> frozenset[str]:
    """Fields that some of the notes of a sample state."""
    return frozenset(field for stated in facts for field, _ in stated)


def tells_of_itself(persona: Persona, clip: Clip, fields: Collection[str]) -> bool:
    """Whether the content that T2Any could use as a cue contains a value of these fields. The person's note then could
    not state that value as the other notes do.
    """
    content = spoken_content(persona, clip)
    return any(share_words(content, value) for field in sorted(fields) if (value := persona.value(field)) is not None)


def spoken_content(persona: Persona, clip: Clip) -> str:
    """The cue of T2Any: the topic if the clip mentions it, else the spoken words; empty if they are unknown."""
    return wording.heard(clip.transcript or "", persona.profile.topic)[1]


def _speech_flaws(memories: Sequence[Memory], query: Clip, common_words: Collection[str]) -> Iterator[str]:
    """A voice must be recognised by its sound: no note repeats what the query clip says, and the clip does not match
    the words of one person's clip alone.
    """
    if query.transcript and any(share_words(query.transcript, memory.note) for memory in memories):
        yield "the query clip says what a note states"
    if query.transcript not in common_words and any(says_the_same(query, memory.clip) for memory in memories):
        yield "the query clip says what a memory's clip says"


def says_the_same(one: Clip, other: Clip) -> bool:
    """Whether the transcripts of two clips are known and could be mistaken for each other."""
    return bool(one.transcript and other.transcript and alike(one.transcript, other.transcript))


def _answer_flaws(sample: Sample, question: Question) -> Iterator[str]:
    """All notes but one state the asked attribute, each another value; the target's states it or does not reveal it."""
    field, gold = question.asked, sample.queried.value(question.asked)
    target = None if sample.position is None else sample.memories[sample.position]
    if sum(memory.value(field) is None for memory in sample.memories) != 1:
        yield f"not all notes but one state the {field}"
    if question.item.absence == "none" and (target is None or gold is None or target.value(field) != gold):
        yield "the note does not state the answer"
    if _shared(sample.memories, field):
        yield f"two people share their {field}"
    if question.item.absence == "absent_attribute" and target is not None and gold is not None:
        yield from _given_away(target, field, gold)
    said = sample.query_clip.transcript if sample.query_clip is not None else None
    if question.item.task.group == "A2A" and said and gold is not None and share_words(said, gold):
        yield "the query clip gives the answer away"


def _given_away(memory: Memory, field: str, value: str) -> Iterator[str]:
    """Neither the note nor the clip reveals what the note leaves out."""
    if share_words(value, memory.note):
        yield f"the note gives the absent {field} away"
    if share_words(value, memory.clip.transcript or ""):
        yield f"the clip gives the absent {field} away"


def _left_out_flaws(sample: Sample, field: str, queries: Sequence[Clip]) -> Iterator[str]:
    """What a question needs of the person it asks about holds for everybody drawn, whether a question asks it or not.

    Otherwise people who do not meet the need would be asked about less often, or be missing less often.
    """
    if _shared(sample.drawn, field):
        yield f"two people share their {field}"
    said = [clip.transcript for clip in queries if clip.transcript]
    for memory in sample.drawn:
        value = memory.persona.value(field)
        if value is None:
            continue
        if memory.value(field) is None:
            yield from _given_away(memory, field, value)
        if any(share_words(one, value) for one in said):
            yield "the query clip gives the answer away"
        if sample.cue_field is not None and share_words(value, memory.persona.value(sample.cue_field) or ""):
            yield "the description gives the answer away"
        if sample.heard and share_words(value, spoken_content(memory.persona, memory.clip)):
            yield "what was said gives the answer away"


def _cue_flaws(sample: Sample, question: Question, cue: str) -> Iterator[str]:
    """A cue fits only the queried person and does not contain the answer."""
    described, gold = question.item.task.group == "T2T", sample.queried.value(question.asked)
    if gold is not None and share_words(cue, gold):
        yield f"{'the description' if described else 'what was said'} gives the answer away"
    others = [memory for place, memory in enumerate(sample.memories) if place != sample.position]
    if described and any(_fits(memory, str(sample.cue_field), cue) for memory in others):
        yield f"two people share their {sample.cue_field}"
    if not described and any(share_words(cue, memory.note) for memory in sample.memories):
        yield READ
    if not described and any(alike(cue, memory.clip.transcript or "") for memory in others):
        yield SAID_TWICE


def _fits(memory: Memory, field: str, value: str) -> bool:
    """Whether a note states a value, or one that could be mistaken for it."""
    stated = memory.value(field)
    return states(memory.note, value) or (stated is not None and alike(stated, value))
