"""How surely each item is solved by a shortcut: items with a planted one come first, and prune rebuilds them."""

import hashlib
import io
import json
import math
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
from changed_dataset import changed_copy, target_of
from PIL import Image
from slow_cases import slow_but

import omni_persona
from omni_persona_artifacts.construction import FILE, read_construction
from omni_persona_build.checks import examine
from omni_persona_build.construction import write_leaks
from omni_persona_build.pipeline import build
from omni_persona_build.prune import ROUNDS, TOO_SURE
from omni_persona_build.recipes import Counts, Recipe, load_recipe

PLANTED = 6
"""Items that are given a shortcut, of the forty of a group that can be answered."""


@pytest.fixture(scope="module")
def asked_once(shared_pool, tmp_path_factory):
    """A dataset of one question for each set of memories."""
    counts = Counts(answerable=40, absent_persona=8)
    tasks = {"voice_to_bio": counts, "visual_to_bio": counts, "dialogue_to_bio": counts}
    out = tmp_path_factory.mktemp("asked") / "omni-persona"
    build(shared_pool.folder, Recipe(name="once", items_per_sample=1, tasks=tasks), out)
    return out


def _stored(samples, rate):
    stored = io.BytesIO()
    soundfile.write(stored, samples, rate, format="WAV")
    return {"bytes": stored.getvalue(), "path": "a.wav"}


def _drawn(pixels):
    stored = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(stored, "PNG")
    return {"bytes": stored.getvalue(), "path": "a.png"}


def _same_rate(row, rng):
    """Query and target are stored at one sampling rate, which no other clip has."""
    rate = int(rng.integers(9000, 12_000))
    for holder in (target_of(row), row["query_assets"]):
        samples, _ = soundfile.read(io.BytesIO(holder["audio"]["bytes"]))
        holder["audio"] = _stored(np.interp(np.arange(2 * rate) / rate, np.arange(len(samples)) / 8000, samples), rate)


def _same_wall(row, rng):
    """Query and target stand before one wall."""
    wall = rng.integers(30, 225, 3)
    for holder in (target_of(row), row["query_assets"]):
        pixels = np.asarray(Image.open(io.BytesIO(holder["image"]["bytes"]))).astype(float)
        for edge in (np.s_[:10], np.s_[-10:], np.s_[:, :10], np.s_[:, -10:]):
            pixels[edge] = wall
        holder["image"] = _drawn(pixels)


def _same_word(row, rng):
    """The question repeats most of the note of the person whom it asks about."""
    row["query_text"] += " " + target_of(row)["text"]


PLANTS = {
    # Another rate makes other file sizes, too.
    "A2A": (_same_rate, ("A2A by", "all but the query")),
    "I2I": (_same_wall, ("I2I by",)),
    "T2Any": (_same_word, ("notes, cue left out", "T2Any read")),
}


@pytest.mark.parametrize("group", slow_but(["I2I"], PLANTS))
def test_items_with_a_planted_shortcut_come_first_with_their_shortcut(asked_once, tmp_path, group):
    plant, solver = PLANTS[group]
    planted = []

    def change(rows):
        rng = np.random.default_rng(0)
        for row in [row for row in rows if row["group"] == group and row["absence"] == "none"][:PLANTED]:
            plant(row, rng)
            planted.append(row["augmented_id"])

    _, leaks = examine(changed_copy(asked_once, tmp_path / "omni-persona", change))
    worst = sorted(leaks, key=lambda one: -one.leak)[:PLANTED]
    assert {one.augmented_id for one in worst} == set(planted)
    assert all(one.solver.startswith(solver) for one in worst), worst
    assert min(one.leak for one in worst) > 0.5


@pytest.fixture(scope="module")
def leaks(built):
    return examine(built)[1]


def test_every_item_has_a_leak_and_few_have_much_of_one(leaks, built):
    assert [one.augmented_id for one in leaks] == [item.augmented_id for item in omni_persona.read(built)]
    values = [one.leak for one in leaks]
    assert all(0 <= value < 1 for value in values)
    assert np.quantile(values, 0.9) < 0.5
    assert all(bool(one.solver) == (one.leak > 0) for one in leaks)


def test_leaks_are_kept_beside_the_rows_and_croissant_still_describes_the_file(leaks, built, tmp_path):
    folder = tmp_path / "omni-persona"
    shutil.copytree(built, folder)
    before = read_construction(folder)
    assert {row["leak"] for rows in before.values() for row in rows} == {None}
    write_leaks(folder, leaks)
    after = read_construction(folder)
    for one in leaks:
        for row in after[one.augmented_id]:
            assert math.isclose(row["leak"], one.leak, abs_tol=1e-6)
            assert row["leak_by"] == (one.solver or None)
    bare = ("leak", "leak_by")
    assert [[{k: v for k, v in row.items() if k not in bare} for row in rows] for rows in after.values()] == [
        [{k: v for k, v in row.items() if k not in bare} for row in rows] for rows in before.values()
    ]
    (file,) = (
        one
        for one in json.loads((folder / "croissant.json").read_text())["distribution"]
        if one.get("contentUrl") == FILE
    )
    content = (folder / FILE).read_bytes()
    assert (file["sha256"], file["contentSize"]) == (hashlib.sha256(content).hexdigest(), f"{len(content)} B")
    write_leaks(folder, leaks[:0])
    assert (folder / FILE).read_bytes() == content


def test_a_side_file_of_an_earlier_version_can_be_read_and_gets_leaks(leaks, built, tmp_path):
    folder = changed_copy(built, tmp_path / "omni-persona", lambda rows: None)
    table = pq.read_table(folder / FILE)
    pq.write_table(table.drop_columns(["leak", "leak_by", "exempt"]), folder / FILE)
    write_leaks(folder, leaks)
    assert {row["exempt"] for rows in read_construction(folder).values() for row in rows} == {None}
    (folder / FILE).unlink()
    write_leaks(folder, leaks)
    assert not (folder / FILE).exists()


@pytest.mark.slow
def test_prune_rebuilds_items_that_are_solved_too_surely_and_says_how_many_are_left(pool, tmp_path):
    """A third of the people stand before walls of their own, in all of their pictures."""
    for index, line in enumerate(pool.lines):
        if index % 3:
            continue
        wall = np.random.default_rng(index).integers(30, 225, 3)
        for image in line["images"]:
            pixels = np.asarray(Image.open(pool.folder / image["path"])).copy()
            for edge in (np.s_[:8], np.s_[-8:], np.s_[:, :8], np.s_[:, -8:]):
                pixels[edge] = wall
            Image.fromarray(pixels).save(pool.folder / image["path"])
    recipe = load_recipe("tiny")
    plain = build(pool.folder, recipe, tmp_path / "plain" / "omni-persona", equalise=False)
    pruned = build(pool.folder, recipe, tmp_path / "pruned" / "omni-persona", equalise=False, prune=True)
    assert plain.pruned is None
    before, after = (examine(one.out)[1] for one in (plain, pruned))
    counts = [sum(one.leak >= TOO_SURE for one in leaks) for leaks in (before, after)]
    assert counts[0] > 0
    assert counts[1] < counts[0]
    assert (pruned.pruned.left, pruned.pruned.rebuilt > 0) == (counts[1], True)
    assert pruned.pruned.rounds <= ROUNDS
    # Everything else about the dataset is as the recipe has it.
    found = [one for one in examine(pruned.out)[0] if one.passed is False and not one.check.startswith("shortcut")]
    assert found == []
    assert "rebuilt" in (pruned.out / "README.md").read_text()
