"""A disk that is full at any point: an error names its path and what to do, and nothing half-written stays.

A limit on the size of files stands in for the full disk: the system refuses to write beyond it, whoever writes.
"""

from __future__ import annotations

import errno
import json
import tempfile

import fake_model
import pytest
from command_world import World, called, make_world
from limits import files_up_to
from release_files import write_release

from omni_persona_artifacts.run_folder import read_predictions

pytestmark = pytest.mark.slow

WHOLE = {
    "pool": "pool --personas 2 --voices synthetic --out {out}",
    "build": "build --pool {pool} --recipe {recipe} --out {out}/omni-persona",
    "train-data": "train-data --dataset {dataset} --out {out}",
    "export": "export --format messages --dataset {dataset} --out {out}",
    "report": "report {run} --out {out}/report.html --csv {out} --latex {out} --figures {out}",
    "rewards": "rewards --steps 1 --p 0.5 --reward paper --out {out}",
    "import": "import --release {work}/release.jsonl --assets {work}/assets --out {out}",
    "refine": "refine --pool {pool} --endpoint {url} --model m --only profile --out {out}",
    "demo": "demo --out {out}",
    "check": "check {dataset} --write",
    "score": "score {run}",
    "judge": "judge {run}",
}
"""Commands that write each file completely or not at all."""
LIMITS = (0, 10, 1_000, 20_000)


@pytest.fixture(scope="module")
def url():
    """A server that refining may ask."""
    with fake_model.serving() as model:
        yield model.url


@pytest.fixture(scope="module")
def world(shared_pool, tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("full"), shared_pool.folder)


def limited(words: list[str], limit: int) -> tuple[int, str]:
    """Call a command that cannot write a file beyond a limit."""
    with files_up_to(limit):
        return called(words)


def contents(world: World) -> dict[str, bytes]:
    """All files but tables of caches, which are left out where they cannot be written."""
    files = (path for path in world.work.rglob("*") if path.is_file() and path.suffix != ".npz")
    return {str(path): path.read_bytes() for path in files}


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("command", WHOLE)
def test_what_is_written_is_whole_and_the_place_is_reported(world, url, command, limit):
    words = WHOLE[command]
    paths = world.fresh({name for name in ("pool", "dataset", "run", "recipe") if f"{{{name}}}" in words})
    if command == "import":
        write_release(world.work)
    before = contents(world)
    call = words.format(**paths, work=world.work, url=url).split()
    code, output = limited(call, limit)
    after = contents(world)
    assert "Traceback" not in output and "--debug shows where" not in output, output
    assert not [path for path in world.work.rglob(".*") if ".draft-" in path.name or path.suffix == ".tmp"]
    assert before.items() <= after.items() or command in ("check", "score", "judge")
    if code == 2:
        assert "File too large; make room there" in output, output
        assert str(world.work) in output or f"{tempfile.gettempdir()}: File too large" in output, output
        # A report has several files, of which each is whole; a folder is there completely or not at all.
        kept = {path for path in after if path.endswith("-refine-cache.jsonl")}  # replies, for when there is room
        assert after.keys() - kept == before.keys() or command in ("report", "rewards")
        assert len(output[output.index("error: ") :].splitlines()) == 1, output
        assert called(call)[0] in (0, 1), "it works when there is room again"
    else:
        assert code in (0, 1), output
    assert all(len(content) <= max(limit, len(before.get(name, b""))) for name, content in after.items())


@pytest.mark.parametrize("limit", [0, 10, 1_000, 2_000])
def test_a_run_goes_on_when_there_is_room_again(world, limit):
    paths = world.fresh({"dataset"})
    words = f"run --dataset {paths['dataset']} --model baseline:nearest --out {paths['out']}".split()
    code, output = limited(words, limit)
    assert code == 2, output
    assert "File too large; make room there" in output and str(paths["out"]) in output, output
    assert called(words)[0] == 0
    lines = [json.loads(line) for line in (paths["out"] / "predictions.jsonl").read_text().splitlines()]
    assert len(lines) == len({line["augmented_id"] for line in lines}) == len(read_predictions(paths["out"]))
    assert [path.name for path in paths["out"].iterdir() if path.name.startswith(".") and path.name != ".lock"] == []


def test_a_judge_that_cannot_keep_its_replies_says_where(world, tmp_path):
    from omni_persona_cal.judge_cache import JudgeCache

    cache = JudgeCache(tmp_path / "judge", "a judge")
    with files_up_to(10), pytest.raises(ValueError, match=f"cannot write {cache.path}: File too large"):
        cache.put("gold", "prediction", ["CORRECT"], "CORRECT")
    cache.put("gold", "other", ["WRONG"], "WRONG")
    again = JudgeCache(tmp_path / "judge", "a judge")
    assert again.get("gold", "prediction") is None
    assert again.get("gold", "other") == ("WRONG", "WRONG")


def test_a_full_disk_is_no_other_error():
    from omni_persona_artifacts.files import reason

    assert reason(OSError(errno.ENOSPC, "No space left on device")).startswith("No space left on device; make room")
    assert reason(OSError(errno.EACCES, "Permission denied")) == "Permission denied"
