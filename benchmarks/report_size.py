"""Size of a report page, and the time until it can be used. Opens it in headless Chromium if installed.

    python benchmarks/report_size.py                       # 250 invented people, 750 items, as the release has; 5 runs
    python benchmarks/report_size.py --personas 24         # quicker
    python benchmarks/report_size.py --times 10 --runs 1   # 7,500 items

Prints the size of the page with small media, the time to make it, and the time until its items can be browsed, the
best and the worst of five openings, each in a fresh browser.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from omni_persona_build.pipeline import build
from omni_persona_build.recipes import load_recipe
from omni_persona_people.invent import generate_pool
from omni_persona_report import write_report
from omni_persona_runner.baselines import load_baseline
from omni_persona_runner.run_loop import run

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")


def opening(page: Path, executable: str) -> tuple[float, float]:
    """Seconds until a new browser's page can be browsed, and until it has read all media."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        tab = browser.new_page()
        start = time.perf_counter()
        tab.goto(page.resolve().as_uri(), wait_until="commit")
        tab.wait_for_selector("html[data-ready]")
        tab.wait_for_selector("#item .memories")
        usable = time.perf_counter() - start
        tab.wait_for_load_state("load")
        loaded = time.perf_counter() - start
        browser.close()
    return usable, loaded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--personas", type=int, default=250, help="number of people")
    parser.add_argument("--recipe", default="v2_2", help="750 items by default")
    parser.add_argument("--runs", type=int, default=5, help="number of runs")
    parser.add_argument("--times", type=int, default=1, help="factor for the counts of the recipe")
    parser.add_argument("--keep", type=Path, help="file to copy the page to")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        generate_pool(here / "people", arguments.personas, 0)
        recipe = load_recipe(arguments.recipe)
        times = arguments.times
        tasks = {
            name: counts.model_copy(update={kind: times * count for kind, count in counts.model_dump().items()})
            for name, counts in recipe.tasks.items()
        }
        recipe = recipe.model_copy(update={"tasks": tasks})
        built = build(here / "people", recipe, here / "omni-persona", license="apache-2.0")
        runs = [here / f"run{seed}" for seed in range(arguments.runs)]
        for seed, folder_ in enumerate(runs):
            run(load_baseline("baseline:random", seed), here / "omni-persona", folder_)
        start = time.perf_counter()
        made = write_report(runs, here / "report.html")
        seconds = time.perf_counter() - start
        media = len(made.gathered.dataset.media)
        print(f"dataset     {built.items} items, {media} pictures and clips, {built.bytes / 1e6:.1f} MB")
        print(f"page        {made.bytes / 1e6:.1f} MB, made in {seconds:.1f} s")
        executable = shutil.which("chromium") or shutil.which("google-chrome")
        if executable is None:
            print("opening     not measured: no Chromium here")
        else:
            times = [opening(made.page, executable) for _ in range(5)]
            usable, loaded = ([pair[index] for pair in times] for index in (0, 1))
            print(f"usable      {min(usable):.2f} to {max(usable):.2f} s")
            print(f"all read    {min(loaded):.2f} to {max(loaded):.2f} s")
        if arguments.keep:
            shutil.copy(made.page, arguments.keep)


if __name__ == "__main__":
    main()
