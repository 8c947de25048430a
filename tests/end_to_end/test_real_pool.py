"""Real photographs and human voices, from a folder of people to scores."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(shared, omni_persona_command, tmp_path_factory):
    """A folder that holds the benchmark of the real pool."""
    folder = tmp_path_factory.mktemp("real")
    options = ("--recipe", "tiny", "--out", "real/omni-persona")
    omni_persona_command("build", "--pool", shared / "real_pool", *options, cwd=folder)
    return folder / "real"


@pytest.fixture(scope="module")
def scores(folder, omni_persona_command):
    """Baseline -> its scores."""
    result = {}
    for name in ("abstain", "random", "nearest"):
        omni_persona_command("run", "--model", f"baseline:{name}", "--out", f"runs/{name}", cwd=folder)
        result[name] = json.loads(omni_persona_command("score", f"runs/{name}", "--json", cwd=folder).stdout)
    return result


def test_every_check_passes(folder, omni_persona_command):
    assert "checks pass" in omni_persona_command("check", "omni-persona", cwd=folder).stdout


def test_plain_datasets_reads_it_by_name_from_beside(folder, tmp_path):
    script = """
import sys
from datasets import load_dataset

for name in sys.argv[1:]:
    rows = load_dataset("omni-persona", name or None, split="test")
    first = rows[0]["contexts"][0]
    print(rows.num_rows, first["image"].size, len(first["audio"]["bytes"]) > 1000)
"""
    sizes = {"": 144, "I2I": 40, "T2Any": 32, "absent_persona": 36}
    done = subprocess.run(
        [sys.executable, "-c", script, *sizes],
        cwd=folder,
        env={"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "".join(f"{rows} (192, 224) True\n" for rows in sizes.values())


def test_always_abstaining_is_worth_exactly_half(scores):
    for part in (scores["abstain"], *scores["abstain"]["by_group"].values()):
        assert (part["ans"], part["ta"], part["cal"]) == (0.0, 1.0, 0.5)


def test_comparing_faces_voices_and_words_beats_chance(scores):
    gains = []
    for group in ("I2I", "A2A", "T2T"):
        nearest, chance = (scores[name]["by_group"][group] for name in ("nearest", "random"))
        assert nearest["cal"] > chance["cal"] + 0.1, group
        gains.append(nearest["ans"] - chance["ans"])
        assert round(gains[-1], 6) >= 0.2, group
    assert sum(gains) / len(gains) > 0.3


def test_what_is_only_heard_cannot_be_read(scores):
    """In T2Any the notes hold nothing of what was said: reading alone is a guess among three notes."""
    assert scores["nearest"]["by_group"]["T2Any"]["ans"] < 0.6
