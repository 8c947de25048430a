"""Seconds per step and peak memory of SFT and RLVR: ours, and TRL's stock path where it runs.

    python benchmarks/training.py                       a tiny Thinker on a CPU, about two minutes
    python benchmarks/training.py --size 3b             a 3B configuration with random weights, on a GPU

TRL 1.16 supports only pictures, so its path is measured on prompts without clips, and ours on the same prompts and on
prompts with both. Every row is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from random_thinker import random_items, save_config

STEPS = 6
"""Number of steps, of which the first two are excluded from the mean."""

ROWS = (
    ("sft", "ours", "pictures"),
    ("sft", "trl", "pictures"),
    ("sft", "ours", "pictures and clips"),
    ("rlvr", "ours", "pictures"),
    ("rlvr", "trl", "pictures"),
    ("rlvr", "ours", "pictures and clips"),
)


def checkpoint(folder: Path, size: str) -> Path:
    """A Thinker with random weights: tiny, or with the sizes of Qwen2.5-Omni-3B."""
    import tiny_omni

    path = folder / "model"
    if size == "tiny":
        return tiny_omni.save(path)
    import torch
    from transformers import Qwen2_5OmniThinkerForConditionalGeneration as Thinker

    words = tiny_omni.tokenizer()
    config = save_config(path, size)
    with torch.device("cuda"):
        model = Thinker._from_config(config, dtype=torch.bfloat16)
    model.generation_config.pad_token_id, model.generation_config.eos_token_id = words.pad_token_id, words.eos_token_id
    model.save_pretrained(path)
    return path


def corpus(folder: Path, size: str, clips: bool) -> Path:
    """Sixteen localizations over four memories: small media for a tiny model, else 512 x 512 pixels and 8 s."""
    from dataclasses import replace

    from omni_persona_training.corpus.folder import write_examples
    from omni_persona_training.corpus.source import Memory
    from omni_persona_training.corpus.studio import Show, example

    examples = []
    side, seconds = (56, 1.0) if size == "tiny" else (512, 8.0)
    for index, item in enumerate(random_items(16, 1, side, seconds)):
        memories = tuple(Memory("", one.image, one.audio, one.text) for one in item.contexts)
        show = Show("Which context?", memories, notes=True, clips=clips, query_image=item.query_image)
        one = example("image_localization", show.messages("Who?"), "localization", "2", "s", context=2)
        examples.append(replace(one, example_id=f"e{index}"))
    path = folder / f"corpus-{clips}"
    path.mkdir()
    write_examples(examples, path)
    (path / "corpus.json").write_text(json.dumps({"made": {"image_localization": len(examples)}, "content": "bench"}))
    return path


def measure(command: str, by: str, data: Path, model: Path, out: Path, device: str) -> dict[str, float]:
    """Train `STEPS` steps; return seconds per step and peak memory."""
    from omni_persona_training.tuning import rlvr as rlvr_module
    from omni_persona_training.tuning import sft as sft_module
    from omni_persona_training.tuning.session import Machine
    from omni_persona_training.tuning.settings import RlvrSettings, SftSettings

    times: list[float] = []
    machine = Machine(device, advance=lambda step, steps, logged: times.append(time.perf_counter()))
    shared = {"steps": STEPS, "batch_size": 4, "micro_batch": 4, "save_every": 1000}
    if by == "trl":
        _stock(command, data, model, out, device, times)
    elif command == "sft":
        sft_module.sft(data, model, out, SftSettings(**shared), machine=machine)
    else:
        settings = RlvrSettings(**shared, reward="paper", group_size=4, max_new_tokens=8)
        rlvr_module.rlvr(data, model, out, settings, machine=machine)
    import torch

    on_gpu = device.startswith("cuda")
    peak = torch.cuda.max_memory_allocated() if on_gpu else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    gaps = [after - before for before, after in pairwise(times[1:STEPS])]
    return {"seconds": sum(gaps) / len(gaps), "gib": peak / 2**30}


def _stock(command: str, data: Path, model: Path, out: Path, device: str, times: list[float]) -> None:
    """The same through TRL's own trainers: pictures as its datasets have them, its own collators and passes."""
    import datasets
    from peft import LoraConfig
    from transformers import AutoProcessor, TrainerCallback
    from transformers import Qwen2_5OmniThinkerForConditionalGeneration as Thinker
    from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

    from omni_persona_training.tuning.language_model import targets

    class Clock(TrainerCallback):
        def on_log(self, *_: Any, **__: Any) -> None:
            times.append(time.perf_counter())

    rows = _stock_rows(data)
    # Rows are made when they are read: through Arrow every part would get every key.
    lazy = datasets.Dataset.from_dict({"place": list(range(len(rows)))}).with_transform(
        lambda batch: {name: [_plain(rows[place])[name] for place in batch["place"]] for name in rows[0]}
    )
    base = Thinker.from_pretrained(model, dtype="bfloat16" if device.startswith("cuda") else "float32").to(device)
    shared = {
        "output_dir": str(out),
        "max_steps": STEPS,
        "logging_steps": 1,
        "report_to": "none",
        "save_strategy": "no",
        "disable_tqdm": True,
        "use_cpu": device == "cpu",
        "bf16": device != "cpu",
        "remove_unused_columns": False,
    }
    options = {
        "model": base,
        "train_dataset": lazy,
        "processing_class": AutoProcessor.from_pretrained(model),
        "peft_config": LoraConfig(r=64, lora_alpha=128, target_modules=list(targets(base).modules)),
        "callbacks": [Clock()],
    }
    if command == "sft":
        args = SFTConfig(**shared, per_device_train_batch_size=4, max_length=None)
        SFTTrainer(args=args, **options).train()
        return
    args = GRPOConfig(
        **shared,
        per_device_train_batch_size=16,
        num_generations=4,
        max_completion_length=8,
        beta=0.04,
        loss_type="grpo",
    )
    GRPOTrainer(args=args, reward_funcs=_some_reward, **options).train()


def _stock_rows(data: Path) -> list[dict[str, Any]]:
    """The rows of a corpus as TRL's datasets have them, without clips."""
    from PIL import Image

    rows = []
    for line in (data / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        turns, pictures = [], []
        for message in record["messages"]:
            parts = [part for part in message["content"] if part["type"] != "audio"]
            pictures += [Image.open(data / part["path"]) for part in parts if part["type"] == "image"]
            content = [{"type": part["type"], "text": part.get("text")} for part in parts]
            turns.append({"role": message["role"], "content": content})
        said = [{"role": "assistant", "content": [{"type": "text", "text": record["answer"]}]}]
        rows.append({"prompt": turns, "completion": said, "images": pictures})
    return rows


def _some_reward(completions: list[Any], **_: Any) -> list[float]:
    return [float(len(str(one)) % 2) for one in completions]


def _plain(row: dict) -> dict:
    """A row whose parts have the keys of their type alone."""
    turns = [
        {**turn, "content": [{k: v for k, v in part.items() if v is not None} for part in turn["content"]]}
        for turn in row["prompt"]
    ]
    return {**row, "prompt": turns}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=("tiny", "3b"), default="tiny")
    parser.add_argument("--row", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    device = "cpu" if given.size == "tiny" else "cuda:0"
    if given.row is not None:
        command, by, shown = ROWS[given.row]
        data, out = given.folder / f"corpus-{'clips' in shown}", given.folder / f"out-{given.row}"
        print(json.dumps(measure(command, by, data, given.folder / "model", out, device)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint(folder, given.size)
        for clips in (False, True):
            corpus(folder, given.size, clips)
        print(f"{'':6}{'by':6}{'shown':22}{'s a step':>10}{'peak GiB':>10}")
        for number, (command, by, shown) in enumerate(ROWS):
            arguments = [sys.executable, __file__, "--size", given.size, "--row", str(number), "--folder", name]
            said = subprocess.run(arguments, capture_output=True, text=True, check=False)
            if said.returncode:
                lines = [line for line in said.stderr.splitlines() if line.strip()]
                print(f"{command:6}{by:6}{shown:22}does not run: {lines[-1][:90]}")
                continue
            came = json.loads(said.stdout.splitlines()[-1])
            print(f"{command:6}{by:6}{shown:22}{came['seconds']:10.2f}{came['gib']:10.2f}", flush=True)


if __name__ == "__main__":
    main()
