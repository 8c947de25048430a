"""Frozen pools: hashes that tell what was cut off or edited, and a run that goes on after it was stopped."""

import json
import shutil

import pytest

from omni_persona_artifacts.file_list import MARKER, harmed_files
from omni_persona_people.errors import PoolError
from omni_persona_people.invent import freeze as freezing
from omni_persona_people.invent import generate_pool
from omni_persona_people.invent import pool as making
from omni_persona_people.invent.freeze import freeze
from omni_persona_people.invent.media import Made
from omni_persona_people.pool import read_pool


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    return generate_pool(tmp_path_factory.mktemp("frozen") / "pool", personas=2, seed=8)


@pytest.fixture
def pool(frozen, tmp_path):
    return shutil.copytree(frozen, tmp_path / "pool")


def cut(pool):
    file = next((pool / "media").rglob("*.flac"))
    file.write_bytes(file.read_bytes()[:-100])


def remove(pool):
    next((pool / "media").rglob("*.png")).unlink()


def edit(pool):
    file = pool / "personas.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace("female", "male", 1), encoding="utf-8")


def lose_a_person(pool):
    file = pool / "personas.jsonl"
    file.write_text(file.read_text(encoding="utf-8").splitlines(keepends=True)[0], encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        (cut, r"1 changed \(first media/.*\.flac\)"),
        (remove, r"1 missing \(first media/.*\.png\)"),
        (edit, r"1 changed \(first personas\.jsonl\)"),
        (lose_a_person, r"1 changed \(first personas\.jsonl\)"),
    ],
)
def test_what_was_done_to_a_pool_is_reported(pool, harm, fault):
    assert len(read_pool(pool)) == 2
    harm(pool)
    with pytest.raises(PoolError, match=f"incomplete or was edited after it was made: {fault}"):
        read_pool(pool)


def test_without_its_list_of_files_a_pool_is_used_as_it_is(pool):
    edit(pool)
    (pool / MARKER).unlink()
    assert len(read_pool(pool)) == 2


def test_a_readme_may_be_added(pool):
    (pool / "README.md").write_text("Ours.", encoding="utf-8")
    assert len(read_pool(pool)) == 2


# --- a long run ---


@pytest.fixture
def fake_media(monkeypatch):
    """Media that cost nothing, and a list of the people that were made."""
    made = []

    def make(job):
        made.append(job.persona_id)
        file = job.folder / "media" / f"{job.persona_id}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(job.persona_id, encoding="utf-8")
        return Made({"persona_id": job.persona_id}, {"persona_id": job.persona_id})

    monkeypatch.setattr(making, "make", make)
    monkeypatch.setattr(freezing, "require", lambda *arguments: None)
    return made


def test_a_run_that_was_stopped_goes_on(tmp_path, fake_media, monkeypatch):
    whole = making.make

    def stops(job):
        if len(fake_media) == 3:
            raise KeyboardInterrupt
        return whole(job)

    monkeypatch.setattr(making, "make", stops)
    with pytest.raises(KeyboardInterrupt):
        freeze(tmp_path / "pool", 5, 1, tmp_path, tell=False)
    assert not (tmp_path / "pool").exists()
    monkeypatch.setattr(making, "make", whole)
    freeze(tmp_path / "pool", 5, 1, tmp_path, tell=False)
    assert fake_media == [f"s1p{number:04}" for number in range(5)]
    for name in ("personas.jsonl", "parameters.jsonl"):
        lines = (tmp_path / "pool" / name).read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["persona_id"] for line in lines] == fake_media
    assert harmed_files(tmp_path / "pool") == ([], [])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pool"]
    assert sorted(path.name for path in (tmp_path / "pool").iterdir()) == [
        ".omni-persona",
        "media",
        "parameters.jsonl",
        "personas.jsonl",
    ]


def test_a_run_does_not_go_on_with_other_arguments(tmp_path, fake_media, monkeypatch):
    def stops(job):
        raise KeyboardInterrupt

    monkeypatch.setattr(making, "make", stops)
    with pytest.raises(KeyboardInterrupt):
        freeze(tmp_path / "pool", 5, 1, tmp_path, tell=False)
    with pytest.raises(PoolError, match="started with other arguments"):
        freeze(tmp_path / "pool", 5, 2, tmp_path, tell=False)


def test_a_pool_that_is_there_is_not_touched(tmp_path):
    with pytest.raises(PoolError, match="not to exist"):
        freeze(tmp_path, 5, 1, tmp_path)
