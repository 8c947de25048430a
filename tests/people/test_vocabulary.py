"""The word lists: what they promise to those who put people together from them."""

import itertools
import re

import pytest

from omni_persona_people.invent.media import CLOSING
from omni_persona_people.invent.overlap import content_words
from omni_persona_people.invent.people import Taken, draw_people
from omni_persona_people.invent.speech import LONGEST, RATE, SHORTEST, speak
from omni_persona_people.invent.vocabulary import all_readings, readings, word_lists
from omni_persona_people.invent.voices import Speaker
from omni_persona_people.natural.speakers import MOODS
from omni_persona_people.rules.content_words import share_words
from omni_persona_people.rules.function_words import is_function_word


def entries(lists):
    """Every text in a file of lists."""
    if isinstance(lists, str):
        yield lists
    elif isinstance(lists, dict):
        for value in lists.values():
            yield from entries(value)
    elif isinstance(lists, list):
        for value in lists:
            yield from entries(value)


@pytest.mark.parametrize("name", ["worlds", "pastimes", "places", "names", "sentences"])
def test_every_entry_is_plain_text(name):
    texts = list(entries(word_lists(name)))
    assert texts
    for text in texts:
        assert text.isascii(), text
        assert text == " ".join(text.split()), text


@pytest.mark.parametrize("name", ["worlds", "pastimes", "places", "names"])
def test_no_list_holds_an_entry_twice(name):
    def lists(value):
        if isinstance(value, dict):
            for part in value.values():
                yield from lists(part)
        elif isinstance(value, list) and isinstance(value[0], str):
            yield value

    for entry in lists(word_lists(name)):
        assert len(set(entry)) == len(entry), [text for text in entry if entry.count(text) > 1]


def test_articles_fit_the_roles():
    # A note says `a` or `an` by the first letter.
    roles = [role for world in word_lists("worlds").values() for role in world["roles"]]
    assert not [role for role in roles if re.match("uni|use|usa|hour|heir|hon", role)]
    assert len(set(roles)) == len(roles) >= 250


def test_readings_are_every_choice():
    assert readings("{A|B} is {c|d}.") == ["A is c.", "A is d.", "B is c.", "B is d."]
    assert readings("{} stays as it is") == ["{} stays as it is"]


def test_there_are_sentences_enough_for_two_pools_that_share_none():
    lists = word_lists("sentences")
    assert len(set(all_readings(lists["everyday"]))) >= 2 * (250 + 120)
    quotes = all_readings(lists["quotes"])
    assert len(set(quotes)) == len(quotes) >= 250 + 120
    assert all(re.fullmatch("[A-Z].*[.]", quote) for quote in quotes)


def test_moods_of_words_are_moods_of_voices():
    past = word_lists("pastimes")
    assert set(past["emotions"]) == set(past["degrees"]) == set(MOODS)


def said_by(person):
    facts = person.profile
    return {person.name, facts["topic"], facts["quote"], *(script.text for script in person.scripts)}


def mixture(person):
    return (*person.speaker.packs, person.speaker.share)


def test_another_pool_shares_no_name_no_sentence_and_no_voice():
    first = list(itertools.islice(draw_people(1, "rendered", "natural"), 250))
    taken = Taken(frozenset().union(*map(said_by, first)), frozenset(map(mixture, first)))
    second = list(itertools.islice(draw_people(2, "rendered", "natural", taken), 120))
    assert not frozenset().union(*map(said_by, second)) & taken.texts
    assert not {mixture(person) for person in second} & taken.mixtures
    assert len(set(map(mixture, first))) == 250


def test_a_life_fits_the_work_done():
    worlds = word_lists("worlds")
    people = list(itertools.islice(draw_people(4), 300))
    fitting = 0
    for person in people:
        world = next(lists for lists in worlds.values() if person.profile["role"] in lists["roles"])
        fitting += person.profile["major"] in world["majors"]
    assert fitting / len(people) > 0.9


def test_what_happened_fits_the_age():
    events = {event["text"]: event for event in word_lists("pastimes")["events"]}
    for person in itertools.islice(draw_people(6, "rendered", "natural"), 300):
        text = max((one for one in events if person.profile["life_event"].startswith(one)), key=len)
        assert events[text]["from"] <= person.face.age <= events[text].get("to", 120)


def test_the_closing_says_nothing():
    assert content_words(CLOSING) == ()


def test_the_shortest_quote_makes_a_clip_long_enough():
    # Spoken by the fastest speaker there is, with the shortest frame and afterthought.
    lists = word_lists("sentences")
    quote = min(all_readings(lists["quotes"]), key=len)
    frame, after = min(lists["quote_frames"], key=len), min(lists["afterthoughts"], key=len)
    speaker = Speaker("gmw/en", "m3", 69, 28, 156)
    text = f"{frame.replace('QUOTE', quote)} {after} {CLOSING}"
    assert SHORTEST <= len(speak(text, speaker)) / RATE <= LONGEST


def test_every_value_has_a_word_that_a_note_can_be_searched_for():
    # The builder's checks leave out function words, "serious" and "system" among them.
    past = word_lists("pastimes")
    heads = ("hobbies", "interests", "topics", "dishes", "emotions", "events", "routes")
    values = [text for name in heads for text in entries(past[name]) if isinstance(text, str)]
    values += [role for world in word_lists("worlds").values() for role in (*world["roles"], *world["majors"])]
    assert not [value for value in values if all(map(is_function_word, value.split()))]


_SOUNDS_AS_VOWEL = re.compile(r"[aeiou]|ho(nest|nour|ur)", re.IGNORECASE)
_SOUNDS_AS_CONSONANT = re.compile(r"on(e|ce)\b|eu|u(ni|s[ae])", re.IGNORECASE)


@pytest.mark.parametrize("name", ["pastimes", "places", "sentences", "worlds"])
def test_articles_agree_with_what_follows_them(name):
    found = [
        (one, word)
        for entry in entries(word_lists(name))
        for text in readings(entry)
        for one, word in re.findall(r"\b([Aa]n?) (\w+)", text)
    ]
    assert found
    for article, word in set(found):
        vowel = _SOUNDS_AS_VOWEL.match(word) and not _SOUNDS_AS_CONSONANT.match(word)
        assert bool(vowel) == (article.lower() == "an"), f"{article} {word}"


def test_function_words_are_no_answers():
    assert all(map(is_function_word, ("they", "When", "I'm", "you’re", "cannot")))
    assert not any(map(is_function_word, ("pilot", "harbour", "")))


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("a harbour pilot", "the pilots of Ulm", True),
        ("baking bread", "She bakes.", True),
        ("hurried", "no hurry", True),
        ("the person", "a dog of theirs", False),
        ("the", "the", True),
    ],
)
def test_words_that_texts_share_whatever_their_inflection(one, other, shared):
    assert share_words(one, other) is shared
