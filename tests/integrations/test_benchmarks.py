"""The benchmarks still start: what they import and call is not covered by other tests."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
COMMANDS = sorted(path.name for path in FOLDER.glob("*.py") if "def main()" in path.read_text(encoding="utf-8"))


def run(name, *arguments):
    done = subprocess.run(
        [sys.executable, FOLDER / name, *arguments], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_help(name):
    assert name in run(name, "--help")


@pytest.mark.slow
def test_throughput_measures_every_way_of_answering():
    said = run("throughput.py", "--items", "3", "--most-seconds", "1", "--side", "56", "--seconds", "1", "--batch", "3")
    ways = ("stock ", "one at a time ", "batched ", "shared prefix ")
    rows = [line for line in said.splitlines() if line.startswith(ways)]
    assert len(rows) == len(ways), said
    assert "1.00x" in rows[0]
    assert "CPU s/item to prepare, 56 pixels" in said
