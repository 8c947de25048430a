"""Random names, links and bytes in every place that a user can name or fill: each command ends, and says where.

A command ends with exit code 0, 1 or 2 and, if it could not work, with a line or a few that name the place. It writes
nothing outside of its own folder, shows no traceback, and waits for nobody.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from command_world import World, called, make_world
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omni_persona_artifacts.characters import visible

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MOST_LINES = 6


# ---- hostile things


def _mangled(path: Path, content: bytes) -> bool:
    """Replace some bytes in the middle of a file."""
    if not path.is_file():
        return False
    old = path.read_bytes()
    path.unlink()
    place = len(old) // 2
    path.write_bytes(old[:place] + content + old[place + len(content) :])
    return True


def _cut(path: Path, content: bytes) -> bool:
    if not path.is_file():
        return False
    old = path.read_bytes()
    path.unlink()
    path.write_bytes(old[: len(old) * (content or b"\0")[0] // 256])
    return True


def _linked(target: str) -> Callable[[Path, bytes], bool]:
    def make(path: Path, content: bytes) -> bool:
        path.symlink_to(target.format(name=path.name, outside=os.environ["OUTSIDE"]))
        return True

    return make


def _folder(path: Path, content: bytes) -> bool:
    path.mkdir()
    (path / "mine").write_bytes(content)
    return True


def _pipe(path: Path, content: bytes) -> bool:
    os.mkfifo(path)
    return True


def _bytes(path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    return True


CHANGES: dict[str, Callable[[Path, bytes], bool]] = {"other bytes inside": _mangled, "cut": _cut}
THINGS: dict[str, Callable[[Path, bytes], bool]] = {
    "nothing": lambda path, content: True,
    "bytes": _bytes,
    "an empty file": lambda path, content: _bytes(path, b""),
    "an object": lambda path, content: _bytes(path, b"{}\n"),
    "a folder": _folder,
    "a pipe": _pipe,
    "a dangling link": _linked("nowhere"),
    "a link to itself": _linked("{name}"),
    "a link to a pipe": _linked("{outside}/pipe"),
    "a link to zeros": _linked("/dev/zero"),
    "a link to the full device": _linked("/dev/full"),
    "a link to a file of the user's": _linked("{outside}/thesis.txt"),
    "a link to a folder of the user's": _linked("{outside}/photos"),
}
NAMES = st.one_of(
    st.text(st.characters(exclude_characters="/"), min_size=1, max_size=20),
    st.sampled_from(
        [
            "a\0b",
            "a\ud800b",
            "x" * 300,
            "a/" * 2500,
            "a[/b]c",
            "[red]x",
            "\x1b[2J",
            "a\nb",
            "-x",
            "..",
            "~",
            "🙂",
            " ",
            "*",
        ]
    ),
)


# ---- commands: words with {places}, and the inputs in which a file may be replaced

COMMANDS: dict[str, str] = {
    "build": "build --pool {pool} --recipe {recipe} --out {out} --exclude {dataset}",
    "build one": "build --pool {pool} --recipe tiny --out {out}",
    "import": "import --release {lines} --assets {pool} --out {out}",
    "check": "check {dataset}",
    "run": "run --dataset {dataset} --model baseline:nearest --out {run}",
    "run anew": "run --dataset {dataset} --model baseline:nearest --out {out}",
    "run model": "run --dataset {dataset} --model {folder} --adapter {folder} --out {out}",
    "judge": "judge {run}",
    "score": "score {run}",
    "score file": "score {lines} --dataset {dataset}",
    "compare": "compare {run} {run}",
    "report": "report {run} --out {page} --csv {out} --markdown {out}",
    "refine": "refine --pool {pool} --endpoint http://127.0.0.1:9/v1 --model m --out {out} --cache {lines}",
    "train-data": "train-data --dataset {dataset} --pool {pool} --events {folder} --exclude {dataset} --out {out}",
    "train-data recipe": "train-data --dataset {dataset} --recipe {recipe} --out {out}",
    "train-data check": "train-data --check {folder}",
    "export": "export --format messages --media files --dataset {dataset} --out {out}",
    "export prompt": "export --format messages --dataset {dataset} --prompt {lines} --out {out}",
    "power": "power --dataset {dataset}",
    "push": "push {dataset} --repo a/b",
    "rewards": "rewards --steps 1 --p 0.5 --reward paper --out {out}",
    "sft": "sft --dataset {dataset} --model {folder} --exclude {dataset} --prompt {lines} --out {out}",
    "demo": "demo --out {out}",
}


@pytest.fixture(scope="module")
def world(shared_pool, tmp_path_factory):
    made = make_world(tmp_path_factory.mktemp("places"), shared_pool.folder)
    os.environ["OUTSIDE"] = str(made.outside)
    return made


@pytest.fixture(autouse=True)
def here(world, monkeypatch):
    monkeypatch.chdir(world.root)


def snapshot(folder: Path, leave_out: set[Path]) -> dict[str, object]:
    """Kind, size and time of everything in a folder but in some parts of it."""
    seen = {}
    for path in folder.rglob("*"):
        if not any(path == one or one in path.parents for one in leave_out) and not path.is_dir():
            found = path.lstat()
            seen[str(path)] = (found.st_mode, found.st_size, found.st_mtime_ns)
    return seen


def places_of(words: str) -> list[str]:
    return [word[1:-1] for word in words.split() if word.startswith("{")]


WRITTEN = ("out", "page")
KEPT_UP = {"run": ("run", "judge", "score"), "lines": ("refine",)}
"""Inputs that some commands add to."""


def require_reported(world: World, words: str, paths: dict[str, Path], hostile: Path) -> None:
    """Call a command and see that it ends well or says in a few lines what is wrong with which place."""
    command = words.split()[0]
    its = [paths[name] for name in WRITTEN if name in places_of(words)]
    its += [paths[name] for name, commands in KEPT_UP.items() if command in commands and name in places_of(words)]
    its += [paths["pool"] / ".omni-persona"] * ("pool" in places_of(words))
    # What is there already is never the command's own.
    its = [
        path
        for path in its
        if not _holds_anything(path) or path in (paths["run"], paths["lines"]) or path.name == ".omni-persona"
    ]
    before = snapshot(world.root, set(its))
    code, output = called([word.format(**paths) for word in words.split()])
    said = f"exit code {code}, {hostile!r}: {output[-3000:]}"
    assert code in (0, 1, 2), said
    assert "Traceback" not in output and "--debug shows where" not in output, said
    if code == 2:
        assert "error: " in output, said
        assert len(output[output.index("error: ") :].splitlines()) <= MOST_LINES, said
        names = {
            "Invalid value for",
            hostile.name,
            *(path.name for path in paths.values()),
            "personas.jsonl",
            "data/test-",
            "no connection to http://127.0.0.1:9/",  # the place was fine
        }
        shown = {form[:60] for name in names for form in (visible(name), ascii(name)[1:-1], repr(name)[1:-1])}
        assert any(name in output for name in shown), said
    assert not set(output) & set("\x1b\x07\x00\x9b"), said
    after = snapshot(world.root, set(its))
    if command in ("demo", "report", "rewards"):  # these write beside what a folder holds
        beside = tuple(f"{form}/" for name in WRITTEN for form in _forms(paths[name]))
        after = {name: seen for name, seen in after.items() if name in before or not name.startswith(beside)}
    assert after == before, (said, {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)})
    assert not [path for path in world.work.rglob(".*") if ".draft-" in path.name or path.suffix == ".tmp"], said


def _forms(path: Path) -> set[str]:
    """A path as it is written, and where its links lead."""
    forms = {os.path.normpath(path)}
    with suppress(OSError, ValueError):
        forms.add(os.path.realpath(path))
    return forms


def _holds_anything(path: Path) -> bool:
    try:
        return os.path.lexists(path) and (path.is_symlink() or not path.is_file() or path.stat().st_size > 0)
    except (OSError, ValueError):
        return False


BOUNDS = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_place_may_be_anything(world, command):
    words = COMMANDS[command]

    @BOUNDS
    @given(
        place=st.sampled_from(places_of(words)),
        thing=st.sampled_from(sorted(THINGS)),
        name=NAMES,
        content=st.binary(max_size=200),
    )
    def check(place: str, thing: str, name: str, content: bytes) -> None:
        paths = world.fresh(set(places_of(words)))
        paths[place] = world.work / "named" / name
        (world.work / "named").mkdir()
        with suppress(OSError, ValueError):  # what has no possible name is not there
            THINGS[thing](paths[place], content)
        require_reported(world, words, paths, paths[place])

    check()


FILLED = [name for name, words in COMMANDS.items() if {"pool", "dataset", "run"} & set(places_of(words))]


@pytest.mark.parametrize("command", FILLED)
def test_a_file_of_an_input_may_be_anything(world, command):
    words = COMMANDS[command]
    inputs = sorted({"pool", "dataset", "run"} & set(places_of(words)))

    @BOUNDS
    @given(
        place=st.sampled_from(inputs),
        pick=st.integers(0, 10**6),
        thing=st.sampled_from(sorted(THINGS | CHANGES)),
        content=st.binary(max_size=200),
    )
    def check(place: str, pick: int, thing: str, content: bytes) -> None:
        paths = world.fresh(set(places_of(words)))
        files = sorted(path for path in paths[place].rglob("*") if path.is_file())
        # Half of the time a file at the top, of which there are few.
        top = [path for path in files if path.parent == paths[place] or path.parent.name == "data"]
        chosen = (top if pick % 2 and top else files)[pick // 2 % len(top if pick % 2 and top else files)]
        if thing not in CHANGES:
            chosen.unlink()
        (THINGS | CHANGES)[thing](chosen, content)
        require_reported(world, words, paths, chosen)

    check()
