"""Thinkers of the published sizes without their weights, and random items, for benchmarks of speed and memory."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

import omni_persona
from omni_persona import Context, Item, Media

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "helpers"))

AUDIO_7B = {"num_mel_bins": 128, "encoder_layers": 32, "encoder_attention_heads": 20, "encoder_ffn_dim": 5120}
VISION_7B = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16}
SIZES: dict[str, dict[str, dict[str, Any]]] = {
    "small": {
        "audio_config": {
            "num_mel_bins": 128,
            "encoder_layers": 2,
            "encoder_attention_heads": 4,
            "encoder_ffn_dim": 512,
            "d_model": 128,
            "output_dim": 256,
        },
        "vision_config": {
            "depth": 2,
            "hidden_size": 128,
            "intermediate_size": 256,
            "num_heads": 4,
            "out_hidden_size": 256,
            "fullatt_block_indexes": [1],
        },
        "text_config": {
            "vocab_size": 4096,
            "hidden_size": 256,
            "intermediate_size": 1024,
            "num_hidden_layers": 8,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [8, 12, 12]},
        },
    },
    "3b": {
        "audio_config": {**AUDIO_7B, "d_model": 1280, "output_dim": 2048},
        "vision_config": {**VISION_7B, "out_hidden_size": 2048, "fullatt_block_indexes": [7, 15, 23, 31]},
        "text_config": {
            "vocab_size": 151_936,
            "hidden_size": 2048,
            "intermediate_size": 11_008,
            "num_hidden_layers": 36,
            "num_attention_heads": 16,
            "num_key_value_heads": 2,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
        },
    },
    "7b": {
        "audio_config": {**AUDIO_7B, "d_model": 1280, "output_dim": 3584},
        "vision_config": {**VISION_7B, "out_hidden_size": 3584, "fullatt_block_indexes": [7, 15, 23, 31]},
        "text_config": {
            "vocab_size": 152_064,
            "hidden_size": 3584,
            "intermediate_size": 18_944,
            "num_hidden_layers": 28,
            "num_attention_heads": 28,
            "num_key_value_heads": 4,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
        },
    },
}
"""The published configurations of 3B and 7B, and a small one."""


def save_config(folder: Path, size: str) -> Any:
    """Write configuration and processor of a Thinker of a size in `SIZES` to `folder`; return the configuration.

    The tokenizer is one of bytes, which needs no Hub; the embeddings have the published size all the same.
    """
    import tiny_omni
    from transformers import Qwen2_5OmniThinkerConfig

    words = tiny_omni.tokenizer()
    known = tiny_omni.thinker_config(words).to_dict()
    tokens = {name: value for name, value in known.items() if name.endswith(("_token_id", "_token_index"))}
    config = Qwen2_5OmniThinkerConfig(**SIZES[size], **tokens)
    config.architectures = ["Qwen2_5OmniThinkerForConditionalGeneration"]
    processor = tiny_omni.processor(words)
    processor.image_processor.size = {"shortest_edge": 28 * 28, "longest_edge": 4096 * 28 * 28}
    processor.feature_extractor = type(processor.feature_extractor)(
        feature_size=128, chunk_length=300, sampling_rate=tiny_omni.SAMPLING_RATE
    )
    config.save_pretrained(folder)
    processor.save_pretrained(folder)
    return config


def random_items(n_samples: int, siblings: int, side: int, seconds: float, seed: int = 0) -> Iterator[Item]:
    """Source samples of four people with `siblings` questions each: every second by face, every second by voice.

    Pictures are `side` pixels wide and high, clips about `seconds` long.
    """
    rng = np.random.default_rng(seed)

    def picture() -> Media:
        pixels = rng.integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).resize((side, side)).save(buffer, "JPEG", quality=90)
        return Media(buffer.getvalue(), "face.jpg")

    def clip() -> Media:
        rate = 24_000
        samples = 0.1 * rng.standard_normal(int(rate * seconds * rng.uniform(0.7, 1.3)))
        buffer = io.BytesIO()
        soundfile.write(buffer, samples, rate, format="FLAC")
        return Media(buffer.getvalue(), "voice.flac")

    for sample in range(n_samples):
        note = "They work as a beekeeper and met me by the river. "
        contexts = tuple(
            Context(f"concept_{place}", picture(), clip(), note * int(rng.integers(2, 6)), False) for place in range(4)
        )
        for place in range(siblings):
            task = omni_persona.TASKS["voice_to_bio" if place % 2 else "visual_to_bio"]
            yield Item(
                augmented_id=f"{sample}_{place}",
                source_sample_id=str(sample),
                task=task,
                absence="none",
                target_concept_id="concept_0",
                contexts=contexts,
                query_image=None if place % 2 else picture(),
                query_audio=clip() if place % 2 else None,
                query_text=f"What does this person do for a living, asked for the {place}. time?",
                gold_answer="beekeeper",
                asked_subfield="job",
            )
