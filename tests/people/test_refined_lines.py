"""Lines and questions of a refined pool that were spoilt are refused."""

import json

import pytest
from pool_folder import PoolFolder

from omni_persona_build.pipeline import build
from omni_persona_build.recipes import load_recipe
from omni_persona_people.errors import PoolError
from omni_persona_people.pool import read_pool

# ------------------------------------------------------------------------------------------ what a reader refuses


@pytest.fixture
def pool(tmp_path):
    """Few people, because every test reads the whole pool."""
    return PoolFolder(tmp_path / "pool", people=4)


@pytest.fixture
def good(pool):
    """A refined line, written by hand: `pool.lines[2]`."""
    line = pool.lines[2]
    line["statements"] = {"role": [f"gladly work as {line['profile']['role']}"]}
    line["generated"] = {
        "statements.role": {"by": "m", "how": "written"},
        "profile.role": {"by": "m", "how": "invented"},
    }
    pool.save()
    assert read_pool(pool.folder)[2].statements == {"role": (f"gladly work as {line['profile']['role']}",)}
    return pool


BROKEN = {
    "statements of no field": (
        lambda line: line.update(statements={"shoe": ["wear 42"]}, generated={}),
        "no value of shoe",
    ),
    "statements of nothing": (lambda line: line["profile"].update(role=None), "profile.FIELD|no value of role"),
    "no clauses": (lambda line: line["statements"].update(role=[]), "1 to 8 clauses, got 0"),
    "too many clauses": (lambda line: line["statements"].update(role=["x"] * 9), "1 to 8 clauses, got 9"),
    "a clause of another kind": (lambda line: line["statements"].update(role=[3]), "statements.role.0"),
    "a clause that names the person": (
        lambda line: line["statements"].update(role=[f"like nnd, work as {line['profile']['role']}"]),
        "statements.role: .* name",
    ),
    "a clause that leaves the value out": (lambda line: line["statements"].update(role=["work as"]), "every word of"),
    "a mark of nothing": (
        lambda line: line["generated"].update({"profile.voice_identity": {"by": "m", "how": "invented"}}),
        "something that is there, got 'profile.voice_identity'",
    ),
    "a mark of another part": (
        lambda line: line["generated"].update({"images": {"by": "m", "how": "invented"}}),
        "something that is there, got 'images'",
    ),
    "a mark of no kind": (
        lambda line: line["generated"]["profile.role"].update(how="guessed"),
        "generated.profile.role.how",
    ),
    "a mark of the wrong kind": (lambda line: line["generated"]["profile.role"].update(how="written"), "got written"),
    "a mark without a model": (lambda line: line["generated"]["profile.role"].pop("by"), "generated.profile.role.by"),
    "a model with markup": (
        lambda line: line["generated"]["profile.role"].update(by="`x"),
        "generated.profile.role.by",
    ),
    "a generated value that breaks a rule": (
        lambda line: (line["profile"].update(role="a nurse"), line["statements"].update(role=["work as a nurse"])),
        "profile.role: .* without an article",
    ),
    "an invented value that a clip says": (
        lambda line: line["audios"][0].update(transcript=f"Once a {line['profile']['role']}."),
        "profile.role: shares a word with what a clip",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_refined_line_that_was_spoilt_is_named(good, case):
    spoil, message = BROKEN[case]
    spoil(good.lines[2])
    good.save()
    with pytest.raises(PoolError, match=message) as caught:
        read_pool(good.folder)
    assert str(caught.value).startswith(f"{good.file}:3: ")
    assert "\n" not in str(caught.value)


def test_a_given_value_is_held_to_no_rule_of_generated_ones(good):
    good.lines[2]["profile"]["hobby"] = "Her cousin, Nnd: “chess”."
    good.save()
    assert read_pool(good.folder)[2].profile.hobby == "Her cousin, Nnd: “chess”."


QUESTION = "Which pastime pleases {who}?"


BROKEN_WORDING = {
    "not JSON": ("{", "Invalid JSON"),
    "a list": ("[]", "the file: "),
    "another key": ('{"answers": {}}', "answers: no such field"),
    "no questions": ({"questions": {"hobby": []}}, "questions.hobby: expected 1 to 16, got 0"),
    "too many": ({"questions": {"hobby": [QUESTION] * 17}}, "got 17"),
    "no text": ({"questions": {"hobby": [3]}}, "questions.hobby.0"),
    "of no field": ({"questions": {"shoe": [QUESTION]}}, "no question asks for shoe"),
    "a question about something else": (
        {"questions": {"role": [QUESTION]}},
        "questions.role: .* expected one of these",
    ),
    "a name": ({"questions": {"hobby": ["Which pastime pleases Nnd or {who}?"]}}, "somebody's name"),
    "a mark of nothing": ({"generated": {"questions.hobby": {"by": "m", "how": "written"}}}, "something that is there"),
    "a mark of the wrong kind": (
        {"questions": {"hobby": [QUESTION]}, "generated": {"questions.hobby": {"by": "m", "how": "invented"}}},
        "questions are written",
    ),
}


@pytest.mark.parametrize("case", BROKEN_WORDING)
def test_questions_that_were_spoilt_are_named_and_nothing_is_left_behind(pool, case, tmp_path):
    text, message = BROKEN_WORDING[case]
    (pool.folder / "wording.json").write_text(text if isinstance(text, str) else json.dumps(text))
    with pytest.raises(PoolError, match=message) as caught:
        build(pool.folder, load_recipe("tiny"), tmp_path / "out")
    assert str(caught.value).startswith(f"{pool.folder / 'wording.json'}: ")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
