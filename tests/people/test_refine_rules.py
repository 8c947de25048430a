"""What a model may write of a person: one good text, and each rule broken once."""

import pytest

from omni_persona_people.refine.prompts import EXAMPLES
from omni_persona_people.rules import wording
from omni_persona_people.rules.clauses import STATING, clause_flaw
from omni_persona_people.rules.texts import plain_flaw
from omni_persona_people.rules.values import OPENINGS, value_flaw
from omni_persona_runner.attributes import stating_sentence

NAME = "Anton Okafor"
PROFILE = {
    "role": "harbour pilot",
    "affiliation": "St. Brigid's Port",
    "hobby": "sea-glass collecting",
    "quote": "Slow is smooth, and smooth is afloat.",
    "location": "Trondheim",
    "clothing": "an orange float coat",
    "appearance": "cropped hair and an orange float coat",
}


def test_our_examples_keep_our_rules_and_every_stated_field_has_a_form():
    assert set(EXAMPLES) >= set(wording.STATEMENTS)
    for field, value in EXAMPLES.items():
        others = {other: held for other, held in EXAMPLES.items() if other != field}
        assert value_flaw(field, value, others, NAME) is None, field
    assert set(OPENINGS) == set(wording.STATEMENTS) - {"MBTI", "quote"}


def test_our_templates_are_clauses_that_keep_our_rules():
    for field, templates in wording.STATEMENTS.items():
        for template in templates:
            # Of ours, one leaves it to the value to say that it is about hair.
            value = "short grey hair" if field == "hairstyle" else EXAMPLES[field]
            clause = wording._fill(template, value)
            assert clause_flaw(clause, field, {field: value}, NAME) is None, clause


@pytest.mark.parametrize("field", STATING)
def test_a_clause_with_one_of_our_words_is_read_as_what_it_states(field):
    """By the runner's baselines, which find the sentence that answers a question by key words."""
    for word in STATING[field]:
        said = EXAMPLES[field]
        clause = f"mutter “{said.rstrip('.')}”" if word == "“" else f"now {word} {said}"
        reason = clause_flaw(clause, field, {field: EXAMPLES[field]}, NAME)
        assert reason is None, clause
        note = f"They like pickled plums. They {clause}."
        for question in wording.QUESTIONS[field]:
            asked = question.format(who="the person in this photo")
            assert stating_sentence(note, asked) == f"They {clause}.", (clause, asked)


GOOD_VALUES = {
    "major": "navigation",
    "interest": "the history of knots",
    "topic": "bringing a tanker in through fog",
    "environment": "on the ladder at dawn",
    "emotion": "calm and watchful",
    "hairstyle": "a cropped fringe",  # the looks may share words with each other
    "travel_experience": "down the Niger in a mail boat",
    "food_preference": "pickled herring",
    "life_event": "bought a lighthouse",
    "MBTI": "ENFP",
    "voice_identity": "a man's voice, low",  # stands in no note
}


@pytest.mark.parametrize("field", GOOD_VALUES)
def test_a_good_value_passes(field):
    assert value_flaw(field, GOOD_VALUES[field], PROFILE, NAME) is None


BAD_VALUES = {
    "empty": ("interest", "  ", "is empty"),
    "too long": ("interest", "k" * 121, "longer than 120"),
    "two lines": ("interest", "knots\nand ropes", "line break"),
    "a separator": ("interest", "knots\u2028ropes", "line break"),
    "half a character pair": ("interest", "knots \ud83d", "control character"),
    "a mark that turns the writing direction": ("interest", "knots \u202e", "control character"),
    "nothing": ("interest", "Not specified.", "says nothing"),
    "an excuse": ("interest", "I cannot determine that from the provided context.", "says nothing"),
    "the name": ("interest", "the songs of okafor", "name"),
    "no type": ("MBTI", "ABCD", "16 types"),
    "a type in words": ("MBTI", "ENFP, mostly", "16 types"),
    "a quotation mark": ("interest", "“knots”", "quotation mark"),
    "markup": ("interest", "<b>knots", "quotation mark or a bracket"),
    "a stop": ("interest", "knots.", "ends in '.'"),
    "a gender": ("life_event", "followed her cousin", "reveals a gender by 'her'"),
    "a word of another field": ("interest", "harbours", "shares a word with role"),
    "a place where a job is read": ("role", "a nurse", "without an article"),
    "no preposition": ("environment", "ladder at dawn", "begins with a preposition"),
    "a preposition": ("location", "in Bergen", "without a preposition"),
    "a journey without a way": ("travel_experience", "Norway", "begins with a preposition"),
    "an event without a verb": ("life_event", "a new house", "past tense"),
    "an event in the present": ("life_event", "buying a house", "past tense"),
    "a verb before clothes": ("hairstyle", "had short curls", "how the hair is worn"),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_a_bad_value_is_reported(case):
    field, value, reason = BAD_VALUES[case]
    others = {other: held for other, held in PROFILE.items() if other != field}
    assert reason in value_flaw(field, value, others, NAME)


def test_a_value_shares_no_word_with_a_clip_or_with_what_states_another_field():
    assert "a clip" in value_flaw("interest", "old doors", PROFILE, NAME, ["Kids are talking by the door."])
    clauses = {"hobby": ["walk beaches for sea-glass collecting"]}
    assert "states hobby" in value_flaw("interest", "empty beaches", PROFILE, NAME, (), clauses)
    # The words of the other field's own value are that value's matter.
    worn = {"clothing": ["turned up in an orange float coat"]}
    assert value_flaw("appearance", "a fringe over an orange float coat", PROFILE, NAME, (), worn) is None


GOOD_CLAUSES = {
    "role": "guide ships home for a living as a harbour pilot",
    "affiliation": "gladly work for St. Brigid's Port",
    "hobby": "always have a free time of collecting sea glass",
    "quote": "keep muttering “Slow is smooth, and smooth is afloat”",
    "location": "once met me in Trondheim",
}


@pytest.mark.parametrize("field", GOOD_CLAUSES)
def test_a_good_clause_passes(field):
    assert clause_flaw(GOOD_CLAUSES[field], field, PROFILE, NAME) is None


BAD_CLAUSES = {
    "no such value": ("major", "study navigation", "no value of major"),
    "a field that no note states": ("voice_identity", "sound low", "no value of voice_identity"),
    "empty": ("role", "", "is empty"),
    "too long": ("role", "work as a harbour pilot " + "k" * 130, "longer than 133"),
    "two lines": ("role", "work as a\nharbour pilot", "line break"),
    "half of the value": ("role", "work as a pilot", "does not contain every word of 'harbour pilot'"),
    "a sentence": ("role", "They work as a harbour pilot", "after “They”"),
    "a subject": ("role", "they work as a harbour pilot", "after “They”"),
    "third person": ("role", "works as a harbour pilot", "after “They”"),
    "a stop": ("role", "work as a harbour pilot.", "final full stop"),
    "a comma at the end": ("role", "work as a harbour pilot,", "final full stop"),
    "two clauses": ("role", "work as a harbour pilot; never rest", "single clause"),
    "braces": ("role", "work as a harbour pilot {x}", "single clause"),
    "an open quotation": ("quote", "say “Slow is smooth, and smooth is afloat", "does not close"),
    "a quote without marks": (
        "quote",
        "say that slow is smooth, and smooth is afloat",
        "expected one of these in it: “",
    ),
    "a new name": ("role", "work as a harbour pilot near Bergen", "brings in 'Bergen'"),
    "a number": ("role", "have worked 20 years as a harbour pilot", "brings in '20'"),
    "a gender": ("role", "earn his bread as a harbour pilot", "reveals a gender by 'his'"),
    "a word of another field": ("role", "need a coat to work as a harbour pilot", "contains a word of clothing"),
    "the name": ("role", "work as harbour pilot anton", "name"),
    "nothing that tells a job": ("role", "ended up being a harbour pilot", "expected one of these in it: work as"),
    "another field stated": (
        "role",
        "work as a harbour pilot in their free time",
        "a statement of hobby, by 'free time'",
    ),
    "a tale": (
        "role",
        "patiently guide huge rusty tankers, gentle ferries and tired trawlers, and work as a harbour pilot",
        "tells more",
    ),
}


@pytest.mark.parametrize("case", BAD_CLAUSES)
def test_a_bad_clause_is_reported(case):
    field, clause, reason = BAD_CLAUSES[case]
    assert reason in clause_flaw(clause, field, PROFILE, NAME)


def test_a_clause_adds_no_word_of_a_clip():
    said = ["The tide waits for nobody."]
    assert "a clip" in clause_flaw("watch every tide, work as a harbour pilot", "role", PROFILE, NAME, said)
    # What the value itself holds may be said, too: the builder pairs such a note with another clip.
    assert clause_flaw("work as a harbour pilot", "role", PROFILE, NAME, ["A pilot waits."]) is None


def test_plain_text_may_hold_any_script():
    assert plain_flaw("Blåhaj 鮫 — “ok”", 20) is None
