"""The benchmark is made of the rendered people: all published counts, and no shortcut found."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

import omni_persona
from omni_persona_build.recipes import load_recipe

POOL = Path(__file__).resolve().parents[2] / "pools" / "rendered"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_benchmark(tmp_path, omni_persona_command):
    # A copy: what a build remembers about a pool is kept in the pool's folder.
    pool = shutil.copytree(POOL, tmp_path / "rendered", ignore=shutil.ignore_patterns("*.npz"))
    arguments = ("--recipe", "v2_2", "--license", "apache-2.0", "--out", "v2_2/omni-persona", "--json")
    said = omni_persona_command("build", "--pool", pool, *arguments, cwd=tmp_path).stdout
    result = json.loads(said)
    assert result["check"]["passed"]
    out = tmp_path / "v2_2" / "omni-persona"
    tasks = load_recipe("v2_2").tasks
    wanted = {name: sum(counts.model_dump().values()) for name, counts in tasks.items()}
    assert Counter(item.task.name for item in omni_persona.read(out)) == wanted
    assert sum(wanted.values()) == 750
    assert "rendered" in (out / "README.md").read_text(encoding="utf-8")
