"""Inputs of unusual size pass through the commands."""

import json
import subprocess
import sys

import pytest
from pool_folder import PoolFolder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def command(folder, words, codes=(0,)):
    done = subprocess.run(
        [sys.executable, "-m", "omni_persona_cli", *words.split()],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode in codes, (words, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def test_a_note_of_a_hundred_thousand_words(tmp_path):
    pool = PoolFolder(tmp_path / "people", people=16)
    pool.lines[3]["profile"]["environment"] = " ".join(f"vu{number:x}" for number in range(100_000))
    pool.save()
    command(tmp_path, "build --no-check --pool people --recipe tiny --out omni-persona")
    checked = json.loads(command(tmp_path, "check omni-persona --json", codes=(0, 1)))
    assert checked["n_checks"] > 30
    command(tmp_path, "run --model baseline:nearest --out run")
    command(tmp_path, "judge run")
    scores = json.loads(command(tmp_path, "score run --json"))
    assert scores["n_items"] == 144
    command(tmp_path, "report run --out report.html")
    assert "vu1869f" in (tmp_path / "report.html").read_text(encoding="utf-8")  # the last word
