"""Rows of a row group are those of `to_pylist`, with each medium once, and unpacked together where that is safe."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_persona_artifacts import parquet_files, row_groups
from omni_persona_artifacts.parquet_files import open_parquet
from omni_persona_artifacts.row_groups import RowGroup, shared_rows

MEDIUM = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("contexts", pa.list_(pa.struct([("image", MEDIUM), ("text", pa.string())]))),
        ("query", pa.struct([("image", MEDIUM)])),
        ("raw", pa.binary()),
        ("many", pa.large_list(pa.binary())),
        ("flag", pa.bool_()),
    ]
)

contents = st.none() | st.sampled_from([b"", b"a", b"one picture", b"another"])
media = st.none() | st.fixed_dictionaries({"bytes": contents, "path": st.none() | st.sampled_from("xy")})
contexts = st.none() | st.fixed_dictionaries({"image": media, "text": st.none() | st.sampled_from("uv")})
rows = st.fixed_dictionaries(
    {
        "id": st.text(max_size=3),
        "contexts": st.none() | st.lists(contexts, max_size=3),
        "query": st.none() | st.fixed_dictionaries({"image": media}),
        "raw": contents,
        "many": st.none() | st.lists(contents, max_size=3),
        "flag": st.none() | st.booleans(),
    }
)


def stored(table, tmp_path):
    """The table as `open_parquet` reads it: with dictionaries."""
    file = tmp_path / "test-0.parquet"
    pq.write_table(table, file)
    return open_parquet(file).read_row_group(0)


@settings(max_examples=25, deadline=None)
@given(st.lists(rows, min_size=1, max_size=9), st.lists(rows, max_size=4), st.randoms(use_true_random=False))
def test_rows_in_any_order_are_as_to_pylist_gives_them(tmp_path_factory, first, second, random):
    folder = tmp_path_factory.mktemp("rows")
    tables = [stored(pa.Table.from_pylist(part, SCHEMA), folder) for part in (first, second) if part]
    table = pa.concat_tables(tables)  # of two chunks, with a dictionary each
    for one in (table, table.slice(1)):
        expected, read = one.to_pylist(), RowGroup(one, "file")
        assert shared_rows(one, "file") == expected
        assert len(read) == len(expected)
        assert [read.row(place) for place in range(len(read))] == expected
        places = random.choices(range(len(read)), k=8) if expected else []
        assert [read.row(place) for place in places] == [expected[place] for place in places]


def with_media(n, content):
    """Rows that all hold one content, in two columns."""
    medium = {"bytes": content, "path": "a.png"}
    return pa.Table.from_pylist(
        [{"id": str(place), "contexts": [{"image": medium}] * 2, "query": {"image": medium}} for place in range(n)],
        SCHEMA,
    )


def test_a_medium_is_one_object_in_all_rows_and_columns(tmp_path):
    read = RowGroup(stored(with_media(200, b"picture" * 1000), tmp_path), "file")
    found = {
        id(medium["bytes"])
        for place in range(200)
        for medium in (read.row(place)["contexts"][1]["image"], read.row(place)["query"]["image"])
    }
    assert len(found) == 1


def test_a_text_is_one_object_in_all_rows(tmp_path):
    table = stored(pa.table({"id": ["a note of several words"] * 200}), tmp_path)
    read = RowGroup(table, "file")
    assert len({id(read.row(place)["id"]) for place in range(200)}) == 1
    assert len({id(row["id"]) for row in shared_rows(table, "file")}) == 1


def test_media_beyond_what_is_kept_are_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(row_groups, "_KEPT_BYTES", 20)
    contents = [b"%02d" % (place % 30) for place in range(90)]
    table = stored(pa.table({"raw": contents}), tmp_path)
    read = RowGroup(table, "file")
    assert [read.row(place)["raw"] for place in range(90)] == contents
    assert read._kept._kept_bytes <= 22


def test_rows_are_unpacked_together_only_in_their_order(tmp_path, monkeypatch):
    """The work for n rows in order grows as n / 64; a row out of order costs one row."""
    unpacked = []
    together = RowGroup._unpacked
    monkeypatch.setattr(RowGroup, "_unpacked", lambda self, place, n: unpacked.append(n) or together(self, place, n))
    table = stored(with_media(640, b"x"), tmp_path)
    in_order = RowGroup(table, "file")
    for place in range(640):
        in_order.row(place)
    assert unpacked == [64] * 10
    unpacked.clear()
    backwards = RowGroup(table, "file")
    for place in reversed(range(640)):
        backwards.row(place)
    assert unpacked == [1] * 640


def test_large_texts_are_unpacked_row_by_row_and_large_media_together(tmp_path, monkeypatch):
    monkeypatch.setattr(row_groups, "_AHEAD_BYTES", 100_000)
    counts = []
    together = RowGroup._unpacked
    monkeypatch.setattr(RowGroup, "_unpacked", lambda self, place, n: counts.append(n) or together(self, place, n))
    texts = RowGroup(stored(pa.table({"id": ["x" * 10_000] * 64}), tmp_path), "file")
    assert texts.row(0) == {"id": "x" * 10_000}
    pictures = RowGroup(stored(pa.table({"raw": [b"x" * 10_000] * 64}), tmp_path), "file")
    assert pictures.row(0) == {"raw": b"x" * 10_000}
    assert counts == [1, 64]


def test_a_row_over_the_limit_is_refused_and_its_neighbours_are_read(tmp_path, monkeypatch):
    for module in (parquet_files, row_groups):
        monkeypatch.setattr(module, "MOST_BYTES", 1000)
    read = RowGroup(stored(pa.table({"raw": [b"a", b"x" * 1001, b"b" * 1000]}), tmp_path), "the file")
    assert read.row(0) == {"raw": b"a"}
    with pytest.raises(ValueError, match="the file: expected at most 0 MiB of texts, got 0 MiB unpacked"):
        read.row(1)
    assert read.row(2) == {"raw": b"b" * 1000}
