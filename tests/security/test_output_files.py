"""The owner of the rule for files that commands write beside others."""

from __future__ import annotations

import json

import pytest
from in_the_way import NEVER, mine, there

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.file_list import MARKER
from omni_persona_artifacts.output_files import OutputFiles


@pytest.fixture(autouse=True)
def outside(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("outside")
    (folder / "photos").mkdir()
    mine(folder / "thesis.txt")
    monkeypatch.setenv("OUTSIDE", str(folder))
    yield
    assert (folder / "thesis.txt").read_text() == "years of work"
    assert not list((folder / "photos").iterdir())


@pytest.mark.parametrize("overwrite", [False, True], ids=["", "overwrite"])
@pytest.mark.parametrize("thing", NEVER, ids=lambda thing: thing.__name__)
@pytest.mark.parametrize("mark", [None, b"ours"])
def test_what_is_no_file_is_never_replaced(tmp_path, thing, overwrite, mark):
    thing(tmp_path / "a.csv")
    before = there(tmp_path)
    files = OutputFiles(overwrite=overwrite)
    files.add(tmp_path / "a.csv", b"ours", mark)
    with pytest.raises(ArtifactError, match=r"a\.csv"):
        files.write()
    assert there(tmp_path) == before


@pytest.mark.parametrize("mark", [None, b"ours"])
def test_a_file_of_somebody_elses_is_replaced_on_request(tmp_path, mark):
    mine(tmp_path / "a.csv")
    for overwrite in (False, True):
        files = OutputFiles(overwrite=overwrite)
        files.add(tmp_path / "a.csv", b"ours", mark)
        if overwrite:
            files.write()
        else:
            with pytest.raises(ArtifactError, match="--overwrite"):
                files.write()
    assert (tmp_path / "a.csv").read_bytes() == b"ours"


def test_a_file_whose_list_is_gone_is_the_users(tmp_path):
    def written(content):
        files = OutputFiles()
        files.add(tmp_path / "a.csv", content)
        files.write()

    written(b"one")
    written(b"two")
    (tmp_path / MARKER).unlink()
    with pytest.raises(ArtifactError, match="was not written by omni-persona"):
        written(b"three")


def test_one_file_that_may_not_be_written_keeps_all_others_from_it(tmp_path):
    mine(tmp_path / "b.csv")
    files = OutputFiles()
    for name in ("a.csv", "b.csv", "c.csv"):
        files.add(tmp_path / name, b"new")
    with pytest.raises(ArtifactError, match=r"b\.csv exists"):
        files.write()
    assert list(there(tmp_path)) == ["b.csv"]


def test_a_file_that_holds_what_is_to_be_written_is_no_reason_to_stop(tmp_path):
    (tmp_path / "a.csv").write_text("same")
    files = OutputFiles()
    files.add(tmp_path / "a.csv", b"same")
    files.write()
    assert list(there(tmp_path)) == ["a.csv"]


def test_a_kill_between_list_and_file_leaves_files_that_are_ours(tmp_path, monkeypatch):
    def written(content):
        files = OutputFiles()
        files.add(tmp_path / "a.csv", content)
        files.write()

    written(b"one")
    with monkeypatch.context() as patched:
        patched.setattr("omni_persona_artifacts.output_files.write_atomically", lambda file, content: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            written(b"two")
    written(b"three")
    assert (tmp_path / "a.csv").read_bytes() == b"three"


def test_a_list_that_is_a_link_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "files.json").write_text(json.dumps({"files": {}}))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".omni-persona").symlink_to("../outside")
    files = OutputFiles()
    files.add(tmp_path / "out" / "a.csv", b"new")
    with pytest.raises(ArtifactError, match="symbolic link"):
        files.write()
    assert json.loads((outside / "files.json").read_text()) == {"files": {}}
    assert not (tmp_path / "out" / "a.csv").exists()
