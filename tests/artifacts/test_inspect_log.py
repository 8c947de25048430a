"""Logs of inspect_ai that are damaged, foreign or hostile."""

from __future__ import annotations

import json
import zipfile

import pyarrow as pa
import pytest
from asked_peers import EXPECTED, IDS
from harness_logs import LOGS

from omni_persona_artifacts import inspect_log
from omni_persona_artifacts.run_reader import RunFolderError
from omni_persona_runner.scoring import score_file


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
def test_a_log_that_cannot_be_used_is_reported_in_a_line(call, asked, tmp_path, change):
    alter, reason = CHANGES[change]
    result = call("score", rewritten(LOGS / "inspect.eval", tmp_path / "log.eval", alter), "--dataset", asked)
    assert result.exit_code == 2, result.output
    assert reason in " ".join(result.output.split())
    assert len(result.output) < 600


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
def test_a_log_that_was_cut_is_reported(call, asked, tmp_path, kept):
    file = tmp_path / "log.eval"
    file.write_bytes((LOGS / "inspect.eval").read_bytes()[:kept])
    result = call("score", file, "--dataset", asked)
    assert result.exit_code == 2
    assert "got a damaged archive" in " ".join(result.output.split())


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
