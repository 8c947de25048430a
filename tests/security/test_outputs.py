"""What a command writes replaces nothing of the user's: every output option of every command, with things in its way.

An option that takes a path must be listed here, so that none is forgotten.
"""

from __future__ import annotations

import os
import shutil

import faulty_server
import pytest
import typer
from command_world import called, make_world
from in_the_way import NEVER, dangling, folder, linked, mine, pipe, prepared, require_refused, spoken, there

from omni_persona_cli.app import app
from omni_persona_training.errors import TrainingError
from omni_persona_training.tuning import output as training_output

INPUTS = {
    *(("pool", name) for name in ("--makehuman", "--apart-from")),
    ("refine", "--pool"),
    *(("build", name) for name in ("--pool", "--exclude")),
    *(("import", name) for name in ("--release", "--assets")),
    *(("check", name) for name in ("dataset", "--pool")),
    *(("run", name) for name in ("--adapter", "--dataset", "--fit-on", "--prompt")),
    *(("export", name) for name in ("--dataset", "--prompt")),
    *((command, "--dataset") for command in ("judge", "score", "compare", "report", "power")),
    ("score", "run"),
    ("compare", "runs"),
    ("report", "runs"),
    *(("train-data", name) for name in ("--dataset", "--pool", "--events", "--exclude", "--check")),
    *((command, name) for command in ("sft", "rlvr") for name in ("--dataset", "--exclude", "--prompt")),
    ("push", "dataset"),
}
"""Options that are only read."""

FOLDERS = {
    ("pool", "--out"): "pool --personas 2 --voices synthetic --out {out}",
    ("refine", "--out"): "refine --pool {pool} --endpoint {url} --model m --only profile --out {out}",
    ("build", "--out"): "build --pool {pool} --recipe {recipe} --no-check --out {out}",
    ("import", "--out"): "import --release {lines} --assets {pool} --out {out}",
    ("export", "--out"): "export --format messages --dataset {dataset} --out {out}",
    ("train-data", "--out"): "train-data --dataset {dataset} --out {out}",
    ("run", "--out"): "run --dataset {dataset} --model baseline:nearest --out {out}",
}
"""Options that name a folder of the command's own."""

FILES = {
    ("report", "--out"): "report {run} --media none --out {out}/page.html",
    ("report", "--csv"): "report {run} --media none --out {page} --csv {out}",
    ("report", "--latex"): "report {run} --media none --out {page} --latex {out}",
    ("report", "--markdown"): "report {run} --media none --out {page} --markdown {out}",
    ("report", "--figures"): "report {run} --media none --out {page} --figures {out}",
    ("report", "--eval-results"): "report {run} --media none --out {page} --eval-results {out} --dataset-id a/b",
    ("rewards", "--out"): "rewards --steps 1 --p 0.5 --reward paper --out {out}",
}
"""Options under which files are written beside whatever else a folder holds."""

ELSEWHERE = {
    ("refine", "--cache"): "test_replies_are_appended_to_a_cache_alone",
    ("judge", "run"): "test_verdicts_on_a_file_replace_verdicts_alone",
    ("report", "--card"): "test_a_card_keeps_what_its_owner_wrote",
    ("demo", "--out"): "test_a_demo_uses_what_is_there",
    ("sft", "--out"): "test_a_training_goes_into_a_folder_of_its_own",
    ("rlvr", "--out"): "test_a_training_goes_into_a_folder_of_its_own",
}
"""Options with a rule of their own, and the test that holds it."""


def test_every_option_that_takes_a_path_is_listed():
    group = typer.main.get_command(app)
    found = {
        (name, param.name if param.param_type_name == "argument" else param.opts[0])
        for name, command in group.commands.items()
        for param in command.params
        if "Path" in str(getattr(getattr(param, "type_descriptor", None), "annotation", ""))
    }
    listed = [*INPUTS, *FOLDERS, *FILES, *ELSEWHERE]
    assert sorted(listed) == sorted(found)
    assert set(ELSEWHERE.values()) <= globals().keys()


# ---- things in the way


@pytest.fixture(scope="module")
def world(shared_pool, tmp_path_factory):
    made = make_world(tmp_path_factory.mktemp("outputs"), shared_pool.folder)
    os.environ["OUTSIDE"] = str(made.outside)
    return made


@pytest.fixture(autouse=True)
def what_links_lead_to_stays(world):
    before = world.untouched()
    yield
    assert world.untouched() == before


@pytest.mark.parametrize("overwrite", [False, True], ids=["", "overwrite"])
@pytest.mark.parametrize("thing", [mine, *NEVER], ids=lambda thing: thing.__name__)
@pytest.mark.parametrize("option", FOLDERS, ids=" ".join)
def test_a_folder_is_never_written_over_anything_else(world, option, thing, overwrite):
    words = FOLDERS[option]
    paths = prepared(world, words)
    thing(paths["out"])
    more = ["--overwrite"] if overwrite and option[0] != "run" else []
    require_refused(world, [*spoken(words, paths), *more], "out")


REPLACED = [option for option in FILES if option != ("report", "--eval-results")]
"""Results for the Hub get another name where a file of the usual one says something else."""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # matplotlib leaves fonts open
@pytest.mark.parametrize("option", REPLACED, ids=" ".join)
def test_files_are_replaced_as_they_were_written_and_no_other(world, option):
    words = FILES[option]
    paths = prepared(world, words)
    call = spoken(words, paths)
    assert called(call)[0] == 0
    first = there(paths["out"])
    assert called(call)[0] == 0
    assert there(paths["out"]) == first
    path = max(path for path in paths["out"].rglob("*") if path.is_file() and path.parent.name != ".omni-persona")
    for thing, more in ((linked, ["--overwrite"]), (pipe, []), (folder, ["--overwrite"])):
        path.unlink()
        thing(path)
        require_refused(world, [*call, *more], path.name)
        shutil.rmtree(path) if thing is folder else path.unlink()
        path.touch()
    path.write_text("years of work")
    error = require_refused(world, call, path.name)
    assert "exists and was not written by omni-persona" in error and "--overwrite" in error
    assert called([*call, "--overwrite"])[0] == 0
    assert there(paths["out"]) == first
    if option != ("report", "--out"):  # a page is known by its mark
        path.write_bytes(path.read_bytes() + b"\nmy notes")
        require_refused(world, call, path.name)


@pytest.mark.slow
def test_results_for_the_hub_stand_beside_those_of_others(world):
    words = FILES["report", "--eval-results"]
    paths = prepared(world, words)
    results = paths["out"] / ".eval_results"
    results.mkdir(parents=True)
    (results / "omni-persona.yaml").write_text("years of work")
    linked(results / "omni-persona-judge-lexical.yaml")
    require_refused(world, spoken(words, paths), "omni-persona-judge-lexical.yaml")
    (results / "omni-persona-judge-lexical.yaml").unlink()
    for _ in range(2):
        assert called(spoken(words, paths))[0] == 0
        assert (results / "omni-persona.yaml").read_text() == "years of work"
        assert len(list(results.iterdir())) == 2


@pytest.mark.parametrize("place", ["out", "out/deep/er"])
@pytest.mark.parametrize("thing", [mine, pipe, dangling], ids=lambda thing: thing.__name__)
@pytest.mark.parametrize("option", FILES, ids=" ".join)
def test_a_folder_that_cannot_be_one_is_reported_before_any_work(world, option, thing, place):
    words = FILES[option]
    paths = prepared(world, words)
    thing(paths["out"])
    require_refused(world, spoken(words, paths | {"out": world.work / place}), "out")


@pytest.mark.parametrize("place", ["{dataset}", "{dataset}/data", "{dataset}/new", "{run}", "{run}/tables"])
@pytest.mark.parametrize("option", FILES, ids=" ".join)
def test_nothing_is_written_into_an_input(world, option, place):
    if option[0] == "rewards":
        pytest.skip("it has no inputs")
    if option == ("report", "--out") and place.startswith("{run}"):
        pytest.skip("a page may lie in a run folder")
    words = FILES[option].replace("{out}", place) + " --dataset {dataset} --overwrite"
    paths = prepared(world, words)
    error = require_refused(world, spoken(words, paths), paths["dataset" if "dataset" in place else "run"].name)
    assert "the input" in error


@pytest.mark.parametrize("name", ["run.json", "predictions.jsonl", "verdicts.jsonl", "scores.json"])
def test_a_page_in_a_run_folder_replaces_no_file_of_the_run(world, name):
    words = f"report {{run}} --media none --out {{run}}/{name} --overwrite"
    require_refused(world, spoken(words, prepared(world, words)), name)


@pytest.mark.slow
def test_a_page_may_lie_in_a_run_folder(world):
    words = "report {run} --media none --out {run}/report.html"
    call = spoken(words, prepared(world, words))
    assert [called(call)[0], called(call)[0]] == [0, 0]


@pytest.mark.slow
def test_an_input_is_not_replaced_by_what_is_made_from_it(world, tmp_path):
    people = tmp_path / "people"
    assert called(f"pool --personas 2 --voices synthetic --out {people}".split())[0] == 0
    before = there(people)
    for words in (
        f"pool --personas 2 --voices synthetic --apart-from {people} --out {people} --overwrite",
        f"refine --pool {people} --endpoint http://127.0.0.1:9/v1 --model m --out {people} --overwrite",
        f"train-data --dataset {world.sources['dataset']} --pool {people} --out {people} --overwrite",
        f"build --pool {people} --out {people} --overwrite",
        f"import --release {people}/personas.jsonl --assets {people} --out {people} --overwrite",
    ):
        code, output = called(words.split())
        assert code == 2 and "the input" in output, output
        assert there(people) == before


# ---- options with a rule of their own


@pytest.mark.slow
def test_replies_are_appended_to_a_cache_alone(world, tmp_path):
    notes = tmp_path / "notes.txt"
    with faulty_server.serving() as server:
        words = "refine --pool {pool} --endpoint " + f"{server.url} --model m --cache {notes} --out {{out}}"
        for content in ("years of work\n", '{"persona_id": "a"}\n', "{}\n"):
            notes.write_text(content)
            error = require_refused(world, spoken(words, prepared(world, words)), "notes.txt")
            assert "no cache of replies" in error and "--cache" in error
            assert notes.read_text() == content
        assert not server.requests
        for thing in (pipe, dangling, folder):
            notes.unlink()
            thing(notes)
            require_refused(world, spoken(words, prepared(world, words)), "notes.txt")
            if thing is folder:
                (notes / "thesis.txt").unlink()
                notes.rmdir()
                notes.touch()


@pytest.mark.slow
def test_verdicts_on_a_file_replace_verdicts_alone(world):
    words = "judge {run}/predictions.jsonl --dataset {dataset}"
    paths = prepared(world, words)
    beside = paths["run"] / "predictions.jsonl.verdicts.jsonl"
    assert called(spoken(words, paths))[0] == 0
    assert called(spoken(words, paths))[0] == 0
    beside.write_text("years of work\n")
    assert "holds no verdicts" in require_refused(world, spoken(words, paths), beside.name)
    for thing in (dangling, pipe):
        beside.unlink()
        thing(beside)
        require_refused(world, spoken(words, paths), beside.name)


@pytest.mark.slow
def test_a_card_keeps_what_its_owner_wrote(world):
    words = "report {run} --media none --out {page} --card {dataset} --dataset {dataset}"
    paths = prepared(world, words)
    card = paths["dataset"] / "README.md"
    text = card.read_text(encoding="utf-8") + "\nMy own words.\n"
    card.unlink()
    card.write_text(text, encoding="utf-8")
    code, output = called(spoken(words, paths))
    assert code == 0, output
    assert "baseline:nearest" in card.read_text(encoding="utf-8")
    assert card.read_text(encoding="utf-8").endswith("\nMy own words.\n")
    # What its owner wrote is still known as somebody else's.
    code, output = called(f"build --pool {world.sources['pool']} --out {paths['dataset']} --overwrite".split())
    assert code == 2 and "README.md" in output, output


@pytest.mark.slow
def test_a_demo_uses_what_is_there(world):
    paths = world.fresh(set())
    (paths["out"] / "runs" / "abstain").mkdir(parents=True)
    (paths["out"] / "omni-persona").mkdir()
    (paths["out"] / "omni-persona" / "README.md").write_text("years of work")
    (paths["out"] / "runs" / "abstain" / "thesis.txt").write_text("years of work")
    require_refused(world, ["demo", "--out", str(paths["out"])], "omni-persona")


@pytest.mark.parametrize("thing", [mine, *NEVER], ids=lambda thing: thing.__name__)
def test_a_training_goes_into_a_folder_of_its_own(tmp_path, thing):
    (tmp_path / "here").mkdir()
    thing(tmp_path / "here" / "out")
    before = there(tmp_path)
    with pytest.raises(TrainingError, match="out"):
        training_output.begin(tmp_path / "here" / "out", {"command": "sft"})
    assert there(tmp_path) == before
