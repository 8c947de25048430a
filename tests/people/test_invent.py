"""The inventor of people: a pool of drawn faces and synthetic voices, and what `generate_pool` does."""

import io
import itertools
import json
import re

import numpy as np
import pytest
import soundfile
from PIL import Image

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_people.deck import Deck
from omni_persona_people.invent import SpeechError, generate_pool
from omni_persona_people.invent.overlap import content_words, share_a_word
from omni_persona_people.invent.people import PROFILE_FIELDS, draw_people
from omni_persona_people.invent.pictures import render
from omni_persona_people.invent.profiles import APART
from omni_persona_people.invent.speech import RATE, encode, speak
from omni_persona_people.invent.voices import Speaker

SIZE = 24
PLAIN_VOICE = Speaker(accent="gmw/en", variant="m2", pitch=50, liveliness=50, rate=140)


def read_lines(folder):
    return [json.loads(line) for line in (folder / "personas.jsonl").read_text(encoding="utf-8").splitlines()]


def facts_of(person):
    return {"name": person["name"], **person["profile"]}


def media_of(person, kind, role):
    return [medium["path"] for medium in person[kind] if medium["role"] == role]


def nearest_is_same(references, queries):
    """Share of queries whose nearest reference is of the same person; both of shape (people, 2, features)."""
    apart = np.linalg.norm(queries[:, :, None, None] - references[None, None], axis=-1).min(axis=-1)
    return float((apart.argmin(axis=-1) == np.arange(len(queries))[:, None]).mean())


def two_by_two(people, kind, describe):
    return tuple(
        np.array([[describe(path) for path in media_of(person, kind, role)] for person in people])
        for role in ("reference", "query")
    )


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Lines of a pool, with the full paths of their media."""
    folder = generate_pool(tmp_path_factory.mktemp("drawn") / "pool", personas=SIZE, seed=0)
    lines = read_lines(folder)
    for medium in (medium for person in lines for medium in person["images"] + person["audios"]):
        medium["path"] = folder / medium["path"]
    return lines


@pytest.fixture(scope="module")
def drawn():
    return list(itertools.islice(draw_people(0), SIZE))


# --- the pool as a folder ---


def test_lines_have_the_keys_of_the_pool_format(people):
    for number, person in enumerate(people):
        assert list(person) == ["persona_id", "name", "gender", "profile", "images", "audios"]
        assert person["persona_id"] == f"p{number:04d}"
        assert tuple(person["profile"]) == PROFILE_FIELDS
        assert all(value.strip() == value and value for value in person["profile"].values())
        assert [image["role"] for image in person["images"]] == ["reference"] * 2 + ["query"] * 2
        assert [audio["role"] for audio in person["audios"]] == ["reference"] * 2 + ["query"] * 2
        assert {audio["emotion"] for audio in person["audios"]} == {"neutral"}


def test_women_and_men_are_equally_many(people):
    genders = [person["gender"] for person in people]
    assert len(people) == SIZE
    assert genders.count("female") == genders.count("male") == 12


# --- facts ---


@pytest.mark.parametrize(
    "field", [field for field in ("name", *PROFILE_FIELDS) if field not in ("MBTI", "source_style")]
)
def test_nobody_shares_a_value_with_another(people, field):
    values = [facts_of(person)[field] for person in people]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("seed", [0, 7])
def test_no_fact_of_a_person_gives_another_away(seed):
    for person in itertools.islice(draw_people(seed), 300):
        facts = {"name": person.name, **person.profile}
        for first, second in itertools.combinations(APART, 2):
            assert not share_a_word(facts[first], facts[second]), (facts[first], facts[second])


def test_values_fit_their_sentences(people):
    for person in people:
        facts = person["profile"]
        assert re.fullmatch(r"[A-Z].*[.]", facts["quote"])
        assert not re.match(r"(an?|the) ", facts["role"])
        assert re.match(r"(an?|the) ", facts["clothing"])
        assert facts["environment"].split()[0] in {"in", "at", "on", "beside", "under", "by", "outside", "behind"}
        assert facts["appearance"] == f"{facts['hairstyle']}, wearing {facts['clothing']}"
        assert re.fullmatch(r"[EI][NS][FT][JP]", facts["MBTI"])
        for value in facts.values():
            assert value.isascii()
            assert not re.search(r"\b(a (?!one-)[aeio]|an (?!hour)[^aeiou])", value), value


def test_appearance_is_true_of_the_drawing(drawn):
    for person in drawn:
        assert {shot.garment.words for shot in person.shots[:2]} == {person.profile["clothing"]}


def test_queries_wear_and_stand_before_what_they_like():
    many = list(itertools.islice(draw_people(5), 400))
    pairs = [(person.shots[0], query) for person in many for query in person.shots[2:]]
    same_clothes = np.mean([memory.garment.part == query.garment.part for memory, query in pairs])
    same_backdrop = np.mean([memory.backdrop == query.backdrop for memory, query in pairs])
    # Nine parts and five backdrops, one of them as likely as any other, the memory's own included.
    assert 0.05 < same_clothes < 0.45
    assert same_backdrop == pytest.approx(1 / 5, abs=0.05)


def test_faces_and_speakers_are_all_different():
    many = list(itertools.islice(draw_people(3), 600))
    assert len({person.face for person in many}) == len(many)
    assert len({person.speaker for person in many}) == len(many)
    assert len({person.name for person in many}) == len(many)


def test_same_words_of_one_family_are_found():
    for first, second in [
        ("harbour pilot", "the Harbour Trust"),
        ("studied geology", "a geologist"),
        ("beekeeper", "keeping a bee"),
        ("by steamboat", "a boat builder"),
        ("a bakery", "baking"),
        ("setting out", "chess sets"),
        ("playing darts", "a playful mood"),
        ("Oslo's opera", "in Oslo"),
    ]:
        assert share_a_word(first, second), (first, second)
    assert not share_a_word("a tram driver in the sun", "one of the barbers on a train")
    assert content_words("The T-shirt’s colour, and the V-neck!") == ("shirt", "colour", "neck")


# --- pictures ---


def test_pictures_of_a_person_differ(people):
    for person in people:
        data = [image["path"].read_bytes() for image in person["images"]]
        assert len(set(data)) == 4
        for encoded in data:
            with Image.open(io.BytesIO(encoded)) as picture:
                assert (picture.format, picture.size) == ("PNG", (256, 256))


def test_a_picture_is_drawn_alike_again(drawn):
    assert render(drawn[0].face, drawn[0].shots[0]) == render(drawn[0].face, drawn[0].shots[0])


def test_faces_can_be_told_apart_from_new_pictures(people):
    def head(path):
        with Image.open(path) as picture:
            middle = picture.convert("RGB").crop((64, 20, 192, 170))
        small = middle.resize((16, 16), Image.Resampling.BILINEAR)
        return np.asarray(small, dtype=float).ravel()

    assert nearest_is_same(*two_by_two(people, "images", head)) >= 0.8


# --- clips ---


def test_clips_are_mono_at_24_khz_and_of_fair_length(people):
    for person in people:
        for audio in person["audios"]:
            samples, rate = soundfile.read(audio["path"])
            assert (rate, samples.ndim) == (24_000, 1), audio["path"]
            assert 4.0 <= len(samples) / rate <= 15.0, audio["path"]
            assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.04, rel=0.02), audio["path"]
            assert np.abs(samples).max() < 1.0


def test_references_speak_topic_and_quote(people):
    for person in people:
        topic, quote = (audio["transcript"] for audio in person["audios"][:2])
        assert person["profile"]["topic"] in topic
        assert person["profile"]["quote"] in quote


def test_queries_say_nothing_about_the_person(people):
    spoken = []
    for person in people:
        for audio in person["audios"][2:]:
            spoken.append(audio["transcript"])
            for fact in facts_of(person).values():
                assert not share_a_word(audio["transcript"], fact), (audio["transcript"], fact)
    assert len(set(spoken)) == len(spoken)


def test_queries_are_other_sentences_than_references(people):
    references = {audio["transcript"] for person in people for audio in person["audios"][:2]}
    queries = {audio["transcript"] for person in people for audio in person["audios"][2:]}
    assert not references & queries


def spectrum(path, bands=40, window=1024):
    """Long-term spectrum of the spoken parts of a clip: logarithmic energy in bands from 80 to 9,500 Hz."""
    samples, rate = soundfile.read(path)
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::256] * np.hanning(window)
    energy = (frames**2).mean(axis=1)
    power = np.abs(np.fft.rfft(frames[energy > 0.1 * np.percentile(energy, 95)])) ** 2
    edges = np.geomspace(80, 9_500, bands + 1) * window / rate
    index = np.arange(power.shape[1])
    inside = [(index >= low) & (index < max(high, low + 1)) for low, high in itertools.pairwise(edges)]
    levels = np.log(np.stack([power[:, band].mean(axis=1) for band in inside], axis=1) + 1e-12).mean(axis=0)
    return levels - levels.mean()


def test_speakers_can_be_told_apart_from_new_clips(people):
    assert nearest_is_same(*two_by_two(people, "audios", spectrum)) >= 0.8


def median_pitch(path, lowest, highest):
    """Median pitch of a clip in Hz, by autocorrelation of 50 ms frames."""
    samples, rate = soundfile.read(path)
    length = rate // 20
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)[:: rate // 100]
    loud = frames[(frames**2).mean(axis=1) > 0.1 * np.percentile((frames**2).mean(axis=1), 95)]
    window = np.hanning(length)
    lags = np.arange(rate // highest, rate // lowest)
    similar = np.fft.irfft(np.abs(np.fft.rfft((loud - loud.mean(axis=1, keepdims=True)) * window, 8192)) ** 2)
    fall = np.fft.irfft(np.abs(np.fft.rfft(window, 8192)) ** 2)[lags]
    return float(np.median(rate / lags[(similar[:, lags] / fall).argmax(axis=1)]))


@pytest.mark.parametrize(("gender", "lowest", "highest"), [("female", 100, 400), ("male", 65, 240)])
def test_words_for_pitch_are_true_of_the_clips(people, gender, lowest, highest):
    levels = ("very low", "low", "medium-pitched", "high", "very high")
    heard, named = [], []
    for person in people:
        if person["gender"] == gender:
            clips = [audio["path"] for audio in person["audios"]]
            heard.append(np.median([median_pitch(clip, lowest, highest) for clip in clips]))
            named.append(levels.index(person["profile"]["voice_identity"].split(", ")[1]))
    assert np.corrcoef(heard, named)[0, 1] > 0.85


def test_speech_does_not_depend_on_what_was_said_before():
    text = "Let me tell you about a quiet afternoon at the station."
    rough = Speaker(accent="gmw/en", variant="f2", pitch=60, liveliness=70, rate=150)
    first = speak(text, rough)
    speak("Something else altogether, and much faster.", PLAIN_VOICE)
    assert np.array_equal(first, speak(text, rough))


@pytest.mark.parametrize(("accent", "variant"), [("gmw/xx-nowhere", "m2"), ("gmw/en", "nobody")])
def test_an_unknown_voice_is_an_error(accent, variant):
    unknown = Speaker(accent=accent, variant=variant, pitch=50, liveliness=50, rate=140)
    with pytest.raises(SpeechError, match="no voice"):
        speak("Who is speaking?", unknown)
    assert len(speak("Somebody else, after all.", PLAIN_VOICE)) > RATE


def test_a_text_without_a_word_is_an_error():
    with pytest.raises(SpeechError):
        speak("", PLAIN_VOICE)


def test_encoding_keeps_the_samples_to_eleven_bits():
    wave = 0.3 * np.sin(np.arange(RATE) / 20)
    read, rate = soundfile.read(io.BytesIO(encode(wave)))
    assert rate == RATE
    assert np.abs(read - wave).max() <= 2**-11 + 1e-9
    assert np.array_equal(read * 2**10, np.round(read * 2**10))


# --- generate_pool ---


def test_an_existing_folder_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match="exists; choose another"):
        generate_pool(tmp_path, personas=1, seed=0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("personas", {"personas": 0, "seed": 0}),
        ("seed", {"personas": 1, "seed": -1}),
        ("workers", {"personas": 1, "seed": 0, "workers": 0}),
    ],
)
def test_arguments_out_of_range_are_refused(tmp_path, name, arguments):
    with pytest.raises(ValueError, match=f"expected {name} of at least"):
        generate_pool(tmp_path / "pool", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_pool_that_failed(tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate_pool(tmp_path / "pool", personas=2, seed=0, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_smaller_pool_is_the_start_of_a_larger_one_in_any_number_of_processes(tmp_path):
    told = []
    larger = generate_pool(
        tmp_path / "new" / "pool", personas=3, seed=0, progress=lambda *now: told.append(now), workers=2
    )
    assert larger == tmp_path / "new" / "pool"
    assert told == [(1, 3), (2, 3), (3, 3)]
    smaller = generate_pool(tmp_path / "smaller", personas=2, seed=0)
    for name in ("personas.jsonl", "parameters.jsonl"):
        lines = (larger / name).read_bytes().splitlines(keepends=True)
        assert (smaller / name).read_bytes() == b"".join(lines[:2])
    for path in (smaller / "media").rglob("*.*"):
        assert path.read_bytes() == (larger / path.relative_to(smaller)).read_bytes()


def test_another_seed_invents_other_people(people):
    for person, other in zip(people, draw_people(1), strict=False):
        assert person["name"] != other.name
        assert person["profile"]["topic"] != other.profile["topic"]
        assert person["profile"]["quote"] != other.profile["quote"]


def test_people_of_another_seed_have_other_ids(tmp_path):
    out = generate_pool(tmp_path / "pool", personas=1, seed=5)
    line = json.loads((out / "personas.jsonl").read_text(encoding="utf-8"))
    assert line["persona_id"] == "s5p0000"
    assert {media["path"].split("/")[1] for media in line["images"] + line["audios"]} == {"s5p0000"}


# --- decks ---


def test_a_deck_deals_every_card_before_one_comes_again():
    deck = Deck("abcde", np.random.default_rng(0))
    assert sorted(deck.draw() for _ in range(5)) == list("abcde")
    assert sorted(deck.draw() for _ in range(5)) == list("abcde")


def test_a_deck_keeps_what_did_not_suit_for_the_next():
    deck = Deck([1, 2, 3, 4], np.random.default_rng(0))
    even = [deck.draw(lambda card: card % 2 == 0) for _ in range(2)]
    assert sorted(even) == [2, 4]
    assert sorted(deck.draw() for _ in range(2)) == [1, 3]


def test_a_deck_prefers_but_does_not_insist():
    deck = Deck([1, 2, 3], np.random.default_rng(0))
    assert deck.draw(rather=lambda card: card == 3) == 3
    assert deck.draw(lambda card: card < 3, rather=lambda card: card > 5) in (1, 2)


def test_a_deck_deals_on_when_one_card_is_always_asked_for():
    deck = Deck([1, 2, 3], np.random.default_rng(0))
    assert {deck.draw(lambda card: card == 2) for _ in range(50)} == {2}


def test_a_deck_without_a_suiting_card_says_so():
    with pytest.raises(RuntimeError, match="none of 2 cards suits"):
        Deck([1, 2], np.random.default_rng(0)).draw(lambda card: card > 2)
    with pytest.raises(ValueError, match="at least one card"):
        Deck([], np.random.default_rng(0))
