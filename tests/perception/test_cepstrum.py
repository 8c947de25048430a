"""Cepstral coefficients are those of torchaudio, up to rounding."""

import numpy as np
import pytest
import torch
from torchaudio.transforms import MFCC

from omni_persona_perception.cepstrum import HOP, WINDOW, mfcc


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("length", [WINDOW, WINDOW + HOP - 1, 16_000])
@pytest.mark.parametrize("kind", ["noise", "tone", "silence", "nearly silent"])
def test_coefficients_are_those_of_torchaudio(rate, length, kind):
    rng = np.random.default_rng(0)
    samples = {
        "noise": rng.normal(0, 0.1, length),
        "tone": 0.5 * np.sin(2 * np.pi * 440 * np.arange(length) / rate) + rng.normal(0, 1e-3, length),
        "silence": np.zeros(length),
        "nearly silent": rng.normal(0, 1e-6, length),
    }[kind].astype(np.float32)
    frames = {"n_fft": WINDOW, "hop_length": HOP, "n_mels": 40, "center": False}
    expected = MFCC(rate, n_mfcc=20, melkwargs=frames)(torch.from_numpy(samples)).numpy()
    found = mfcc(samples, rate, 20)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-3)
