"""A line of predictions means the same to the metric, the runner's scores, a report and a comparison."""

from __future__ import annotations

import json

import pytest
from rows import TASKS, make_row
from typer.testing import CliRunner

import omni_persona
from omni_persona_artifacts.data_files import dataset_fingerprint
from omni_persona_artifacts.run_folder import RunFolderError
from omni_persona_cal.reading import ReadingError, read_answers
from omni_persona_cli.app import app
from omni_persona_report.gather import gather
from omni_persona_runner.judging import run_items
from omni_persona_runner.scoring import score_run

ROWS = [make_row(index, task) for index, task in enumerate(TASKS)]
IDS = [row["augmented_id"] for row in ROWS]
REFERENCES = "\n".join(json.dumps(omni_persona.reference(omni_persona.item_from_row(row))) for row in ROWS)


def ok(place, said="a beekeeper"):
    return json.dumps({"augmented_id": IDS[place], "prediction": said, "status": "ok"})


def failed(place):
    return json.dumps({"augmented_id": IDS[place], "prediction": None, "status": "failed", "error": "out of memory"})


def of_release(place, said):
    return json.dumps({"augmented_id": IDS[place], "model_prediction": said})


WHOLE = [ok(place) for place in range(4)]

CASES = {
    "whole": (WHOLE, 4),
    "blank lines": (["", ok(0), "  ", ok(1), "\t", ok(2), ok(3), ""], 4),
    "a byte order mark and Windows line ends": (
        ["\ufeff" + ok(0) + "\r", *(ok(place) + "\r" for place in (1, 2, 3))],
        4,
    ),
    "refused by the release's scripts": ([of_release(0, "[SKIP] 400: too long"), *WHOLE[1:]], 3),
    "their words, said by a model of ours": ([ok(0, "[SKIP] this"), *WHOLE[1:]], 4),
    "null of the release's scripts": ([of_release(0, None), *WHOLE[1:]], 3),
    "failed": ([failed(0), *WHOLE[1:]], 3),
    "failed, then answered": ([failed(0), *WHOLE], 4),
    "failed twice": ([failed(0), failed(0), *WHOLE[1:]], 3),
    "an empty answer": ([ok(0, ""), *WHOLE[1:]], 4),
    "half of a pair": ([ok(0, "a \ud83d"), *WHOLE[1:]], 4),
}

REFUSED = {
    "answered twice": ([*WHOLE, ok(1, "a nurse")], "expected each augmented_id once, got 'sample_1__aug_0' again"),
    "no text": ([json.dumps({"augmented_id": IDS[0], "prediction": 3}), *WHOLE[1:]], "expected prediction to be a str"),
    "no id": ([json.dumps({"prediction": "x"}), *WHOLE], "expected augmented_id to be a string"),
    "a key twice": ([WHOLE[0][:-1] + ', "status": "failed"}', *WHOLE[1:]], "the key 'status' occurs twice"),
    "no JSON": (["{", *WHOLE], "not a JSON record"),
    "NaN": ([WHOLE[0][:-1] + ', "seconds": NaN}', *WHOLE[1:]], "NaN is not a JSON value"),
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = tmp_path_factory.mktemp("lines") / "omni-persona"
    (folder / "data").mkdir(parents=True)
    table = pa.Table.from_pylist(ROWS, schema=omni_persona.features().arrow_schema)
    pq.write_table(table, folder / "data" / "test-00000-of-00001.parquet")
    return folder


@pytest.fixture
def write(dataset, tmp_path):
    def write(lines, name="run"):
        run = tmp_path / name
        run.mkdir()
        manifest = {
            "model": {"name": "org/model"},
            "dataset": {"path": str(dataset), "fingerprint": dataset_fingerprint(dataset), "n_items": 4},
        }
        (run / "run.json").write_text(json.dumps(manifest))
        (run / "predictions.jsonl").write_text("\n".join(lines) + "\n")
        return run

    return write


def compare(run, other):
    return CliRunner().invoke(app, ["compare", str(run), str(other), "--json"])


@pytest.mark.parametrize("name", CASES)
def test_a_line_is_answered_or_failed_everywhere(write, name):
    lines, n_answered = CASES[name]
    run, whole = write(lines), write(WHOLE, "whole")

    read = read_answers("\n".join(lines), REFERENCES)
    assert (len(read.predictions), read.n_without_answer) == (n_answered, 4 - n_answered)

    scores = score_run(run, run_items(run))
    assert (scores["n"], scores["n_failed"], scores["n_missing"]) == (n_answered, 4 - n_answered, 4 - n_answered)

    gathered = gather([run])
    assert gathered.problems == []
    (shown,) = gathered.runs
    assert (len(shown.answers), shown.count("failed")) == (4, 4 - n_answered)
    assert [line.prediction for line in shown.answers.values() if line.prediction is not None] == read.predictions
    assert shown.scores["n"] == n_answered

    result = compare(run, whole)
    assert result.exit_code == int(n_answered < 4), result.output
    assert json.loads(result.stdout[: result.stdout.rindex("}") + 1])["n_left_out"] == 4 - n_answered


@pytest.mark.parametrize("name", REFUSED)
def test_a_line_is_refused_everywhere_in_the_same_words(write, name):
    lines, reason = REFUSED[name]
    run, whole = write(lines), write(WHOLE, "whole")
    with pytest.raises(ReadingError) as metric:
        read_answers("\n".join(lines), REFERENCES)
    assert reason in str(metric.value)
    with pytest.raises(RunFolderError) as runner:
        score_run(run, run_items(run))
    assert reason in str(runner.value)
    result = compare(run, whole)
    assert str(result.exception) == str(runner.value)
    (problem,) = gather([run]).problems
    assert problem == str(runner.value), "a report goes on, and lists what was wrong"
