"""Answers that others collected: four formats that say the same, and samples of lmms-eval."""

from __future__ import annotations

import json
import shutil

import pytest
from asked_peers import EXPECTED, IDS, ROWS, SAID
from harness_logs import LOGS
from slow_cases import slow_but

from omni_persona_artifacts.collected import read_collected
from omni_persona_artifacts.run_reader import RunFolderError, read_predictions
from omni_persona_runner.scoring import score_file


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def of_release(file):
    """Rows of the release with answers and verdicts, as its scripts write them."""
    records = []
    for row, said in zip(ROWS, SAID, strict=True):
        record = {name: value for name, value in row.items() if name not in ("contexts", "query_assets")}
        refused = said in (None, "") or (said.startswith("<think>") and "</think>" not in said)
        record["model_prediction"] = "[SKIP] 400: no memory left" if refused else said
        records.append(record)
    file.write_text(lines(records))


def plain(file):
    """The fewest keys; a failed item has a null, an error beside nothing, or an error beside an empty text."""
    records = [{"augmented_id": name, "prediction": said} for name, said in zip(IDS, SAID, strict=True)]
    records[6] = {"augmented_id": IDS[6], "error": "timed out"}
    records[7] = {"augmented_id": IDS[7], "prediction": "", "error": "out of memory"}
    file.write_text(lines(records))


FORMATS = {
    "inspect.eval": lambda file: shutil.copy(LOGS / "inspect.eval", file),
    "lmms_eval.jsonl": lambda file: shutil.copy(LOGS / "lmms_eval.jsonl", file),
    "release.jsonl": of_release,
    "lines.jsonl": plain,
}


@pytest.fixture
def collected(tmp_path):
    def collected(name):
        file = tmp_path / name
        FORMATS[name](file)
        return file

    return collected


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_scores_to_what_its_texts_say(call, collected, asked, name):
    scores = score_file(collected(name), asked)
    assert {key: scores[key] for key in EXPECTED} == EXPECTED
    assert (scores["n_items"], scores["n_missing"], scores["complete"]) == (8, 3, False)
    result = call("score", collected(name), "--dataset", asked)
    assert result.exit_code == 1, result.output
    assert "3 of 8 items have no answer and count in no rate" in result.output


@pytest.mark.parametrize("name", slow_but(["lmms_eval.jsonl", "lines.jsonl"], FORMATS))
def test_each_format_is_judged_compared_and_reported(call, collected, asked, tmp_path, name):
    file, other = collected(name), tmp_path / "other.jsonl"
    judged = call("judge", file, "--dataset", asked)
    assert judged.exit_code == 0, judged.output
    assert "3 answers judged by lexical: 2 CORRECT, 1 WRONG" in judged.output
    verdicts = tmp_path / f"{name}.verdicts.jsonl"
    # A verdict that lies shows that the file beside the answers is what is read.
    verdicts.write_text(verdicts.read_text().replace("WRONG", "CORRECT").replace("lexical", "somebody"))
    scores = json.loads(call("score", file, "--dataset", asked, "--json").stdout.partition("\nincomplete")[0])
    assert (scores["judge"], scores["ans"]) == ("somebody", 1.0)
    verdicts.unlink()
    other.write_text(lines({"augmented_id": item, "prediction": "a beekeeper"} for item in IDS))
    compared = call("compare", file, other, "--dataset", asked)
    assert compared.exit_code == 1, "three items have no answer in a"
    assert "3 of 8 items have no answer in a or b" in compared.output
    page = tmp_path / "report.html"
    reported = call("report", file, "--dataset", asked, "--out", page)
    assert reported.exit_code == 0, reported.output
    assert "58.3" in reported.output
    assert page.stat().st_size > 10_000


def test_failures_say_why(collected, asked):
    errors = {
        name: [line.error for line in read_collected(collected(name), asked).predictions.values() if line.error]
        for name in FORMATS
    }
    assert "400 - no memory left" in errors["inspect.eval"][0]
    assert len(errors["inspect.eval"][0]) < 250, "not the whole request, which begins the message"
    assert errors["inspect.eval"][1:] == ["an empty answer", "the thinking has no end"]
    assert errors["lmms_eval.jsonl"] == [
        "LMMS_EVAL_REQUEST_FAILED after 1 retries: Error code: 400 - no memory left",
        "an empty answer",
        "the thinking has no end",
    ]
    assert errors["release.jsonl"] == ["400: no memory left"] * 3
    assert errors["lines.jsonl"] == ["timed out", "out of memory"]


def test_what_a_log_tells_besides_is_kept(collected, asked):
    for name in ("inspect.eval", "lmms_eval.jsonl"):
        line = read_collected(collected(name), asked).predictions[IDS[1]]
        assert (line.prediction, line.input_tokens, line.output_tokens) == ("beekeeper", 11, 3)


# ---- of another dataset, incomplete, twice


@pytest.mark.parametrize("name", ["inspect.eval", "lmms_eval.jsonl", "release.jsonl"])
def test_a_log_of_another_dataset_with_the_same_ids_is_reported_with_counts(
    call, collected, write_dataset, tmp_path, name
):
    rows = json.loads(json.dumps([{**row, "contexts": [], "query_assets": None} for row in ROWS]))
    for row, whole in zip(rows, ROWS, strict=True):
        row |= {"contexts": whole["contexts"], "query_assets": whole["query_assets"]}
        row["query_text"] = "Where did I meet her?"
        if row["answer_supervision"]["answerable_from_context"]:
            row["answer_supervision"]["gold_answer"] = "in Lisbon"
    other = write_dataset(tmp_path / "other", rows)
    result = call("score", collected(name), "--dataset", other)
    assert result.exit_code == 2, result.output
    assert "got 4 of 8 to other questions of the same ids" in result.output
    for command in (["judge"], ["compare", collected("lines.jsonl")], ["report", "--out", tmp_path / "x.html"]):
        assert call(*command, collected(name), "--dataset", other).exit_code == 2, command


@pytest.mark.parametrize("name", FORMATS)
def test_missing_items_are_reported_with_counts(call, collected, write_dataset, make_row, tmp_path, name):
    larger = write_dataset(tmp_path / "larger", [*ROWS, make_row(8), make_row(9)])
    result = call("score", collected(name), "--dataset", larger)
    assert result.exit_code == 2
    assert "expected a line for each of the 10 items" in result.output
    assert "got none for 2, such as 'sample_8__aug_0'" in result.output
    scores = score_file(collected(name), larger, partial=True)
    assert (scores["cal"], scores["n_items"], scores["n_missing"]) == (EXPECTED["cal"], 10, 5)


# ---- lmms-eval


def samples():
    return [json.loads(line) for line in (LOGS / "lmms_eval.jsonl").read_text().splitlines()]


def test_samples_of_other_tasks_are_matched_by_row_and_checked(asked, write_dataset, make_row, tmp_path):
    """A task that logs no ID: `doc_id` counts the rows, and target or input must be the row's."""
    file = tmp_path / "samples.jsonl"
    records = [
        {key: value for key, value in sample.items() if not isinstance(value, (list, dict))} for sample in samples()
    ]
    file.write_text(lines(records))
    assert score_file(file, asked)["cal"] == EXPECTED["cal"]
    with pytest.raises(RunFolderError, match="expected a sample with an augmented_id, got none: --dataset"):
        read_predictions(file)
    shifted = write_dataset(tmp_path / "shifted", [make_row(9), *ROWS[:-1]])
    with pytest.raises(RunFolderError, match="to other questions of the same ids"):
        score_file(file, shifted)
    file.write_text(lines(record | {"doc_id": record["doc_id"] + 1} for record in records))
    with pytest.raises(RunFolderError, match="expected a doc_id of a row, 0 to 7, got 8"):
        score_file(file, asked)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"filtered_resps": ["a", "b"]}, "expected one answer, got 2"),
        ({"filtered_resps": []}, "expected one answer, got 0"),
        ({"augmented_id": IDS[1]}, "expected a sample of one item, got one that names 2"),
    ],
)
def test_samples_that_are_no_answer_are_refused(call, asked, tmp_path, change, reason):
    file = tmp_path / "samples.jsonl"
    file.write_text(lines([samples()[0] | change, *samples()[1:]]))
    result = call("score", file, "--dataset", asked)
    assert result.exit_code == 2
    assert reason in result.output


def test_samples_twice_are_reported_with_counts(call, asked, tmp_path):
    file = tmp_path / "samples.jsonl"
    file.write_text(lines([*samples(), *samples()[:2], *samples()[4:5]]))
    result = call("score", file, "--dataset", asked)
    assert result.exit_code == 2
    assert "samples.jsonl:9: expected each augmented_id once" in result.output
    assert "and 2 more lines like it" in result.output


def test_a_folder_of_the_releases_scripts_is_scored_by_its_results(call, asked, tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir()
    of_release(folder / "judge_results.jsonl")
    result = call("score", folder, "--dataset", asked)
    assert result.exit_code == 1, "three items failed"
    assert "58.3" in result.stdout
    assert call("judge", folder, "--dataset", asked).exit_code == 0
    assert (folder / "judge_results.jsonl.verdicts.jsonl").is_file()
    (folder / "run.json").write_text("{}")
    result = call("score", folder, "--dataset", asked)
    assert result.exit_code == 2
    assert "leave out --dataset" in result.output
