"""A file that is hashed while it is written holds what was hashed."""

import hashlib
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from omni_persona_artifacts import parquet_files
from omni_persona_artifacts.file_list import MARKER, draft_entry, enter_written, file_entry, foreign_files, list_files
from omni_persona_artifacts.parquet_files import HashedFile, ParquetWriter


@pytest.mark.parametrize(("n_rows", "block"), [(0, 1 << 20), (1, 1 << 20), (100_000, 1 << 20), (100_000, 999)])
def test_a_parquet_file_is_hashed_while_it_is_written(tmp_path, monkeypatch, n_rows, block):
    monkeypatch.setattr(parquet_files, "BLOCK_BYTES", block)
    table = pa.table({"text": pa.array([f"{row} ä" for row in range(n_rows)], pa.string())})
    with closing(HashedFile(tmp_path / "a.parquet")) as file:
        writer = ParquetWriter(file, table.schema, compression="none")
        writer.write_table(table, row_group_size=1000)
        writer.close()
    data = (tmp_path / "a.parquet").read_bytes()
    assert (file.n_bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert pq.read_table(tmp_path / "a.parquet").equals(table)


def test_a_file_entered_while_it_was_written_is_listed_as_that(tmp_path):
    (tmp_path / "one").write_bytes(b"one")
    (tmp_path / "two").write_bytes(b"two")
    enter_written(tmp_path, "one", 3, "0" * 64)
    assert draft_entry(tmp_path, "one") == {"bytes": 3, "sha256": "0" * 64}
    assert draft_entry(tmp_path, "two") == file_entry(tmp_path / "two")
    list_files(tmp_path)
    assert foreign_files(tmp_path) == ["one"]
    assert MARKER not in foreign_files(tmp_path)


def test_a_file_of_another_size_than_was_written_is_read(tmp_path):
    (tmp_path / "one").write_bytes(b"more")
    enter_written(tmp_path, "one", 3, "0" * 64)
    assert draft_entry(tmp_path, "one") == file_entry(tmp_path / "one")
