"""A collection of odd media through the whole commands `build`, `import`, `check` and `run`.

Both ways to an answer are tried: a tiny checkpoint on this machine, and a local server that keeps what it receives.
"""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pytest
import tiny_omni
from faulty_server import completion, serving, texts
from media_cases import (
    BAD,
    CLIPS,
    GOOD,
    PICTURES,
    RULES,
    assert_heard_right,
    assert_shown_right,
    received_clip,
    received_picture,
)
from pool_folder import PoolFolder

from omni_persona_artifacts.run_folder import read_predictions
from omni_persona_cli.app import main

IDS = {f"sample_{place}__aug_0": name for place, name in enumerate(RULES)}
"""One item for each file."""


@pytest.fixture(scope="module")
def cases(shared):
    return shared / "cases"


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Call `omni-persona` in this process, and return its exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["omni-persona", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        return stopped.value.code or 0, said.out, said.err

    return call


def test_build_refuses_all_bad_files_at_once_with_line_and_reason(cases, command, tmp_path):
    pool = PoolFolder(tmp_path / "pool", people=len(BAD))
    for place, name in enumerate(BAD):
        shutil.copy(cases / name, pool.folder / f"media/p{place}" / name)
        pool.lines[place]["audios" if name in CLIPS else "images"][0]["path"] = f"media/p{place}/{name}"
    pool.save()
    code, _, output = command("build", "--pool", pool.folder, "--recipe", "tiny", "--out", "omni-persona")
    assert code == 2
    faults = output.splitlines()[-len(BAD) :]
    for place, (name, fault) in enumerate(zip(BAD, faults, strict=True)):
        assert f"{pool.file}:{place + 1}: media/p{place}/{name}: " in fault
        assert RULES[name].reason in fault
    assert not (tmp_path / "omni-persona").exists()


@pytest.mark.parametrize("name", BAD)
def test_import_refuses_a_bad_file_with_line_item_and_reason(cases, shared, command, tmp_path, name):
    record = json.loads((shared / "release_like/release.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assets = shutil.copytree(shared / "release_like/assets", tmp_path / "assets")
    shutil.copy(cases / name, assets / name)
    record["contexts"][1]["audio" if name in CLIPS else "image"] = name
    release = tmp_path / "release.jsonl"
    release.write_text(json.dumps(record) + "\n", encoding="utf-8")
    code, _, output = command("import", "--release", release, "--assets", assets, "--out", "omni-persona")
    assert code == 2
    assert f"{release}:1 ({record['augmented_id']}): {name}: " in output
    assert RULES[name].reason in output
    assert not (tmp_path / "omni-persona").exists()


def _rows(cases, make_row, names):
    """Rows that each show one file of the collection."""
    rows = []
    for place, name in enumerate(names):
        row = make_row(place, "visual_to_bio" if name in PICTURES else "voice_to_bio")
        row["query_text"] = f"question {place}"
        medium = {"bytes": (cases / name).read_bytes(), "path": name}
        row["contexts"][0]["audio" if name in CLIPS else "image"] = medium
        rows.append(row)
    return rows


@pytest.fixture(scope="module")
def dataset(cases, make_row, write_dataset, tmp_path_factory):
    """A dataset whose items each show one file of the collection, the bad ones included."""
    return write_dataset(tmp_path_factory.mktemp("cases") / "omni-persona", _rows(cases, make_row, RULES))


@pytest.mark.parametrize("name", BAD)
def test_check_names_a_bad_file_its_item_and_the_reason(cases, make_row, write_dataset, command, tmp_path, name):
    row = make_row(0, "visual_to_bio")
    row["contexts"][2]["audio" if name in CLIPS else "image"] = {"bytes": (cases / name).read_bytes(), "path": name}
    code, output, _ = command("check", write_dataset(tmp_path / "omni-persona", [row]))
    assert code == 1
    (line,) = [line for line in output.splitlines() if name in line]
    assert line.split()[:2] == ["clips" if name in CLIPS else "pictures", "FAIL"]
    assert f"sample_0__aug_0: {name}: " in line
    assert RULES[name].reason.split(",")[0] in line


def test_check_finds_nothing_wrong_with_the_good_files(cases, make_row, write_dataset, command, tmp_path):
    folder = write_dataset(tmp_path / "omni-persona", _rows(cases, make_row, GOOD))
    _, output, _ = command("check", folder)
    lines = {line.split()[0]: line for line in output.splitlines() if line.strip()}
    assert "pass" in lines["pictures"]
    # Files that cannot be decoded come first; the short clips of the other people are all that is wrong.
    assert "clip_1.flac lasts 0.4 s" in lines["clips"]
    assert not [name for name in GOOD if name in lines["clips"]]


def _outcomes(folder):
    lines = read_predictions(folder)
    assert set(lines) == set(IDS)
    return {IDS[item]: line for item, line in lines.items()}


def _assert_bad_failed(outcomes):
    for name in BAD:
        assert outcomes[name].status == "failed"
        assert f"{'clip' if name in CLIPS else 'picture'} {name}: " in outcomes[name].error
        assert RULES[name].reason in outcomes[name].error


def test_run_sends_a_server_what_was_recorded(cases, dataset, command, tmp_path):
    names = list(RULES)
    with serving(lambda number, body: completion(f"a nurse {number}")) as server:
        code, _, _ = command("run", "--dataset", dataset, "--model", "m", "--endpoint", server.url, "--out", "run")
    assert code == 1
    outcomes = _outcomes(tmp_path / "run")
    _assert_bad_failed(outcomes)
    assert [name for name in names if outcomes[name].status == "ok"] == GOOD
    received = {names[int(texts(body).rsplit("question ", 1)[1].split()[0])]: body for body in server.requests}
    assert sorted(received) == sorted(GOOD)
    for name, body in received.items():
        parts = body["messages"][-1]["content"]
        if name in CLIPS:
            clip = next(part for part in parts if part["type"] == "input_audio")
            samples, rate = received_clip(clip)
            assert_heard_right(name, cases, samples, rate, is_scaled=True)
            assert 0 < np.abs(samples).max() <= 1
        else:
            assert_shown_right(name, cases, received_picture(next(p for p in parts if p["type"] == "image_url")))
        assert "Jo Example" not in json.dumps(body)


@pytest.mark.slow
def test_run_gives_a_checkpoint_what_was_recorded(cases, dataset, command, monkeypatch, tmp_path):
    from transformers import Qwen2VLImageProcessor, WhisperFeatureExtractor

    checkpoint = tiny_omni.save(tmp_path / "tiny")
    seen, heard = [], []

    def keep(owner, into):
        whole = owner.__call__

        def call(self, given, *others, **options):
            into.append(given)
            return whole(self, given, *others, **options)

        monkeypatch.setattr(owner, "__call__", call)

    keep(Qwen2VLImageProcessor, seen)
    keep(WhisperFeatureExtractor, heard)
    code, _, output = command(
        "run", "--dataset", dataset, "--model", checkpoint, "--out", "run", "--max-new-tokens", "4", "--device", "cpu",
        "--batch-size", "2",
    )  # fmt: skip
    assert code == 1, output
    outcomes = _outcomes(tmp_path / "run")
    _assert_bad_failed(outcomes)
    for name in GOOD:
        # Random weights may have nothing to say.
        assert outcomes[name].status == "ok" or "an empty answer" in outcomes[name].error, outcomes[name]
    clips = [np.concatenate([np.atleast_1d(one) for one in given]) for given in heard]
    for name in GOOD:
        given = clips if name in CLIPS else seen
        assert any(_is_right(name, cases, one) for one in given), name


def _is_right(name, cases, given):
    try:
        if name in CLIPS:
            assert_heard_right(name, cases, given, tiny_omni.SAMPLING_RATE)
        else:
            assert_shown_right(name, cases, given)
    except AssertionError:
        return False
    return True
