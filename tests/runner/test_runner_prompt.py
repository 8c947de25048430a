from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

import omni_persona
from omni_persona_runner.prompt import RULES, Clip, Picture, Prompt, Text, read_rules


def conversation(item, cues="isolated", **settings):
    return Prompt(cues=cues, **settings).conversation(item)


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
        assert (image, audio) == (Picture(context.image, f"context {number}"), Clip(context.audio, f"context {number}"))
        assert context.text in note.text
    head, cue, question = parts[16:]
    assert head == Text("Query\n")
    assert cue == Picture(items[0].query_image, "query")
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


def test_the_hash_follows_the_wording(monkeypatch):
    before = Prompt().hash()
    assert len(before) == 64
    assert Prompt(reason=True).hash() != before
    assert Prompt(rules=RULES + " ").hash() != before
    monkeypatch.setattr("omni_persona_runner.prompt._QUERY_HEAD", "Question\n")
    assert Prompt().hash() != before


def test_neighbouring_texts_are_joined_to_the_letter(items):
    for item in items:
        (*_, user) = conversation(item)
        joined = user.joined()
        assert not any(isinstance(one, Text) and isinstance(two, Text) for one, two in pairwise(joined))
        assert "".join(text.text for text in joined if isinstance(text, Text)) == "".join(texts([user]))
        assert [part for part in joined if not isinstance(part, Text)] == [
            part for part in user.parts if not isinstance(part, Text)
        ]


# ---- what is left out


def texts(messages):
    return [part.text for message in messages for part in message.parts if isinstance(part, Text)]


@pytest.mark.parametrize("cues", ["isolated", "as-released"])
@pytest.mark.parametrize(("without", "kind"), [("image", Picture), ("audio", Clip)])
def test_without_a_medium_all_else_stays(items, cues, without, kind):
    for item in items:
        whole, rest = conversation(item, cues), conversation(item, cues, without=frozenset({without}))
        assert [p for p in whole[1].parts if isinstance(p, Picture | Clip) and not isinstance(p, kind)] == [
            part for part in rest[1].parts if isinstance(part, Picture | Clip)
        ]
        assert [text.strip() for text in texts(rest)] == [text.strip() for text in texts(whole)]


def test_without_text_no_note_is_left_and_the_question_stays(items):
    for item in items:
        messages = conversation(item, without=frozenset({"text"}))
        assert not any(context.text in text for context in item.contexts for text in texts(messages))
        assert texts(messages)[-1].strip() == item.query_text
        assert [part for part in messages[1].parts if not isinstance(part, Text)] == [
            part for part in conversation(item)[1].parts if not isinstance(part, Text)
        ]


def test_without_query_the_question_stands_alone(items):
    for item in items:
        parts = conversation(item, "as-released", without=frozenset({"query"}))[1].parts
        assert parts[-2:] == (Text("Query\n"), Text(item.query_text))
        assert parts[:16] == conversation(item)[1].parts[:16]


def test_an_ablation_stands_in_the_manifest():
    described = Prompt(without=frozenset({"text", "audio"})).describe()
    assert described["prompt"]["without"] == ["audio", "text"]
    assert described["prompt"]["hash"] == Prompt().hash()
    assert described != Prompt().describe()


def test_an_unknown_ablation_is_an_error():
    with pytest.raises(ValueError, match="image, audio, text, query, got 'video'"):
        Prompt(without=frozenset({"video"}))


# ---- other rules


def test_rules_from_a_file_take_the_place_of_ours(items, tmp_path):
    (tmp_path / "official.txt").write_text("Answer the {query}.\n")
    prompt = Prompt(rules=read_rules(tmp_path / "official.txt"))
    assert prompt.conversation(items[0])[0].parts == (Text("Answer the {query}.\n"),)
    assert prompt.conversation(items[0])[1] == conversation(items[0])[1]
    assert prompt.describe()["prompt"]["version"] is None
    assert prompt.describe()["prompt"]["hash"] != Prompt().hash()


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_prompt_file_that_cannot_be_read_is_an_error(tmp_path, content):
    if content is not None:
        (tmp_path / "rules.txt").write_bytes(content)
    with pytest.raises(ValueError, match=r"cannot read the prompt .*rules\.txt"):
        read_rules(tmp_path / "rules.txt")


def test_empty_rules_are_an_error():
    with pytest.raises(ValueError, match="got an empty one"):
        Prompt(rules=" \n")


def test_thinking_first_adds_to_the_rules(items):
    system = Prompt(reason=True).conversation(items[0])[0].parts[0].text
    assert system.startswith(RULES)
    assert "<think>" in system
    assert "<think>" not in RULES
