"""What are the baselines worth on people of your own, and what is a model to beat?

    python benchmarks/baselines.py --pool people          # a pool folder: the README, "A benchmark of your own people"

The people are split into two halves, each gender evenly. Of each half are built a test set and a set to fit on; each
test set is run with what was fitted on the other half, and the scores are over both test sets together.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import omni_persona
import omni_persona_cal
from omni_persona_build.build import build
from omni_persona_build.recipe import load_recipe
from omni_persona_runner.baselines import load_baseline
from omni_persona_runner.folder import read_predictions
from omni_persona_runner.run import run
from omni_persona_runner.specialists import NAME

BASELINES = ("baseline:random", "baseline:nearest", NAME)
SCORES = {"cal": "Cal", "ans": "Ans", "one_minus_fa": "1-FA", "ta": "TA"}


def split(pool: Path, folders: Sequence[Path], rng: np.random.Generator) -> None:
    """Deal the people of a pool out to folders, each gender in an order of chance."""
    people: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in (pool / "personas.jsonl").read_text(encoding="utf-8").splitlines():
        person = json.loads(line)
        people[str(person.get("gender"))].append(person)
    dealt: defaultdict[Path, list[dict[str, Any]]] = defaultdict(list)
    for _, of_gender in sorted(people.items()):
        for turn, index in enumerate(rng.permutation(len(of_gender))):
            dealt[folders[turn % len(folders)]].append(of_gender[index])
    for folder, persons in dealt.items():
        for medium in (medium for person in persons for medium in (*person["images"], *person["audios"])):
            (folder / medium["path"]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(pool / medium["path"], folder / medium["path"])
        lines = [json.dumps(person) + "\n" for person in persons]
        (folder / "personas.jsonl").write_text("".join(lines), encoding="utf-8")


def scores(runs: Sequence[tuple[Path, Path]]) -> Mapping[str, Any]:
    """The scores of several runs, each with its dataset, over all their items."""
    predictions, references = [], []
    for side, (folder, dataset) in enumerate(runs):
        said = read_predictions(folder)
        for item in omni_persona.read(dataset):
            prediction = said[item.augmented_id].prediction
            if prediction is None:
                raise SystemExit(f"{folder}: item {item.augmented_id} has no answer")
            predictions.append(prediction)
            # Two datasets give one name to different items.
            reference = omni_persona.reference(item)
            for name in ("augmented_id", "source_sample_id"):
                reference[name] = f"{side}_{reference[name]}"
            references.append(reference)
    return omni_persona_cal.compute(predictions, references)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=Path, required=True, help="a folder with personas.jsonl and the media it names")
    parser.add_argument("--recipe", default="tiny", help="of the test sets")
    parser.add_argument("--fit-recipe", default="train", help="of the sets to fit on")
    parser.add_argument("--seed", type=int, default=0, help="of the split, the building and baseline:random")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        halves = [here / "first", here / "second"]
        split(arguments.pool, [half / "people" for half in halves], np.random.default_rng(arguments.seed))
        for half in halves:
            for name, recipe in (("test", arguments.recipe), ("train", arguments.fit_recipe)):
                build(half / "people", load_recipe(recipe), half / name / "omni-persona", seed=arguments.seed)
        table = Table(title=f"Two halves of {arguments.pool}, {arguments.recipe}", title_justify="left")
        for column in ("x 100", "", "all", "95 % interval", *omni_persona.GROUPS):
            table.add_column(column, justify="right" if column not in ("x 100", "") else "left")
        for name in BASELINES:
            runs = []
            for half, other in (halves, halves[::-1]):
                dataset, out = half / "test/omni-persona", half / name.replace(":", "-")
                fit_on = other / "train/omni-persona" if name == NAME else None
                run(load_baseline(name, arguments.seed, fit_on=fit_on, dataset=dataset), dataset, out)
                runs.append((out, dataset))
            scored = scores(runs)
            for place, (key, label) in enumerate(SCORES.items()):
                low, high = scored["intervals"][key]
                table.add_row(
                    name.removeprefix("baseline:") if place == 0 else "",
                    label,
                    f"{100 * scored[key]:.1f}",
                    f"{100 * low:.1f} to {100 * high:.1f}",
                    *(f"{100 * scored['by_group'][group][key]:.1f}" for group in omni_persona.GROUPS),
                    end_section=place == len(SCORES) - 1,
                )
        table.caption = f"{scored['n']} items, judge: {scored['judge']}"
        Console(width=100).print(table)


if __name__ == "__main__":
    main()
