"""Each rule of samples, broken once."""

from dataclasses import replace

import omni_persona
from omni_persona_build.sample_rules import flaw

# ------------------------------------------------------------------------------------------------ each rule, broken


def _find(samples, group, absence):
    for sample in samples:
        for question in sample.questions:
            if question.item.task.group == group and question.item.absence == absence:
                return replace(sample, questions=(question,)), question
    raise AssertionError(f"no {group} {absence}")


def _with_memory(sample, place, **changes):
    memories = list(sample.memories)
    memories[place] = replace(memories[place], **changes)
    return replace(sample, memories=tuple(memories))


def _other(sample):
    return next(place for place in range(4) if place != sample.position)


def test_the_same_picture_twice(samples):
    sample, _ = _find(samples, "I2I", "none")
    assert flaw(replace(sample, query_picture=sample.memories[0].picture)) == "a picture or clip occurs twice"


def test_an_answer_that_the_note_leaves_out(samples):
    sample, question = _find(samples, "T2T", "none")
    target, gold = sample.memories[sample.position], sample.queried.value(question.asked)
    facts = tuple((field, "another" if value == gold else value) for field, value in target.facts)
    assert flaw(_with_memory(sample, sample.position, facts=facts)) == "the note does not state the answer"
    facts = tuple(fact for fact in target.facts if fact[0] != question.asked)
    reason = f"not all notes but one state the {question.asked}"
    assert flaw(_with_memory(sample, sample.position, facts=facts)) == reason


def test_an_answer_that_two_people_share(samples):
    sample, question = _find(samples, "A2A", "none")
    gold = sample.memories[sample.position].value(question.asked)
    note = sample.memories[_other(sample)].note + f" They have {gold}."
    assert flaw(_with_memory(sample, _other(sample), note=note)) == f"two people share their {question.asked}"


def test_others_who_state_one_and_the_same_thing(samples):
    """Else the answer is what one note alone states."""
    for absence in omni_persona.ABSENCES:
        sample, question = _find(samples, "A2A", absence)
        stating = [place for place, memory in enumerate(sample.memories) if memory.value(question.asked)]
        one, other = [place for place in stating if place != sample.position][:2]
        value = sample.memories[one].value(question.asked)
        facts = tuple((field, value if field == question.asked else own) for field, own in sample.memories[other].facts)
        assert flaw(_with_memory(sample, other, facts=facts)) == f"two people share their {question.asked}"


def test_an_absent_attribute_that_the_note_or_the_clip_gives_away(samples):
    sample, question = _find(samples, "I2I", "absent_attribute")
    gold = sample.queried.value(question.asked)
    target = sample.memories[sample.position]
    hinted = _with_memory(sample, sample.position, note=target.note + " " + gold.split()[0])
    assert flaw(hinted) == f"the note gives the absent {question.asked} away"
    spoken = _with_memory(sample, sample.position, clip=replace(target.clip, transcript=gold))
    assert flaw(replace(spoken, heard=False)) == f"the clip gives the absent {question.asked} away"


def test_a_query_clip_that_says_the_answer_where_it_is_in_no_note(samples):
    for absence in ("absent_attribute", "absent_persona"):
        sample, question = _find(samples, "A2A", absence)
        said = replace(sample.query_clip, transcript=f"It was {sample.queried.value(question.asked)}.")
        assert flaw(replace(sample, query_clip=said)) == "the query clip gives the answer away"


def test_a_description_that_fits_two_people_or_holds_the_answer(samples):
    sample, question = _find(samples, "T2T", "none")
    other = sample.memories[_other(sample)]
    fits = _with_memory(sample, _other(sample), note=f"{other.note} {question.cue}")
    assert flaw(fits) == f"two people share their {sample.cue_field}"
    facts = tuple(fact for fact in other.facts if fact[0] != sample.cue_field)
    assert flaw(_with_memory(sample, _other(sample), facts=facts)) == f"not all notes state the {sample.cue_field}"
    gold = sample.queried.value(question.asked)
    telling = replace(sample, questions=(replace(question, cue=gold),))
    assert flaw(telling) == "the description gives the answer away"


def test_spoken_words_that_a_note_holds_or_two_people_say(samples):
    sample, question = _find(samples, "T2Any", "none")
    place = _other(sample)
    other = sample.memories[place]
    read = _with_memory(sample, place, note=f"{other.note} {question.cue}")
    assert flaw(read) == "a note holds what was said"
    for transcript, reason in (
        (question.cue, "two clips say the same"),
        (other.note, "a note holds what was said"),
        (None, "nobody knows what a clip says"),
    ):
        heard = _with_memory(sample, place, clip=replace(other.clip, transcript=transcript))
        assert flaw(heard) == reason


def test_spoken_words_that_only_the_one_who_leaves_them_out_of_the_note_could_say(samples):
    """Three notes that state a topic, each not the one spoken of: the words would be the fourth's."""
    for group in ("T2Any", "I2I"):
        sample, question = _find(samples, group, "none")
        place = next(place for place, one in enumerate(sample.memories) if one.value(question.asked) is None)
        quiet = sample.memories[place]
        changed = replace(quiet.clip, transcript=f"Listen: {quiet.persona.value(question.asked)}!")
        assert flaw(_with_memory(sample, place, clip=changed)) == "a note holds what was said"


def test_two_clips_that_say_the_same(samples):
    """In a sample without T2Any, too: else one that has it would be known by its clips."""
    sample, _ = _find(samples, "I2I", "absent_persona")
    for place in range(2):
        sample = _with_memory(sample, place, clip=replace(sample.memories[place].clip, transcript="one thing"))
    assert flaw(sample) == "two clips say the same"
    assert flaw(replace(sample, heard=False)) is None


def test_a_query_clip_that_says_what_the_memory_says(samples):
    sample, _ = _find(samples, "A2A", "none")
    for memory in sample.memories:
        for transcript, reason in (
            (memory.note, "the query clip says what a note states"),
            (memory.clip.transcript, "the query clip says what a memory's clip says"),
        ):
            said = replace(sample, query_clip=replace(sample.query_clip, transcript=transcript))
            assert flaw(said) == reason
            # Nobody is known by what many people say.
            if reason == "the query clip says what a memory's clip says":
                assert flaw(said, {transcript}) is None


def test_a_note_that_tells_what_it_leaves_out_quietly(samples):
    sample = next(
        one for one in samples if set(one.left_out) > {question.asked for question in one.questions} and one.position
    )
    (field, *_) = set(sample.left_out) - {question.asked for question in sample.questions}
    place = next(place for place, memory in enumerate(sample.memories) if memory.value(field) is None)
    quiet = sample.memories[place]
    changed = _with_memory(sample, place, note=f"{quiet.note} {quiet.persona.value(field).split()[0]}")
    assert flaw(changed) == f"the note gives the absent {field} away"
