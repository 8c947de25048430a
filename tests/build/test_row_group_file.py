"""The process that writes row groups: its errors, and its end."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest
from pool_folder import PoolFolder

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_build.row_group_file import RowGroupProcess


@pytest.fixture
def writing(tmp_path):
    with closing(RowGroupProcess(tmp_path / "rows.parquet", lambda done, total: None)) as process:
        yield process


def _lives(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _ends(number, seconds=60):
    end = time.monotonic() + seconds
    while _lives(number) and time.monotonic() < end:
        time.sleep(0.01)
    return not _lives(number)


def test_a_file_that_cannot_be_created(tmp_path):
    with (
        closing(RowGroupProcess(tmp_path / "none" / "rows.parquet", lambda done, total: None)) as writing,
        pytest.raises(FileNotFoundError, match=r"none/rows\.parquet"),
    ):
        writing.end({})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is full")
def test_a_full_disk():
    with (
        closing(RowGroupProcess(Path("/dev/full"), lambda done, total: None)) as writing,
        pytest.raises(OSError, match="No space left on device"),
    ):
        writing.end({})


def test_a_process_that_was_killed_is_told(writing):
    os.kill(writing._process.pid, signal.SIGKILL)
    with pytest.raises(ArtifactError, match="ended with exit code -9; did memory run out"):
        writing.end({})


def test_an_error_has_the_traceback_of_where_it_arose(writing):
    with pytest.raises(ValueError, match="unpack") as caught:
        writing.end("no mapping")
    assert "in serve\n" in str(caught.value.__cause__)


def test_what_a_library_prints_is_no_answer(tmp_path):
    """Even before any code of ours runs."""
    (tmp_path / "sitecustomize.py").write_text("print('hello'); import os; os.write(1, b'hello')")
    code = """
        import sys
        from contextlib import closing
        from pathlib import Path
        from omni_persona_build.row_group_file import RowGroupProcess

        with closing(RowGroupProcess(Path(sys.argv[1]), lambda done, total: None)) as writing:
            assert writing.end({}).n_bytes == Path(sys.argv[1]).stat().st_size
    """
    subprocess.run(
        [sys.executable, "-c", dedent(code), tmp_path / "rows.parquet"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=True,
        timeout=60,
    )


def test_ctrl_c_does_not_end_it(writing, tmp_path):
    os.kill(writing._process.pid, signal.SIGINT)
    assert writing.end({}).n_bytes == (tmp_path / "rows.parquet").stat().st_size


def test_it_ends_when_it_is_closed(tmp_path):
    with closing(RowGroupProcess(tmp_path / "rows.parquet", lambda done, total: None)) as writing:
        number = writing._process.pid
        assert _lives(number)
    assert not _lives(number)


WHOLE = "pickle.dump({}, process._line); process._line.flush()"
HALF = "process._line.write(pickle.dumps('long' * 50_000)[:100_000]); process._line.flush()"


@pytest.mark.parametrize("sent", ["", WHOLE, HALF])
def test_it_ends_with_the_process_that_started_it(tmp_path, sent):
    """Without a word, whether it waits for a message, reads one or answers one."""
    code = f"""
        import os, pickle, sys
        from pathlib import Path
        from omni_persona_build.row_group_file import RowGroupProcess

        process = RowGroupProcess(Path(sys.argv[1]), lambda done, total: None)
        print(process._process.pid, flush=True)
        process._waiting.popleft().result()
        {sent}
        os.kill(os.getpid(), 9)
    """
    ended = subprocess.run(
        [sys.executable, "-c", dedent(code), tmp_path / "rows.parquet"], capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (-9, "")
    assert _ends(int(ended.stdout))


def test_a_caller_without_standard_output_and_error(tmp_path):
    code = """
        import os, sys
        from contextlib import closing
        from pathlib import Path
        from omni_persona_build.row_group_file import RowGroupProcess

        os.close(1)
        os.close(2)
        with closing(RowGroupProcess(Path(sys.argv[1]), lambda done, total: None)) as writing:
            os._exit(writing.end({}).n_bytes != Path(sys.argv[1]).stat().st_size)
    """
    subprocess.run([sys.executable, "-c", dedent(code), tmp_path / "rows.parquet"], check=True, timeout=60)


@pytest.mark.slow
def test_a_script_that_builds_is_not_run_again(tmp_path):
    """As processes of `multiprocessing` would, if its work does not stand below `if __name__ == "__main__":`."""
    PoolFolder(tmp_path / "people", 12)
    (tmp_path / "json.py").write_text("raise SystemExit('imported from the folder of the script')")
    (tmp_path / "script.py").write_text(
        "import sys; sys.path.remove(sys.path[0])\n"
        "from pathlib import Path\n"
        "from omni_persona_build import dataset_rows\n"
        "from omni_persona_build.pipeline import build\n"
        "from omni_persona_build.recipes import load_recipe\n"
        "dataset_rows.APART_BYTES = 0\n"
        "print(build(Path('people'), load_recipe('tiny'), Path('omni-persona')).items)\n"
    )
    ended = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert (ended.stdout, ended.stderr) == ("144\n", "")
