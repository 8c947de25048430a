"""What is right for each file of a collection of odd media, whose `expected.csv` says it in words."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
import pytest
import soundfile
from PIL import Image

from omni_persona_perception import decode_audio, decode_image

SECONDS = 3.303


@dataclass(frozen=True)
class Heard:
    """A clip that is heard whole."""

    tolerance: float = 0.002
    """Seconds."""
    decibels: float | None = 1.0
    """How far its level may be from the reference's; None where it has another one."""
    peak: float | None = None


@dataclass(frozen=True)
class Shown:
    """A picture that is shown as the reference is."""

    difference: float = 4.0
    """Mean difference, of 255."""
    white_below: bool = False
    """Whether its lower half is white."""


@dataclass(frozen=True)
class Refused:
    """A file that is refused with a reason."""

    reason: str


RULES = {
    "reference.wav": Heard(peak=0.70),
    "vbr_without_xing.mp3": Heard(0.06),
    "length_unknown.flac": Heard(),
    "placeholder_size.wav": Heard(),
    "size_zero.wav": Heard(),
    "float_holding_integers.wav": Refused(r"peak is 22,937"),
    "float_slightly_over.wav": Heard(decibels=None, peak=1.42),
    "one_channel_inverted.wav": Heard(),
    "one_channel_silent.wav": Heard(),
    "gsm.wav": Heard(0.06),
    "cut_in_half.aiff": Refused("cut off"),
    "cut_in_half.ogg": Refused("cut off"),
    "lfs_pointer.wav": Refused("a Git LFS pointer, not the file"),
    "empty.png": Refused("empty"),
    "reference.png": Shown(0.0),
    "grey_16_bit.png": Shown(),
    "exif_that_cannot_be_rewritten.jpg": Shown(),
    "erased_below.png": Shown(white_below=True),
    "wholly_transparent.png": Refused("blank"),
    "owner_and_place.jpg": Shown(),
    "resaved_reference.jpg": Shown(),
    "resaved_reference.ogg": Heard(0.03, decibels=None),
}
CLIPS = [name for name in RULES if name.endswith((".wav", ".mp3", ".flac", ".aiff", ".ogg"))]
PICTURES = [name for name in RULES if name not in CLIPS]
GOOD = [name for name, rule in RULES.items() if not isinstance(rule, Refused)]
BAD = [name for name, rule in RULES.items() if isinstance(rule, Refused)]


def assert_heard_right(name, cases, samples, rate, *, is_scaled=False):
    """Assert that samples are what the rule of a clip says. is_scaled: whether an overshoot was scaled down."""
    rule = RULES[name]
    reference, _ = decode_audio((cases / "reference.wav").read_bytes(), rate)
    assert samples.ndim == 1
    assert len(samples) / rate == pytest.approx(SECONDS, abs=rule.tolerance)
    size = 1 << (len(samples) + len(reference)).bit_length()
    fit = np.fft.irfft(np.fft.rfft(samples, size) * np.conj(np.fft.rfft(reference, size)), size)
    fit = np.abs(fit).max()
    assert fit / np.linalg.norm(samples) / np.linalg.norm(reference) > 0.9
    if rule.decibels is not None:
        assert abs(20 * np.log10(samples.std() / reference.std())) < rule.decibels
    if rule.peak is not None and not is_scaled:
        assert np.abs(samples).max() == pytest.approx(rule.peak, abs=0.02)


def assert_shown_right(name, cases, picture):
    """Assert that a picture is what its rule says."""
    rule = RULES[name]
    reference = np.asarray(decode_image((cases / "reference.png").read_bytes()), float)
    pixels = np.asarray(picture.convert("RGB").resize((92, 112)), float)
    half = 56 if rule.white_below else 112
    assert np.abs(pixels - reference)[:half].mean() <= rule.difference
    if rule.white_below:
        assert pixels[half:].min() == 255


def received_clip(part):
    """The samples and the rate of a clip in a request."""
    assert part["input_audio"]["format"] == "wav"
    return soundfile.read(io.BytesIO(base64.b64decode(part["input_audio"]["data"])), dtype="float32")


def received_picture(part):
    """A picture in a request, as any program opens it."""
    kind, _, data = part["image_url"]["url"].partition(";base64,")
    assert kind in ("data:image/png", "data:image/jpeg", "data:image/webp")
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        assert picture.getexif().get(0x0112, 1) == 1
        return picture.copy()
