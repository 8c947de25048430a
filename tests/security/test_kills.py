"""Commands that are killed at any moment lose nothing of the user's, leave nothing behind, and do nothing twice.

Each command is killed ten times, in a folder that holds files of the user's, and repeated until it is done. Its result
must then be that of a command that nobody disturbed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import fake_endpoint
import fake_model
import faulty_server
import pytest
from kills import Case, but_manifest, lines, ten_kills, tree, warm_up
from pool_folder import PoolFolder
from release_files import write_release

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# ---- the commands


def pool_case(_: Any) -> Case:
    words = ["pool", "--personas", 48, "--voices", "synthetic", "--out", "people"]
    return Case(words, lambda folder: None, "people", tree, target="people", together=5)


def build_case(_: Any) -> Case:
    def make(folder: Path) -> None:
        PoolFolder(folder / "pool", people=10)
        few = "{answerable: 2, absent_persona: 1, absent_attribute: 1}"
        (folder / "few.yaml").write_text(f"name: few\ntasks:\n  visual_to_bio: {few}\n  voice_to_bio: {few}\n")

    # Whether so few items are a fair benchmark is not the question here.
    words = ["build", "--pool", "pool", "--recipe", "few.yaml", "--no-check", "--out", "made/omni-persona"]
    return Case(words, make, "made", tree, target="made/omni-persona")


def import_case(_: Any) -> Case:
    words = ["import", "--release", "release.jsonl", "--assets", "assets", "--out", "made/omni-persona"]
    return Case(words, write_release, "made", tree, target="made/omni-persona")


def refine_case(stack: ExitStack) -> Case:
    model = stack.enter_context(fake_model.serving())
    model.delay = 0.01

    def make(folder: Path) -> None:
        pool = PoolFolder(folder / "pool", people=6)
        for line in pool.lines:
            line["profile"] |= {"hobby": None, "major": None}
        pool.save()

    def nothing_twice(folder: Path) -> None:
        cache = folder / ".refined-refine-cache.jsonl"
        if cache.exists():
            held = [json.loads(line)["key"] for line in cache.read_text().splitlines() if line.endswith("}")]
            assert len(held) == len(set(held))

    words = ["refine", "--pool", "pool", "--endpoint", model.url, "--model", "m", "--out", "refined"]
    return Case(words, make, "refined", tree, target="refined", check=nothing_twice)


def copied(dataset: Path) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        shutil.copytree(dataset, folder / "omni-persona")

    return make


def run_case(stack: ExitStack, dataset: Path) -> Case:
    def script(number: int, body: dict[str, Any]) -> Any:
        time.sleep(0.03)
        return faulty_server.completion(f"the answer {hashlib.sha256(json.dumps(body).encode()).hexdigest()[:8]}")

    server = stack.enter_context(faulty_server.serving(script))
    answered: set[str] = set()

    def asked() -> Counter[str]:
        found = (re.search(r"person (\d+) do", faulty_server.texts(body)) for body in server.requests)
        return Counter(f"sample_{one[1]}__aug_0" for one in found if one)

    def nothing_twice(folder: Path) -> None:
        """No item that had an answer is asked again."""
        assert not answered & set(asked())
        server.requests.clear()
        file, now = folder / "run" / "predictions.jsonl", set()
        if file.exists():
            whole = [line for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]
            found = [json.loads(line)["augmented_id"] for line in whole]
            now = set(found)
            assert len(now) == len(found)
            assert answered <= now
        answered.clear()
        answered.update(now if len(now) < 16 else ())

    def result(run: Path) -> Any:
        plain = [
            {key: value for key, value in line.items() if key != "seconds"} for line in lines(run / "predictions.jsonl")
        ]
        manifest = json.loads((run / "run.json").read_text())
        return plain, {key: manifest[key] for key in ("model", "prompt", "cues", "generation", "seed", "limit")}

    words = ["run", "--endpoint", server.url, "--model", "m", "--concurrency", 2, "--out", "run"]
    return Case(words, copied(dataset), "run", result, check=nothing_twice)


def with_run(dataset: Path, run: Path) -> Callable[[Path], None]:
    """A dataset, and a run of it that holds files of the user's."""

    def make(folder: Path) -> None:
        copied(dataset)(folder)
        shutil.copytree(run, folder / "answers")
        manifest = json.loads((folder / "answers" / "run.json").read_text())
        manifest["dataset"]["path"] = str(folder / "omni-persona")
        (folder / "answers" / "run.json").write_text(json.dumps(manifest))
        (folder / "answers" / "mine.txt").write_text("mine")

    return make


def judge_case(stack: ExitStack, dataset: Path, run: Path) -> Case:
    endpoint = stack.enter_context(fake_endpoint.serve(lambda prompt, before: "It is.\nCORRECT"))
    endpoint.delay = 0.03
    words = ["judge", "answers", "--judge", "openai", "--judge-url", endpoint.url, "--judge-model", "m", "--at-once", 1]

    def nothing_twice(folder: Path) -> None:
        for cache in (folder / "answers" / "judge").glob("*.jsonl"):
            held = [json.loads(line)["key"] for line in cache.read_text().splitlines() if line.endswith("}")]
            assert len(held) == len(set(held))

    return Case(words, with_run(dataset, run), "answers", but_manifest, check=nothing_twice)


def score_case(dataset: Path, run: Path) -> Case:
    return Case(["score", "answers"], with_run(dataset, run), "answers", but_manifest)


def report_case(dataset: Path, run: Path) -> Case:
    words = ["report", "answers", "--out", "made/report.html", "--csv", "made/tables", "--markdown", "made/tables"]
    return Case(words, with_run(dataset, run), "made", tree)


@pytest.fixture(scope="module")
def run(dataset, tmp_path_factory):
    """A judged run of the 16 items."""
    from omni_persona_artifacts.run_folder import write_lines
    from omni_persona_cal import make_judge
    from omni_persona_runner.baselines import load_baseline
    from omni_persona_runner.judging import judge_run, run_items
    from omni_persona_runner.run_loop import run as run_model

    out = tmp_path_factory.mktemp("runs") / "answers"
    run_model(load_baseline("baseline:nearest"), dataset, out)
    changed = [line | {"prediction": f"guess {place}"} for place, line in enumerate(lines(out / "predictions.jsonl"))]
    write_lines(out / "predictions.jsonl", changed)
    judge_run(out, run_items(out), make_judge("lexical"))
    return out


NAMES = ("pool", "build", "import", "refine", "run", "judge", "score", "report")


@pytest.fixture(scope="module", autouse=True)
def warm(tmp_path_factory):
    warm_up(tmp_path_factory.mktemp("warm"))


@pytest.fixture
def case(request, dataset):
    """The case of a command's name."""
    name = request.param
    with ExitStack() as stack:
        if name == "run":
            yield run_case(stack, dataset)
        elif name in ("judge", "score", "report"):
            given = [dataset, request.getfixturevalue("run")]
            yield (
                judge_case(stack, *given)
                if name == "judge"
                else {"score": score_case, "report": report_case}[name](*given)
            )
        else:
            yield {"pool": pool_case, "build": build_case, "import": import_case, "refine": refine_case}[name](stack)


@pytest.mark.parametrize("case", NAMES, indirect=True)
def test_ten_kills(case, tmp_path):
    ten_kills(case, tmp_path)
