"""Items per second of a Qwen2.5-Omni Thinker: one at a time, batched, batched with a shared prefix.

    python benchmarks/throughput.py                          # a small model on the CPU, the 7B one where there is a GPU
    python benchmarks/throughput.py --size 3b --side 512 1024 --batch 8 32 64 auto

Weights are random, which takes as long as with trained ones. `stock` answers one at a time from what the checkpoint's
own processor makes of an item, clips padded to its window; all other rows use the runner's own inputs. Each row follows
one warm-up batch and ends after `--most-seconds`. Reported are items a second with the ratio to `stock`, all CPU
seconds of an item (which others on the machine disturb less), the peak memory, wall time over the time inside the
model, and, below, the CPU seconds until an item's inputs are ready, beside those of the stock processor. On a CPU each
row has its own process, because the peak memory of a process never falls.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from random_thinker import SIZES, random_items, save_config

from omni_persona import Item
from omni_persona_runner.devices import use
from omni_persona_runner.segments import attend_in_segments
from omni_persona_runner.transformers_model import TransformersModel


@dataclass(frozen=True)
class Row:
    """One way of answering."""

    way: str
    batch: str
    """Items a batch, or `auto`."""
    side: int
    """Pixels of a picture's side."""


def rows_of(settings: argparse.Namespace) -> list[Row]:
    """All ways of answering, for each size of pictures."""
    rows = []
    for side in settings.side:
        rows += [Row("stock", "1", side), Row("one at a time", "1", side)]
        rows += [Row(way, batch, side) for way in ("batched", "shared prefix") for batch in settings.batch]
    return rows


class Bench:
    """Random weights of one size on one device, and everything that is measured with them."""

    def __init__(self, size: str, folder: Path, settings: argparse.Namespace) -> None:
        """Write configuration and processor to `folder`; draw the weights on the device."""
        import torch
        from transformers import Qwen2_5OmniThinkerForConditionalGeneration as Thinker

        self.folder, self.settings = folder, settings
        self.on_gpu = settings.device != "cpu"
        config = save_config(folder, size)
        torch.set_num_threads(settings.threads)
        torch.manual_seed(0)
        with torch.device(settings.device):
            dtype = torch.bfloat16 if self.on_gpu else torch.float32
            self.weights = Thinker._from_config(config, dtype=dtype).eval()

    def model(self, row: Row) -> TransformersModel:
        """The runner's model around the weights; `stock` has attention as torch and transformers choose it, too."""
        import torch

        size: Any = row.batch if row.batch == "auto" else int(row.batch)
        model = TransformersModel(
            self.folder,
            batch_size=size,
            max_new_tokens=self.settings.new_tokens,
            share_prefix=row.way == "shared prefix",
            device=self.settings.device,
        )
        # Every answer has the full length, since random weights would not end it anyway.
        model._generation.eos_token_id = None
        self.weights.generation_config = model._generation
        model.__dict__["_model"] = self.weights
        if row.way == "stock":
            model.__dict__["_omni"] = None
        encoders = (self.weights.config.vision_config, self.weights.config.audio_config)
        for encoder in encoders:
            encoder._attn_implementation = "sdpa"
        torch.backends.cuda.enable_cudnn_sdp(True)
        if row.way != "stock":
            attend_in_segments(self.weights)
            use(self.settings.device)
        return model

    def items(self, row: Row, number: int, seed: int) -> Iterator[Item]:
        """At least `number` items, complete source samples."""
        given = self.settings
        return random_items(-(-number // given.siblings), given.siblings, row.side, given.seconds, seed)

    def measure(self, row: Row) -> dict[str, float]:
        """Measure one way of answering."""
        import torch

        model, inside = self.model(row), 0.0
        whole = model._generate

        def timed(batch: Any) -> Iterator[Any]:
            nonlocal inside
            start = time.perf_counter()
            outcomes = list(whole(batch))
            inside += time.perf_counter() - start
            return iter(outcomes)

        # A model reads the peak after each batch, and starts anew.
        fitted, peak_share = model._size.fitted, 0.0

        def noted(n_items: int, peak: float, resting: float) -> None:
            nonlocal peak_share
            peak_share = max(peak_share, peak)
            fitted(n_items, peak, resting)

        model._generate = timed  # type: ignore[method-assign]
        model._size.fitted = noted  # type: ignore[method-assign]
        batch = 32 if row.batch == "auto" else int(row.batch)
        answered(model, self.items(row, batch, seed=1), None)
        inside = peak_share = 0.0
        start, start_cpu = time.perf_counter(), time.process_time()
        asked = self.items(row, max(self.settings.items, 2 * batch), seed=0)
        number = answered(model, asked, start + self.settings.most_seconds)
        seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
        if self.on_gpu:
            peak = peak_share * torch.cuda.get_device_properties(self.settings.device).total_memory
        return {
            "items_per_second": number / seconds,
            "items": number,
            "cpu_seconds": cpu / number,
            "peak_gb": peak / 1e9,
            "wall_over_model": seconds / inside,
            "batch": model._size.now,
        }

    def preparing(self, side: int) -> dict[str, float]:
        """CPU seconds per item until the inputs are ready: the runner's, and the stock processor's."""
        model = self.model(Row("shared prefix", "6", side))
        asked = list(self.items(Row("", "", side), 6, seed=2))
        start = time.process_time()
        model._prepare(asked)
        ours = (time.process_time() - start) / len(asked)
        chats = [chat for chat in model._chats.prepare(asked[:2]) if not isinstance(chat, Exception)]
        start = time.process_time()
        for chat in chats:
            model._processed([chat])
        return {"runner": ours, "stock": (time.process_time() - start) / len(chats)}


def answered(model: TransformersModel, asked: Iterator[Item], end: float | None) -> int:
    """Number of items answered until `end`; failures other than empty answers, which cost as much, are raised."""
    number = 0
    for outcome in model.answer(asked):
        if isinstance(outcome, Exception) and "an empty answer" not in str(outcome):
            raise outcome
        number += 1
        whole_batch = number % max(model._size.now, 1) == 0
        if end is not None and whole_batch and time.perf_counter() > end:
            break
    return number


def worker(settings: argparse.Namespace) -> None:
    """Print one line of JSON for each row."""
    import torch

    rows = rows_of(settings)
    with tempfile.TemporaryDirectory(prefix="throughput-") as folder:
        bench = Bench(settings.size, Path(folder), settings)
        for number in settings.rows:
            try:
                found = bench.measure(rows[number])
            except torch.OutOfMemoryError as error:
                found = {"failed": str(error).splitlines()[0]}
            print(json.dumps({"row": asdict(rows[number]), **found}), flush=True)
        for side in settings.side if settings.rows[-1] == len(rows) - 1 else ():
            print(json.dumps({"side": side, **bench.preparing(side)}), flush=True)


def lines(settings: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What the workers print: one worker for all rows on a GPU, one for each row on a CPU."""
    every = list(range(len(rows_of(settings))))
    for numbers in [every] if settings.device != "cpu" else [[number] for number in every]:
        command = [sys.executable, __file__, *sys.argv[1:], "--rows", *map(str, numbers)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                if line.startswith("{"):
                    yield json.loads(line)
        if process.returncode:
            raise SystemExit(f"a worker ended with {process.returncode}")


def show(settings: argparse.Namespace, found: Iterator[dict[str, Any]]) -> None:
    """Print the table."""
    titles = ("side", "batch", "items/s", "ratio", "CPU s/item", "peak GB", "wall/model", "items")
    print(f"{'':16}" + "".join(f"{title:>11}" for title in titles), flush=True)
    stock: dict[int, float] = {}
    for line in found:
        if "row" not in line:
            ratio = line["runner"] / line["stock"]
            print(f"CPU s/item to prepare, {line['side']} pixels: {line['runner']:.3f}, ", end="")
            print(f"stock processor {line['stock']:.3f} ({ratio:.3f}x)", flush=True)
            continue
        row = Row(**line["row"])
        start = f"{row.way:16}{row.side:>11}{row.batch:>11}"
        if "failed" in line:
            print(f"{start}   {line['failed'][:90]}", flush=True)
            continue
        rate = line["items_per_second"]
        base = stock.setdefault(row.side, rate)
        cells = (f"{rate:.2f}", f"{rate / base:.2f}x", f"{line['cpu_seconds']:.3f}", f"{line['peak_gb']:.2f}")
        cells += (f"{line['wall_over_model']:.3f}", f"{line['items']}")
        ends = f"   ended with batches of {line['batch']}" if row.batch == "auto" else ""
        print(start + "".join(f"{cell:>11}" for cell in cells) + ends, flush=True)


def main() -> None:
    import torch

    gpu = torch.cuda.is_available()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="7b" if gpu else "small")
    parser.add_argument("--device", default="cuda:0" if gpu else "cpu")
    parser.add_argument("--items", type=int, default=192 if gpu else 24, help="items a row, at least two batches")
    parser.add_argument("--most-seconds", type=float, default=60.0, help="a row ends after these, at a whole batch")
    parser.add_argument("--siblings", type=int, default=3, help="questions of a source sample")
    parser.add_argument(
        "--side", type=int, nargs="+", default=[512] if gpu else [168], help="pixels of pictures' sides"
    )
    parser.add_argument("--seconds", type=float, default=8.0 if gpu else 3.0, help="mean length of a clip")
    parser.add_argument("--batch", nargs="+", default=["8", "32", "auto"] if gpu else ["3"], help="items, or auto")
    parser.add_argument("--new-tokens", type=int, default=32 if gpu else 16)
    parser.add_argument("--threads", type=int, default=2, help="of torch on the CPU")
    parser.add_argument("--rows", type=int, nargs="+", help=argparse.SUPPRESS)
    settings = parser.parse_args()
    if settings.rows is not None:
        worker(settings)
        return
    where = torch.cuda.get_device_name(settings.device) if settings.device != "cpu" else "CPU"
    print(f"{settings.size} on {where}, torch {torch.__version__}, {settings.new_tokens} new tokens an item")
    print(f"source samples of {settings.siblings} questions, clips of about {settings.seconds:g} s\n")
    show(settings, lines(settings))


if __name__ == "__main__":
    main()
