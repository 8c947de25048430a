"""Cost of building: time against `cp -r` and `Dataset.to_parquet`, bytes, memory, and mining at scale.

    python benchmarks/build.py                        # 250 invented people, their media as large as real ones
    python benchmarks/build.py --drawn                # the same people with drawn faces and 29 kB files as they are
    python benchmarks/build.py --pool ../people       # a pool of your own
    python benchmarks/build.py --mine 10000           # who stands beside whom among 10,000 people, and nothing else

Prints for the recipe `v2_2`, the pool read before (what is known of its media lies in its folder):

- the seconds of `omni-persona build`'s work in a process that has its imports, and of the whole command, each beside
  `cp -r` of the pool's media, run in turns: best and median of five;
- the seconds of `Dataset.to_parquet` on the same rows, beside those of our own writing of them;
- bytes of the Parquet file over the bytes of the distinct media in it;
- the peak memory of a build of the recipe, and of one with ten times its items (Linux);
- how near distractors are beside those of a pool that is not bisected into partitions.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import soundfile
import soxr
from PIL import Image

import omni_persona
from omni_persona_artifacts.data_files import data_files
from omni_persona_build import pipeline as building
from omni_persona_build import write
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.partitions import neighbourhoods, partitions
from omni_persona_build.pipeline import build
from omni_persona_build.recipes import Recipe, load_recipe
from omni_persona_people.invent import generate_pool

TURNS = 5
RATE = 48_000
SIDE = 512


def as_large_as_real(folder: Path) -> None:
    """Give a pool of drawn faces pictures of 512 x 512 with grain, and clips of 16 bits at 48 kHz, uncompressed."""
    file = folder / "personas.jsonl"
    lines = file.read_text(encoding="utf-8").replace(".flac", ".wav")
    rng = np.random.default_rng(0)
    for path in sorted((folder / "media").rglob("*.png")):
        picture = np.asarray(Image.open(path).convert("RGB").resize((SIDE, SIDE)), dtype=np.int16)
        grain = rng.integers(-6, 7, picture.shape, dtype=np.int16)
        Image.fromarray(np.clip(picture + grain, 0, 255).astype(np.uint8)).save(path)
    for path in sorted((folder / "media").rglob("*.flac")):
        samples, rate = soundfile.read(path, dtype="float32")
        soundfile.write(path.with_suffix(".wav"), soxr.resample(samples, rate, RATE), RATE, subtype="PCM_16")
        path.unlink()
    file.write_text(lines, encoding="utf-8")
    # It lists the files as they were, and a pool that was edited is refused.
    (folder / ".omni-persona" / "files.json").unlink(missing_ok=True)


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def row(name: str, times: list[float], beside: list[float] | None = None) -> None:
    """One line: best, median, and the ratio of medians to the alternative measured in turns with it."""
    ratio = f"{statistics.median(times) / statistics.median(beside):9.2f} x" if beside else ""
    print(f"  {name:44}{min(times):9.3f}{statistics.median(times):9.3f} s{ratio}", flush=True)


def against_copy(pool: Path, recipe: Recipe, here: Path) -> None:
    """Time building and copying in turns."""
    out = here / "omni-persona"
    building_times, command_times, copy_times = [], [], []
    command = [sys.executable, "-m", "omni_persona_cli", "build", "--no-check", "--pool", str(pool)]
    command += ["--recipe", recipe.name, "--out", str(out)]
    copy = here / "copy"
    for _ in range(TURNS):
        copy_times.append(seconds(lambda: subprocess.run(["cp", "-r", pool / "media", copy], check=True)))
        shutil.rmtree(copy)
        building_times.append(seconds(lambda: build(pool, recipe, out)))
        shutil.rmtree(out)
        command_times.append(seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)))
        shutil.rmtree(out)
    row("cp -r of the media", copy_times)
    row("build, imports done", building_times, copy_times)
    row("the command `omni-persona build --no-check`", command_times, copy_times)


@dataclass(frozen=True)
class InMemory:
    """A medium in memory, as the writer takes it."""

    digest: str
    suffix: str
    size: int
    data: bytes

    def read(self) -> bytes:
        return self.data

    def read_into(self, room: memoryview) -> None:
        room[:] = self.data


def against_to_parquet(folder: Path, here: Path) -> None:
    """Our writer and `Dataset.to_parquet` on the same rows: media in memory for ours, memory-mapped for theirs."""
    import datasets

    datasets.disable_progress_bars()
    media: dict[str, InMemory] = {}
    samples: dict[str, list[Any]] = {}

    def held(value: Any) -> Any:
        """A medium in memory, once for all rows."""
        if value is None:
            return None
        name, data = value["path"], value["bytes"]
        if name not in media:
            digest, _, ending = name.partition(".")
            media[name] = InMemory(digest, f".{ending}", len(data), data)
        return media[name]

    for one in omni_persona.load(folder, streaming=True).decode(False):
        contexts = [
            {**context, "image": held(context["image"]), "audio": held(context["audio"])} for context in one["contexts"]
        ]
        query = {kind: held(value) for kind, value in one["query_assets"].items()}
        samples.setdefault(one["source_sample_id"], []).append({**one, "contexts": contexts, "query_assets": query})
    (here / "ours").mkdir()
    dataset = datasets.load_dataset(str(folder), split="test", cache_dir=str(here / "cache"))
    ours = [seconds(lambda: write.write_parquet([samples.values()], here / "ours", {})) for _ in range(3)]
    theirs = [seconds(lambda: dataset.to_parquet(here / "theirs.parquet")) for _ in range(3)]
    row("our writer", ours)
    row("Dataset.to_parquet", theirs, ours)
    size = (here / "ours" / "data" / "test-00000-of-00001.parquet").stat().st_size
    print(f"  {'bytes that each writes':44}{size / 1e6:9.1f}{(here / 'theirs.parquet').stat().st_size / 1e6:9.1f} MB")
    distinct = sum(medium.size for medium in media.values())
    built = sum(path.stat().st_size for path in data_files(folder))
    print(f"  {'Parquet over distinct media':44}{built / distinct:9.4f}")


def peak(pool: Path, recipe: Recipe, times: int, here: Path) -> float:
    """Peak memory in MB, at most, of processes that build `times` as many items."""
    tasks = {name: {key: times * value for key, value in counts} for name, counts in recipe.tasks.items()}
    file = here / f"{times}.json"
    file.write_text(json.dumps({**recipe.model_dump(exclude={"tasks"}), "tasks": tasks}))
    command = [sys.executable, __file__, "--peak-of", str(file), "--pool", str(pool)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def peak_here(pool: Path, recipe_file: str) -> None:
    """Build in this process, and print its peak memory and that of the process that writes for it, in MB, added."""
    with tempfile.TemporaryDirectory() as folder:
        build(pool, load_recipe(recipe_file), Path(folder) / "omni-persona")
    print(peak_mb() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000)


def peak_mb() -> float:
    """This process's peak memory: `ru_maxrss` would count that of the process that started it, too."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1000


def distractor_likeness(folder: Path) -> dict[str, float]:
    """Mean similarity of distractors to the queried person, by modality."""
    import pyarrow.parquet as pq

    rows = pq.read_table(folder / "data" / "construction.parquet").to_pylist()
    others = [row for row in rows if row["person"] != row["queried_person"]]
    return {name: float(np.mean([row[f"{name}_similarity"] for row in others])) for name in ("face", "voice", "text")}


def partitions_cost(pool: Path, recipe: Recipe, here: Path) -> None:
    """Distractor similarity of the build as it is, without bisection into partitions, and by random choice."""
    bisected = {}
    for name, partition_bytes, hardness in (
        ("bisected into partitions", building.PARTITION_BYTES, "hard"),
        ("not bisected", 1 << 60, "hard"),
        ("by chance", 1 << 60, "random"),
    ):
        usual, building.PARTITION_BYTES = building.PARTITION_BYTES, partition_bytes
        out = here / name / "omni-persona"
        build(pool, recipe.model_copy(update={"distractors": hardness}), out)
        building.PARTITION_BYTES = usual
        bisected[name] = distractor_likeness(out)
        size = sum(path.stat().st_size for path in data_files(out))
        figures = "".join(f"{key:>8}{value:6.3f}" for key, value in bisected[name].items())
        print(f"  {'distractors, ' + name:44}{figures}{size / 1e6:10.1f} MB")
        shutil.rmtree(here / name)


def mine(number: int) -> None:
    """Partitions and neighbourhoods of a large pool, from vectors as wide as the light ones."""
    rng = np.random.default_rng(0)
    megabyte = SimpleNamespace(size=1_000_000)
    people = [SimpleNamespace(persona_id=f"p{index}", media=lambda: [megabyte]) for index in range(number)]
    vectors = {
        name: rng.standard_normal((number, width), dtype=np.float32)
        for name, width in (("face", 2000), ("voice", 19), ("text", 4096))
    }
    graph = PersonaGraph(people, [("female", "male")[index % 2] for index in range(number)], vectors)  # type: ignore[arg-type]
    found = []
    partitions_took = seconds(lambda: found.extend(partitions(graph, write.PARTITION_BYTES, 10)))
    in_partitions = seconds(lambda: [neighbourhoods(graph, partition, "hard", 4) for partition in found])
    in_one = seconds(lambda: neighbourhoods(graph, range(number), "hard", 4))
    texts = vectors["text"]
    product = seconds(lambda: [texts[first : first + 256] @ texts.T for first in range(0, number, 256)])
    print(f"{number:,} people of 1 MB each")
    print(f"  {len(found)} partitions {partitions_took:.1f} s, neighbourhoods {in_partitions:.1f} s")
    print(f"  were they all one partition: neighbourhoods {in_one:.1f} s; peak {peak_mb():.0f} MB")
    print(f"  beside it: likeness of all profiles to each other, as one matrix product: {product:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=Path, help="a pool to build from; invented people without")
    parser.add_argument("--personas", type=int, default=250)
    parser.add_argument("--drawn", action="store_true", help="leave the invented people's small media as they are")
    parser.add_argument("--recipe", default="v2_2")
    parser.add_argument("--mine", type=int, metavar="N", help="only find out who stands beside whom among N people")
    parser.add_argument("--peak-of", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.mine:
        mine(arguments.mine)
        return
    if arguments.peak_of:
        peak_here(arguments.pool, arguments.peak_of)
        return
    recipe = load_recipe(arguments.recipe)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        pool = here / "people"
        if arguments.pool:
            shutil.copytree(arguments.pool, pool)
        else:
            generate_pool(pool, arguments.personas, 0)
            if not arguments.drawn:
                as_large_as_real(pool)
        files = [path.stat().st_size for path in (pool / "media").rglob("*") if path.is_file()]
        print(f"{len(files)} pictures and clips, {sum(files) / 1e6:.1f} MB; recipe {recipe.name}, {recipe.total} items")
        first = seconds(lambda: build(pool, recipe, here / "first" / "omni-persona"))
        print(f"  {'the first build, nothing known':44}{first:9.3f}")
        print(f"  {'':44}{'best':>9}{'median':>9}")
        against_copy(pool, recipe, here)
        against_to_parquet(here / "first" / "omni-persona", here)
        once, tenfold = peak(pool, recipe, 1, here), peak(pool, recipe, 10, here)
        print(f"  {'peak memory, and with ten times the items':44}{once:9.0f}{tenfold:9.0f} MB{tenfold / once:9.2f} x")
        partitions_cost(pool, recipe, here)


if __name__ == "__main__":
    main()
