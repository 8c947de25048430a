"""Parquet files that say other things of themselves than they hold: refused with their path, and in little memory."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from limits import python_within
from parquet_footers import changed, footer, with_footer, with_page

from omni_persona_artifacts.data_files import data_files
from omni_persona_artifacts.dataset_folder import DatasetFolder, media_digests
from omni_persona_artifacts.dataset_rows import read
from omni_persona_artifacts.parquet_files import open_parquet, read_columns
from omni_persona_artifacts.references import questions, references
from omni_persona_artifacts.row_groups import RowGroup

READERS: dict[str, Callable[[Path], object]] = {
    "rows": DatasetFolder,
    "items": lambda folder: list(read(folder)),
    "references": references,
    "questions": questions,
    "media": media_digests,
}
"""Every function that reads rows of a dataset folder."""


GROUPS, CHUNK = 4, 3
"""Fields of the footer: row groups; and of a column, what it says of its chunk."""


def of_column(field: int, value: int, column: int = 0) -> tuple[tuple[int, ...], int]:
    return (GROUPS, 0, 1, column, CHUNK, field), value


LIES: dict[str, Callable[[Path], None]] = {
    "many rows": lambda file: with_footer(file, ((3,), 10**12)),
    "fewer than no rows": lambda file: with_footer(file, ((3,), -5)),
    "rows that its groups lack": lambda file: with_footer(file, ((3,), 900_000)),
    "rows that its columns lack": lambda file: with_footer(file, ((3,), 900_000), ((GROUPS, 0, 3), 900_000)),
    "many values": lambda file: with_footer(file, of_column(5, 2**62)),
    "more values than pages": lambda file: with_footer(file, of_column(5, 1_000_000)),
    "fewer than no values": lambda file: with_footer(file, of_column(5, -1)),
    "a chunk beyond its end": lambda file: with_footer(file, of_column(9, 2**40), of_column(11, 2**40)),
    "a chunk before its beginning": lambda file: with_footer(file, of_column(9, -100), of_column(11, -100)),
    "a chunk in its footer": lambda file: with_footer(file, of_column(7, 2**31)),
    "a chunk of less than nothing": lambda file: with_footer(file, of_column(7, -(2**31))),
    "a chunk in another": lambda file: with_footer(file, of_column(9, 5), of_column(11, 5)),
    "a page of gigabytes": lambda file: with_page(file, 0, lambda head: changed(head, (2,), 2**31 - 1)),
    "a packed page of gigabytes": lambda file: with_page(file, 0, lambda head: changed(head, (3,), 2**31 - 1)),
    "a page of less than nothing": lambda file: with_page(file, 0, lambda head: changed(head, (3,), -1)),
    "a page of many values": lambda file: with_page(file, 0, lambda head: changed(head, (7, 1), 2**31 - 1)),
    "no pages": lambda file: with_page(file, 0, lambda head: b"\xff" * len(head)),
    "pages of zeros": lambda file: with_page(file, 0, lambda head: bytes(len(head))),
    "a footer of nothing": lambda file: file.write_bytes(b"PAR1" + struct.pack("<i", 0) + b"PAR1"),
    "a footer longer than the file": lambda file: file.write_bytes(
        footer(file)[0] + footer(file)[1] + struct.pack("<i", 2**31 - 1) + b"PAR1"
    ),
    "a footer of noise": lambda file: file.write_bytes(
        footer(file)[0] + b"\x8c\xfb\x1f" * 500 + struct.pack("<i", 1500) + b"PAR1"
    ),
}


@pytest.fixture
def folder(dataset, tmp_path):
    copy = tmp_path / "omni-persona"
    shutil.copytree(dataset, copy)
    return copy


def bounded(code: str, *arguments: object, gigabytes: float = 2) -> subprocess.CompletedProcess[str]:
    """Run Python with so much memory."""
    command = [*python_within(RLIMIT_DATA=int(gigabytes * 2**30)), "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


REFUSED = r"test-0\.parquet: expected (a Parquet file of a dataset, got|at most)"


@pytest.mark.parametrize("lie", LIES)
def test_every_reader_refuses_a_lie(folder, lie):
    (file,) = data_files(folder)
    LIES[lie](file)
    before, errors = pa.total_allocated_bytes(), {}
    for name, reader in READERS.items():
        with pytest.raises(ValueError, match=REFUSED) as caught:
            reader(folder)
        errors[name] = str(caught.value)
    assert all("\n" not in one and len(one) < 700 for one in errors.values())
    assert pa.total_allocated_bytes() - before < 10e6


def bomb(file: Path, source: Path, n: int, **columns: pa.Array) -> None:
    """The first row of a file n times, with some columns replaced."""
    row = pq.read_table(source).slice(0, 1)
    repeated = {name: pa.concat_arrays([row[name].combine_chunks()] * n) for name in row.column_names}
    pq.write_table(pa.table({**repeated, **columns}), file, compression="zstd", dictionary_pagesize_limit=1 << 30)


def packed(n: int, value: str | bytes) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * n, pa.int32()), [value])


def test_one_row_of_one_picture_a_thousand_times_is_not_unpacked(folder):
    (file,) = data_files(folder)
    n, picture = 3000, b"x" * 500_000  # 1.5 GB
    memory = pq.read_table(file)["contexts"].combine_chunks().flatten().slice(0, 1)
    parts = {name: memory.field(name) for name in (field.name for field in memory.type)}
    media = pa.StructArray.from_arrays([packed(n, picture), packed(n, "face.png")], names=["bytes", "path"])
    many = {name: media if name == "image" else pa.concat_arrays([part] * n) for name, part in parts.items()}
    contexts = pa.ListArray.from_arrays([0, n], pa.StructArray.from_arrays(list(many.values()), names=list(many)))
    bomb(file, file, 1, contexts=contexts)
    assert file.stat().st_size < 1e6
    (item,) = list(DatasetFolder(folder).items(DatasetFolder(folder).rows))
    assert "expected at most 1,024 MiB of texts, got 1,4" in str(item)
    with pytest.raises(ValueError, match=REFUSED):
        list(read(folder))


@pytest.mark.slow
def test_values_without_bytes_are_counted(folder):
    """Nulls of a fixed length take their room in memory and none in the file."""
    (file,) = data_files(folder)
    bomb(file, file, 1000, absence=pa.nulls(1000, pa.binary(1_200_000)))
    assert file.stat().st_size < 1e6
    for reader in READERS.values():
        with pytest.raises(ValueError, match=r"test-0\.parquet: .*at most 1,024 MiB"):
            reader(folder)


def test_lists_of_a_fixed_length_are_refused(tmp_path):
    file = tmp_path / "test-0.parquet"
    pq.write_table(pa.table({"a": pa.array([[1.0] * 4], pa.list_(pa.float32(), 4))}), file)
    with pytest.raises(ValueError, match="lists of a fixed length"):
        open_parquet(file)


def test_an_encoding_that_unpacks_to_any_size_is_refused(tmp_path):
    file = tmp_path / "test-0.parquet"
    texts = pa.table({"a": ["x" * 1000 + str(number) for number in range(1000)]})
    pq.write_table(texts, file, use_dictionary=False, column_encoding={"a": "DELTA_BYTE_ARRAY"})
    with pytest.raises(ValueError, match="DELTA_BYTE_ARRAY"):
        open_parquet(file).read_row_group(0)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "gzip", "brotli", "lz4"])
def test_honest_files_of_any_writer_are_read(tmp_path, version, compression):
    """Nested, null, empty, of many pages, with and without dictionaries and statistics."""
    n = 3000
    table = pa.table(
        {
            "number": pa.array([None if place % 7 == 0 else place for place in range(n)]),
            "text": [f"text {place % 5}" * (place % 3) for place in range(n)],
            "one": pa.nulls(n, pa.string()),
            "list": [[{"a": "x" * (place % 50), "b": [place] * (place % 4)}] * (place % 3) for place in range(n)],
            "flag": [place % 2 == 0 for place in range(n)],
            "place": [{"at": place * 1.5, "of": None if place % 2 else b"\0" * place} for place in range(n)],
        }
    )
    for number_of, options in enumerate(
        (
            {"use_dictionary": False},
            {"use_dictionary": True, "dictionary_pagesize_limit": 100},
            {"write_statistics": False, "write_page_index": True, "write_page_checksum": True},
        )
    ):
        file = tmp_path / f"test-{number_of}.parquet"
        pq.write_table(
            table,
            file,
            compression=compression,
            data_page_version=version,
            data_page_size=2000,
            row_group_size=1300,
            **options,
        )
        found = read_columns(open_parquet(file))
        assert found.to_pylist() == table.to_pylist()
        rows = RowGroup(found, file)
        assert [rows.row(place) for place in (2, 3, 0)] == table.take([2, 3, 0]).to_pylist()


COMMANDS = {
    "check": "check {bad}",
    "score": "score {run}/predictions.jsonl --dataset {bad}",
    "judge": "judge {run}/predictions.jsonl --dataset {bad}",
    "run": "run --dataset {bad} --model baseline:nearest --out {out}",
    "export": "export --format messages --dataset {bad} --out {out}",
    "report": "report {run} --dataset {bad} --out {out}/page.html",
    "power": "power --dataset {bad}",
    "build": "build --pool {pool} --recipe tiny --exclude {bad} --out {out}",
    "train-data": "train-data --dataset {bad} --out {out}",
    "push": "push {bad} --repo a/b",
    "train-data --exclude": "train-data --dataset {dataset} --exclude {bad} --out {out}",
}
CLAIMS = ("rows that its columns lack", "more values than pages", "a page of gigabytes", "a chunk beyond its end")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_command_says_which_file_lies_within_its_memory(shared_pool, tmp_path):
    from command_world import make_world

    world = make_world(tmp_path, shared_pool.folder)
    calls = []
    for number_of, lie in enumerate(CLAIMS):
        bad = tmp_path / f"bad_{number_of}"
        shutil.copytree(world.sources["dataset"], bad)
        LIES[lie](data_files(bad)[0])
        places = {name: str(path) for name, path in world.sources.items()} | {"bad": str(bad)}
        calls += [
            [lie, words.format(**places, out=tmp_path / f"out_{number_of}_{len(calls)}_{place}").split()]
            for place, words in enumerate(COMMANDS.values())
        ]
    code = (
        "import json, sys\nsys.path.insert(0, sys.argv[2])\nfrom command_world import called\n"
        "print(json.dumps([[lie, words[0], *called(words)] for lie, words in json.load(open(sys.argv[1]))]))"
    )
    (tmp_path / "calls.json").write_text(json.dumps(calls))
    done = bounded(code, tmp_path / "calls.json", Path(__file__).parents[1] / "helpers", gigabytes=3)
    assert done.returncode == 0, done.stderr[-3000:]
    for lie, command, code_of, output in json.loads(done.stdout.splitlines()[-1]):
        if command == "report":  # it compares hashes first, and shows no media of a dataset that is not the run's
            assert code_of == 0 and "was made with another dataset" in output, (lie, output)
            continue
        assert code_of == 2, (lie, command, output)
        fault = "; restore the files" if command == "push" else ": expected "
        assert f"00000-of-00001.parquet{fault}" in output and "Traceback" not in output, (lie, command, output)


def test_a_bomb_is_refused_in_little_memory(folder):
    (file,) = data_files(folder)
    n = 900_000
    row = pq.read_table(file).slice(0, 1)
    one = {name: row[name].combine_chunks() for name in row.column_names}
    columns = {name: packed(n, one[name][0].as_py()) for name in one if pa.types.is_string(one[name].type)}
    columns["augmented_id"] = packed(n, "x" * 1_000_000)  # 900 GB
    columns |= {name: pa.nulls(n, one[name].type) for name in ("query_assets", "answer_supervision")}
    columns |= {"no_GT": pa.nulls(n, pa.bool_()), "contexts": pa.nulls(n, one["contexts"].type)}
    pq.write_table(pa.table(columns), file, compression="zstd", dictionary_pagesize_limit=1 << 30)
    assert file.stat().st_size < 1e6
    code = (
        "import sys\nfrom pathlib import Path\nfrom omni_persona_artifacts.dataset_folder import DatasetFolder\n"
        "try:\n    DatasetFolder(Path(sys.argv[1]))\nexcept ValueError as error:\n    print(error)"
    )
    done = bounded(code, folder)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "test-0.parquet: expected at most 1,024 MiB of texts" in done.stdout
