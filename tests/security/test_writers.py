"""Two writers at once, and writers that are killed."""

import json
import multiprocessing
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from written_folder import contents, write

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import write_atomically

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


def _kill_overwriting(out: Path, moment: str) -> None:
    """Replace a folder in a process that dies at a moment: there, `path` is what is renamed or removed."""
    script = f"""
import os, shutil, signal, sys
from pathlib import Path
from omni_persona_artifacts import folders

def dies(path, *_, **__):
    {moment}
    os.kill(os.getpid(), signal.SIGKILL)

rename, remove = Path.rename, shutil.rmtree
Path.rename = lambda path, to: dies(path) if "draft" in path.name else rename(path, to)
shutil.rmtree = lambda path, **_: dies(path) if (path / "data").exists() else remove(path)
if {moment!r} != "pass":
    Path.rename = rename
with folders.whole_folder(Path(sys.argv[1]), overwrite=True) as folder:
    (folder / "rows").write_text("new")
"""
    assert subprocess.run([sys.executable, "-c", script, str(out)], check=False).returncode == -signal.SIGKILL


def test_a_writer_killed_before_its_draft_is_in_place_loses_nothing(ours):
    _kill_overwriting(ours, "pass")
    assert not list(ours.iterdir())
    with pytest.raises(ArtifactError, match="exists; choose another"):
        write(ours)
    assert contents(ours) == {"data/rows": b"old", "README.md": b"old"}
    assert [path.name for path in ours.parent.iterdir()] == ["out"]


def test_a_writer_killed_while_it_removes_what_it_replaced_leaves_nothing_for_long(ours):
    _kill_overwriting(ours, "remove(path / '.omni-persona')")
    assert contents(ours) == {"rows": b"new"}
    assert len(list(ours.parent.iterdir())) == 2
    write(ours, overwrite=True)
    assert contents(ours) == {"data/rows": b"new", "README.md": b"new"}
    assert [path.name for path in ours.parent.iterdir()] == ["out"]


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
