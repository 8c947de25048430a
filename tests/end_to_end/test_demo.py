"""The demo, and a user's way through the commands after it."""

import json
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(omni_persona_command, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, omni_persona_command("demo", cwd=folder).stdout


def test_the_demo_prints_a_table_per_run_and_says_what_next(demo):
    folder, said = demo
    assert "Built omni-persona: 144 items over 48 sets of memories of 24 people" in said
    assert "checks pass" in said
    assert re.search(
        r"baseline:abstain [^\n]*\nx 100 .*?\nCal +50\.0 +- +50\.0 +50\.0 +50\.0 +50\.0\n",
        said,
        re.DOTALL,
    )
    scores = json.loads((folder / "runs" / "nearest" / "scores.json").read_text())
    assert f"{100 * scores['by_group']['I2I']['cal']:.1f}" in said
    assert "omni-persona run --model" in said
    assert sorted(path.name for path in folder.iterdir()) == ["omni-persona", "runs"]


def test_a_second_demo_goes_on_with_the_first(demo, omni_persona_command):
    folder, _ = demo
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    said = omni_persona_command("demo", cwd=folder).stdout
    assert "0 answered, 144 answered before" in said
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_what_the_demo_made_can_be_judged_and_scored_again(demo, omni_persona_command):
    folder, _ = demo
    before = json.loads((folder / "runs/nearest/scores.json").read_text())
    said = omni_persona_command("judge", "runs/nearest", "--judge", "lexical", cwd=folder).stdout
    assert "72 answers judged by lexical" in said
    after = json.loads(omni_persona_command("score", "runs/nearest", "--json", cwd=folder).stdout)
    assert after == before


def test_a_run_with_missing_items_is_reported_as_incomplete(demo, omni_persona_command):
    folder, _ = demo
    omni_persona_command("run", "--model", "baseline:random", "--limit", "24", "--out", "runs/few", cwd=folder)
    done = omni_persona_command("score", "runs/few", cwd=folder, code=1)
    assert "120 of 144 items have no answer and count in no rate; repeat the omni-persona run command" in done.stderr


def test_the_readme_scores_predictions_of_ones_own(demo, omni_persona_command):
    folder, _ = demo
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (code,) = (
        part.partition("```")[0] for part in readme.split("```python\n")[1:] if "omni_persona.reference(" in part
    )
    omni_persona_command("register", cwd=folder)
    done = omni_persona_command("-c", code, cwd=folder, python=())
    scores = json.loads((folder / "runs/abstain/scores.json").read_text())
    assert done.stdout.splitlines()[0].split() == [str(scores[name]) for name in ("cal", "ans", "ta")]
