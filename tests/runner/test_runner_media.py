from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import soundfile
from PIL import Image

from omni_persona import Media
from omni_persona_runner.media import MediaError, clip_wav, decode_clip, decode_picture, picture_uri


def encoded_picture(pixels, mode=None, **options):
    buffer = io.BytesIO()
    picture = Image.fromarray(pixels)
    (picture.convert(mode) if mode else picture).save(buffer, options.pop("format", "PNG"), **options)
    return Media(buffer.getvalue(), "face.png")


def encoded_clip(samples, rate, **options):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=options.pop("format", "WAV"), **options)
    return Media(buffer.getvalue(), "voice.wav")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK"])
def test_pictures_of_any_mode_become_rgb(mode):
    form = "JPEG" if mode == "CMYK" else "PNG"
    picture = decode_picture(encoded_picture(np.zeros((4, 6, 3), np.uint8), mode, format=form))
    assert (picture.mode, picture.size) == ("RGB", (6, 4))


def test_pictures_are_turned_upright():
    turned = Image.Exif()
    turned[0x0112] = 6
    picture = decode_picture(encoded_picture(np.zeros((4, 6, 3), np.uint8), exif=turned))
    assert picture.size == (4, 6)


@pytest.mark.parametrize("data", [b"", b"nothing", b"\x89PNG\r\n\x1a\n"])
def test_a_broken_picture_is_named_by_file(data):
    with pytest.raises(MediaError, match=r"picture face\.png: "):
        decode_picture(Media(data, "face.png"))


def test_a_truncated_picture_is_an_error():
    whole = encoded_picture(np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8))
    with pytest.raises(MediaError):
        decode_picture(Media(whole.data[:-400], "face.png"))


def test_a_picture_that_would_fill_memory_is_refused():
    huge = Image.new("1", (10_000, 10_000))
    buffer = io.BytesIO()
    huge.save(buffer, "PNG")
    assert len(buffer.getvalue()) < 200_000
    with pytest.raises(MediaError, match="10000 x 10000"):
        decode_picture(Media(buffer.getvalue(), "bomb.png"))


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("form", ["WAV", "FLAC"])
def test_clips_are_mono_float32_at_the_wanted_rate(rate, form):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    stereo = np.stack([tone, tone], axis=1)
    samples = decode_clip(encoded_clip(stereo, rate, format=form), 16_000)
    assert samples.dtype == np.float32
    assert samples.shape == (16_000,)
    spectrum = np.abs(np.fft.rfft(samples))
    assert int(spectrum.argmax()) == 440


def test_a_broken_clip_is_named_by_file():
    with pytest.raises(MediaError, match=r"clip voice\.wav: "):
        decode_clip(Media(b"RIFF", "voice.wav"), 16_000)


def test_an_empty_clip_is_an_error():
    with pytest.raises(MediaError, match="no samples"):
        decode_clip(encoded_clip(np.zeros(0), 16_000), 16_000)


def test_a_clip_that_resamples_to_nothing_is_an_error():
    with pytest.raises(MediaError, match="too short"):
        decode_clip(encoded_clip(np.zeros(1), 48_000), 8_000)


def test_a_clip_that_is_not_finite_is_an_error():
    samples = np.array([0.0, np.nan, 0.0], dtype=np.float32)
    with pytest.raises(MediaError, match="not finite"):
        decode_clip(encoded_clip(samples, 16_000, subtype="FLOAT"), 16_000)


# ---- as web services take them


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_pictures_that_servers_read_travel_as_they_are(form):
    media = encoded_picture(np.zeros((4, 6, 3), np.uint8), format=form)
    kind, data = picture_uri(media).split(";base64,")
    assert kind == f"data:image/{form.lower()}"
    assert base64.b64decode(data) == media.data


def test_owner_and_place_do_not_travel():
    exif = Image.Exif()
    exif[0x013B] = "Jo Example"
    media = encoded_picture(np.full((4, 6, 3), 90, np.uint8), format="JPEG", exif=exif)
    sent = base64.b64decode(picture_uri(media).partition(",")[2])
    assert b"Jo Example" in media.data and b"Jo Example" not in sent
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(sent))), np.asarray(decode_picture(media)))


def test_a_turned_picture_travels_upright():
    turned = Image.Exif()
    turned[0x0112] = 6
    kind, data = picture_uri(encoded_picture(np.zeros((4, 6, 3), np.uint8), exif=turned)).split(";base64,")
    assert kind == "data:image/png"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (4, 6)


@pytest.mark.parametrize("kind", ["transparent", "grey of 16 bits"])
def test_pictures_that_programs_show_in_different_ways_travel_as_they_are_shown_to_local_models(kind):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 4), dtype=np.uint8)
    media = encoded_picture(pixels if kind == "transparent" else pixels[..., 0].astype(np.uint16) * 257)
    kind, data = picture_uri(media).split(";base64,")
    assert kind == "data:image/png"
    sent = Image.open(io.BytesIO(base64.b64decode(data)))
    assert sent.mode == "RGB"
    assert np.array_equal(np.asarray(sent), np.asarray(decode_picture(media)))


CLIPS = [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("WAV", "FLOAT"), ("WAV", "PCM_24")]


@pytest.mark.parametrize(("form", "subtype"), CLIPS)
@pytest.mark.parametrize("other", [1, -1, 0])
def test_services_hear_what_local_models_do(form, subtype, other):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)
    media = encoded_clip(np.stack([tone, other * tone], axis=1), 24_000, format=form, subtype=subtype)
    data = clip_wav(media)
    stored = soundfile.info(io.BytesIO(data))
    assert (stored.format, stored.subtype, stored.samplerate, stored.channels) == ("WAV", "PCM_16", 24_000, 1)
    samples, _ = soundfile.read(io.BytesIO(data))
    assert np.abs(samples - tone).max() < (0.05 if form == "OGG" else 1e-4)
    assert np.abs(samples - decode_clip(media, 24_000)).max() <= 0.5 / 32768


@pytest.mark.parametrize("declared", [0, 2_000_000_000])
def test_a_header_that_is_wrong_does_not_travel(declared):
    media = encoded_clip(np.linspace(-0.5, 0.5, 800), 16_000, subtype="PCM_16")
    broken = bytearray(media.data)
    broken[40:44] = declared.to_bytes(4, "little")
    assert clip_wav(Media(bytes(broken), "voice.wav")) == media.data


def test_what_cannot_be_decoded_does_not_travel():
    with pytest.raises(MediaError, match=r"picture face\.png"):
        picture_uri(Media(b"nothing", "face.png"))
    with pytest.raises(MediaError, match=r"clip voice\.wav"):
        clip_wav(Media(b"RIFF", "voice.wav"))
