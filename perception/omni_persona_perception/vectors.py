"""Light vectors for faces, voices and texts: no model weights, milliseconds each.

Rows have unit length, so that the dot product of two rows is their cosine similarity. They are accurate enough to
select hard distractors and to serve as a baseline, but not to identify people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from omni_persona_perception.cepstrum import WINDOW, mfcc
from omni_persona_perception.clips import Samples, decode_audio, resampled
from omni_persona_perception.pictures import decode_image
from omni_persona_perception.terms import PackedVectors, TermWeights

Vectors = NDArray[np.float32]
Medium = TypeVar("Medium")

FACE_SIDE = 64
"""Side of the square that a picture is scaled to, in pixels."""
FACE_SHARE = 0.8
"""Share of the picture's shorter side that is compared."""
VOICE_RATE = 16_000
"""Sampling rate of the compared clips, in Hz."""
COEFFICIENTS = 20
"""Number of MFCCs."""
MAX_TERMS = 4096
"""Maximum length of text vectors; 10,000 texts then take 160 MB."""


def face_vectors(images: Sequence[bytes | Image]) -> Vectors:
    """Edge directions (HOG) and blurred colours of pictures, encoded or decoded; shape (n, d), rows of unit length.

    A picture is assumed to be a head-and-shoulders portrait, and only its middle is used.
    """
    return _stack(images, _face)


def voice_vectors(clips: Sequence[bytes | tuple[Samples, int]]) -> Vectors:
    """Statistics over time of the MFCCs of clips, encoded or (samples, Hz); shape (n, d), rows of unit length."""
    return _stack(clips, _voice)


def voice_pitch(clip: bytes) -> float:
    """The median pitch of an encoded clip, in Hz: 85 to 400 for speech."""
    import torch
    from torchaudio.functional import detect_pitch_frequency

    samples, _ = decode_audio(clip, VOICE_RATE)
    if samples.size < VOICE_RATE // 4:
        samples = np.pad(samples, (0, VOICE_RATE // 4 - samples.size))
    pitch = detect_pitch_frequency(torch.from_numpy(samples)[None], VOICE_RATE, freq_low=70, freq_high=420)
    return float(pitch.median())


class TextSpace:
    """TF-IDF over words and word pairs whose weights are learnt once."""

    def __init__(self, corpus: Sequence[str]) -> None:
        """corpus: the texts from which word weights are learnt; only their `MAX_TERMS` most frequent terms are used."""
        self._weights = TermWeights(corpus, MAX_TERMS)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Shape (n, d), rows of unit length (zero if no word is known)."""
        return self._weights.vectors(texts)


def text_vectors(texts: Sequence[str], corpus: Sequence[str] | None = None) -> Vectors:
    """TF-IDF over words and word pairs; shape (n, d), rows of unit length (zero if no word is known).

    corpus: the texts from which word weights are learnt; None uses `texts` themselves. Only the `MAX_TERMS` most
    frequent terms are used.
    """
    return packed_text_vectors(texts).rows() if corpus is None else TextSpace(corpus).vectors(texts)


def packed_text_vectors(texts: Sequence[str]) -> PackedVectors:
    """The vectors of `text_vectors` without their zeros: rows of shape (4096,) are made when they are asked for."""
    return TermWeights(texts, MAX_TERMS).corpus


def _stack(media: Sequence[Medium], describe: Callable[[Medium], NDArray[np.float64]]) -> Vectors:
    return np.stack([describe(data) for data in media]).astype(np.float32)


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def _face(picture: bytes | Image) -> NDArray[np.float64]:
    from PIL.Image import Resampling
    from skimage.feature import hog

    image = decode_image(picture) if isinstance(picture, bytes) else picture
    # The middle of a portrait is the head; its surroundings (clothes, a wall) change from picture to picture.
    side = FACE_SHARE * min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    face = image.crop((round(left), round(top), round(left + side), round(top + side)))
    square = face.convert("L")
    edges = hog(
        np.asarray(square.resize((FACE_SIDE, FACE_SIDE)), dtype=np.float64),
        orientations=8,
        pixels_per_cell=(8, 8),
        cells_per_block=(2, 2),
    )
    blurred = np.asarray(face.resize((12, 12), Resampling.BILINEAR), dtype=np.float64).ravel()
    return _unit(np.concatenate([_unit(edges), _unit(blurred - blurred.mean())]))


def _voice(clip: bytes | tuple[Samples, int]) -> NDArray[np.float64]:
    samples = decode_audio(clip, VOICE_RATE)[0] if isinstance(clip, bytes) else resampled(*clip, VOICE_RATE)
    if samples.size < WINDOW:
        samples = np.pad(samples, (0, WINDOW - samples.size))
    coefficients = mfcc(samples, VOICE_RATE, COEFFICIENTS)
    # The first coefficient is loudness: it selects the frames with speech and is then dropped.
    loudness = coefficients[0]
    spoken = coefficients[1:, loudness >= np.quantile(loudness, 0.3)]
    # Later coefficients vary less; the weights prevent the first ones from dominating.
    weights = np.sqrt(np.arange(1, len(coefficients)))
    return _unit(spoken.mean(axis=1) * weights)
