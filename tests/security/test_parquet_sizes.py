"""Parquet files of some kilobytes that would take gigabytes in memory: refused, by name, before they do."""

import json
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from slow_cases import slow_but

import omni_persona
from omni_persona_artifacts import parquet_files
from omni_persona_artifacts.construction import SCHEMA, read_construction
from omni_persona_artifacts.dataset_folder import DatasetFolder, media_digests
from omni_persona_artifacts.parquet_files import unpacked_bytes, unpacked_rows
from omni_persona_artifacts.references import references


def test_repetitions_are_counted():
    texts = pa.array(["ab", "cde", None, "ab"])
    table = pa.table(
        {
            "plain": texts,
            "packed": texts.dictionary_encode(),
            "inner": pa.array([{"a": [b"x", b"yz"]}, {"a": []}, {"a": None}, None]),
            "numbers": pa.array(range(4)),
        }
    )
    sizes = {name: sum(map(unpacked_bytes, table[name].chunks)) for name in table.column_names}
    assert sizes == {"plain": 7, "packed": 7, "inner": 3, "numbers": 0}
    assert [row["packed"] for row in unpacked_rows(table, "file")] == ["ab", "cde", None, "ab"]


def packed(n: int, text: str) -> pa.Array:
    """One text n times, which takes no more room than once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * n, pa.int32()), [text])


N, LONG = 40_000, "x" * 100_000  # 4 GB


@pytest.fixture
def folder(dataset, tmp_path):
    (tmp_path / "omni-persona" / "data").mkdir(parents=True)
    return tmp_path / "omni-persona"


def small(read):
    """Call it and see that it takes little memory to refuse."""
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    with pytest.raises(ValueError, match=r"parquet: expected .*at most .* got "):
        read()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300e6
    assert pa.total_allocated_bytes() - before < 100e6


@pytest.mark.parametrize("column", slow_but(["selected_task"], ["augmented_id", "group", "selected_task"]))
def test_rows_with_one_long_text(folder, dataset, column):
    source = pq.read_table(dataset / "data" / "test-0.parquet").slice(0, 1)
    columns = {
        "augmented_id": packed(N, "a"),
        "source_sample_id": packed(N, "a"),
        "group": packed(N, "I2I"),
        "absence": packed(N, "none"),
        "selected_task": packed(N, "visual_to_bio"),
    } | {column: packed(N, LONG)}
    others = {name: source[name].combine_chunks() for name in ("contexts", "query_assets", "answer_supervision")}
    columns |= {name: pa.concat_arrays([value] * N) for name, value in others.items() if name != "contexts"}
    columns["contexts"] = pa.concat_arrays(
        [others["contexts"].slice(0, 0)] * 1 + [pa.array([[]] * N, others["contexts"].type)]
    )
    pq.write_table(pa.table(columns), folder / "data" / "test-0.parquet")
    assert (folder / "data" / "test-0.parquet").stat().st_size < 10e6
    small(lambda: DatasetFolder(folder))
    small(lambda: references(folder))


def test_a_side_file_with_one_long_text(folder, dataset):
    columns = {field.name: pa.nulls(N, field.type) for field in SCHEMA}
    columns |= {"augmented_id": packed(N, "a"), "person": packed(N, "p"), "queried_person": packed(N, LONG)}
    pq.write_table(pa.table(columns), folder / "data" / "construction.parquet")
    small(lambda: read_construction(folder))
    (folder / "data" / "test-0.parquet").write_bytes((dataset / "data" / "test-0.parquet").read_bytes())
    small(lambda: references(folder))


def test_many_empty_memories(folder, monkeypatch):
    """Each takes no byte in the file."""
    monkeypatch.setattr(parquet_files, "MOST_VALUES", 1_000_000)
    names = pa.ListArray.from_arrays(pa.array([0, 2_000_000], pa.int32()), pa.nulls(2_000_000, pa.string()))
    pq.write_table(pa.table({"augmented_id": ["a"], "contexts": names}), folder / "data" / "test-0.parquet")
    assert (folder / "data" / "test-0.parquet").stat().st_size < 10_000
    for read in (DatasetFolder, references, media_digests, lambda path: next(omni_persona.read(path))):
        small(lambda read=read: read(folder))


def test_a_row_group_too_large(folder, dataset, monkeypatch):
    (folder / "data" / "test-0.parquet").write_bytes((dataset / "data" / "test-0.parquet").read_bytes())
    monkeypatch.setattr(parquet_files, "MOST_GROUP_BYTES", 10_000)
    small(lambda: DatasetFolder(folder))
    small(lambda: next(omni_persona.read(folder)))


def test_a_side_file_of_an_earlier_version_is_read(folder):
    rows = [{"augmented_id": "a", "person": "p", "queried_person": "q", "stated": ["role"], "face_rank": 1}]
    pq.write_table(pa.Table.from_pylist(rows), folder / "data" / "construction.parquet")
    (row,) = read_construction(folder)["a"]
    assert set(row) == set(SCHEMA.names)
    assert {name: value for name, value in row.items() if value is not None} == rows[0]
    assert json.dumps(row)


def test_the_limit_is_of_what_is_unpacked(monkeypatch):
    monkeypatch.setattr(parquet_files, "MOST_BYTES", 10)
    unpacked_rows(pa.table({"a": packed(5, "xy")}), "f")
    with pytest.raises(ValueError, match="f: expected at most 0 MiB of texts"):
        unpacked_rows(pa.table({"a": packed(6, "xy")}), "f")
