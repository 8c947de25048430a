"""A folder with one of each input, and commands called in this process as from a terminal."""

from __future__ import annotations

import io
import os
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from omni_persona_cli import app


class World:
    """A folder with one of each input, and files of the user's beside it that no command may touch."""

    def __init__(self, root: Path, pool: Path, dataset: Path, run: Path) -> None:
        self.root, self.sources = root, {"pool": pool, "dataset": dataset, "run": run}
        self.outside = root / "outside"
        (self.outside / "photos").mkdir(parents=True)
        (self.outside / "thesis.txt").write_text("years of work")
        (self.outside / "photos" / "face.png").write_bytes(b"a face")
        os.mkfifo(self.outside / "pipe")
        self.work = root / "work"

    def fresh(self, places: set[str]) -> dict[str, Path]:
        """What each place is before anything hostile is done: valid inputs, and outputs that do not exist."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()
        for name in places & self.sources.keys():
            # A run is appended to in place; all else is replaced, never changed.
            copy = shutil.copy if name == "run" else os.link
            shutil.copytree(self.sources[name], self.work / name, copy_function=copy)
        made = {
            "recipe": b"name: mine\ntasks:\n  visual_to_bio: {answerable: 2}\n",
            "lines": b'{"augmented_id": "sample_0__aug_0", "prediction": "a"}\n',
        }
        for name in places & made.keys():
            (self.work / name).write_bytes(made[name])
        if "folder" in places:
            (self.work / "folder").mkdir()
            (self.work / "folder" / "config.json").write_text("{}")
        return {name: self.work / name for name in (*self.sources, *made, "folder", "out", "page")}

    def untouched(self) -> dict[str, object]:
        return {
            str(path): (path.lstat().st_mode, path.lstat().st_size, path.lstat().st_mtime_ns)
            for path in self.outside.rglob("*")
        }


def called(words: list[str]) -> tuple[int, str]:
    """Exit code and output of a command."""
    sys.argv, before = ["omni-persona", *words], sys.argv
    printed = io.StringIO()
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            app.main()
    except SystemExit as stopped:
        return (stopped.code if isinstance(stopped.code, int) else int(stopped.code is not None)), printed.getvalue()
    finally:
        sys.argv = before
    return 0, printed.getvalue()


def make_world(root: Path, pool: Path) -> World:
    """A world whose dataset is built from a pool by a small recipe, with a judged and scored run."""
    from omni_persona_build.pipeline import build
    from omni_persona_build.recipes import Recipe
    from omni_persona_cal import make_judge
    from omni_persona_runner.baselines import load_baseline
    from omni_persona_runner.judging import judge_run, run_items
    from omni_persona_runner.run_loop import run
    from omni_persona_runner.scoring import score_run

    few = {"answerable": 2, "absent_attribute": 1}
    tasks = dict.fromkeys(("visual_to_bio", "voice_to_bio", "semantic_to_bio", "dialogue_to_bio"), few)
    built, answers = root / "source" / "omni-persona", root / "source-run"
    build(pool, Recipe(name="few", tasks=tasks), built)
    run(load_baseline("baseline:nearest"), built, answers)
    judge_run(answers, run_items(answers), make_judge("lexical"))
    score_run(answers)
    return World(root, pool, built, answers)
