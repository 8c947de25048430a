"""Answers that others collected: four formats that say the same, and logs that are damaged, foreign or hostile."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from peers import EXPECTED, IDS, ROWS, SAID

from omni_persona_artifacts import inspect_log
from omni_persona_artifacts.collected import read_collected
from omni_persona_artifacts.run_reader import RunFolderError, read_predictions
from omni_persona_cli.app import app
from omni_persona_cli.console import errors
from omni_persona_runner.scoring import score_file

LOGS = Path(__file__).parent / "logs"
"""Written by inspect_ai 0.3.285 and lmms-eval 0.7.3, whose tasks of `integrations/` asked the server of `peers`."""


@pytest.fixture(scope="module")
def asked(write_dataset, tmp_path_factory):
    """The eight items."""
    return write_dataset(tmp_path_factory.mktemp("asked") / "omni-persona", ROWS)


@dataclass
class Told:
    """What a command printed, and its exit code."""

    exit_code: int
    output: str
    stdout: str


@pytest.fixture
def call(capsys, monkeypatch):
    """Calls the command line as a shell does: errors become a line and an exit code."""
    monkeypatch.setenv("COLUMNS", "400")

    def call(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as end, errors(debug=False):
            app([str(word) for word in words])
        out, err = capsys.readouterr()
        return Told(end.value.code, f"{out}\n{err}", out)

    return call


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
    told = call("score", collected(name), "--dataset", asked)
    assert told.exit_code == 1, told.output
    assert "3 of 8 items have no answer and count in no rate" in told.output


@pytest.mark.parametrize("name", FORMATS)
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
def test_a_log_of_another_dataset_with_the_same_ids_is_told_with_counts(call, collected, write_dataset, tmp_path, name):
    rows = json.loads(json.dumps([{**row, "contexts": [], "query_assets": None} for row in ROWS]))
    for row, whole in zip(rows, ROWS, strict=True):
        row |= {"contexts": whole["contexts"], "query_assets": whole["query_assets"]}
        row["query_text"] = "Where did I meet her?"
        if row["answer_supervision"]["answerable_from_context"]:
            row["answer_supervision"]["gold_answer"] = "in Lisbon"
    other = write_dataset(tmp_path / "other", rows)
    told = call("score", collected(name), "--dataset", other)
    assert told.exit_code == 2, told.output
    assert "got 4 of 8 to other questions of the same ids" in told.output
    for command in (["judge"], ["compare", collected("lines.jsonl")], ["report", "--out", tmp_path / "x.html"]):
        assert call(*command, collected(name), "--dataset", other).exit_code == 2, command


@pytest.mark.parametrize("name", FORMATS)
def test_missing_items_are_told_with_counts(call, collected, write_dataset, make_row, tmp_path, name):
    larger = write_dataset(tmp_path / "larger", [*ROWS, make_row(8), make_row(9)])
    told = call("score", collected(name), "--dataset", larger)
    assert told.exit_code == 2
    assert "expected a line for each of the 10 items" in told.output
    assert "got none for 2, such as 'sample_8__aug_0'" in told.output
    scores = score_file(collected(name), larger, partial=True)
    assert (scores["cal"], scores["n_items"], scores["n_missing"]) == (EXPECTED["cal"], 10, 5)


def rewritten(source, target, change):
    """A log with other entries, packed as Python packs them."""
    held = {}
    with zipfile.ZipFile(source) as archive, source.open("rb") as raw:
        for entry in archive.infolist():
            held[entry.filename] = json.loads(inspect_log._content(raw, entry, entry.filename))
    change(held)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in held.items():
            archive.writestr(name, value if isinstance(value, bytes) else json.dumps(value))
    return target


SAMPLE = f"samples/{IDS[0]}_epoch_1.json"


def second_epoch(held):
    held[SAMPLE.replace("epoch_1", "epoch_2")] = held[SAMPLE] | {"epoch": 2}


CHANGES = {
    "twice": (lambda held: held.update({"samples/b.json": held[SAMPLE]}), "expected each augmented_id once"),
    "two epochs": (second_epoch, "expected one epoch, got epoch 2"),
    "a version to come": (lambda held: held["header.json"].update(version=3), "expected a log of version 2, got"),
    "no version": (lambda held: held["header.json"].pop("version"), "expected a log of version 2, got version None"),
    "a version that is true": (lambda held: held["header.json"].update(version=True), "got version True"),
    "no header": (lambda held: [held.pop(name) for name in ("header.json", "_journal/start.json")], "without header"),
    "no samples": (lambda held: [held.pop(name) for name in list(held) if name.startswith("samples/")], "none for 8"),
    "no JSON": (lambda held: held.update({SAMPLE: b"{"}), "not JSON"),
    "nested": (lambda held: held.update({SAMPLE: b"[" * 200_000}), "not JSON"),
    "a list": (lambda held: held.update({SAMPLE: []}), "expected a JSON object, got list"),
    "no id": (lambda held: held[SAMPLE].pop("id"), "expected augmented_id to be a string, got None"),
    "a number for an id": (lambda held: held[SAMPLE].update(id=7), "expected augmented_id to be a string, got 7"),
    "another id": (lambda held: held[SAMPLE].update(id="x" * 900), "got 1 of 8 to other items, such as 'xxxx"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_log_that_cannot_be_used_is_told_in_a_line(call, asked, tmp_path, change):
    alter, reason = CHANGES[change]
    told = call("score", rewritten(LOGS / "inspect.eval", tmp_path / "log.eval", alter), "--dataset", asked)
    assert told.exit_code == 2, told.output
    assert reason in " ".join(told.output.split())
    assert len(told.output) < 600


def test_a_killed_run_is_read_as_far_as_it_came(asked, tmp_path):
    file = rewritten(LOGS / "inspect.eval", tmp_path / "log.eval", lambda held: held.pop("header.json"))
    assert score_file(file, asked)["cal"] == EXPECTED["cal"]


def test_samples_that_a_task_numbers_are_known_by_their_metadata(asked, tmp_path):
    def renumber(held):
        for number, name in enumerate(sorted(name for name in held if name.startswith("samples/"))):
            held[name]["metadata"] = {"augmented_id": held[name]["id"]}
            held[name]["id"] = number

    assert (
        score_file(rewritten(LOGS / "inspect.eval", tmp_path / "log.eval", renumber), asked)["cal"] == EXPECTED["cal"]
    )


def test_names_in_an_archive_are_no_paths(asked, tmp_path):
    names = ("samples/../../../x.json", "samples//etc/x.json", "samples/\x1b[2J.json")

    def rename(held):
        for name, entry in zip(names, [name for name in held if name.startswith("samples/")], strict=False):
            held[name] = held.pop(entry)

    (tmp_path / "in").mkdir()
    file = rewritten(LOGS / "inspect.eval", tmp_path / "in" / "log.eval", rename)
    assert score_file(file, asked)["cal"] == EXPECTED["cal"]
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "log.eval"]


@pytest.mark.parametrize(
    ("limit", "most", "reason"),
    [
        ("MOST_ENTRIES", 3, "expected at most 3 entries"),
        ("MOST_ENTRY_BYTES", 2000, "MiB unpacked; --no-log-images"),
        ("MOST_BYTES", 20_000, "GiB unpacked"),
    ],
)
@pytest.mark.parametrize("packed_by", ["zstandard", "deflate"])
def test_a_log_is_unpacked_up_to_limits(asked, tmp_path, monkeypatch, limit, most, reason, packed_by):
    file = LOGS / "inspect.eval"
    if packed_by == "deflate":
        file = rewritten(file, tmp_path / "log.eval", lambda held: None)
    monkeypatch.setattr(inspect_log, limit, most)
    with pytest.raises(RunFolderError, match=reason):
        score_file(file, asked)


def test_a_bomb_is_not_unpacked(asked, tmp_path, monkeypatch):
    """An entry that claims to be small and unpacks to 64 MiB of spaces, by Zstandard."""
    monkeypatch.setattr(inspect_log, "MOST_ENTRY_BYTES", 1 << 20)
    packed = pa.compress(b" " * (64 << 20), codec="zstd", asbytes=True)
    assert len(packed) < 100_000
    assert len(inspect_log._unpacked(packed, 93)) == (1 << 20) + 1


@pytest.mark.parametrize("kept", [10, 100, 3000, 20_000])
def test_a_log_that_was_cut_is_told(call, asked, tmp_path, kept):
    file = tmp_path / "log.eval"
    file.write_bytes((LOGS / "inspect.eval").read_bytes()[:kept])
    told = call("score", file, "--dataset", asked)
    assert told.exit_code == 2
    assert "got a damaged archive" in " ".join(told.output.split())


def test_bytes_that_are_changed_never_crash(asked, tmp_path):
    whole = (LOGS / "inspect.eval").read_bytes()
    file = tmp_path / "log.eval"
    for place in range(40, len(whole), 1009):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            score_file(file, asked)
        except RunFolderError as error:
            # Most changes are seen; some hit what is not read.
            assert str(file) in str(error)


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
    told = call("score", file, "--dataset", asked)
    assert told.exit_code == 2
    assert reason in told.output


def test_samples_twice_are_told_with_counts(call, asked, tmp_path):
    file = tmp_path / "samples.jsonl"
    file.write_text(lines([*samples(), *samples()[:2], *samples()[4:5]]))
    told = call("score", file, "--dataset", asked)
    assert told.exit_code == 2
    assert "samples.jsonl:9: expected each augmented_id once" in told.output
    assert "and 2 more lines like it" in told.output
