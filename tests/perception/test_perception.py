"""Decoding media, and vectors that put the same person nearer than others."""

import io
import json

import numpy as np
import pytest
import soundfile
from PIL import Image

from omni_persona_perception import MediaError, decode_audio, decode_image, face_vectors, text_vectors, voice_vectors
from omni_persona_perception import media as media_module


def _picture(**options):
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (40, 30, 3)).astype("uint8")
    Image.fromarray(pixels).save(buffer, options.pop("format", "PNG"), **options)
    return buffer.getvalue()


def _clip(samples, rate=16_000, **options):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=options.pop("format", "WAV"), **options)
    return buffer.getvalue()


def _tone(hertz, seconds=1.0, rate=16_000):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def test_pictures_come_upright_in_rgb():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    turned = decode_image(_picture(format="JPEG", exif=exif))
    assert turned.size == (40, 30)
    grey = io.BytesIO()
    Image.new("L", (5, 7), 9).save(grey, "PNG")
    assert decode_image(grey.getvalue()).getpixel((0, 0)) == (9, 9, 9)


@pytest.mark.parametrize("data", [b"", b"not a picture", _picture()[:200]])
def test_a_broken_picture_is_told(data):
    with pytest.raises(MediaError, match="not a readable picture"):
        decode_image(data)


def test_what_the_decoders_raise_of_their_own_is_a_media_error(monkeypatch):
    def broken(*_, **__):
        raise SyntaxError("not a TIFF file (header b'' not valid)")

    monkeypatch.setattr(media_module.ImageOps, "exif_transpose", broken)
    with pytest.raises(MediaError, match="not a readable picture"):
        decode_image(_picture())

    def greedy(*_, **__):
        raise MemoryError

    monkeypatch.setattr(soundfile.SoundFile, "read", greedy)
    with pytest.raises(MediaError, match="not a readable clip"):
        decode_audio(_clip(_tone(440)))


def test_a_huge_picture_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(media_module, "MAX_PIXELS", 1000)
    with pytest.raises(MediaError, match="30 x 40 pixels is over 1000"):
        decode_image(_picture())


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_a_clip_is_resampled_to_the_same_tone(rate):
    samples, got = decode_audio(_clip(_tone(440, rate=rate), rate), 16_000)
    assert got == 16_000
    assert samples.dtype == np.float32
    assert abs(len(samples) - 16_000) <= 2
    assert np.abs(np.fft.rfft(samples)).argmax() == pytest.approx(440, abs=2)


def test_channels_are_averaged():
    stereo = np.stack([np.full(100, 0.5), np.full(100, -0.25)], axis=1)
    samples, rate = decode_audio(_clip(stereo, 8_000, subtype="FLOAT"))
    assert rate == 8_000
    assert samples == pytest.approx(0.125)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a readable clip"),
        (b"RIFF....", "not a readable clip"),
        (_clip(np.zeros(0)), "holds no samples"),
        (_clip(np.array([0.0, np.nan]), subtype="FLOAT"), "not finite"),
    ],
)
def test_a_broken_clip_is_told(data, message):
    with pytest.raises(MediaError, match=message):
        decode_audio(data)


@pytest.mark.parametrize("part", [0.5, 0.7, 0.95])
@pytest.mark.parametrize("format", ["WAV", "WAVEX", "FLAC", "MP3"])
def test_a_clip_that_was_cut_off_is_told(format, part):
    whole = _clip(np.random.default_rng(0).normal(0, 0.1, 48_000), format=format)
    assert len(decode_audio(whole)[0]) == 48_000
    with pytest.raises(MediaError, match=r"the clip is cut off|not a readable clip"):
        decode_audio(whole[: int(len(whole) * part)])


@pytest.mark.parametrize("size", [0x7FFFF000, 0xFFFFFFFF])
def test_a_wav_that_was_written_to_a_pipe_is_whole(size):
    clip = bytearray(_clip(_tone(440)))
    for place in (4, clip.index(b"data") + 4):
        clip[place : place + 4] = size.to_bytes(4, "little")
    assert len(decode_audio(bytes(clip))[0]) == 16_000


def test_a_chunk_of_notes_before_the_samples_does_not_hide_that_they_are_cut_off():
    clip = _clip(_tone(440))
    noted = clip[:12] + b"LIST" + (5).to_bytes(4, "little") + b"notes\0" + clip[12:]
    assert len(decode_audio(noted)[0]) == 16_000
    with pytest.raises(MediaError, match="cut off"):
        decode_audio(noted[:-100])


def test_vectors_have_unit_length_and_follow_their_order():
    pictures = [_picture(), _picture(format="BMP")]
    faces = face_vectors(pictures)
    assert np.linalg.norm(faces, axis=1) == pytest.approx(1, abs=1e-5)
    assert faces[0] == pytest.approx(faces[1], abs=1e-6)
    voices = voice_vectors([_clip(_tone(200)), _clip(_tone(900)), _clip(_tone(200), format="FLAC")])
    assert np.linalg.norm(voices, axis=1) == pytest.approx(1, abs=1e-5)
    assert voices[0] @ voices[2] > 0.999 > voices[0] @ voices[1]


def test_a_clip_shorter_than_a_frame_still_has_a_vector():
    assert np.isfinite(voice_vectors([_clip(_tone(300, seconds=0.005))])).all()


def test_texts_that_share_words_are_nearer():
    vectors = text_vectors(["a harbour pilot", "the pilot of a harbour", "a cheese maker"])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert (text_vectors(["unknown"], corpus=["a cheese maker"]) == 0).all()


def _auc(vectors, owners):
    """The chance that two media of one person are nearer than two of different people, ties counted half."""
    rows, columns = np.triu_indices(len(owners), 1)
    likeness = (vectors @ vectors.T)[rows, columns]
    same = owners[rows] == owners[columns]
    order = likeness.argsort().argsort() + 1
    number = same.sum()
    return (order[same].sum() - number * (number + 1) / 2) / (number * (~same).sum())


def test_real_people_are_told_apart_better_than_by_chance(shared):
    """The floor lies under what was measured: faces 0.86, voices 0.91."""
    people = [json.loads(line) for line in (shared / "real_pool/personas.jsonl").read_text().splitlines()]
    for kind, describe in (("images", face_vectors), ("audios", voice_vectors)):
        owned = [(index, medium["path"]) for index, person in enumerate(people) for medium in person[kind]]
        vectors = describe([(shared / "real_pool" / path).read_bytes() for _, path in owned])
        area = _auc(vectors, np.array([owner for owner, _ in owned]))
        assert area > 0.8, kind
