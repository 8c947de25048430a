"""Scores of the baselines on your own people: what does a model have to beat?

    python benchmarks/baselines.py --pool people          # a pool folder, see docs/build.md
    python benchmarks/baselines.py --pool pools/rendered --fit-pool people/omni_persona_people/embedded_pool \\
        --recipe v2_2

With `--fit-pool` all people of the pool give one test set, and other people the set to fit on. Otherwise the people are
split into two halves, balanced by kind of recording and gender. Each half gives a test set and a set to fit on. Each
test set is run with the baselines fitted on the other half, and the scores are over both test sets together. No person
is absent in T2Any of halves: if many people say the same few sentences, half of a small pool has too few people who say
something that nobody else says. Those questions ask for absent attributes instead.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import omni_persona
import omni_persona_cal
from omni_persona_artifacts.run_folder import read_predictions
from omni_persona_build.pipeline import build
from omni_persona_build.recipes import Recipe, load_recipe
from omni_persona_runner.baselines import load_baseline
from omni_persona_runner.run_loop import run
from omni_persona_runner.specialists import NAME

BASELINES = ("baseline:abstain", "baseline:random", "baseline:nearest", NAME)
SCORES = {"cal": "Cal", "ans": "Ans", "one_minus_fa": "1-FA", "ta": "TA"}


def split(pool: Path, folders: Sequence[Path], rng: np.random.Generator) -> None:
    """Split the people of a pool into folders in turn, randomly within each kind of recording and gender."""
    people: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in (pool / "personas.jsonl").read_text(encoding="utf-8").split("\n"):
        if line.strip():
            person = json.loads(line)
            people[Path(person["audios"][0]["path"]).suffix, str(person.get("gender"))].append(person)
    dealt: defaultdict[Path, list[dict[str, Any]]] = defaultdict(list)
    in_turn = cycle(folders)
    for _, alike in sorted(people.items(), key=lambda one: one[0]):
        for index in rng.permutation(len(alike)):
            dealt[next(in_turn)].append(alike[index])
    for folder, persons in dealt.items():
        for medium in (medium for person in persons for medium in (*person["images"], *person["audios"])):
            (folder / medium["path"]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(pool / medium["path"], folder / medium["path"])
        lines = [json.dumps(person) + "\n" for person in persons]
        (folder / "personas.jsonl").write_text("".join(lines), encoding="utf-8")


def with_nobody_missing_in_t2any(recipe: Recipe) -> Recipe:
    """The recipe with the same number of unanswerable items of each task, but no absent persons in T2Any."""
    tasks = {}
    for name, counts in recipe.tasks.items():
        if omni_persona.TASKS[name].group == "T2Any":
            absent = counts.absent_persona + counts.absent_attribute
            counts = counts.model_copy(update={"absent_persona": 0, "absent_attribute": absent})
        tasks[name] = counts
    return recipe.model_copy(update={"tasks": tasks})


def scores(runs: Sequence[tuple[Path, Path]]) -> Mapping[str, Any]:
    """Pooled scores of several runs, each with its own dataset."""
    predictions, references = [], []
    for side, (folder, dataset) in enumerate(runs):
        said = read_predictions(folder)
        for item in omni_persona.read(dataset):
            prediction = said[item.augmented_id].prediction
            if prediction is None:
                raise SystemExit(f"{folder}: item {item.augmented_id} has no answer")
            predictions.append(prediction)
            # Different items of two datasets may have the same ID.
            reference = omni_persona.reference(item)
            for name in ("augmented_id", "source_sample_id"):
                reference[name] = f"{side}_{reference[name]}"
            references.append(reference)
    return omni_persona_cal.compute(predictions, references)


@dataclass(frozen=True)
class Sets:
    """A test set, and the set to fit on."""

    test: Path
    fit: Path


def built(pool: Path, recipe: Recipe, out: Path, seed: int) -> Path:
    build(pool, recipe, out, seed=seed)
    return out


def two_pools(pool: Path, fit_pool: Path, recipes: tuple[str, str], here: Path, seed: int) -> list[Sets]:
    """One test set of all people of a pool, to be fitted on the people of another."""
    test, fit = map(load_recipe, recipes)
    names = (here / "test" / "omni-persona", here / "fit" / "omni-persona")
    return [Sets(built(pool, test, names[0], seed), built(fit_pool, fit, names[1], seed))]


def two_halves(pool: Path, recipes: tuple[str, str], here: Path, seed: int) -> list[Sets]:
    """Two test sets, each to be fitted on the people of the other."""
    halves = [here / "first", here / "second"]
    split(pool, [half / "people" for half in halves], np.random.default_rng(seed))
    tests, fits = (
        [
            built(
                half / "people", with_nobody_missing_in_t2any(load_recipe(recipe)), half / name / "omni-persona", seed
            )
            for half in halves
        ]
        for name, recipe in zip(("test", "fit"), recipes, strict=True)
    )
    return [Sets(test, fit) for test, fit in zip(tests, fits[::-1], strict=True)]


def add_rows(table: Table, name: str, scored: Mapping[str, Any]) -> None:
    for place, (key, label) in enumerate(SCORES.items()):
        interval = scored["intervals"][key]
        table.add_row(
            name.removeprefix("baseline:") if place == 0 else "",
            label,
            f"{100 * scored[key]:.1f}",
            "-" if interval is None else " to ".join(f"{100 * end:.1f}" for end in interval),
            *(f"{100 * scored['by_group'][group][key]:.1f}" for group in omni_persona.GROUPS),
            end_section=place == len(SCORES) - 1,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=Path, required=True, help="a folder with personas.jsonl and the media it names")
    parser.add_argument("--fit-pool", type=Path, help="a pool of other people to fit on (default: two halves)")
    parser.add_argument("--recipe", default="tiny", help="of the test sets")
    parser.add_argument("--fit-recipe", default="train", help="of the sets to fit on")
    parser.add_argument("--seed", type=int, default=0, help="of the split, the building and baseline:random")
    arguments = parser.parse_args()

    recipes = (arguments.recipe, arguments.fit_recipe)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        if arguments.fit_pool:
            sets = two_pools(arguments.pool, arguments.fit_pool, recipes, here, arguments.seed)
        else:
            sets = two_halves(arguments.pool, recipes, here, arguments.seed)
        whose = (
            f"{arguments.pool}, fitted on {arguments.fit_pool}" if arguments.fit_pool else f"Halves of {arguments.pool}"
        )
        table = Table(title=f"{whose}: {arguments.recipe}", title_justify="left")
        for column in ("x 100", "", "all", "95 % interval", *omni_persona.GROUPS):
            table.add_column(column, justify="right" if column not in ("x 100", "") else "left")
        for name in BASELINES:
            runs = []
            for number, one in enumerate(sets):
                out = here / "runs" / f"{name.replace(':', '-')}-{number}"
                fit_on = one.fit if name == NAME else None
                run(load_baseline(name, arguments.seed, fit_on=fit_on, dataset=one.test), one.test, out)
                runs.append((out, one.test))
            scored = scores(runs)
            add_rows(table, name, scored)
        table.caption = f"{scored['n']} items, judge: {scored['judge']}"
        Console(width=100).print(table)


if __name__ == "__main__":
    main()
