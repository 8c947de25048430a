"""`baseline:specialists` with its trained models, on real photographs and human voices."""

import json
import shutil

import pytest

RECIPE = """
name: few
contexts: {contexts}
tasks:
  visual_to_bio: {{answerable: 24, absent_persona: 12, absent_attribute: 12}}
  voice_to_bio: {{answerable: 8, absent_persona: 4, absent_attribute: 4}}
  semantic_to_bio: {{answerable: 8, absent_persona: 4, absent_attribute: 4}}
  dialogue_to_bio: {{answerable: 8, absent_attribute: 8}}
"""


@pytest.fixture(scope="module")
def folder(shared, omni_persona_command, tmp_path_factory):
    """A folder with `train` and `test`, datasets of three and of four memories about two halves of the people."""
    folder = tmp_path_factory.mktemp("specialists")
    lines = (shared / "real_pool/personas.jsonl").read_text().splitlines()
    # Most of them say one of two sentences, those recorded as WAV: both halves need people who say something else.
    lines.sort(key=lambda line: (json.loads(line)["audios"][0]["path"].rpartition(".")[2], json.loads(line)["gender"]))
    for start, (name, contexts) in enumerate((("train", 3), ("test", 4))):
        half = lines[start::2]
        for line in half:
            persona = json.loads(line)["persona_id"]
            shutil.copytree(shared / "real_pool/media" / persona, folder / name / "people/media" / persona)
        (folder / name / "people/personas.jsonl").write_text("\n".join(half))
        (folder / name / "few.yaml").write_text(RECIPE.format(contexts=contexts))
        omni_persona_command("build", "--pool", "people", "--recipe", "few.yaml", cwd=folder / name)
    return folder


@pytest.mark.slow
def test_it_finds_real_people_and_resumes_with_the_same_fit(specialists, folder, omni_persona_command):
    command = ("run", "--model", "baseline:specialists", "--fit-on", "train/omni-persona")
    command += ("--dataset", "test/omni-persona", "--out", "run")
    omni_persona_command(*command, "--limit", "16", cwd=folder)
    before = json.loads((folder / "run/run.json").read_text())
    assert "80 answered, 16 answered before" in omni_persona_command(*command, cwd=folder).stdout
    assert json.loads((folder / "run/run.json").read_text())["model"] == before["model"]
    scores = json.loads(omni_persona_command("score", "run", "--json", cwd=folder).stdout)
    assert scores["cal"] > 0.8
    assert scores["by_group"]["T2Any"]["cal"] > 0.7
    assert scores["by_group"]["I2I"]["cal"] > 0.9
