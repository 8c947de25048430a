"""Importing a release: nothing lost, and every broken input named."""

import json
import shutil
from collections import Counter

import pyarrow.parquet as pq
import pytest

import omni_persona
from omni_persona_artifacts import json_lines
from omni_persona_artifacts.data_files import RELEASE_FILE
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.release_file import contradiction, read_records
from omni_persona_artifacts.release_record import misshapen
from omni_persona_build.recipes import load_recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_build.release import _has_published_counts, import_release


@pytest.fixture
def release(shared, tmp_path):
    """A copy of real records that a test may break; the media stay where they are."""
    source = shared / "release_like"
    records = [json.loads(line) for line in (source / "release.jsonl").read_text(encoding="utf-8").splitlines()]
    file = tmp_path / "release.jsonl"

    def save(lines=None):
        # Escapes for what no file could hold.
        texts = (
            [json.dumps(record, ensure_ascii=i == 0) for i, record in enumerate(records)] if lines is None else lines
        )
        file.write_text("\n".join(texts) + "\n", encoding="utf-8")
        return file

    save()
    return records, save, source / "assets"


def test_every_field_and_every_byte_comes_back(release, tmp_path):
    records, save, assets = release
    imported = import_release(save(), assets, tmp_path / "v22" / "omni-persona")
    assert (imported.items, imported.published_counts) == (98, False)
    dataset = omni_persona.load(imported.out)
    extra = {row["augmented_id"]: row for row in pq.read_table(imported.out / RELEASE_FILE).to_pylist()}
    by_id = {record["augmented_id"]: record for record in records}
    rows = dataset.with_format("arrow")[:].to_pylist()
    assert [row["augmented_id"] for row in rows] == [record["augmented_id"] for record in records]
    for row in rows:
        record, paths = by_id[row["augmented_id"]], extra[row["augmented_id"]]
        back = {key: row[key] for key in record if key not in ("contexts", "query_assets")}
        back["contexts"] = [
            context | {"image": image, "audio": audio}
            for context, image, audio in zip(
                row["contexts"], paths["context_images"], paths["context_audios"], strict=True
            )
        ]
        back["query_assets"] = {"image": paths["query_image"], "audio": paths["query_audio"]}
        assert back == record
        for context, written in zip(row["contexts"], record["contexts"], strict=True):
            assert context["image"]["bytes"] == (assets / written["image"]).read_bytes()
            assert context["audio"]["bytes"] == (assets / written["audio"]).read_bytes()
        for kind in ("image", "audio"):
            assert row["query_assets"][kind]["bytes"] == (assets / record["query_assets"][kind]).read_bytes()


def test_any_number_of_contexts_is_imported_even_one_that_varies(release, tmp_path):
    records, save, assets = release
    for record in records[:9]:
        for place in (7, 8):
            another = {"concept_id": f"concept_{place}", "same_as_query_image_or_audio": False}
            record["contexts"].append(record["contexts"][0] | another)
    imported = import_release(save(), assets, tmp_path / "omni-persona")
    sizes = [len(item.contexts) for item in omni_persona.items(omni_persona.load(imported.out, streaming=True))]
    assert sizes == [5] * 9 + [3] * 89
    assert "memories of 3\npeople" in (imported.out / "README.md").read_text(encoding="utf-8")


def test_what_it_leaks_is_reported_and_stands_in_the_card(release, tmp_path):
    records, save, assets = release
    imported = import_release(save(), assets, tmp_path / "omni-persona")
    found = {leak.what: leak.found for leak in imported.leaks}
    groups = Counter(omni_persona.SCENARIOS[record["scenario"]] for record in records)
    face, voice = (found[f"the query comes with a {kind}, whatever it asks by"] for kind in ("face", "voice"))
    assert face == {group: (count, count) for group, count in groups.items() if group != "I2I"}
    assert voice == {group: (count, count) for group, count in groups.items() if group != "A2A"}
    comparing = found["… and comparing voices finds the person"]
    assert {group: number for group, (_, number) in comparing.items()} == Counter(
        omni_persona.SCENARIOS[record["scenario"]]
        for record in records
        if record["target_concept_id"] is not None and record["query_modality"] != "voice"
    )
    card = (imported.out / "README.md").read_text(encoding="utf-8")
    assert "| the query comes with a face, whatever it asks by | - | 27 of 27 | 15 of 15 | 21 of 21 |" in card
    assert "Names stand in its notes as they were" in card
    assert "Its items leak" in card


def test_media_are_stored_once(release, tmp_path):
    _, save, assets = release
    imported = import_release(save(), assets, tmp_path / "omni-persona")
    media = {}
    for item in omni_persona.items(omni_persona.load(imported.out, streaming=True)):
        media |= {("context", one.data): None for context in item.contexts for one in (context.image, context.audio)}
        media |= {("query", one.data): None for one in (item.query_image, item.query_audio) if one}
    size = sum(path.stat().st_size for path in imported.out.glob(omni_persona.DATA_FILES))
    assert size <= 1.05 * sum(len(data) for _, data in media)


def test_unknown_fields_are_kept(release, tmp_path):
    records, save, assets = release
    records[0]["notes_of_the_authors"] = {"by": "Zoë"}
    records[0]["answer_supervision"]["confidence"] = 0.5
    records[0]["contexts"][1]["age"] = 40
    records[0]["query_assets"]["video"] = None
    imported = import_release(save(), assets, tmp_path / "omni-persona")
    first = pq.read_table(imported.out / RELEASE_FILE).to_pylist()[0]
    kept = {
        "notes_of_the_authors": {"by": "Zoë"},
        "query_assets": {"video": None},
        "answer_supervision": {"confidence": 0.5},
        "contexts": [{}, {"age": 40}, {}],
    }
    assert json.loads(first["unknown_fields"]) == kept


def test_all_public_upstream_records_are_sound(shared, tmp_path):
    records = json.loads((shared / "upstream" / "rl_pairs.json").read_text(encoding="utf-8"))
    assert [reason for record in records if (reason := misshapen(record) or contradiction(record))] == []
    file = tmp_path / "all.jsonl"
    # Ids repeat across the files that the records were collected from: the place tells them apart.
    file.write_text(
        "".join(json.dumps(record | {"augmented_id": f"r{n}"}) + "\n" for n, record in enumerate(records)), "utf-8"
    )
    assert len(list(read_records(file))) == len(records) == 382


def test_the_published_counts_are_known_however_absences_split_within_a_group():
    counts = Counter(dict(load_recipe("v2_2").counts()))
    assert _has_published_counts(counts)
    counts["visual_to_bio", "absent_persona"] += 1
    counts["visual_to_bio", "absent_attribute"] -= 1
    counts["visual_to_emotion", "absent_persona"] -= 1
    counts["visual_to_emotion", "absent_attribute"] += 1
    assert _has_published_counts(counts)
    counts["visual_to_emotion", "absent_persona"] -= 1
    assert not _has_published_counts(counts)


def _set(*path, value):
    def change(record):
        for key in path[:-1]:
            record = record[key]
        record[path[-1]] = value

    return change


def _answerable(record):
    record["answer_supervision"]["gold_answer"] = record["answer_supervision"]["abstain_answer"]


BROKEN = {
    "a path that leaves": (_set("query_assets", "image", value="../../SOURCES.md"), "lies outside of"),
    "an absolute path": (_set("contexts", 0, "audio", value="/etc/hostname"), "lies outside of"),
    "a missing file": (_set("contexts", 0, "audio", value="none.wav"), "no file 'none.wav'"),
    "a clip for a picture": (_set("contexts", 0, "image", value="sample_0/query.wav"), "not a readable picture"),
    "a missing field": (lambda record: record.pop("no_GT"), "field 'no_GT' is missing"),
    "a missing path": (lambda record: record["contexts"][0].pop("image"), "field 'contexts.0.image' is missing"),
    "an unknown task": (_set("selected_task", value="smell_to_bio"), "expected one of the 18 tasks"),
    "a task of another scenario": (_set("scenario", value="voice_identity"), "contradicts scenario"),
    "no_GT with a target": (_set("no_GT", value=True), "no_GT is true and the target is concept_2"),
    "a target outside": (_set("target_concept_id", value="concept_9"), "concept_9 is in none of the contexts"),
    "the abstention as gold": (_answerable, "answerable is true and the gold answer is 'I cannot determine"),
    "support that contradicts": (
        _set("answer_supervision", "support_mode", value="absent"),
        "support_mode is 'absent'",
    ),
    "no gold": (_set("answer_supervision", "gold_answer", value=""), "expected a gold answer"),
    "contexts of the wrong kind": (_set("contexts", value=7), "contexts: Input should be a valid list"),
    "a number for a question": (_set("query_text", value=5), "query_text: Input should be a valid string"),
    "a note that is null": (_set("contexts", 1, "text", value=None), r"contexts\.1\.text: Input should be"),
    "a memory without a face": (_set("contexts", 1, "image", value=None), r"contexts\.1\.image: Input should be"),
    "a label that is text": (_set("no_GT", value="false"), "no_GT: Input should be a valid boolean"),
    "no query media": (_set("query_assets", value=None), "query_assets: expected fields with values, got null"),
    "a sub-field of the wrong kind": (
        _set("answer_supervision", "asked_subfield", value=["role"]),
        r"answer_supervision\.asked_subfield: Input should be a valid string",
    ),
    "a text that is no Unicode": (_set("query_text", value="\ud800"), r"unpaired surrogate '\\ud800'"),
    "a path that is none": (_set("query_assets", "image", value="a\0b"), "that is not a path"),
    "a folder for a file": (_set("query_assets", "image", value="sample_0"), "no file 'sample_0'; it is a folder"),
    "no contexts": (_set("contexts", value=[]), "expected contexts with an id each"),
    "one context twice": (_set("contexts", 1, "concept_id", value="concept_0"), "expected contexts with an id each"),
    "no id": (_set("source_sample_id", value=" "), "source_sample_id: String should have at least 1 character"),
    "the abstention as gold in other letters": (
        _set("answer_supervision", "gold_answer", value="i cannot  determine that from the provided context"),
        "answerable is true and the gold answer is 'i cannot",
    ),
    "another person in the metadata": (
        _set("answer_supervision", "gt_concept_id_from_metadata", value="concept_0"),
        "the target is concept_2 and gt_concept_id_from_metadata is concept_0",
    ),
    "another kind of attribute": (
        _set("answer_supervision", "asked_group", value="emotion"),
        "target_modality is 'environment' and asked_group is 'emotion'",
    ),
    "another person marked": (
        _set("contexts", 0, "same_as_query_image_or_audio", value=True),
        r"the target is concept_2 and same_as_query_image_or_audio is true of \['concept_0', 'concept_2'\]",
    ),
    "a number that is none": (_set("source", value=float("nan")), "NaN is not a JSON value"),
    "a number without end": (_set("source", value=[float("-inf")]), "-Infinity is not a JSON value"),
    "other people than its siblings": (
        _set("contexts", 1, "audio", value="sample_1/concept_1.wav"),
        r"\(sample_0__aug_1\): other people than in line 1, of the same sample sample_0",
    ),
    "an id twice": (_set("augmented_id", value="sample_0__aug_1"), "is on line"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_record_is_named_and_nothing_is_left(release, tmp_path, case):
    records, save, assets = release
    change, message = BROKEN[case]
    change(records[0])
    file = save()
    with pytest.raises(BuildError, match=message) as caught:
        import_release(file, assets, tmp_path / "out" / "omni-persona")
    number = 2 if case in ("an id twice", "other people than its siblings") else 1
    assert str(caught.value).startswith(f"{file}:{number} (sample_0__aug_")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ('{"augmented_id": "sample_9', "not a JSON record"),
        ('{"augmented_id": "a", "no_GT": true, "no_GT": false}', r"\(a\): the key 'no_GT' occurs twice"),
        ('{"augmented_id": "a", "more": {"x": 1, "x": 1}}', r"\(a\): the key 'x' occurs twice"),
        ('{"augmented_id": "a", "more": [%s]}' % ("1" * 5000), r"\(a\): a number of 5000 digits"),
        ('{"augmented_id": "a\\nno fault \\ud800", "more": 1e999}', r"\(a\[U\+000A\]no fault \[U\+D800\]\): 1e999"),
        ('{"augmented_id": "a", "more": 1e999}', r"\(a\): 1e999 is out of range"),
        ('{"augmented_id": ""}', "expected a record with an augmented_id"),
        ("[1, 2]", "expected a record with an augmented_id"),
        ('\n{"augmented_id": "a"}', "not a JSON record: the line is empty"),
        ("[" * 100_000, "not a JSON record"),
    ],
)
def test_a_line_that_is_no_record(release, last, message):
    records, save, _ = release
    file = save([json.dumps(records[0]), last])
    with pytest.raises(ArtifactError, match=message) as caught:
        list(read_records(file))
    assert f"{file}:2" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "part", "message"),
    [
        ("image", 0.5, "not a readable picture"),
        ("audio", 0.5, "the clip is cut off"),
        ("audio", 0.95, "the clip is cut off"),
    ],
)
def test_a_medium_that_was_cut_off_is_named(release, tmp_path, kind, part, message):
    records, save, assets = release
    copy = shutil.copytree(assets, tmp_path / "assets")
    path = records[4]["contexts"][1][kind]
    data = (copy / path).read_bytes()
    (copy / path).write_bytes(data[: int(len(data) * part)])
    first = next(
        number
        for number, record in enumerate(records, start=1)
        if path in [context[kind] for context in record["contexts"]] + [record["query_assets"][kind]]
    )
    file = save()
    with pytest.raises(BuildError, match=message) as caught:
        import_release(file, copy, tmp_path / "out" / "omni-persona")
    assert str(caught.value).startswith(f"{file}:{first} ({records[first - 1]['augmented_id']}): {path}: ")
    assert not (tmp_path / "out").exists()


def test_a_line_of_two_gigabytes_is_refused_without_being_read(tmp_path):
    file = tmp_path / "release.jsonl"
    with file.open("wb") as sparse:
        sparse.truncate(2 << 30)
    with pytest.raises(BuildError, match=r"release\.jsonl:1: a line of more than 16 MiB is too long for a record"):
        import_release(file, tmp_path, tmp_path / "out" / "omni-persona")
    assert not (tmp_path / "out").exists()


def test_another_encoding_a_huge_line_and_no_file(release, tmp_path, monkeypatch):
    records, save, _ = release
    file = save([json.dumps(records[0])])
    file.write_bytes(file.read_bytes() + '{"augmented_id": "é"}\n'.encode("latin-1"))
    with pytest.raises(ArtifactError, match=r"release\.jsonl:2: expected UTF-8"):
        list(read_records(file))
    file.write_bytes(json.dumps(records[0]).encode("utf-16"))
    with pytest.raises(ArtifactError, match=r"release\.jsonl:1: expected UTF-8"):
        list(read_records(file))
    monkeypatch.setattr(json_lines, "LINE_BYTES", 1 << 20)
    file.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(ArtifactError, match=r"release\.jsonl:1: a line of more than 1 MiB"):
        list(read_records(file))
    with pytest.raises(ArtifactError, match="cannot read"):
        list(read_records(tmp_path / "none.jsonl"))
    file.write_text("")
    with pytest.raises(ArtifactError, match="contains no records"):
        list(read_records(file))
