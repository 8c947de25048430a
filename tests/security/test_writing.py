"""Nothing of the user's is deleted, overwritten or followed away from where it was named."""

import json
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from omni_persona_artifacts import folders
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import append, read_regular, write_atomically
from omni_persona_artifacts.folders import MARKER, foreign_files, rewrite, whole_folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder that is not a list of ours."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files if path.name != "files.json"}


def write(out: Path, text: str = "new", **options) -> None:
    with whole_folder(out, **options) as folder:
        (folder / "data").mkdir()
        (folder / "data" / "rows").write_text(text)
        (folder / "README.md").write_text(text)


@pytest.fixture
def ours(tmp_path):
    """A folder that we wrote."""
    write(tmp_path / "out", "old")
    return tmp_path / "out"


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
    with pytest.raises(ArtifactError, match=r"mine_0.txt, .*mine_4.txt \(and 2 others\); move it elsewhere"):
        write(ours, overwrite=True)


def test_a_file_that_we_rewrote_is_still_ours(ours):
    rewrite(ours, "README.md", b"other words")
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
    folders.list_files(tmp_path / "pool")
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


def test_a_full_disk_is_told_with_the_place(tmp_path):
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


_SLOW = """
import sys, time
from pathlib import Path
from omni_persona_artifacts.folders import whole_folder
with whole_folder(Path(sys.argv[1]), overwrite=len(sys.argv) > 2) as folder:
    (folder / "face.png").write_text("a face")
    print("writing", flush=True)
    time.sleep(60)
"""


def _writer(out: Path, *arguments: str) -> subprocess.Popen:
    process = subprocess.Popen([sys.executable, "-c", _SLOW, str(out), *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    return process


def test_two_writers_do_not_replace_each_other(tmp_path):
    with _writer(tmp_path / "out") as process:
        try:
            with pytest.raises(ArtifactError, match="another command is writing"):
                write(tmp_path / "out")
        finally:
            process.kill()


def test_a_killed_writer_leaves_nothing_for_long(tmp_path, caplog):
    with _writer(tmp_path / "out") as process:
        process.kill()
    assert [path.name.startswith(".out.draft-") for path in tmp_path.iterdir()] == [True]
    write(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert "removed" in caplog.text
    assert "interrupted" in caplog.text


def test_a_writer_killed_between_two_renames_loses_nothing(ours, caplog):
    ours.rename(ours.parent / f".out.old-{'0' * 16}")
    write(ours.parent / "other")  # another place: nothing of `out` is its business
    assert not ours.exists()
    with pytest.raises(ArtifactError, match="exists; choose another"):
        write(ours)
    assert contents(ours) == {"data/rows": b"old", "README.md": b"old"}
    assert not list(ours.parent.glob(".out.*"))
    assert "put" in caplog.text


def test_umask_decides_who_may_read(tmp_path):
    before = os.umask(0o077)
    try:
        write(tmp_path / "out")
        write_atomically(tmp_path / "file", b"x")
        append(tmp_path / "lines", b"x")
    finally:
        os.umask(before)
    for path in (tmp_path / "out", tmp_path / "file", tmp_path / "lines"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


# ---- single files


def test_a_link_beside_a_file_is_not_followed(tmp_path):
    precious = tmp_path / "bashrc"
    precious.write_text("precious")
    (tmp_path / ".scores.json.new").symlink_to(precious)
    write_atomically(tmp_path / "scores.json", b"{}")
    assert precious.read_text() == "precious"
    assert (tmp_path / "scores.json").read_bytes() == b"{}"


@pytest.mark.parametrize("put", [write_atomically, append])
@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder", "device"])
def test_only_a_regular_file_is_written(tmp_path, put, kind):
    target = tmp_path / "target"
    precious = tmp_path / "precious"
    precious.write_text("precious")
    if kind == "link":
        target.symlink_to(precious)
    elif kind == "dangling link":
        target.symlink_to(tmp_path / "nowhere")
    elif kind == "pipe":
        os.mkfifo(target)
    elif kind == "folder":
        target.mkdir()
    else:
        target = Path("/dev/null")
    with pytest.raises(ArtifactError, match="cannot write"):
        put(target, b"x")
    assert precious.read_text() == "precious"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "dangling link", "a NUL in its name", "a loop of links"])
def test_only_a_regular_file_is_read_and_at_once(tmp_path, kind):
    source = tmp_path / "source"
    if kind == "pipe":
        os.mkfifo(source)
    elif kind == "folder":
        source.mkdir()
    elif kind == "device":
        source = Path("/dev/zero")
    elif kind == "dangling link":
        source.symlink_to("nowhere")
    elif kind == "a loop of links":
        source.symlink_to("source")
    else:
        source = Path("a\0b")
    with pytest.raises(ArtifactError):
        read_regular(source)


def test_a_file_over_the_limit_is_told_before_it_is_read(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 40)  # sparse: it takes no room
    with pytest.raises(ArtifactError, match="expected at most 1,000 bytes, got 1,099,511,627,776"):
        read_regular(tmp_path / "large", 1000)


def _write_many(file: Path, content: bytes) -> None:
    for _ in range(200):
        write_atomically(file, content)


def test_two_writers_do_not_mix_their_contents(tmp_path):
    file = tmp_path / "scores.json"
    whole = [json.dumps({"who": who, "what": who * 50_000}).encode() for who in "ab"]
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(file, content)) for content in whole]
    for writer in writers:
        writer.start()
    deadline = time.monotonic() + 120
    while any(writer.is_alive() for writer in writers) and time.monotonic() < deadline:
        if file.exists():
            assert file.read_bytes() in whole
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["scores.json"]


def test_a_killed_writer_of_a_file_leaves_nothing_for_long(tmp_path):
    script = (
        "import os, signal, sys; from pathlib import Path; from omni_persona_artifacts import files\n"
        "os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)\n"
        "files.write_atomically(Path(sys.argv[1]), b'a face')"
    )
    process = subprocess.run([sys.executable, "-c", script, str(tmp_path / "report.html")], check=False)
    assert process.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 1
    write_atomically(tmp_path / "report.html", b"page")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
