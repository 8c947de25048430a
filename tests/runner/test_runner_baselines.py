"""The models without weights."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from asked_kinds import KINDS

import omni_persona
import omni_persona_perception
from omni_persona_people.rules.wording import POINTERS, QUESTIONS
from omni_persona_runner import baselines
from omni_persona_runner.attributes import asked_kind, sentences, stating_sentence
from omni_persona_runner.baselines import Nearest, load_baseline, random_reply
from omni_persona_runner.model import LoadError


@pytest.fixture(scope="module")
def items(shared):
    release = shared / "release_like"
    return list(omni_persona.items(omni_persona.load(release / "release.jsonl", assets=release / "assets")))


def test_abstaining_is_word_for_word_canonical(items):
    said = list(load_baseline("baseline:abstain").answer(items))
    assert {answer.text for answer in said} == {omni_persona.ABSTENTION}
    assert len(said) == 98


def test_an_unknown_baseline_lists_the_known_ones():
    with pytest.raises(LoadError, match="no model 'baseline:x': the baselines are baseline:abstain, baseline:random"):
        load_baseline("baseline:x")


def test_random_answers_depend_on_seed_and_item_alone(items):
    forward = [random_reply(item, 0) for item in items]
    backward = [random_reply(item, 0) for item in reversed(items)]
    assert forward == backward[::-1]
    assert forward != [random_reply(item, 1) for item in items]


def test_random_takes_every_context_and_abstaining_alike(items):
    """K + 1 outcomes, each as often, within five standard deviations of 4,000 draws."""
    item = items[0]
    notes = [f"They work as a cook number {place}." for place in range(3)]
    contexts = tuple(replace(context, text=note) for context, note in zip(item.contexts, notes, strict=True))
    asked = replace(item, contexts=contexts, query_text="Which job does this person have?")
    counts = Counter(random_reply(replace(asked, augmented_id=f"i{draw}"), 0) for draw in range(4000))
    assert set(counts) == {*notes, omni_persona.ABSTENTION}
    assert all(abs(count - 1000) < 5 * (4000 * 0.25 * 0.75) ** 0.5 for count in counts.values())


def test_nearest_finds_the_very_same_picture_and_clip(items):
    """A query that is a context's own medium has to lead to that context."""
    for group, query in (("I2I", "query_image"), ("A2A", "query_audio")):
        item = next(item for item in items if item.task.group == group)
        for place, context in enumerate(item.contexts):
            notes = tuple(replace(one, text=f"They work as cook {k}.") for k, one in enumerate(item.contexts))
            medium = context.image if group == "I2I" else context.audio
            asked = replace(item, contexts=notes, query_text="Which job is it?", **{query: medium})
            assert Nearest().reply(asked) == f"They work as cook {place}."


def test_nearest_abstains_when_nothing_is_near_or_the_note_is_silent(items):
    item = next(item for item in items if item.task.group == "T2T")
    notes = ("They work as a cook in Rome.", "They play the harp.", "They sell kites.")
    contexts = tuple(replace(context, text=note) for context, note in zip(item.contexts, notes, strict=True))
    asked = replace(item, contexts=contexts, query_text="What is the job of the one in Rome?")
    assert Nearest().reply(asked) == notes[0]
    assert Nearest().reply(replace(asked, query_text="Which motto has the cook in Rome?")) == omni_persona.ABSTENTION
    assert Nearest().reply(replace(asked, query_text="Job, zebra?")) == omni_persona.ABSTENTION


def test_nearest_describes_each_medium_once(items, monkeypatch):
    described = []
    for name in ("face_vectors", "voice_vectors"):
        real = getattr(omni_persona_perception, name)
        monkeypatch.setattr(
            omni_persona_perception, name, lambda media, real=real: described.extend(media) or real(media)
        )
    nearest = Nearest()
    once = [nearest.reply(item) for item in items]
    assert len(described) == len(set(described))
    number = len(described)
    assert number > 0
    # The same content in other objects, as a reader of a file of several parts hands it out.
    again = [
        replace(item, contexts=tuple(replace(one, image=_copied(one.image)) for one in item.contexts)) for item in items
    ]
    assert [nearest.reply(item) for item in again] == once
    assert len(described) == number


def test_nearest_learns_the_words_of_siblings_once(items, monkeypatch):
    learnt = []
    real = omni_persona_perception.TextSpace
    monkeypatch.setattr(omni_persona_perception, "TextSpace", lambda notes: learnt.append(notes) or real(notes))
    item = next(item for item in items if item.task.group == "T2T")
    notes = tuple(context.text for context in item.contexts)
    siblings = [replace(item, query_text=f"Which job has the {word}?") for word in ("one in Rome", "cook", "harpist")]
    nearest = Nearest()
    found = [nearest._likeness(one) for one in siblings]
    assert learnt == [notes]
    for one, likeness in zip(siblings, found, strict=True):
        question, *known = omni_persona_perception.text_vectors([one.query_text, *notes], corpus=notes)
        assert likeness.tolist() == (np.stack(known) @ question).tolist()
    other = replace(item, contexts=item.contexts[::-1])
    assert nearest._likeness(other).tolist() == nearest._likeness(item)[::-1].tolist()


def _copied(medium):
    return omni_persona.Media(bytes(bytearray(medium.data)), "another name")


def test_a_broken_clip_fails_its_item_alone(items, said):
    voices = [item for item in items if item.task.group == "A2A"][:2]
    broken = replace(voices[0], query_audio=omni_persona.Media(b"RIFF", "x.wav"))
    first, second = said(load_baseline("baseline:nearest"), [broken, voices[1]])
    assert "not a readable clip" in first.message
    assert second.text


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Which job do my notes give for the person who is interested in tides?", "job"),
        ("What is the one who once studied botany interested in?", "interest"),
        ("According to my notes, how did the person who works as a mood artist seem to feel?", "mood"),
        ("What did the speaker saying “where were you” like to say, according to my notes?", "quote"),
        ("In which place did I note having met the speaker you hear here?", "place"),
        ("Where were we when that happened?", "place"),
        ("This speaker in the query audio sounds familiar. What did they look like?", "looks"),
        ("Hm?", None),
    ],
)
def test_what_a_question_asks_for(question, kind):
    assert asked_kind(question) == kind


CUES = {
    "T2T": ["is interested in tides", "spoke with me in a lift"],
    "T2Any": ["talking about a wasp", "saying “Run! To the …”"],
}


@pytest.mark.parametrize("field", KINDS)
def test_what_each_of_our_questions_asks_for(field):
    pointers = [one.format(cue=cue) for group in POINTERS for one in POINTERS[group] for cue in CUES.get(group, [""])]
    for question in QUESTIONS[field]:
        for pointer in pointers:
            assert asked_kind(question.format(who=pointer)) == KINDS[field], question.format(who=pointer)


def test_the_sentence_that_states_it():
    note = "They met me in Ulm and have chess for a hobby. They like to say “Never hurry. Ever”."
    assert (
        stating_sentence(note, "What is the hobby of this person?") == "They met me in Ulm and have chess for a hobby."
    )
    assert stating_sentence(note, "Which motto is it?") == "They like to say “Never hurry. Ever”."
    assert stating_sentence(note, "Which job is it?") is None
    # Who is weary wears nothing by it.
    note = "They seemed weary. They were dressed in a coat."
    assert stating_sentence(note, "Which clothes did I note for her?") == "They were dressed in a coat."


@pytest.mark.parametrize("folder", ["people/omni_persona_people/embedded_pool", "pools/rendered"])
def test_every_hairstyle_of_our_people_is_recognised_in_a_note(folder):
    lines = (Path(__file__).parents[2] / folder / "personas.jsonl").read_text(encoding="utf-8").splitlines()
    hairstyles = {json.loads(line)["profile"]["hairstyle"] for line in lines} - {None}
    notes = {hairstyle: f"They had {hairstyle}." for hairstyle in hairstyles}
    assert len(hairstyles) > 10
    assert all(stating_sentence(note, "Which hairstyle was it?") == note for note in notes.values())


def test_thresholds_stand_in_the_manifest():
    assert load_baseline("baseline:nearest").describe()["thresholds"] == baselines.NEAR


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two", ["One.", "Two"]),
        ("A “b. C” d. E!", ["A “b. C” d.", "E!"]),
        ("It was 3.5 km. “Run!” They ran.", ["It was 3.5 km.", "“Run!” They ran."]),
        ("", [""]),
    ],
)
def test_sentences(text, parts):
    assert sentences(text) == parts
