from __future__ import annotations

from dataclasses import replace

import pytest

import omni_persona
from omni_persona_runner.prompt import RULES, Clip, Picture, Text, conversation, prompt_hash


def media(item, cues="isolated"):
    """The media of a conversation, in order."""
    return [part.media for part in conversation(item, cues)[1].parts if not isinstance(part, Text)]


def context_media(item):
    return [medium for context in item.contexts for medium in (context.image, context.audio)]


def test_rules_come_first_and_hold_the_abstention_word_for_word(items):
    system, user = conversation(items[0])
    assert (system.role, user.role) == ("system", "user")
    assert system.parts == (Text(RULES),)
    assert omni_persona.ABSTENTION in RULES


def test_contexts_are_picture_clip_note_in_order_then_the_query(items):
    parts = conversation(items[0])[1].parts
    for number, context in enumerate(items[0].contexts, start=1):
        head, image, audio, note = parts[4 * number - 4 : 4 * number]
        assert head == Text(f"Context {number}\n")
        assert (image, audio) == (Picture(context.image), Clip(context.audio))
        assert context.text in note.text
    head, cue, question = parts[16:]
    assert head == Text("Query\n")
    assert cue == Picture(items[0].query_image)
    assert question.text.strip() == items[0].query_text


@pytest.mark.parametrize("n_contexts", [1, 3, 7])
def test_any_number_of_contexts(make_item, n_contexts):
    item = make_item(0, n_contexts=n_contexts)
    assert media(item) == [*context_media(item), item.query_image]


def test_isolated_shows_the_cue_of_the_query_alone(items):
    face, voice, text, said = items
    assert media(face)[8:] == [face.query_image]
    assert media(voice)[8:] == [voice.query_audio]
    assert media(text)[8:] == []
    assert media(said)[8:] == []


def test_as_released_shows_all_but_the_picture_of_a_voice_query(items):
    for item in items:
        shown = media(item, "as-released")
        voice = item.task.group == "A2A"
        assert shown[8:] == ([] if voice else [item.query_image]) + [item.query_audio]


def test_as_released_shows_what_is_there(items):
    text = replace(items[2], query_image=None)
    assert media(text, "as-released")[8:] == [text.query_audio]


@pytest.mark.parametrize("cues", ["isolated", "as-released"])
def test_a_query_without_its_cue_is_an_error(items, cues):
    with pytest.raises(ValueError, match="by face has no query picture"):
        conversation(replace(items[0], query_image=None), cues)
    with pytest.raises(ValueError, match="by voice has no query clip"):
        conversation(replace(items[1], query_audio=None), cues)


def test_unknown_cues_are_an_error(items):
    with pytest.raises(ValueError, match="isolated, as-released, got 'all'"):
        conversation(items[0], "all")


@pytest.mark.parametrize("cues", ["isolated", "as-released"])
def test_supervision_never_shows(items, cues):
    for item in items:
        contexts = tuple(
            replace(context, concept_id=f"SECRET {place}", same_as_query=not context.same_as_query)
            for place, context in enumerate(item.contexts)
        )
        other = replace(
            item,
            augmented_id="SECRET",
            source_sample_id="SECRET",
            absence="absent_persona",
            target_concept_id="SECRET",
            contexts=contexts,
            gold_answer="SECRET",
            asked_subfield="SECRET",
        )
        assert conversation(other, cues) == conversation(item, cues)


def test_braces_in_notes_and_questions_are_plain_text(items):
    odd = replace(items[2], query_text="What is {text}?")
    odd = replace(odd, contexts=(replace(odd.contexts[0], text="She says {number}."), *odd.contexts[1:]))
    texts = [part.text for part in conversation(odd)[1].parts if isinstance(part, Text)]
    assert any("She says {number}." in text for text in texts)
    assert texts[-1] == "What is {text}?"


def test_prompt_hash_follows_the_wording(monkeypatch):
    before = prompt_hash()
    monkeypatch.setattr("omni_persona_runner.prompt.RULES", RULES + " ")
    assert len(before) == 64
    assert prompt_hash() != before
