"""Items per second of a Qwen2.5-Omni Thinker: one at a time, batched, batched with a shared prefix.

    python benchmarks/throughput.py                          # a small model on the CPU, the 7B one where there is a GPU
    python benchmarks/throughput.py --size 3b --side 1024    # pictures of 1024 x 1024 pixels

Weights are random, which takes as long as with trained ones. Every way of answering runs in its own process, after
one warm-up batch. Reported are items a second with the ratio to one at a time, all CPU seconds of an item (which
others on the machine disturb less), the peak memory, wall time over the time inside the model, and the CPU seconds an
item takes to be decoded, turned into features and tokenized, beside those of the stock processor.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

import omni_persona
from omni_persona import Context, Item, Media
from omni_persona_runner.transformers_model import TransformersModel

WAYS = {
    "one at a time": {"batch_size": 1, "share_prefix": False},
    "batched": {"share_prefix": False},
    "batched, shared prefix": {"share_prefix": True},
}

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


def tiny_omni() -> Any:
    """The tests' builder of processors, which needs no Hub."""
    file = Path(__file__).parents[1] / "tests" / "runner" / "tiny_omni.py"
    spec = importlib.util.spec_from_file_location("tiny_omni", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build(size: str, way: dict[str, Any], settings: argparse.Namespace) -> TransformersModel:
    """A model with random weights on its device."""
    import torch
    from transformers import Qwen2_5OmniThinkerConfig
    from transformers import Qwen2_5OmniThinkerForConditionalGeneration as Thinker

    tiny = tiny_omni()
    words = tiny.tokenizer()
    known = tiny.thinker_config(words).to_dict()
    tokens = {name: value for name, value in known.items() if name.endswith(("_token_id", "_token_index"))}
    config = Qwen2_5OmniThinkerConfig(**SIZES[size], **tokens)
    config.architectures = [Thinker.__name__]
    processor = tiny.processor(words)
    processor.image_processor.size = {"shortest_edge": 28 * 28, "longest_edge": 4096 * 28 * 28}
    processor.feature_extractor = type(processor.feature_extractor)(
        feature_size=128, chunk_length=300, sampling_rate=16_000
    )
    folder = Path(tempfile.mkdtemp(prefix="throughput-"))
    config.save_pretrained(folder)
    processor.save_pretrained(folder)
    model = TransformersModel(folder, **{"batch_size": settings.batch, "max_new_tokens": settings.new_tokens, **way})
    # Every answer has the full length, since random weights would not end it anyway.
    model._generation.eos_token_id = None
    device = torch.device(settings.device)
    torch.manual_seed(0)
    with device:
        weights = Thinker._from_config(config, dtype=torch.bfloat16 if device.type == "cuda" else torch.float32)
    weights.save_pretrained(folder)
    return model


def items(settings: argparse.Namespace, n_samples: int, seed: int = 0) -> Iterator[Item]:
    """Source samples of four people with `siblings` questions each: every second by face, every second by voice."""
    rng = np.random.default_rng(seed)

    def picture() -> Media:
        pixels = rng.integers(0, 256, (settings.side // 8, settings.side // 8, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).resize((settings.side, settings.side)).save(buffer, "JPEG", quality=90)
        return Media(buffer.getvalue(), "face.jpg")

    def clip() -> Media:
        rate = 24_000
        samples = 0.1 * rng.standard_normal(int(rate * settings.seconds * rng.uniform(0.7, 1.3)))
        buffer = io.BytesIO()
        soundfile.write(buffer, samples, rate, format="FLAC")
        return Media(buffer.getvalue(), "voice.flac")

    for sample in range(n_samples):
        note = "They work as a beekeeper and met me by the river. "
        contexts = tuple(
            Context(f"concept_{place}", picture(), clip(), note * int(rng.integers(2, 6)), False) for place in range(4)
        )
        for place in range(settings.siblings):
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


def measure(name: str, settings: argparse.Namespace) -> dict[str, float]:
    """Measure one way of answering."""
    import torch

    torch.set_num_threads(settings.threads)
    model = build(settings.size, WAYS[name], settings)
    asked = list(items(settings, settings.samples))
    inside = 0.0
    whole = model._generate

    def timed(batch: Any) -> Iterator[Any]:
        nonlocal inside
        start = time.perf_counter()
        outcomes = list(whole(batch))
        inside += time.perf_counter() - start
        return iter(outcomes)

    # A model looks at the peak after each batch, and starts anew.
    held, peak_share = model._size.held, 0.0

    def noted(n_items: int, peak: float, resting: float) -> None:
        nonlocal peak_share
        peak_share = max(peak_share, peak)
        held(n_items, peak, resting)

    model._generate = timed  # type: ignore[method-assign]
    model._size.held = noted  # type: ignore[method-assign]
    warm = list(items(settings, max(1, settings.batch // settings.siblings), seed=1))
    check(model.answer(warm))
    inside = peak_share = 0.0
    start, start_cpu = time.perf_counter(), time.process_time()
    check(model.answer(asked))
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    peak = (
        peak_share * torch.cuda.get_device_properties(settings.device).total_memory
        if settings.device != "cpu"
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    )
    return {
        "items_per_second": len(asked) / seconds,
        "cpu_seconds": cpu / len(asked),
        "peak_gb": peak / 1e9,
        "wall_over_model": seconds / inside,
        "host_seconds": host_seconds(model, asked),
        "stock_seconds": stock_seconds(model, asked[: min(4, len(asked))]),
    }


def check(outcomes: Iterator[Any]) -> None:
    """Raise failures other than empty answers, which random weights may produce at the same cost."""
    for outcome in outcomes:
        if isinstance(outcome, Exception) and "an empty answer" not in str(outcome):
            raise outcome


def host_seconds(model: TransformersModel, asked: list[Item]) -> float:
    """CPU seconds per item until the model's inputs are ready."""
    start = time.process_time()
    for first in range(0, len(asked), model._size.now):
        model._prepare(asked[first : first + model._size.now])
    return (time.process_time() - start) / len(asked)


def stock_seconds(model: TransformersModel, asked: list[Item]) -> float:
    """CPU seconds per item of the checkpoint's own processor, clips padded to its window."""
    chats = [chat for item in asked for chat in model._chats.prepare([item])]
    start = time.process_time()
    for chat in chats:
        model._processed([chat])
    return (time.process_time() - start) / len(asked)


def main() -> None:
    import torch

    gpu = torch.cuda.is_available()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="7b" if gpu else "small")
    parser.add_argument("--device", default="cuda" if gpu else "cpu")
    parser.add_argument("--samples", type=int, default=64 if gpu else 8, help="source samples")
    parser.add_argument("--siblings", type=int, default=3, help="questions of a source sample")
    parser.add_argument("--side", type=int, default=512 if gpu else 168, help="pixels of a picture's side")
    parser.add_argument("--seconds", type=float, default=8.0 if gpu else 3.0, help="mean length of a clip")
    parser.add_argument("--batch", type=int, default=32 if gpu else 3)
    parser.add_argument("--new-tokens", type=int, default=32 if gpu else 16)
    parser.add_argument("--threads", type=int, default=2, help="of torch on the CPU")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    settings = parser.parse_args()
    if settings.way:
        print(json.dumps(measure(settings.way, settings)))
        return
    print(f"{settings.size} on {settings.device}, {settings.new_tokens} new tokens an item")
    print(f"{settings.samples} source samples x {settings.siblings} questions")
    print(f"pictures of {settings.side} x {settings.side} pixels, clips of about {settings.seconds:g} s\n")
    titles = ("items/s", "ratio", "CPU s/item", "peak GB", "wall/model", "host s/item", "stock", "ratio")
    print(" " * 24 + "".join(f"{title:>12}" for title in titles))
    first = None
    for name in WAYS:
        command = [sys.executable, __file__, *sys.argv[1:], "--way", name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        row = json.loads(done.stdout.splitlines()[-1])
        first = first or row["items_per_second"]
        cells = (
            f"{row['items_per_second']:.2f}",
            f"{row['items_per_second'] / first:.2f}x",
            f"{row['cpu_seconds']:.3f}",
            f"{row['peak_gb']:.2f}",
            f"{row['wall_over_model']:.3f}",
            f"{row['host_seconds']:.4f}",
            f"{row['stock_seconds']:.3f}",
            f"{row['host_seconds'] / row['stock_seconds']:.3f}",
        )
        print(f"{name:24}" + "".join(f"{cell:>12}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
