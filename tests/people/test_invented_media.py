"""Pictures and clips of invented people: they differ, can be told apart, and say what they should."""

import io
import itertools

import numpy as np
import pytest
import soundfile
from invented import facts_of
from PIL import Image
from pitch import median_pitch
from slow_cases import slow_but

from omni_persona_people.invent import SpeechError
from omni_persona_people.invent.overlap import share_a_word
from omni_persona_people.invent.pictures import render
from omni_persona_people.invent.speech import RATE, encode, speak
from omni_persona_people.invent.voices import Speaker

PLAIN_VOICE = Speaker(accent="gmw/en", variant="m2", pitch=50, liveliness=50, rate=140)


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


@pytest.mark.parametrize(
    ("gender", "lowest", "highest"), slow_but([("female", 100, 400)], [("female", 100, 400), ("male", 65, 240)])
)
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
