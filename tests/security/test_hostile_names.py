"""Paths, names of models, runs and recipes, and ids that look like markup or act on terminals, through every command.

Each is shown as it is, with what acts on a terminal as its code, and no command fails for it.
"""

from __future__ import annotations

import json
from typing import Any

import faulty_server
import pytest
from command_world import called, make_world

from omni_persona_artifacts.characters import visible

pytestmark = pytest.mark.slow

NAMES = {
    "markup that closes nothing": "a[/b]c",
    "markup": "[red]x[/]",
    "a link of markup": "[link=file:a]b",
    "escapes": "\x1b[2J\x1b]0;owned\x07x",
    "one C1 control": "\x9b31mx",
    "turned text": "x\u202egnp",
    "a carriage return": "x\rok",
    "an emoji code": ":smile:",
    "a format": "{x} %s %(y)s",
    "HTML": "<b onload=x>&amp;",
    "other characters": "Zoë 花",
}
ACTING = set("\x1b\x07\x9b\u202e\r")


@pytest.fixture(scope="module")
def world(shared_pool, tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("names"), shared_pool.folder)


@pytest.fixture
def tell(monkeypatch):
    """Call a command that must end with one of some exit codes, and show one of the texts; its output."""
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("OPENAI_API_KEY", "k")

    def call(*words: Any, codes: tuple[int, ...] = (0,), shows: str = "") -> str:
        code, output = called([str(word) for word in words])
        assert code in codes, output
        assert "Traceback" not in output and "MarkupError" not in output and "--debug shows where" not in output, output
        assert not ACTING & set(output), ascii(output)
        assert visible(shows) in output or repr(shows)[1:-1] in output, output
        return output

    return call


@pytest.mark.parametrize("case", NAMES)
def test_through_every_command(world, tell, case):
    name = NAMES[case]
    world.fresh({"pool"})
    place = world.work / name
    place.mkdir(parents=True)
    pool, data, run = place / "pool", place / "omni-persona", place / name
    (world.work / "pool").rename(pool)
    few = {"answerable": 2, "absent_attribute": 1}
    recipe = place / f"{name}.yaml"
    recipe.parent.mkdir(exist_ok=True)
    recipe.write_text(json.dumps({"name": "few", "tasks": {"visual_to_bio": few, "dialogue_to_bio": few}}))
    tell("build", "--pool", pool, "--recipe", recipe, "--out", data, codes=(0, 1), shows=f"Built {data}")
    tell("check", data, codes=(0, 1))
    tell("power", "--dataset", data)
    tell("push", data, "--repo", f"{name.replace('/', '')}/x", shows=name.replace("/", ""))
    tell("export", "--format", "messages", "--dataset", data, "--out", place / "prompts", shows=str(place / "prompts"))
    tell("train-data", "--dataset", data, "--pool", pool, "--out", place / "corpus", codes=(0, 2), shows=name)
    said = f"It is {name}.\nCORRECT"
    with faulty_server.serving(lambda number, body: faulty_server.completion(said)) as server:
        asked = ("--endpoint", server.url, "--model", name, "--dataset", data)
        tell("run", *asked, "--out", run, shows=str(run))
        tell("run", *asked, "--out", place / "other", "--seed", 1)
        tell("run", *asked, "--out", run, "--max-new-tokens", 5, codes=(2,), shows=f"{run} contains another run")
        tell("judge", run, "--judge", "openai", "--judge-url", server.url, "--judge-model", name, codes=(0, 1))
        tell(
            "judge",
            place / "other",
            "--judge",
            "openai",
            "--judge-url",
            server.url,
            "--judge-model",
            name,
            codes=(0, 1),
        )
    tell("score", run, codes=(0, 1), shows=name)
    tell("compare", run, place / "other", codes=(0, 1), shows=str(run))
    page = place / f"{name}.html"
    report = ("report", run, place / "other", "--title", name, "--csv", place / "tables", "--out", page)
    tell(*report, shows=f"Wrote {page}")
    assert page.is_file()
    refine = ("--endpoint", "http://127.0.0.1:9", "--model", name, "--out", place / "new")
    for words in (
        ("check", place / "none"),
        ("score", place / "none"),
        ("judge", place / "none"),
        ("build", "--pool", place / "none", "--out", place / "new"),
        ("build", "--pool", pool, "--recipe", name, "--out", place / "new"),
        ("import", "--release", place / "none.jsonl", "--assets", pool, "--out", place / "new"),
        ("train-data", "--check", place / "none"),
        ("run", "--model", place / "none", "--dataset", data, "--out", place / "new"),
        ("rewards", "--reward", name),
        ("report", place / "none", "--out", page),
        ("refine", "--pool", place / "none", *refine),
    ):
        tell(*words, codes=(1, 2), shows=name)


@pytest.mark.parametrize("case", NAMES)
def test_ids_and_answers(world, tell, case):
    """Of a run that somebody else made."""
    name = NAMES[case]
    paths = world.fresh({"run", "dataset"})
    file = paths["run"] / "predictions.jsonl"
    kept = file.read_text()
    strange = [{"augmented_id": name, "prediction": name, "status": "ok"}, {"augmented_id": "b", "prediction": 3}]
    for line in strange:
        file.write_text(kept + json.dumps(line) + "\n")
        tell("score", paths["run"], codes=(0, 1, 2))
        tell("judge", paths["run"], codes=(0, 1, 2))
        tell("report", paths["run"], "--out", paths["page"], codes=(0, 2))
    file.write_text(kept)
    manifest = json.loads((paths["run"] / "run.json").read_text())
    manifest["model"] |= {"name": name, "revision": name, "endpoint": name}
    (paths["run"] / "run.json").write_text(json.dumps(manifest | {"prompt": {"rules": name}, "cues": name}))
    tell("score", paths["run"], codes=(0, 1, 2), shows=name)
    tell("compare", paths["run"], paths["run"], codes=(0, 1, 2))
    tell("report", paths["run"], "--out", paths["page"], codes=(0, 2))
    verdicts = [json.loads(line) for line in (paths["run"] / "verdicts.jsonl").read_text().splitlines()]
    lines = [json.dumps(line | {"judge": name, "raw": name}) + "\n" for line in verdicts]
    (paths["run"] / "verdicts.jsonl").write_text("".join(lines))
    tell("score", paths["run"], codes=(0, 1), shows=name)
    tell("report", paths["run"], "--out", paths["page"], codes=(0, 2))
