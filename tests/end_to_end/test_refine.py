"""Gaps in the embedded pool, filled by a served model, as a user does it: refine, build, check, run, score."""

import json
import re
import shutil
from pathlib import Path

import fake_model
import pytest

import omni_persona_people

pytestmark = pytest.mark.slow

EMBEDDED = Path(omni_persona_people.__file__).parent / "embedded_pool"
GONE = ("hobby", "affiliation", "environment", "life_event")


@pytest.fixture(scope="module")
def fake():
    return fake_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the embedded pool in it, some of its fields gone."""
    folder = tmp_path_factory.mktemp("refine")
    shutil.copytree(EMBEDDED / "media", folder / "people" / "media")
    lines = [json.loads(line) for line in (EMBEDDED / "personas.jsonl").read_text(encoding="utf-8").splitlines()]
    for line in lines:
        line["profile"] |= dict.fromkeys(GONE)
        for audio in line["audios"]:
            # The served model's clauses say "personality", which no clip of the person may share a word with.
            audio["transcript"] = re.sub(r"(?i)\bperson\w*", "soul", audio["transcript"])
    (folder / "people" / "personas.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture(scope="module")
def refined(folder, fake, omni_persona_command):
    with fake.serving() as model:
        command = ("refine", "--pool", "people", "--out", "refined", "--endpoint", model.url, "--model", "fake/one")
        return omni_persona_command(*command, cwd=folder).stdout


def test_the_command_says_what_was_added(refined):
    assert "Refined 24 people in refined by fake/one: 0 profile fields extracted, 96 invented, " in refined
    assert "Next: omni-persona build --pool refined" in refined


def test_what_was_refined_builds_and_passes_every_check(refined, folder, omni_persona_command):
    options = ("--recipe", "tiny", "--out", "own/omni-persona")
    omni_persona_command("build", "--pool", "refined", *options, cwd=folder)
    assert "checks pass" in omni_persona_command("check", "own/omni-persona", cwd=folder).stdout
    card = (folder / "own/omni-persona/README.md").read_text()
    assert "A language model (`fake/one`) wrote of the pool: 96 profile" in card


def test_the_baselines_can_read_what_is_asked_and_stated(refined, folder, omni_persona_command):
    """They read by key words, which the model's questions and clauses must have."""
    import omni_persona
    from omni_persona_runner.attributes import asked_kind, stating_sentence

    items = list(omni_persona.items(omni_persona.load(folder / "own/omni-persona", streaming=True)))
    questions = json.loads((folder / "refined/wording.json").read_text())["questions"]
    written = [one.partition("{who}")[0] for some in questions.values() for one in some]
    assert sum(item.query_text.startswith(tuple(written)) for item in items) > len(items) / 5
    assert all(asked_kind(item.query_text) for item in items)
    for item in items:
        if item.answerable:
            notes = {context.concept_id: context.text for context in item.contexts}
            assert item.gold_answer.rstrip(" .") in stating_sentence(notes[item.target_concept_id], item.query_text)


def test_something_left_as_it_was_is_reported_and_is_exit_code_one(folder, fake, omni_persona_command):
    def answer(payload, turn):
        return "[bold]No.[/bold]" if payload.get("field") == "role" else fake.well(payload)

    with fake.serving(answer) as model:
        command = ("refine", "--pool", "people", "--endpoint", model.url, "--model", "m", "--only", "questions")
        done = omni_persona_command(*command, "--out", "asked", cwd=folder, code=1)
        # What was answered is known; the server is not asked for it again.
        before = len(model.requests)
        again = omni_persona_command(*command, "--out", "asked", "--overwrite", cwd=folder, code=1)
    assert len(model.requests) == before + 2
    for said in (done, again):
        assert "left as it was: the pool: questions.role: the reply: not JSON: '[bold]No.[/bold]'" in said.stderr
        assert "asked/refine.json lists all" in said.stderr


def test_a_refused_key_is_one_line_and_exit_code_two(folder, fake, omni_persona_command):
    with fake.serving(lambda payload, turn: (401, "who are you?")) as model:
        command = ("refine", "--pool", "people", "--out", "none", "--endpoint", model.url, "--model", "m")
        done = omni_persona_command(*command, "--api-key-env", "NO_SUCH_KEY", cwd=folder, code=2)
    assert "does not accept the API key (set NO_SUCH_KEY), asked for model 'm': who are you?" in done.stderr
    lines = done.stderr.strip().splitlines()
    assert [line for line in lines if not line.startswith(("filling", "reading", "at work"))] == [lines[-1]]
    assert not (folder / "none").exists()
