"""Files of runs and datasets that are broken or hostile: each command says which file, and shows no traceback."""

from __future__ import annotations

import json
import os
import shutil
import traceback

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from messages import assert_plain
from no_files import NO_FILES
from slow_cases import slow_but
from typer.testing import CliRunner

from omni_persona_artifacts.construction import read_construction
from omni_persona_artifacts.data_files import dataset_fingerprint
from omni_persona_cli.app import app

DEEP = "[" * 200_000
NO_FOOTER = b"PAR1" + b"\xff" * 200 + b"PAR1"
LINE = {"augmented_id": "sample_0__aug_0", "prediction": "a beekeeper"}


@pytest.fixture(scope="module")
def scored(dataset, tmp_path_factory):
    """A judged and scored run over the first items of the dataset."""
    folder = tmp_path_factory.mktemp("scored") / "run"
    folder.mkdir()
    about = {"path": str(dataset), "fingerprint": dataset_fingerprint(dataset)}
    (folder / "run.json").write_text(json.dumps({"model": {"name": "m"}, "dataset": about, "limit": None}))
    lines = [{**LINE, "augmented_id": f"sample_{i}__aug_0"} for i in range(16)]
    (folder / "predictions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    verdicts = [{"augmented_id": f"sample_{i}__aug_0", "verdict": "WRONG", "judge": "j"} for i in range(16)]
    (folder / "verdicts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in verdicts))
    assert call("score", folder).exit_code == 0
    return folder


@pytest.fixture
def run(dataset, scored, tmp_path):
    """A copy of the run, over a copy of the dataset."""
    copy, folder = shutil.copytree(dataset, tmp_path / "omni-persona"), shutil.copytree(scored, tmp_path / "run")
    manifest = json.loads((folder / "run.json").read_text())
    manifest["dataset"]["path"] = str(copy)
    (folder / "run.json").write_text(json.dumps(manifest))
    return folder


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def require_reported(done, *texts):
    """That a command ended well, found problems, or raised what the command line shows as one or two lines."""
    error = done.exception
    if error is not None and not isinstance(error, SystemExit):
        ours = type(error).__module__.startswith("omni_persona")
        assert ours or isinstance(error, (ValueError, OSError)), traceback.format_exception(error)[-4:]
        assert len(str(error)) < 2000
    output = f"{done.output} {error}"
    assert_plain(output)
    for text in texts:
        assert text in output, output


COMMANDS = {
    "score": lambda run: ("score", run),
    "judge": lambda run: ("judge", run),
    "compare": lambda run: ("compare", run, run.parent / "other"),
    "report": lambda run: ("report", run, "--out", run.parent / "report.html"),
}
TEXTS = {
    "empty": "",
    "an empty object": "{}\n",
    "a list": "[]\n",
    "null": "null\n",
    "a number": "7\n",
    "a text": '"a"\n',
    "half": '{"augmented_id": "sam',
    "deep": DEEP,
    "deep, and read": '{"model": {"name": "m"}, "generation": ' + "[" * 900 + "]" * 900 + "}\n",
    "deep objects": '{"model": ' * 50_000,
    "no UTF-8": b"\xff\xfe\n",
    "NUL": b"\0\0\0\n",
    "a long number": '{"model": ' + "9" * 5000 + "}\n",
    "types of a manifest": '{"model": 3, "dataset": [], "limit": "x"}\n',
    "names of a manifest": '{"model": {"name": null}, "dataset": {"path": 1, "fingerprint": {}}}\n',
    "types of a line": '{"augmented_id": 3, "prediction": {}, "verdict": []}\n',
    "types of a score": '{"cal": "x", "by_group": [], "intervals": 3, "usage": "u", "interval": []}\n',
    "nothing of a score": '{"by_group": {"I2I": null}, "by_task": 3, "n": -1}\n',
    "infinite": '{"augmented_id": "sample_0__aug_0", "prediction": "a", "confidence": Infinity}\n',
    "half of a character": '{"augmented_id": "sample_0__aug_0", "prediction": "\\ud800"}\n',
}
FILES = ("run.json", "predictions.jsonl", "verdicts.jsonl", "scores.json")


HELD = [(name, command) for name in FILES for command in COMMANDS]


@pytest.mark.parametrize(
    ("name", "command"),
    slow_but([case for case in HELD if case[1] != "report" and case != ("scores.json", "score")], HELD),
)
@pytest.mark.usefixtures("figures_once")
def test_what_a_file_of_a_run_holds(run, command, name):
    shutil.copytree(run, run.parent / "other")
    for content in TEXTS.values():
        (run / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        require_reported(call(*COMMANDS[command](run)))


KINDS = [(kind, command) for kind in NO_FILES for command in COMMANDS]


@pytest.mark.parametrize(
    ("kind", "command"), slow_but([case for case in KINDS if case[1] != "report" or case[0] == "a pipe"], KINDS)
)
@pytest.mark.usefixtures("figures_once")
def test_what_a_file_of_a_run_is(run, command, kind):
    shutil.copytree(run, run.parent / "other")
    for name in FILES:
        kept = (run / name).read_bytes()
        (run / name).unlink()
        NO_FILES[kind](run / name)
        require_reported(call(*COMMANDS[command](run)))
        if os.path.lexists(run / name):
            (os.rmdir if (run / name).is_dir() else os.unlink)(run / name)
        (run / name).write_bytes(kept)


def _without(name):
    return lambda table: table.drop_columns([name])


def _filled(name, values):
    return lambda table: table.set_column(table.column_names.index(name), name, values(table.num_rows))


TABLES = {
    "no id": _without("augmented_id"),
    "no group": _without("group"),
    "no contexts": _without("contexts"),
    "no supervision": _without("answer_supervision"),
    "null ids": _filled("augmented_id", lambda n: pa.nulls(n, pa.string())),
    "null groups": _filled("group", lambda n: pa.nulls(n, pa.string())),
    "null supervision": _filled("answer_supervision", lambda n: pa.nulls(n, pa.struct([("gold_answer", pa.string())]))),
    "null contexts": _filled("contexts", lambda n: pa.nulls(n, pa.list_(pa.int64()))),
    "null assets": _filled("query_assets", lambda n: pa.nulls(n, pa.struct([("image", pa.string())]))),
    "numbers for ids": _filled("augmented_id", lambda n: pa.array(range(n))),
    "numbers for questions": _filled("query_text", lambda n: pa.array(range(n))),
    "numbers for contexts": _filled("contexts", lambda n: pa.array(range(n))),
    "a text for supervision": _filled("answer_supervision", lambda n: pa.array(["x"] * n)),
    "an unknown task": _filled("selected_task", lambda n: pa.array(["x"] * n)),
    "an unknown group": _filled("group", lambda n: pa.array(["\x1b[2J"] * n)),
    "an unknown absence": _filled("absence", lambda n: pa.array(["x"] * n)),
    "no rows": lambda table: table.slice(0, 0),
}
FEW_TABLES = (
    *("no id", "no contexts", "null groups", "null contexts", "numbers for questions", "a text for supervision"),
    *("an unknown task", "an unknown group", "no rows"),
)


@pytest.mark.parametrize("case", slow_but(FEW_TABLES, TABLES))
def test_columns_of_a_dataset(run, case):
    folder = run.parent / "omni-persona"
    file = folder / "data" / "test-0.parquet"
    pq.write_table(TABLES[case](pq.read_table(file)), file)
    manifest = json.loads((run / "run.json").read_text())
    manifest["dataset"]["fingerprint"] = dataset_fingerprint(folder)
    (run / "run.json").write_text(json.dumps(manifest))
    for command in ("score", "judge", "report"):
        require_reported(call(*COMMANDS[command](run)))
    require_reported(call("check", folder))
    require_reported(call("score", run / "predictions.jsonl", "--dataset", folder))


@pytest.mark.slow
@pytest.mark.parametrize("case", TABLES)
def test_columns_of_a_dataset_through_the_other_commands(run, case):
    folder, new = run.parent / "omni-persona", run.parent / "new"
    file = folder / "data" / "test-0.parquet"
    pq.write_table(TABLES[case](pq.read_table(file)), file)
    for words in (
        ("power", "--dataset", folder),
        ("push", folder, "--repo", "a/b"),
        ("export", "--format", "messages", "--dataset", folder, "--out", new),
        ("run", "--model", "baseline:nearest", "--dataset", folder, "--out", run.parent / "again"),
        ("run", "--model", "baseline:abstain", "--dataset", folder, "--subset", "4", "--out", run.parent / "part"),
        ("train-data", "--dataset", folder, "--out", run.parent / "corpus"),
        ("sft", "--dataset", folder, "--model", folder, "--out", run.parent / "adapter"),
    ):
        done = call(*words)
        require_reported(done)
        if done.exit_code not in (0, 1) or not isinstance(done.exception, SystemExit | None):
            require_reported(done, str(folder))


@pytest.mark.parametrize("content", slow_but([b"", NO_FOOTER], [b"", b"PAR1", b"no Parquet at all", NO_FOOTER]))
@pytest.mark.parametrize("name", ["data/test-0.parquet", "data/construction.parquet"])
def test_files_that_are_no_parquet(run, content, name):
    folder = run.parent / "omni-persona"
    (folder / name).write_bytes(content)
    manifest = json.loads((run / "run.json").read_text())
    manifest["dataset"]["fingerprint"] = dataset_fingerprint(folder)
    (run / "run.json").write_text(json.dumps(manifest))
    require_reported(call("score", run), name)
    for command in ("judge", "report"):
        require_reported(call(*COMMANDS[command](run)))
    require_reported(call("check", folder))


@pytest.mark.parametrize("content", [b"", b"\x80abc", b"PAR1", NO_FOOTER])
def test_a_side_file_that_is_none_is_named(run, content):
    file = run.parent / "omni-persona" / "data" / "construction.parquet"
    file.write_bytes(content)
    with pytest.raises(
        ValueError, match=f"^{file}: expected the side file of a dataset, as `omni-persona build` writes it, got: "
    ):
        read_construction(run.parent / "omni-persona")
    require_reported(
        call("train-data", "--dataset", run.parent / "omni-persona", "--out", run.parent / "new"), str(file)
    )
