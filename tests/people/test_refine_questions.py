"""Questions that a model wrote: they ask for one thing, name nobody, hold no answer, and a baseline can read them."""

import itertools
import re

import pytest
from asked_kinds import KINDS

from omni_persona_people.refine.prompts import EXAMPLES
from omni_persona_people.rules import wording
from omni_persona_people.rules.questions import _STEMS, KEY_WORDS, content_of, question_flaw
from omni_persona_runner.attributes import asked_kind

NOBODY = frozenset()


def _pointers():
    """Every way in which a question may point at somebody."""
    for group, pointers in wording.POINTERS.items():
        cues = [None]
        if group == "T2T":
            cues = [wording.describe(field, EXAMPLES[field]) for field in wording.CUE_STATEMENTS]
        elif group == "T2Any":
            said = "Kids are talking by the door."
            cues = [wording.heard(said, None)[0], wording.heard(f"It was {EXAMPLES['topic']}.", EXAMPLES["topic"])[0]]
        for pointer, cue in itertools.product(pointers, cues):
            yield pointer.format(cue=cue)


@pytest.mark.parametrize("field", KEY_WORDS)
def test_a_question_with_one_of_our_key_words_is_read_as_what_it_asks(field):
    for word, frame in itertools.product(
        KEY_WORDS[field], ("Which {} fits {{who}}?", "Say, which {} is on {{who}} now?")
    ):
        template = frame.format(word)
        assert question_flaw(template, field, NOBODY, NOBODY) is None, template
        for pointer in _pointers():
            question = template.format(who=pointer)
            assert asked_kind(question) == KINDS[field], question


def test_every_asked_field_has_key_words_of_its_own():
    asked = {field for fields in wording.ASKED_FIELDS.values() for field in fields}
    assert set(KEY_WORDS) == asked == set(KINDS) == set(wording.QUESTIONS)
    for field, words in KEY_WORDS.items():
        for word, (other, stems) in itertools.product(words, _STEMS.items()):
            assert other == field or not any(stem in word for stem in stems), (field, word, other)


@pytest.mark.parametrize(
    "foreign",
    re.findall(
        r"\w+",
        """
        personality MBTI called name hairstyle clothes clothing wearing wear outfit dressed looks appearance
        mood feel felt emotion surroundings environment setting place town city location anywhere employed
        affiliation organisation organization company major study studied degree hobby hobbies interest
        passionate job living occupation role profession work motto quote topic talk discuss
        """,
    ),
)
def test_a_word_that_tells_another_kind_is_refused_or_harmless(foreign):
    """The runner's words, one by one: none may turn a question of ours into one about something else."""
    for field, words in KEY_WORDS.items():
        for template in (
            f"Which {words[0]} and {foreign} fits {{who}}?",
            f"{foreign.title()}, which {words[0]} fits {{who}}?",
        ):
            if question_flaw(template, field, NOBODY, NOBODY) is None:
                assert asked_kind(template.format(who="the person in this photo")) == KINDS[field], template


NAMES = content_of(["Rose Marlow", "An Do"])
ANSWERS = content_of(["a suit of blue wool", "an apron"])
BAD = {
    "two pointers": ("Which outfit fits {who} or {who}?", "once"),
    "no pointer": ("Which outfit fits?", "once"),
    "another field to fill in": ("Which outfit fits {who} or {name}?", "no other braces"),
    "a pointer that looks inside": ("Which outfit fits {who.__class__}?", "once"),
    "no question mark": ("Name the outfit of {who}.", "question mark"),
    "two sentences": ("I forgot. Which outfit fits {who}?", "single question"),
    "a small letter": ("which outfit fits {who}?", "single question"),
    "a quotation": ("Which outfit fits {who}, “so to say”?", "single question"),
    "two lines": ("Which outfit\nfits {who}?", "line break"),
    "too long": ("Which outfit fits " + "k" * 150 + "{who}?", "longer than"),
    "a gender": ("Which outfit did {who} wear that she liked?", "reveals a gender by 'she'"),
    "a name": ("Which outfit of roses fits {who}?", "somebody's name"),
    "an answer": ("Which woollen outfit, like aprons, fits {who}?", "somebody's clothing: apron"),
    "no key word": ("What fits {who}?", "expected one of these before"),
    "a key word after the pointer": ("What is on {who} for an outfit?", "expected one of these before"),
    "another thing asked": ("Which outfit and job fits {who}?", "taken for a question about role"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_question_is_reported(case):
    template, reason = BAD[case]
    assert reason in question_flaw(template, "clothing", ANSWERS, NAMES)


def test_a_good_question_passes_and_no_other_field_can_be_asked_for():
    assert question_flaw("Which outfit fits {who}, by what I do note?", "clothing", ANSWERS, NAMES) is None
    assert "no question asks" in question_flaw("Which meal fits {who}?", "food_preference", NOBODY, NOBODY)
