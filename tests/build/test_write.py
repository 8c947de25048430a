"""The dataset folder: bytes, schema, sharing, and that it appears whole or not at all."""

import errno
import hashlib
import json
import shutil
import subprocess
import sys

import datasets
import pyarrow.parquet as pq
import pytest

import omni_persona
from omni_persona_artifacts.build_record import people_kind, read_build_record
from omni_persona_artifacts.construction import read_construction
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.folders import whole_folder
from omni_persona_build import dataset_rows, row_group_file, write
from omni_persona_build.pipeline import build
from omni_persona_build.recipes import Recipe, load_recipe


def _files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_builds_are_byte_identical_even_in_another_process(built, shared_pool, tmp_path):
    script = (
        "import sys; from pathlib import Path; from omni_persona_build.pipeline import build; "
        "from omni_persona_build.recipes import Recipe, load_recipe; "
        "build(Path(sys.argv[1]), load_recipe('tiny'), Path(sys.argv[2]))"
    )
    other = tmp_path / "omni-persona"
    subprocess.run([sys.executable, "-c", script, str(shared_pool.folder), str(other)], check=True)
    assert _files(built) == _files(other)


def test_another_seed_differs(built, shared_pool, tmp_path):
    build(shared_pool.folder, load_recipe("tiny"), tmp_path / "o", seed=1)
    assert (
        _files(built)["data/test-00000-of-00001.parquet"] != _files(tmp_path / "o")["data/test-00000-of-00001.parquet"]
    )


def test_every_medium_is_stored_once(built):
    media = {}
    for item in omni_persona.items(omni_persona.load(built, streaming=True)):
        for context in item.contexts:
            media[context.image.data] = media[context.audio.data] = None
        media.update(dict.fromkeys(one.data for one in (item.query_image, item.query_audio) if one))
    size = sum(path.stat().st_size for path in built.glob(omni_persona.DATA_FILES))
    assert size <= 1.05 * sum(map(len, media))


def test_names_of_media_tell_nothing_but_the_format(built):
    for item in omni_persona.items(omni_persona.load(built, streaming=True)):
        for medium in [context.image for context in item.contexts] + [context.audio for context in item.contexts]:
            digest, _, ending = medium.name.partition(".")
            assert digest == hashlib.sha256(medium.data).hexdigest()[:16]
            assert ending in ("png", "wav")


def test_every_configuration_loads_over_the_same_files(built, tmp_path):
    wanted = {"default": 144, "I2I": 40, "A2A": 40, "T2T": 32, "T2Any": 32}
    wanted |= {"answerable": 72, "absent_persona": 36, "absent_attribute": 36}
    assert list(wanted) == list(omni_persona.CONFIGS)
    for name, number in wanted.items():
        dataset = datasets.load_dataset(str(built), name, split="test", cache_dir=str(tmp_path / "cache"))
        assert dataset.num_rows == number, name
        assert dataset.features == omni_persona.FEATURES
        if rows := omni_persona.CONFIGS[name]:
            column, value = rows
            assert set(dataset[column]) == {value}
    assert len(list(built.glob(omni_persona.DATA_FILES))) == 1


def test_a_rebuilt_folder_is_not_read_from_the_cache_of_the_old_one(pool, tmp_path):
    """`datasets` tells local folders of one name apart by their configurations alone."""
    recipe = Recipe.model_validate({"name": "few", "tasks": {"visual_to_bio": {"answerable": 2}}})
    questions = []
    for place, seed in (("a", 0), ("a", 1), ("b", 2)):
        out = tmp_path / place / "omni-persona"
        build(pool.folder, recipe, out, seed=seed, overwrite=True)
        rows = datasets.load_dataset(str(out), split="test", cache_dir=str(tmp_path / "cache"))
        questions.append([(row["query_text"], [one["text"] for one in row["contexts"]]) for row in rows])
        assert list(rows["augmented_id"]) == [item.augmented_id for item in omni_persona.items(omni_persona.load(out))]
        streamed = omni_persona.items(omni_persona.load(out, streaming=True))
        assert questions[-1] == [(one.query_text, [context.text for context in one.contexts]) for one in streamed]
    assert questions[0] != questions[1] != questions[2] != questions[0]


def test_only_the_cue_of_the_group_is_there(built):
    for item in omni_persona.items(omni_persona.load(built, streaming=True)):
        assert (item.query_image is not None) == (item.task.group == "I2I")
        assert (item.query_audio is not None) == (item.task.group == "A2A")


@pytest.mark.parametrize(("limit", "bytes"), [("MEDIA_BYTES", 200_000), ("UNPACKED_BYTES", 2_000_000)])
def test_row_groups_are_bounded_and_hold_whole_samples(built, monkeypatch, shared_pool, tmp_path, limit, bytes):
    monkeypatch.setattr(write, limit, bytes)
    build(shared_pool.folder, load_recipe("tiny"), tmp_path / "omni-persona")
    file = pq.ParquetFile(next((tmp_path / "omni-persona").glob(omni_persona.DATA_FILES)))
    groups = [
        set(file.read_row_group(index, columns=["source_sample_id"])["source_sample_id"].to_pylist())
        for index in range(file.num_row_groups)
    ]
    assert len(groups) > 3
    assert sum(map(len, groups)) == len(set().union(*groups)) == 48
    split = list(omni_persona.items(omni_persona.load(tmp_path / "omni-persona", streaming=True)))
    assert split == list(omni_persona.items(omni_persona.load(built, streaming=True)))


def test_nothing_is_written_after_a_row_group_that_cannot_be(monkeypatch, shared_pool, tmp_path):
    monkeypatch.setattr(write, "MEDIA_BYTES", 200_000)
    groups = []

    def filling_the_disk(_, table):
        groups.append(table)
        if len(groups) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(row_group_file.ParquetWriter, "write_table", filling_the_disk)
    with pytest.raises(ArtifactError, match="No space left on device"):
        build(shared_pool.folder, load_recipe("tiny"), tmp_path / "omni-persona")
    assert len(groups) == 2


def test_a_process_of_its_own_writes_the_same(built, monkeypatch, shared_pool, tmp_path):
    started = []
    monkeypatch.setattr(dataset_rows, "APART_BYTES", 0)
    monkeypatch.setattr(
        write, "RowGroupProcess", lambda *about: started.append(about) or row_group_file.RowGroupProcess(*about)
    )
    build(shared_pool.folder, load_recipe("tiny"), tmp_path / "omni-persona")
    assert len(started) == 1
    assert _files(tmp_path / "omni-persona") == _files(built)


def test_an_existing_folder_is_kept_unless_overwritten(shared_pool, tmp_path):
    out = tmp_path / "omni-persona"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(ArtifactError, match="exists; choose another --out, or replace it with --overwrite"):
        build(shared_pool.folder, load_recipe("tiny"), out)
    assert _files(out) == {"mine.txt": b"mine"}
    (out / "mine.txt").unlink()
    build(shared_pool.folder, load_recipe("tiny"), out, overwrite=True)
    data = {"data/construction.parquet", "data/test-00000-of-00001.parquet"}
    shown = {"example/face.png", "example/query.png", "example/voice.wav"}
    others = {"README.md", "eval.yaml", "croissant.json", ".omni-persona/files.json"}
    assert set(_files(out)) == {*others, *shown, *data}
    assert [path.name for path in tmp_path.iterdir()] == ["omni-persona"]


def test_a_failure_leaves_what_was_there(tmp_path):
    out = tmp_path / "out"
    with whole_folder(out) as folder:
        (folder / "mine.txt").write_text("mine")
    before = _files(out)

    def fail():
        with whole_folder(out, overwrite=True) as folder:
            (folder / "half").write_text("half")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert _files(out) == before


def test_a_failure_leaves_no_folder_that_was_made_for_it(tmp_path):
    (tmp_path / "mine").mkdir()

    def fail(out):
        with whole_folder(out):
            raise KeyboardInterrupt

    for out in (tmp_path / "a" / "b" / "out", tmp_path / "mine" / "c" / "out", tmp_path / "mine" / "out"):
        with pytest.raises(KeyboardInterrupt):
            fail(out)
    assert list(tmp_path.rglob("*")) == [tmp_path / "mine"]


def test_the_card_states_the_counts(built):
    card = (built / "README.md").read_text()
    assert "144 items over 48 sets of memories of 12 people; 72 items cannot be answered." in card
    assert card.count("| 4 | 2 | 2 |") == 18
    assert "{{" not in card
    assert "{%" not in card


def test_the_card_is_gated_and_its_yaml_reads_back(built):
    from huggingface_hub import DatasetCard

    text = (built / "README.md").read_text(encoding="utf-8")
    assert str(DatasetCard(text)) == text, "the library would write the same"
    data = DatasetCard(text).data.to_dict()
    assert "I agree to identify nobody and to pass nothing on" in data["extra_gated_fields"]
    assert [config["config_name"] for config in data["configs"]] == list(omni_persona.CONFIGS)
    assert data["language"] == ["en"]


def test_the_side_file_holds_what_each_note_states_of_what_is_asked(built):
    items = {item.augmented_id: item for item in omni_persona.read(built)}
    placed = read_construction(built)
    assert placed.keys() == items.keys()
    for name, contexts in placed.items():
        item = items[name]
        for context, one in zip(item.contexts, contexts, strict=True):
            assert (one["stated_value"] is not None) == one["states_asked"]
            assert one["stated_value"] is None or one["stated_value"] in context.text
            if item.answerable and context.concept_id == item.target_concept_id:
                assert one["stated_value"] == item.gold_answer


def test_what_the_people_are_is_recorded_in_rows_and_card(built, shared_pool, tmp_path):
    assert people_kind(read_build_record(built)) is None, "the pool says nothing of it"
    assert "| people | not recorded whether invented, rendered or real |" in (built / "README.md").read_text()
    pool = shutil.copytree(shared_pool.folder, tmp_path / "invented-rendered")
    recipe = load_recipe("tiny")
    build(pool, recipe, tmp_path / "stated", kind="real")
    assert people_kind(read_build_record(tmp_path / "stated")) == "real"
    assert "| people | real people |" in (tmp_path / "stated" / "README.md").read_text()
    ids = [json.loads(line)["persona_id"] for line in (pool / "personas.jsonl").read_text().splitlines()]
    lines = [json.dumps({"persona_id": one, "face": {"ancestry": [1, 0, 0]}}) for one in ids]
    (pool / "parameters.jsonl").write_text("\n".join(lines))
    build(pool, recipe, tmp_path / "recorded")
    assert people_kind(read_build_record(tmp_path / "recorded")) == "rendered"
    assert "| people | invented people with rendered faces |" in (tmp_path / "recorded" / "README.md").read_text()
