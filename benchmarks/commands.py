"""Cost of every command: CPU seconds, wall seconds and peak memory, beside `import datasets` and `cp -r`.

    python benchmarks/commands.py                                  # 24 people and 144 items, 250 people and 750 items
    python benchmarks/commands.py --sizes 24:144                   # only the small one, three minutes
    python benchmarks/commands.py --sizes 250:750 250:7500 1000:7500 --turns 1
    python benchmarks/commands.py --only score check --sizes 24:144 --turns 5
    python benchmarks/commands.py --folder /tmp/sizes --sizes 250:7500      # the next call uses what this one made
    python benchmarks/commands.py --only pool --sizes 24:144 250:750 1000:7500 --turns 1        # makes nothing else

A size is PEOPLE:ITEMS: invented people with drawn faces and synthetic voices, and the items of the recipe `tiny`, or a
multiple of `v2_2`. With `--large-media`, their media are as large as real ones (see `benchmarks/build.py`).

Each command runs in a process of its own, children included, `--turns` times. CPU seconds (user and system) are the
lowest of all turns, which other work on the machine changes little; so are wall seconds. Ratios are of CPU seconds:
`x datasets` to `python -c "import datasets"`, `x copy` to `cp -r` of the pool's media, both run in turns with the
commands. `target` is what a ratio may be; that of `build` holds for large media. The exponent is that of the best fit
of CPU seconds by a + b * size ** e over all sizes, where the size is the number of people for `pool` and of items for
the others.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

OURS = [sys.executable, "-m", "omni_persona_cli"]
ROOT = Path(__file__).resolve().parent.parent
ITEMS_OF_V2_2 = 750


@dataclass(frozen=True)
class Cost:
    """What a command took; the lowest of several turns."""

    cpu: float
    """CPU seconds of the process and its children."""
    wall: float
    """Seconds until it ended."""
    peak_mb: float
    """Largest memory of one of its processes in MB."""


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    command: str
    people: int | None
    """None if the command reads no dataset."""
    items: int | None
    cost: Cost
    beside: str
    """What the ratio is to: `datasets` or `copy`."""
    ratio: float
    target: float | None
    """The highest ratio that is allowed; None if none is set."""


@dataclass(frozen=True)
class Size:
    """The people and items of a dataset, and the folder with all that is made of them."""

    people: int
    items: int
    folder: Path


@dataclass(frozen=True)
class Command:
    """A command to measure."""

    name: str
    arguments: Callable[[Size], Sequence[str | Path]]
    code: int = 0
    """The expected exit code; None allows any."""
    per_size: bool = True
    """False for a command that is measured once, whatever the sizes."""
    reads: bool = True
    """False for a command that reads neither a pool nor a dataset."""
    beside: str = "datasets"
    target: float | None = None
    target_items: int | None = None
    """The only number of items that the target holds for; None for all."""


def run_once(command: Sequence[str | Path], folder: Path, code: int | None = 0) -> Cost:
    """Run a command and measure it. Raises `RuntimeError` if it ends with another exit code."""
    start = time.perf_counter()
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(list(map(str, command)), cwd=folder, stdout=out, stderr=err)
        # `wait4` counts the process and those of its children that it waited for, and nothing else.
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if code is not None and process.returncode != code:
        said = (folder / "stderr").read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {process.returncode}\n{said}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1000)


def lowest(costs: Sequence[Cost]) -> Cost:
    """The lowest seconds of several turns, and the highest memory."""
    return Cost(min(one.cpu for one in costs), min(one.wall for one in costs), max(one.peak_mb for one in costs))


COMMANDS = (
    Command("--help", lambda size: ["--help"], per_size=False, reads=False, target=0.5),
    Command("a wrong flag", lambda size: ["score", "--flag"], code=2, per_size=False, reads=False, target=0.5),
    Command("run --help", lambda size: ["run", "--help"], per_size=False, reads=False, target=0.5),
    Command("power", lambda size: ["power"], per_size=False, reads=False),
    Command("rewards", lambda size: ["rewards", "--steps", "20"], per_size=False, reads=False),
    Command(
        "pool",
        lambda size: ["pool", "--personas", size.people, "--voices", "synthetic", "--overwrite", "--out", "new"],
        reads=False,
    ),
    Command(
        "build --no-check",
        lambda size: ["build", "--no-check", "--overwrite", *_built(size, "again/omni-persona")],
        beside="copy",
        target=3.5,
    ),
    Command("build", lambda size: ["build", "--overwrite", *_built(size, "again/omni-persona")], code=None),
    Command("check", lambda size: ["check", "omni-persona"], code=None, target=4, target_items=144),
    Command("run abstain", lambda size: ["run", "--model", "baseline:abstain", "--out", _fresh(size, "abstain")]),
    Command("run random", lambda size: ["run", "--model", "baseline:random", "--out", _fresh(size, "random")]),
    Command("run nearest", lambda size: ["run", "--model", "baseline:nearest", "--out", _fresh(size, "nearest")]),
    Command("judge lexical", lambda size: ["judge", "runs/a"]),
    Command("score", lambda size: ["score", "runs/a"], target=1.5, target_items=144),
    Command("compare", lambda size: ["compare", "runs/a", "runs/b"]),
    Command("report of two runs", lambda size: ["report", "runs/a", "runs/b"], target=3, target_items=144),
    Command(
        "export",
        lambda size: ["export", "--format", "messages", "--media", "files", "--out", _fresh(size, "prompts")],
    ),
    Command("power --dataset", lambda size: ["power", "--dataset", "omni-persona"]),
    Command("push, dry run", lambda size: ["push", "omni-persona", "--repo", "org/omni-persona"], code=None),
)


def _fresh(size: Size, name: str) -> str:
    """The name of a folder that does not exist."""
    shutil.rmtree(size.folder / name, ignore_errors=True)
    return name


def _built(size: Size, out: str) -> list[str | Path]:
    """Options of `build` for a size."""
    recipe = "recipe.json" if (size.folder / "recipe.json").exists() else "tiny"
    return ["--pool", "people", "--recipe", recipe, "--out", out]


def prepare(size: Size, *, large_media: bool) -> None:
    """Make the pool, the dataset and two runs that the commands read, as far as they are not there."""
    if size.items != 144:
        with (size.folder / "recipe.json").open("w", encoding="utf-8") as file:
            json.dump(_recipe(size.items), file)
    if not (size.folder / "people").exists():
        _make_pool(size, large_media=large_media)
    if not (size.folder / "omni-persona").exists():
        run_once([*OURS, "build", "--no-check", *_built(size, "omni-persona")], size.folder)
    for name, seed in (("a", 0), ("b", 1)):
        run = ["run", "--model", "baseline:random", "--seed", seed, "--out", f"runs/{name}"]
        if not (size.folder / "runs" / name).exists():
            run_once([*OURS, *run], size.folder)


def _make_pool(size: Size, *, large_media: bool) -> None:
    pool = ["pool", "--personas", size.people, "--voices", "synthetic", "--out", "people"]
    run_once([*OURS, *pool], size.folder)
    if large_media:
        script = "import pathlib, runpy, sys; runpy.run_path(sys.argv[1])['as_large_as_real'](pathlib.Path('people'))"
        run_once([sys.executable, "-c", script, ROOT / "benchmarks" / "build.py"], size.folder)


def _recipe(items: int) -> dict[str, object]:
    """The recipe `v2_2` with its counts multiplied. Raises `ValueError` for a number that is no multiple."""
    import yaml

    times, rest = divmod(items, ITEMS_OF_V2_2)
    if rest or not times:
        raise ValueError(f"expected 144 items or a multiple of {ITEMS_OF_V2_2}, got {items}")
    file = ROOT / "build" / "omni_persona_build" / "recipes" / "v2_2.yaml"
    recipe = yaml.safe_load(file.read_text(encoding="utf-8"))
    for counts in recipe["tasks"].values():
        counts.update({kind: times * count for kind, count in counts.items()})
    return dict(recipe)


def measure(sizes: Sequence[Size], turns: int, commands: Sequence[Command], *, large_media: bool) -> Iterator[Row]:
    """Measure each command at each size, in turns with what it is compared to."""
    beside = {"datasets": [sys.executable, "-c", "import datasets"]}
    if any(one.reads for one in commands):
        beside["copy"] = ["cp", "-r", "people/media", "copy"]
    for place, size in enumerate(sizes):
        chosen = [one for one in commands if one.per_size or not place]
        costs: dict[str, list[Cost]] = {name: [] for name in (*beside, *(one.name for one in chosen))}
        for _ in range(turns):
            shutil.rmtree(size.folder / "copy", ignore_errors=True)
            for name, command in beside.items():
                costs[name].append(run_once(command, size.folder))
            for one in chosen:
                cost = run_once([*OURS, *one.arguments(size)], size.folder, one.code)
                costs[one.name].append(cost)
        for name in beside:
            yield Row(
                {"datasets": "import datasets", "copy": "cp -r"}[name], *_of(size), lowest(costs[name]), "", 1, None
            )
        for one in chosen:
            cost = lowest(costs[one.name])
            holds = one.target_items in (None, size.items) and (one.beside != "copy" or large_media)
            target = one.target if holds else None
            ratio = cost.cpu / lowest(costs[one.beside]).cpu
            yield Row(one.name, *(_of(size) if one.per_size else (None, None)), cost, one.beside, ratio, target)


def _of(size: Size) -> tuple[int, int]:
    return size.people, size.items


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float | None:
    """The e of the best fit of seconds by a + b * size ** e with a, b >= 0; None for fewer than three sizes."""
    if len(set(sizes)) < 3:
        return None
    best = (math.inf, 0.0)
    for step in range(20, 251):
        e = step / 100
        powers = [(size / max(sizes)) ** e for size in sizes]
        n, sum_p, sum_s = len(powers), sum(powers), sum(seconds)
        spread = sum(p * p for p in powers) - sum_p * sum_p / n
        b = (sum(p * s for p, s in zip(powers, seconds, strict=True)) - sum_p * sum_s / n) / spread
        a = max(0.0, (sum_s - b * sum_p) / n)
        error = sum((math.log(max(a + b * p, 1e-9)) - math.log(s)) ** 2 for p, s in zip(powers, seconds, strict=True))
        best = min(best, (error, e))
    return best[1]


def print_table(rows: Sequence[Row]) -> None:
    """Print all rows, then the exponents."""
    heads = ("CPU s", "wall s", "peak MB", "ratio", "target")
    print(f"{'command':22}{'people':>7}{'items':>7}" + "".join(f"{head:>12}" for head in heads))
    for row in rows:
        ratio = f"{row.ratio:.2f} x {row.beside}" if row.beside else ""
        where = "".join(f"{'' if number is None else number:>7}" for number in (row.people, row.items))
        target = "" if row.target is None else f"{row.target:g}{' missed' if row.ratio > row.target else ''}"
        figures = f"{row.cost.cpu:>12.2f}{row.cost.wall:>12.2f}{row.cost.peak_mb:>12.0f}"
        print(f"{row.command:22}{where}{figures}  {ratio:>16}  {target}".rstrip())
    for one in COMMANDS:
        mine = [row for row in rows if row.command == one.name]
        by = [(row.people if one.name == "pool" else row.items) or 0 for row in mine]
        found = exponent(by, [row.cost.cpu for row in mine])
        if found is not None:
            print(f"exponent of {one.name:22}{found:6.2f}")


def _folder(kept: Path | None) -> AbstractContextManager[str]:
    """A folder that is kept, or one that is removed in the end."""
    if kept is None:
        return tempfile.TemporaryDirectory()
    kept.mkdir(parents=True, exist_ok=True)
    return nullcontext(str(kept.absolute()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["24:144", "250:750"], metavar="PEOPLE:ITEMS")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[], choices=[one.name for one in COMMANDS], metavar="COMMAND")
    parser.add_argument("--large-media", action="store_true", help="media as large as real photos and recordings")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows to a file")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="keep pools, datasets and runs there, and use those that are there"
    )
    arguments = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    with _folder(arguments.folder) as folder, suppress(KeyboardInterrupt):
        os.environ["HF_HOME"] = str(Path(folder) / "hf")
        sizes = [
            Size(*map(int, size.split(":")), Path(folder) / size.replace(":", "-"))  # type: ignore[call-arg]
            for size in arguments.sizes
        ]
        chosen = [one for one in COMMANDS if not arguments.only or one.name in arguments.only]
        for size in sizes:
            size.folder.mkdir(exist_ok=True)
            if any(one.reads for one in chosen):
                prepare(size, large_media=arguments.large_media)
        rows = list(measure(sizes, arguments.turns, chosen, large_media=arguments.large_media))
        print_table(rows)
        if arguments.json is not None:
            arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
