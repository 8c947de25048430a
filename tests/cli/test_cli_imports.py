"""Commands import no library that they do not need: imports are most of what small work costs."""

import json
import subprocess
import sys

import pytest

import omni_persona

HEAVY = {
    "datasets",
    "evaluate",
    "huggingface_hub.hf_api",
    "matplotlib",
    "nltk",
    "pandas",
    "scipy",
    "sklearn",
    "torch",
    "transformers",
}

SCRIPT = """
import json, sys
from omni_persona_cli.app import main
try:
    main()
except SystemExit as end:
    assert end.code in (0, None), end.code
print(json.dumps(sorted(sys.modules)))
"""


def _imported(folder, *arguments):
    """The heavy libraries that a command imported."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr or done.stdout
    return HEAVY & set(json.loads(done.stdout.splitlines()[-1]))


def test_scoring_needs_none(dataset, tmp_path):
    lines = [{"augmented_id": item.augmented_id, "prediction": "a pilot"} for item in omni_persona.read(dataset)]
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert _imported(tmp_path, "score", "answers.jsonl", "--dataset", dataset) == set()


@pytest.mark.slow
def test_a_report_needs_what_draws_its_figures_alone(dataset, tmp_path):
    lines = [{"augmented_id": item.augmented_id, "prediction": "a pilot"} for item in omni_persona.read(dataset)]
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert _imported(tmp_path, "report", "answers.jsonl", "--dataset", dataset) == {"matplotlib"}


@pytest.mark.slow
def test_checking_needs_what_fits_its_solvers_alone(built, tmp_path):
    # scikit-learn imports the other two.
    assert _imported(tmp_path, "check", built) == {"pandas", "scipy", "sklearn"}


def test_building_from_a_ready_pool_needs_none(shared_pool, built, tmp_path):
    # `built` has left in the pool what a build remembers of its media.
    assert built.is_dir()
    command = ("build", "--no-check", "--pool", shared_pool.folder, "--out", "omni-persona")
    assert _imported(tmp_path, *command) == set()
