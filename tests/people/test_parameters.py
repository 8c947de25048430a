"""What a generated pool records of its people."""

import json

import pytest

from omni_persona_people.invent import EMBEDDED_POOL
from omni_persona_people.invent.parameters import recorded_kind

RENDERED = {"persona_id": "a", "face": {"seed": 1, "ancestry": [1.0, 0.0, 0.0]}}
DRAWN = {"persona_id": "b", "face": {"skin": "#aabbcc"}}


def pool(folder, *lines):
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    (folder / "parameters.jsonl").write_text(text)
    return folder


def test_rendered_people_and_drawn_people_are_told_apart(tmp_path):
    folder = pool(tmp_path, RENDERED, DRAWN)
    assert recorded_kind(folder, ["a"]) == "rendered"
    assert recorded_kind(folder, ["b"]) == "invented"
    assert recorded_kind(folder, ["a", "b"]) == "invented", "not all of them are rendered"


def test_the_embedded_pool_records_that_it_is_rendered():
    ids = [json.loads(line)["persona_id"] for line in (EMBEDDED_POOL / "personas.jsonl").read_text().splitlines()]
    assert recorded_kind(EMBEDDED_POOL, ids) == "rendered"


def test_nothing_is_known_of_people_who_are_not_recorded(tmp_path):
    assert recorded_kind(tmp_path, ["a"]) is None
    assert recorded_kind(pool(tmp_path, RENDERED), ["a", "somebody else"]) is None
    assert recorded_kind(tmp_path, []) is None


BROKEN = (
    "[", "7", "[]", "null", '{"persona_id": "a"}', '{"persona_id": "a", "face": 7}', '{"face": {"skin": "x"}}',
    '{"persona_id": ["a"], "face": {"ancestry": 1}}', '{"persona_id": "a", "face": {}}', "[" * 100_000,
    '{"persona_id": "a", "face": {"ancestry": 1}, "face": {"skin": 1}}',
)  # fmt: skip


@pytest.mark.parametrize("line", BROKEN)
def test_a_broken_record_says_nothing(tmp_path, line):
    assert recorded_kind(pool(tmp_path, line), ["a"]) is None


def test_a_record_that_is_no_file_says_nothing(tmp_path):
    (tmp_path / "parameters.jsonl").mkdir()
    assert recorded_kind(tmp_path, ["a"]) is None
