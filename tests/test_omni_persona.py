"""The contract: its taxonomy against the published figures, and reading datasets and releases."""

import csv
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import omni_persona


def _record(tmp_path, **changes):
    """A release of one record whose media are two bytes each."""
    (tmp_path / "assets").mkdir(exist_ok=True)
    for name in ("a.png", "a.wav", "q.png", "q.wav"):
        (tmp_path / "assets" / name).write_bytes(name.encode())
    context = {
        "concept_id": "concept_0",
        "image": "a.png",
        "audio": "a.wav",
        "text": "A cook.",
        "same_as_query_image_or_audio": True,
    }
    record = {
        "augmented_id": "sample_0__aug_0",
        "source_sample_id": "sample_0",
        "scenario": "visual_identity",
        "selected_task": "visual_to_bio",
        "query_modality": "visual",
        "target_modality": "bio",
        "no_GT": False,
        "target_concept_id": "concept_0",
        "contexts": [context],
        "query_assets": {"image": "q.png", "audio": "q.wav"},
        "query_text": "Which job?",
        "answer_supervision": {
            "answerable_from_context": True,
            "gold_answer": "cook",
            "abstain_answer": omni_persona.ABSTENTION,
            "support_mode": "present",
            "asked_group": "bio",
            "asked_subfield": "role",
            "gt_concept_id_from_metadata": "concept_0",
        },
    } | changes
    file = tmp_path / "release.jsonl"
    file.write_text(json.dumps(record) + "\n", encoding="utf-8")
    return file


def test_there_are_eighteen_tasks_in_four_groups():
    assert Counter(task.group for task in omni_persona.TASKS.values()) == {"I2I": 5, "A2A": 5, "T2T": 4, "T2Any": 4}
    assert all(task.asked_group in omni_persona.SUBFIELDS for task in omni_persona.TASKS.values())


def test_the_taxonomy_is_the_published_one(shared):
    with (shared / "facts" / "tasks.csv").open() as file:
        for row in csv.DictReader(file):
            task = omni_persona.TASKS[row["selected_task"]]
            assert (task.paper_id, task.group, task.scenario) == (row["paper_id"], row["group"], row["scenario"])
            assert (task.query_modality, task.asked_group) == (row["query_modality"], row["target_modality"])
    with (shared / "facts" / "asked_subfields.csv").open() as file:
        listed = [(row["asked_group"], row["asked_subfield"]) for row in csv.DictReader(file)]
    assert listed == [(group, field) for group, fields in omni_persona.SUBFIELDS.items() for field in fields]


def test_a_release_record_becomes_an_item(tmp_path):
    file = _record(tmp_path)
    dataset = omni_persona.load(file, assets=tmp_path / "assets")
    assert dataset.features == omni_persona.FEATURES
    (item,) = omni_persona.items(dataset)
    assert item.contexts[0].image == omni_persona.Media(b"a.png", "a.png")
    assert (item.query_image.data, item.query_audio.data) == (b"q.png", b"q.wav")
    assert item.task.group == "I2I"
    assert item.answerable
    assert omni_persona.reference(item) == {
        "augmented_id": "sample_0__aug_0",
        "source_sample_id": "sample_0",
        "group": "I2I",
        "task": "visual_to_bio",
        "absence": "none",
        "gold_answer": "cook",
        "answerable": True,
    }
    row = dataset.remove_columns(["contexts", "query_assets"])[0]
    assert omni_persona.reference(row) == omni_persona.reference(item)


def test_a_changed_release_is_read_afresh(tmp_path):
    file = _record(tmp_path)
    assert next(omni_persona.items(omni_persona.load(file, assets=tmp_path / "assets"))).query_text == "Which job?"
    _record(tmp_path, query_text="Which trade?")
    assert next(omni_persona.items(omni_persona.load(file, assets=tmp_path / "assets"))).query_text == "Which trade?"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"query_assets": {"image": "../release.jsonl", "audio": None}}, "media path '../release.jsonl' leaves"),
        ({"query_assets": {"image": "/etc/hostname", "audio": None}}, "media path '/etc/hostname' leaves"),
        ({"query_assets": {"image": "none.png", "audio": None}}, "no media file 'none.png'"),
        ({"query_assets": {}}, "field 'query_assets.image' is missing"),
        ({"scenario": "taste"}, "expected scenario to be one of visual_identity"),
    ],
)
def test_a_broken_record_is_named(tmp_path, changes, message):
    file = _record(tmp_path, **changes)
    with pytest.raises((ValueError, FileNotFoundError), match=re.escape(message)) as caught:
        list(omni_persona.release_rows(file, tmp_path / "assets"))
    assert f"{file}:1 (sample_0__aug_0)" in str(caught.value)


def test_a_line_cut_in_half_is_named(tmp_path):
    file = _record(tmp_path)
    file.write_text(file.read_text() + '{"augmented_id": "sam')
    with pytest.raises(ValueError, match=r"release\.jsonl:2: not a JSON record"):
        list(omni_persona.release_rows(file, tmp_path / "assets"))


def test_a_byte_order_mark_and_blank_last_lines_of_a_release_are_read_over(tmp_path):
    file = _record(tmp_path)
    wanted = list(omni_persona.release_rows(file, tmp_path / "assets"))
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes() + b"\r\n \n")
    assert list(omni_persona.release_rows(file, tmp_path / "assets")) == wanted
    file.write_bytes(b"\n" + file.read_bytes())
    with pytest.raises(ValueError, match=r"release\.jsonl:1: not a JSON record"):
        list(omni_persona.release_rows(file, tmp_path / "assets"))


def test_wrong_calls_say_what_was_expected(tmp_path):
    with pytest.raises(ValueError, match="expected a configuration among default, I2I"):
        omni_persona.load(tmp_path, "V2V")
    with pytest.raises(FileNotFoundError, match=r"no data/test-\*\.parquet"):
        omni_persona.load(tmp_path)
    with pytest.raises(ValueError, match="is a release: pass assets="):
        omni_persona.load(_record(tmp_path))


@pytest.mark.slow
def test_real_release_records_are_read_whole(shared):
    """Every medium's bytes and every text of 98 real records, K = 3."""
    release = shared / "release_like"
    records = [json.loads(line) for line in (release / "release.jsonl").read_text(encoding="utf-8").splitlines()]
    dataset = omni_persona.load(release / "release.jsonl", assets=release / "assets")
    items = list(omni_persona.items(dataset))
    assert len(items) == len(records) == 98
    for item, record in zip(items, records, strict=True):
        assert (item.augmented_id, item.query_text) == (record["augmented_id"], record["query_text"])
        assert item.gold_answer == record["answer_supervision"]["gold_answer"]
        assert item.target_concept_id == record["target_concept_id"]
        assert item.answerable == record["answer_supervision"]["answerable_from_context"]
        for context, written in zip(item.contexts, record["contexts"], strict=True):
            assert context.text == written["text"]
            assert context.image.data == (release / "assets" / written["image"]).read_bytes()
            assert context.audio.data == (release / "assets" / written["audio"]).read_bytes()
        assert item.query_audio.data == (release / "assets" / record["query_assets"]["audio"]).read_bytes()
    groups = Counter(omni_persona.SCENARIOS[record["scenario"]] for record in records)
    for group in omni_persona.GROUPS:
        part = omni_persona.load(release / "release.jsonl", group, assets=release / "assets")
        assert part.num_rows == groups[group]


def test_all_public_upstream_records_fit_the_taxonomy(shared):
    for record in json.loads((shared / "upstream" / "rl_pairs.json").read_text(encoding="utf-8")):
        task = omni_persona.TASKS[record["selected_task"]]
        assert task.scenario == record["scenario"]
        assert task.query_modality == record["query_modality"]
        assert task.asked_group == record["target_modality"] == record["answer_supervision"]["asked_group"]
        assert record["answer_supervision"]["asked_subfield"] in omni_persona.SUBFIELDS[task.asked_group]


def test_the_contract_imports_datasets_alone():
    script = (
        "import sys, omni_persona;"
        "heavy = {'torch', 'transformers', 'evaluate', 'sklearn', 'datasets', 'pyarrow', 'numpy'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    source = Path(omni_persona.__file__).read_text(encoding="utf-8")
    imported = set(re.findall(r"^ *(?:import|from) (\w+)", source.partition('"""\n\n')[2], re.MULTILINE))
    ours = {name for name in imported if name.startswith("omni_persona_")}
    assert {name for name in imported if name not in sys.stdlib_module_names} - ours == {"datasets"}
    assert ours == {"omni_persona_artifacts"}  # for type checkers


def test_the_builder_class_reads_a_dataset_folder(built):
    """By class, as `load_dataset` reads it by path."""
    builder = omni_persona.OmniPersona(config_name="answerable", data_dir=str(built))
    builder.download_and_prepare()
    dataset = builder.as_dataset(split="test")
    assert dataset.features == omni_persona.FEATURES
    assert dataset.num_rows == 72
    assert list(omni_persona.items(dataset)) == list(omni_persona.items(omni_persona.load(built, "answerable")))
    assert dataset[0]["contexts"][0]["image"].size == (64, 64)


def test_a_folder_is_read_straight_from_parquet_as_by_datasets(built, tmp_path):
    read = list(omni_persona.read(built))
    assert read == list(omni_persona.items(omni_persona.load(built, streaming=True)))
    media = [one for item in read for context in item.contexts for one in (context.image, context.audio)]
    # `datasets` takes brackets in a folder's path for a pattern.
    own = shutil.copytree(built, tmp_path / "own [v1]*?" / "omni-persona")
    assert read == list(omni_persona.items(omni_persona.load(own)))
    voices = omni_persona.load(own, "A2A", streaming=True)
    assert [item for item in read if item.task.group == "A2A"] == list(omni_persona.items(voices))
    # Each medium is held once, however many items share it.
    assert len({id(one) for one in media}) == len(set(media)) < len(media) / 3


def test_what_is_no_dataset_folder_is_not_read(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no data/test-\*\.parquet: expected a dataset folder, as"):
        next(omni_persona.read(tmp_path))


def test_a_medium_in_a_message_does_not_bring_its_bytes():
    assert repr(omni_persona.Media(b"\x89PNG", "a.png")) == "Media(name='a.png')"
