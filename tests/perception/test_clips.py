"""What is heard is what was recorded."""

import io
import struct

import numpy as np
import pytest
import soundfile
from heard import PLACEHOLDERS, RECORDED, alike, assert_heard
from recordings import (
    RATE,
    aiff,
    au,
    caf,
    chunk,
    encoded,
    flac_of_unknown_length,
    mp3_without_header,
    riff,
    speech_like,
    w64,
)

from omni_persona_perception import MediaError, decode_audio, encode_wav
from omni_persona_perception.containers import MPEG_TAGS


def test_samples_of_16_bits_are_heard_to_the_bit():
    stored = np.rint(RECORDED * 32768) / 32768
    for data in (riff(RECORDED), encoded(stored, subtype="PCM_16"), flac_of_unknown_length(stored), au(RECORDED)):
        assert np.array_equal(decode_audio(data)[0], stored.astype(np.float32))


@pytest.mark.parametrize("declared", PLACEHOLDERS)
def test_a_placeholder_is_read_to_the_end_of_the_file(declared):
    assert_heard(riff(RECORDED, declared=declared))
    assert_heard(riff(RECORDED, declared=declared, magic=b"RIFX"))
    assert_heard(riff(RECORDED, declared=declared, magic=b"RF64"))
    assert_heard(aiff(RECORDED, declared=declared, frames=declared))
    assert_heard(aiff(RECORDED, declared=declared))
    assert_heard(au(RECORDED, declared=declared))
    assert_heard(w64(RECORDED, declared=declared if declared else 0))
    assert_heard(caf(RECORDED, declared=-1))


@pytest.mark.parametrize("more", [1, 2, 8, 36, 44])
def test_a_header_that_counts_a_few_bytes_too_many_is_mended(more):
    assert_heard(riff(RECORDED, declared=len(RECORDED) * 2 + more))


@pytest.mark.parametrize("codec", ["GSM610", "G721_32", "NMS_ADPCM_16", "MS_ADPCM", "IMA_ADPCM", "ULAW", "ALAW"])
def test_codecs_of_telephones_are_heard(codec):
    slow = speech_like(2, rate=8_000)
    smooth = np.convolve(slow, np.hanning(8) / np.hanning(8).sum(), mode="same")
    # A block holds up to 1012 samples, and the last one is filled up.
    heard, _ = decode_audio(encoded(smooth, 8_000, subtype=codec))
    assert 0 <= len(heard) - len(smooth) < 1012
    assert alike(heard, smooth) > 0.97


@pytest.mark.parametrize("variable", [True, False])
@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
def test_an_mp3_without_a_header_is_heard_whole(variable, rate):
    recorded = speech_like(3.3, rate=rate)
    heard, _ = decode_audio(mp3_without_header(recorded, rate, variable=variable))
    # Encoders put up to two frames before and after what was recorded.
    assert 0 <= len(heard) - len(recorded) <= 4 * 1152
    assert alike(heard, recorded) > 0.97


@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE", "AVERAGE"])
@pytest.mark.parametrize("rate", [11_025, 16_000, 22_050, 24_000, 44_100])
def test_no_length_or_bit_rate_of_an_mp3_makes_it_longer_or_shorter(mode, rate):
    """A header that states the number of frames would not fit into the small first frame of a quiet clip."""
    rng = np.random.default_rng(rate)
    for quality, seconds in zip((0.1, 0.4, 0.7), rng.uniform(0.5, 3, 3), strict=True):
        loud = speech_like(seconds, rate=rate)
        recorded = np.concatenate([np.zeros(rate // 2, np.float32), loud, np.zeros(rate // 3, np.float32)])
        heard, got = decode_audio(mp3_without_header(recorded, rate, mode=mode, quality=quality))
        assert got == rate
        assert abs(len(heard) - len(recorded)) / rate < 0.06
        assert alike(heard, recorded) > 0.95


def test_an_mp3_with_tags_around_it_is_heard_whole():
    frames = mp3_without_header(RECORDED)
    picture = b"ID3\x04\0\0" + bytes([0, 2, 0, 0]) + bytes(2 << 14)
    lyrics = b"LYRICSBEGIN" + bytes(40)
    lyrics += b"%06dLYRICS200" % len(lyrics)
    assert np.array_equal(decode_audio(frames)[0], decode_audio(frames + lyrics + b"TAG" + bytes(125))[0])
    ape = b"APETAGEX" + struct.pack("<IIII", 2000, 32, 0, 0) + bytes(8)
    tagged = picture + frames + ape + b"TAG" + bytes(125)
    assert np.array_equal(decode_audio(frames)[0], decode_audio(tagged)[0])


def test_joined_mp3s_are_heard_one_after_the_other():
    one, other = RECORDED, speech_like(1.5, seed=1)
    joined = encoded(one, format="MP3") + encoded(other, format="MP3")
    heard, _ = decode_audio(joined)
    assert len(heard) >= len(one) + len(other)
    middle = len(heard) // 2
    assert alike(heard[:middle], one) > 0.9
    assert alike(heard[middle:], other) > 0.9


def test_mp3_in_a_wav_is_heard_whole():
    frames = mp3_without_header(RECORDED)
    form = struct.pack("<HHIIHHHHIHHH", MPEG_TAGS[-1], 1, RATE, 4000, 1, 0, 12, 1, 2, 1, 1, 0)
    wav = b"RIFF" + struct.pack("<I", 0) + b"WAVE" + chunk(b"fmt ", form) + chunk(b"data", frames)
    assert np.array_equal(decode_audio(wav)[0], decode_audio(frames)[0])


# ---- what lies in them


def test_floats_that_hold_integers_are_refused_with_their_peak():
    with pytest.raises(MediaError, match=r"peak is 22,937"):
        decode_audio(encoded(RECORDED / np.abs(RECORDED).max() * 22937.6, subtype="FLOAT"))
    with pytest.raises(MediaError, match=r"peak is 3"):
        decode_audio(encoded(np.rint(RECORDED / np.abs(RECORDED).max() * 3), subtype="FLOAT"))


def test_a_mild_overshoot_is_heard_as_it_is():
    loud = RECORDED / np.abs(RECORDED).max() * 1.42
    heard, _ = decode_audio(encoded(loud, subtype="FLOAT"))
    assert np.abs(heard).max() == pytest.approx(1.42)
    sent, _ = decode_audio(encode_wav(heard, RATE))
    assert alike(sent, loud) > 0.9999
    assert np.abs(sent).max() <= 1


def _level(samples):
    return 20 * np.log10(np.std(samples))


@pytest.mark.parametrize(
    "channels",
    [
        lambda one: (one, -one),
        lambda one: (one, np.zeros_like(one)),
        lambda one: (np.zeros_like(one), one),
        lambda one: (np.full_like(one, 0.9), one),
        lambda one: (one, -0.8 * one),
        lambda one: (0 * one, 0 * one, one, 0 * one, 0 * one, 0 * one),
        lambda one: (one, one),
    ],
)
def test_no_voice_is_lost_in_the_mix(channels):
    one = RECORDED.astype(np.float64)
    heard, _ = decode_audio(encoded(np.stack(channels(one), axis=1), subtype="FLOAT"))
    assert abs(_level(heard) - _level(one)) < 1


def test_channels_are_averaged_where_that_loses_nothing():
    one, other = RECORDED, speech_like(1.5, seed=1)
    heard, _ = decode_audio(encoded(np.stack([one, other], axis=1), subtype="FLOAT"))
    assert heard == pytest.approx((one + other) / 2, abs=1e-6)
    flat, rate = decode_audio(
        encoded(np.stack([np.full(100, 0.5), np.full(100, -0.25)], axis=1), 8_000, subtype="FLOAT")
    )
    assert rate == 8_000
    assert flat == pytest.approx(0.125)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_a_clip_is_resampled_to_the_same_tone(rate):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    samples, got = decode_audio(encoded(tone, rate), 16_000)
    assert got == 16_000
    assert samples.dtype == np.float32
    assert abs(len(samples) - 16_000) <= 2
    assert np.abs(np.fft.rfft(samples)).argmax() == pytest.approx(440, abs=2)


def test_a_wav_of_16_bits_comes_back_to_the_bit():
    stored = np.array([-32768, -1, 0, 1, 32767], np.int16)
    wav = encode_wav(stored / np.float32(32768), 8_000)
    read, rate = soundfile.read(io.BytesIO(wav), dtype="int16")
    assert rate == 8_000
    assert np.array_equal(read, stored)
    assert wav == encoded(stored, 8_000, subtype="PCM_16")
