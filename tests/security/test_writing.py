"""Folders are replaced only if they are ours, and never lost."""

import os
from pathlib import Path

import pytest
from written_folder import contents, write

from omni_persona_artifacts import file_list
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.file_list import MARKER, foreign_files, rewrite
from omni_persona_artifacts.folders import whole_folder


def test_what_we_wrote_is_replaced(ours):
    assert foreign_files(ours) == []
    write(ours, overwrite=True)
    assert contents(ours) == {"data/rows": b"new", "README.md": b"new"}
    assert [path.name for path in ours.parent.iterdir()] == ["out"]


FOREIGN = {
    "a thesis": lambda out: (out / "thesis.tex").write_text("years of work"),
    "a file in a subfolder": lambda out: (out / "data" / "notes.txt").write_text("mine"),
    "a hidden file": lambda out: (out / ".secret").write_text("mine"),
    "a link to a file": lambda out: (out / "link").symlink_to("/etc/hosts"),
    "a link to a folder": lambda out: (out / "photos").symlink_to("/etc"),
    "a link in place of a file": lambda out: (
        (out / "data" / "rows").unlink(),
        (out / "data" / "rows").symlink_to("x"),
    ),
    "a named pipe": lambda out: os.mkfifo(out / "pipe"),
    "a file of ours, edited": lambda out: (out / "README.md").write_text("my own words"),
    "a file of ours, edited to the same length": lambda out: (out / "README.md").write_text("mid"),
    "no list": lambda out: (out / MARKER).unlink(),
    "a list that is no JSON": lambda out: (out / MARKER).write_text("{"),
    "a list of another shape": lambda out: (out / MARKER).write_text('{"files": ["README.md"]}'),
    "a list nested beyond reason": lambda out: (out / MARKER).write_text("[" * 100_000),
    "a list that is a link": lambda out: ((out / MARKER).unlink(), (out / MARKER).symlink_to("/dev/zero")),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_folder_that_holds_anything_else_is_left_as_it_is(ours, case):
    FOREIGN[case](ours)
    before = contents(ours)
    with pytest.raises(ArtifactError, match=r"out"):
        write(ours, overwrite=True)
    assert contents(ours) == before
    assert [path.name for path in ours.parent.iterdir()] == ["out"]


def test_the_error_lists_what_is_foreign(ours):
    for number in range(7):
        (ours / f"mine_{number}.txt").write_text("mine")
    with pytest.raises(ArtifactError, match=r"mine_0.txt, .*mine_4.txt \(and 2 others\); move them elsewhere"):
        write(ours, overwrite=True)


@pytest.mark.parametrize("name", ["README.md", "data/rows", "data/new"])
def test_a_file_that_we_rewrote_is_still_ours(ours, name):
    rewrite(ours, name, b"other words")
    rewrite(ours, name, b"words again")
    assert foreign_files(ours) == []
    write(ours, overwrite=True)


def test_what_a_desktop_leaves_is_not_in_the_way(ours):
    (ours / ".DS_Store").write_bytes(b"x")
    write(ours, overwrite=True)
    assert contents(ours) == {"data/rows": b"new", "README.md": b"new"}


@pytest.mark.parametrize(
    ("out", "read"),
    [
        ("pool", "pool"),
        ("pool", "pool/personas.jsonl"),
        ("pool/data", "pool"),
        ("./pool/../pool", "pool"),
        ("link", "pool"),
        ("pool", "link"),
    ],
)
@pytest.mark.parametrize("overwrite", [False, True])
def test_an_input_is_never_replaced(tmp_path, out, read, overwrite):
    write(tmp_path / "pool", "people")
    (tmp_path / "pool" / "personas.jsonl").write_text("line")
    file_list.list_files(tmp_path / "pool")
    (tmp_path / "link").symlink_to("pool")
    before = contents(tmp_path)
    with pytest.raises(ArtifactError):
        write(tmp_path / out, overwrite=overwrite, inputs=[tmp_path / read])
    assert contents(tmp_path) == before


@pytest.mark.parametrize("kind", ["file", "pipe", "dangling link", "link to a folder", "empty folder"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_folder_of_ours_is_never_replaced(tmp_path, kind, overwrite):
    out = tmp_path / "out"
    if kind == "file":
        out.write_text("mine")
    elif kind == "pipe":
        os.mkfifo(out)
    elif kind == "dangling link":
        out.symlink_to("nowhere")
    elif kind == "link to a folder":
        (tmp_path / "real").mkdir()
        out.symlink_to("real")
    else:
        out.mkdir()
    before = sorted(path.name for path in tmp_path.iterdir())
    if kind == "empty folder" and overwrite:
        write(out, overwrite=True)  # there is nothing in it to lose
        return
    with pytest.raises(ArtifactError, match="exists"):
        write(out, overwrite=overwrite)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_that_appears_meanwhile_stays(tmp_path, overwrite):
    out = tmp_path / "out"

    def race():
        with whole_folder(out, overwrite=overwrite) as folder:
            (folder / "new").write_text("new")
            out.mkdir()
            (out / "mine").write_text("mine")

    with pytest.raises(ArtifactError, match="appeared while it was being written"):
        race()
    assert contents(out) == {"mine": b"mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_changes_meanwhile_stays(ours):
    def race():
        with whole_folder(ours, overwrite=True) as folder:
            (folder / "new").write_text("new")
            (ours / "mine").write_text("mine")

    with pytest.raises(ArtifactError, match="changed while its replacement was written"):
        race()
    assert contents(ours) == {"mine": b"mine", "data/rows": b"old", "README.md": b"old"}
    assert [path.name for path in ours.parent.iterdir()] == ["out"]


def test_a_failed_rename_puts_the_old_folder_back(ours, monkeypatch):
    rename = Path.rename

    def fails(self, target):
        if ".draft-" in self.name:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(ArtifactError, match="No space left"):
        write(ours, overwrite=True)
    assert contents(ours) == {"data/rows": b"old", "README.md": b"old"}
    assert [path.name for path in ours.parent.iterdir()] == ["out"]


def test_a_full_disk_is_reported_with_the_place(tmp_path):
    def full():
        with whole_folder(tmp_path / "out"):
            raise OSError(28, "No space left on device")

    with pytest.raises(ArtifactError, match=r"cannot write .*out: No space left on device"):
        full()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "half \ud800"])
def test_an_impossible_name_is_an_error_of_ours(tmp_path, name):
    with pytest.raises(ArtifactError, match="cannot write"):
        write(tmp_path / name)
