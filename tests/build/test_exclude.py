"""Keeping the people of one dataset out of another."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import omni_persona
from omni_persona_artifacts.construction import read_construction
from omni_persona_artifacts.dataset_folder import DatasetFolder, media_digests
from omni_persona_artifacts.references import references
from omni_persona_build.checks import check
from omni_persona_build.exclude import without
from omni_persona_build.pipeline import build
from omni_persona_build.recipes import Recipe, load_recipe, recipe_names
from omni_persona_build.recipes.errors import BuildError
from omni_persona_build.release import import_release
from omni_persona_people.pool import read_pool
from omni_persona_training.corpus.leaks import of_dataset, require_apart
from omni_persona_training.errors import TrainingError

FEW = Recipe.model_validate({"name": "few", "tasks": {"visual_to_bio": {"answerable": 1}}})


@pytest.fixture(scope="module")
def built_few(shared_pool, tmp_path_factory):
    """A dataset of four of the pool's twelve people."""
    return build(shared_pool.folder, FEW, tmp_path_factory.mktemp("few") / "few").out


@pytest.fixture
def few(built_few, tmp_path):
    """A copy of it."""
    return shutil.copytree(built_few, tmp_path / "few")


def _people(folder):
    rows = [row for rows in read_construction(folder).values() for row in rows]
    return {row["person"] for row in rows} | {row["queried_person"] for row in rows}


def test_people_are_kept_out_by_id(pool, few):
    left = {persona.persona_id for persona in without(read_pool(pool.folder), few)}
    assert left == {line["persona_id"] for line in pool.lines} - _people(few)
    assert len(left) == 8


def test_people_are_kept_out_by_content_under_another_id(pool, few):
    gone = {index for index, line in enumerate(pool.lines) if line["persona_id"] in _people(few)}
    for index, line in enumerate(pool.lines):
        line["persona_id"] = f"renamed_{index}"
    pool.save()
    left = {persona.persona_id for persona in without(read_pool(pool.folder), few)}
    # Whoever has a medium in the dataset is known by it again; a persona's unused media tell nothing.
    assert left == {f"renamed_{index}" for index in set(range(12)) - gone}


@pytest.mark.slow
def test_people_are_kept_out_by_what_equalised_media_were_made_from(pool, tmp_path):
    build(pool.folder, FEW, tmp_path / "plain")
    build(pool.folder, FEW, tmp_path / "equal", equalise=True)
    assert not media_digests(tmp_path / "plain").keys() & media_digests(tmp_path / "equal").keys()
    gone = {index for index, line in enumerate(pool.lines) if line["persona_id"] in _people(tmp_path / "equal")}
    for index, line in enumerate(pool.lines):
        line["persona_id"] = f"renamed_{index}"
    pool.save()
    left = {persona.persona_id for persona in without(read_pool(pool.folder), tmp_path / "equal")}
    assert left == {f"renamed_{index}" for index in set(range(12)) - gone}
    # Either of two sets may be the one that was equalised.
    build(pool.folder, FEW, tmp_path / "renamed")
    build(pool.folder, FEW, tmp_path / "renamed_equal", equalise=True)
    sets = {name: of_dataset(tmp_path / name) for name in ("plain", "equal", "renamed", "renamed_equal")}
    for one, other in (("plain", "renamed_equal"), ("equal", "renamed"), ("equal", "renamed_equal")):
        assert not sets[one].people & sets[other].people
        assert sets[one].media & sets[other].media
        with pytest.raises(TrainingError, match="pictures and clips"):
            require_apart(sets[one], tmp_path / other, tmp_path / one)


def test_neither_ids_nor_endings_of_files_hide_anybody(pool, few):
    gone = {index for index, line in enumerate(pool.lines) if line["persona_id"] in _people(few)}
    for index, line in enumerate(pool.lines):
        line["persona_id"] = f"renamed_{index}"
        for medium in line["images"] + line["audios"]:
            there = pool.folder / medium["path"]
            medium["path"] += ".copy"
            there.rename(pool.folder / medium["path"])
    pool.save()
    left = {persona.persona_id for persona in without(read_pool(pool.folder), few)}
    assert left == {f"renamed_{index}" for index in set(range(12)) - gone}


def test_an_imported_release_is_known_by_its_media(pool, shared, tmp_path):
    source = shared / "release_like"
    first = json.loads((source / "release.jsonl").read_text(encoding="utf-8").splitlines()[0])
    (tmp_path / "release.jsonl").write_text(json.dumps(first) + "\n", encoding="utf-8")
    imported = import_release(tmp_path / "release.jsonl", source / "assets", tmp_path / "imported").out
    (pool.folder / "clip.wav").write_bytes((source / "assets" / first["contexts"][1]["audio"]).read_bytes())
    pool.lines[3]["audios"][1]["path"] = "clip.wav"
    pool.save()
    left = {persona.persona_id for persona in without(read_pool(pool.folder), imported)}
    assert left == {line["persona_id"] for line in pool.lines} - {"p3"}


def test_what_fails_for_want_of_people_says_how_many_were_left_out(pool, few, tmp_path):
    assert build(pool.folder, FEW, tmp_path / "more", exclude=few).left_out == 4
    both = FEW.model_copy(update={"contexts": 9})
    with pytest.raises(BuildError, match=rf"9 people of one gender.* \(--exclude {few} left out 4 people\)$"):
        build(pool.folder, both, tmp_path / "most", exclude=few)


def test_two_builds_share_neither_people_nor_media(pool, few, tmp_path):
    build(pool.folder, FEW, tmp_path / "more", exclude=few)
    assert not _people(few) & _people(tmp_path / "more")
    media = [
        {
            medium.data
            for item in omni_persona.items(omni_persona.load(folder, streaming=True))
            for context in item.contexts
            for medium in (context.image, context.audio)
        }
        for folder in (few, tmp_path / "more")
    ]
    assert not media[0] & media[1]


def test_nobody_left_and_no_dataset(pool, few, tmp_path):
    pool.lines = [line for line in pool.lines if line["persona_id"] in _people(few)]
    pool.save()
    with pytest.raises(BuildError, match="it holds all 4 people of the pool"):
        without(read_pool(pool.folder), few)
    with pytest.raises(BuildError, match="expected a dataset folder"):
        without(read_pool(pool.folder), tmp_path)


def test_media_are_compared_by_their_bytes_whatever_the_dataset_calls_them(pool, few, tmp_path):
    gone = {index for index, line in enumerate(pool.lines) if line["persona_id"] in _people(few)}
    for index, line in enumerate(pool.lines):
        line["persona_id"] = f"renamed_{index}"
    pool.save()
    rows = pq.read_table(next(few.glob(omni_persona.DATA_FILES))).to_pylist()
    for row in rows:
        for number, context in enumerate([*row["contexts"], row["query_assets"]]):
            for kind in ("image", "audio"):
                if context[kind]:
                    context[kind]["path"] = f"{number}.{kind}"
    for file in few.glob(omni_persona.DATA_FILES):
        pq.write_table(pa.Table.from_pylist(rows, omni_persona.features().arrow_schema), file)
    left = {persona.persona_id for persona in without(read_pool(pool.folder), few)}
    assert left == {f"renamed_{index}" for index in set(range(12)) - gone}


def test_a_train_set_has_its_split_wherever_a_split_is_named(pool, few, tmp_path, monkeypatch):
    import datasets
    import yaml
    from huggingface_hub import DatasetCard

    recipe = FEW.model_copy(update={"name": "learn", "split": "train"})
    out = tmp_path / "here" / "omni-persona"
    built = build(pool.folder, recipe, out, exclude=few)
    assert [path.name for path in (out / "data").glob("tr*")] == ["train-00000-of-00001.parquet"]
    assert built.bytes > 0
    for config in DatasetCard.load(out / "README.md").data.configs:
        assert config["data_files"] == [{"split": "train", "path": "data/train-*.parquet"}]
    assert 'load_dataset("omni-persona", split="train")' in (out / "README.md").read_text("utf-8")
    assert {task["split"] for task in yaml.safe_load((out / "eval.yaml").read_text("utf-8"))["tasks"]} == {"train"}
    assert '"includes": "data/train-*.parquet"' in (out / "croissant.json").read_text("utf-8")
    # By `datasets` alone, by the contract, by the runner and by the builder.
    monkeypatch.chdir(out.parent)
    assert list(datasets.load_dataset("omni-persona")) == ["train"]
    assert omni_persona.load(out).num_rows == omni_persona.load(out, "I2I", split="train").num_rows == 1
    with pytest.raises(ValueError, match="contains the split train, not test"):
        omni_persona.load(out, split="test")
    builder = omni_persona.OmniPersona(config_name="default", data_dir=str(out))
    builder.download_and_prepare()
    assert list(builder.as_dataset()) == ["train"]
    (item,) = omni_persona.read(out)
    assert [row.item_id for row in DatasetFolder(out).rows] == [item.augmented_id]
    assert [one["augmented_id"] for one in references(out)] == [item.augmented_id]
    assert any(finding.passed for finding in check(out))
    with pytest.raises(BuildError, match="it holds all"):
        build(pool.folder, FEW.model_copy(update={"name": "again"}), tmp_path / "x", exclude=_of_all(pool, tmp_path))
    assert _people(out).isdisjoint(_people(few))
    left = {persona.persona_id for persona in without(read_pool(pool.folder), out)}
    assert left == {line["persona_id"] for line in pool.lines} - _people(out)


def _of_all(pool, tmp_path):
    """A train set of everybody in the pool."""
    tasks = {"visual_to_bio": {"answerable": 12}}
    recipe = Recipe.model_validate({"name": "all", "split": "train", "items_per_sample": 1, "tasks": tasks})
    build(pool.folder, recipe, tmp_path / "all")
    return tmp_path / "all"


def test_the_recipe_of_training_sets_says_train_and_others_say_test():
    splits = {name: load_recipe(name).split for name in recipe_names()}
    assert splits.pop("train") == "train"
    assert set(splits.values()) == {"test"}


def test_rows_of_two_splits_are_no_dataset(few):
    shutil.copy(few / "data" / "test-00000-of-00001.parquet", few / "data" / "train-00000-of-00001.parquet")
    for read in (omni_persona.load, DatasetFolder, references, check, lambda path: list(omni_persona.read(path))):
        with pytest.raises(ValueError, match="expected rows of one split, got files of test and train"):
            read(few)
