"""Containers and headers of clips: whatever they state, the recording is heard, or the clip is refused."""

import struct
import warnings
from itertools import count

import numpy as np
import pytest
import soundfile
from heard import PLACEHOLDERS, RECORDED
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import (
    CONTAINERS,
    RATE,
    chunk,
    encoded,
    flac_of_unknown_length,
    mp3_without_header,
    riff,
    speech_like,
)

from omni_persona_perception import MediaError, clips, decode_audio


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("part", [0.01, 0.3, 0.5, 0.77, 0.95])
def test_a_clip_that_was_cut_off_is_refused(container, part):
    data = CONTAINERS[container](RECORDED)
    with pytest.raises(MediaError) as refused:
        decode_audio(data[: int(len(data) * part)])
    assert "0x" not in str(refused.value)
    assert "<" not in str(refused.value)


@pytest.mark.parametrize("container", ["flac", "ogg", "opus", "flac of unknown length"])
def test_a_hole_in_a_clip_is_refused_or_does_not_shorten_it(container):
    data = CONTAINERS[container](speech_like(4))
    for start in (len(data) // 3, len(data) // 2):
        broken = data[:start] + data[start + 5000 :]
        try:
            heard, _ = decode_audio(broken)
        except MediaError:
            continue
        assert len(heard) >= 4 * RATE


_SAMPLES = st.builds(speech_like, st.floats(0.05, 0.6), seed=st.integers(0, 9))


_NOTES = st.lists(
    st.tuples(st.sampled_from([b"LIST", b"JUNK", b"bext", b"id3 ", b"PEAK", b"cue "]), st.binary(max_size=61)),
    max_size=3,
)


@settings(max_examples=300, deadline=None)
@given(
    samples=_SAMPLES,
    magic=st.sampled_from([b"RIFF", b"RIFX", b"RF64", b"BW64"]),
    declared=st.sampled_from([None, *PLACEHOLDERS[1:]]),
    more=st.integers(0, 44),
    before=_NOTES,
    after=_NOTES,
    cut=st.integers(0, 4000),
)
def test_any_header_of_a_wav_gives_what_was_recorded_or_is_refused(samples, magic, declared, more, before, after, cut):
    """Thousands of headers: whatever one tells, no sample is lost, added or changed unless the clip is refused."""
    order = ">" if magic == b"RIFX" else "<"
    size = len(samples) * 2
    notes, closing = (b"".join(chunk(name, body, order) for name, body in part) for part in (before, after))
    if declared is not None or more:
        closing = b""  # nothing follows what is not known to end
    data = riff(
        samples, declared=size + more if declared is None else declared, magic=magic, before=notes, after=closing
    )
    stored = (np.rint(samples * 32768).clip(-32768, 32767) / 32768).astype(np.float32)
    assert np.array_equal(decode_audio(data)[0], stored)
    if not closing and cut:
        left = data[:-cut]
        try:
            heard, _ = decode_audio(left)
        except MediaError:
            return
        # Only a header that does not know the length, or one that is too long by little, lets a cut pass.
        assert declared is not None or cut + more <= 64
        assert np.array_equal(heard, stored[: len(heard)])


@settings(max_examples=150, deadline=None)
@given(
    samples=_SAMPLES,
    container=st.sampled_from(["WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC"]),
    width=st.sampled_from(["PCM_16", "PCM_24"]),
    channels=st.integers(1, 4),
    rate=st.sampled_from([8_000, 11_025, 22_050, 44_100, 48_000, 96_000]),
)
def test_every_container_gives_what_was_recorded(samples, container, width, channels, rate):
    together = np.repeat(samples[:, None], channels, axis=1)
    heard, got = decode_audio(encoded(together, rate, format=container, subtype=width))
    assert got == rate
    assert heard.shape == samples.shape
    assert np.abs(heard - samples).max() < 2e-4


@settings(max_examples=300, deadline=None)
@given(data=st.data(), container=st.sampled_from(sorted(CONTAINERS)))
def test_broken_bytes_are_refused_in_our_own_words_or_heard(data, container):
    whole = bytearray(CONTAINERS[container](RECORDED[:4000]))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, min(len(whole), 200) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            samples, rate = decode_audio(bytes(whole))
        except MediaError as refused:
            assert "0x" not in str(refused)
            assert "object at" not in str(refused)
        else:
            assert np.isfinite(samples).all()
            assert 0 < len(samples) <= 1800 * rate


@pytest.mark.parametrize(
    ("data", "plain"),
    [
        (riff(RECORDED), True),
        (encoded(RECORDED, format="FLAC"), True),
        (encoded(RECORDED, format="OGG"), True),
        (encoded(RECORDED, format="MP3"), True),
        (riff(RECORDED, declared=2_000_000_000), True),
        (riff(RECORDED, declared=0), False),
        (flac_of_unknown_length(RECORDED), False),
        (mp3_without_header(RECORDED), False),
        (encoded(np.stack([RECORDED, -RECORDED], axis=1)), False),
        (encoded(RECORDED, subtype="GSM610"), False),
    ],
)
def test_which_clips_any_program_plays_as_they_are_heard_here(data, plain):
    assert clips.played_as_stored(data) == plain


# ---- what is refused


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (bytes(1000), "contains only zero bytes"),
        (b"RIFF....", "a file of no known kind"),
        (b"RIFF\0\0\0\0WAVEfmt ", "cut off"),
        (encoded(np.zeros(0)), "contains no samples"),
        (encoded(np.array([0.0, np.nan]), subtype="FLOAT"), "not finite"),
        (encoded(np.array([0.0, np.inf]), subtype="FLOAT"), "not finite"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "Git LFS pointer.*`git lfs pull`"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0", "M4A.*convert it to WAV or FLAC"),
        (b"\0\0\0\x20ftypheic\0\0\0\0", "HEIC picture: convert it to JPEG"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81", "WebM.*convert it to WAV or FLAC"),
        (b"\xff\xf1\x50\x80\x02\x1f\xfc\xde", "AAC.*convert it to WAV or FLAC"),
        (b"#!AMR\n<\xde", "AMR"),
        (
            riff(RECORDED).replace(struct.pack("<HH", 1, 1), struct.pack("<HH", 0x161, 1), 1),
            r"a codec that is not read \(number 353\): convert it to a WAV of 16-bit samples",
        ),
        (b"<!DOCTYPE html><html>404</html>", "a web page"),
        (b'{"error": "not found"}', "JSON"),
        (b"\x89PNG\r\n\x1a\n....", r"it is a picture \(PNG\)"),
        (b"no clip at all", "expected WAV, W64, AIFF, AU, CAF, FLAC, Ogg, MP3"),
    ],
    ids=count(),  # a header holds the time at which it was written
)
def test_what_is_no_clip_is_named_for_what_it_is(data, message):
    with pytest.raises(MediaError, match=message) as refused:
        decode_audio(data)
    assert "object" not in str(refused.value)


def test_limits_hold_before_memory_is_taken(monkeypatch):
    silence = encoded(np.zeros(200_000), format="FLAC")
    assert len(silence) < 10_000
    monkeypatch.setattr(clips, "MAX_SAMPLES", 100_000)
    monkeypatch.setattr(clips, "_BLOCK", 1 << 14)
    with pytest.raises(MediaError, match="longer than"):
        decode_audio(silence)
    monkeypatch.undo()
    monkeypatch.setattr(clips, "MAX_SECONDS", 5)
    with pytest.raises(MediaError, match="longer than"):
        decode_audio(silence)
    with pytest.raises(MediaError, match="sampling rate of 7 Hz"):
        decode_audio(encoded(np.zeros(100), 7))


def test_what_decoders_raise_of_their_own_is_reported_in_our_words(monkeypatch):
    def greedy(*_, **__):
        raise MemoryError

    monkeypatch.setattr(soundfile.SoundFile, "read", greedy)
    with pytest.raises(MediaError, match="needs more memory"):
        decode_audio(encoded(RECORDED))
