"""Only regular files are read and written, with the permissions of the umask."""

import os
import stat
from pathlib import Path

import pytest
from written_folder import write

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import append, read_regular, write_atomically


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


def test_a_file_over_the_limit_is_reported_before_it_is_read(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 40)  # sparse: it takes no room
    with pytest.raises(ArtifactError, match="expected at most 1,000 bytes, got 1,099,511,627,776"):
        read_regular(tmp_path / "large", 1000)
