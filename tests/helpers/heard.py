"""What is heard of a clip, compared with what was recorded."""

import numpy as np
from recordings import RATE, speech_like

from omni_persona_perception import decode_audio

RECORDED = speech_like(1.5)
PLACEHOLDERS = (0, 1 << 30, 2_000_000_000, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""Sizes that programs write when they do not know yet how much will follow."""


def alike(heard, recorded):
    """The correlation of two clips where they fit best: 1 for the same, at any level."""
    size = 1 << (len(heard) + len(recorded)).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(recorded, size))
    return np.fft.irfft(spectrum, size).max() / np.linalg.norm(heard) / np.linalg.norm(recorded)


def assert_heard(data, recorded=RECORDED, rate=RATE, beyond=0):
    """Every sample is there, and at most `beyond` others."""
    heard, got = decode_audio(data)
    assert got == rate
    assert 0 <= len(heard) - len(recorded) <= beyond
    assert alike(heard, recorded) > 0.97
    return heard
