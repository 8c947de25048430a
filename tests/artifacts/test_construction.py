"""The side file of a dataset."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from omni_persona_artifacts.build_record import read_build_record
from omni_persona_artifacts.construction import FILE, SCHEMA, ConstructionFile, read_construction, with_leaks
from omni_persona_artifacts.data_files import data_files
from omni_persona_artifacts.dataset_rows import leaves, read


def test_a_side_file_of_several_row_groups_is_read_back(tmp_path):
    """Large datasets have them, and each stores its texts once for itself."""
    (tmp_path / "data").mkdir()
    file = ConstructionFile(tmp_path)
    for number in range(5_000):
        named = {"augmented_id": f"sample_{number // 4}__aug_0", "person": f"p{number % 7}", "states_asked": True}
        stated = ["hobby", f"quote {number}"]
        file.add([dict.fromkeys(SCHEMA.names) | named | {"stated": stated, "generated": False}])
    file.close()
    first = read_construction(tmp_path)
    assert first is not None
    rows = [row for one in first.values() for row in one]
    assert [row["stated"][1] for row in rows] == [f"quote {number}" for number in range(5_000)]
    assert rows[4_999]["person"] == f"p{4_999 % 7}"
    (tmp_path / FILE).write_bytes(with_leaks(tmp_path, {"sample_1100__aug_0": (0.5, "longest note")}))
    again = read_construction(tmp_path)
    assert again is not None
    assert [row["leak"] for row in again["sample_1100__aug_0"]] == [0.5] * 4
    assert again["sample_2__aug_0"] == first["sample_2__aug_0"]


def test_a_folder_whose_name_is_a_tilde_is_not_the_home(dataset, tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    folder = Path(shutil.copytree(dataset, "~"))
    file = ConstructionFile(folder)
    file.add([dict.fromkeys(SCHEMA.names) | {"augmented_id": "a"}])
    file.close()
    assert list(read_construction(folder) or ()) == ["a"]
    assert len(list(read(folder))) == len(list(read(dataset)))
    assert leaves(data_files(folder)[0]) == leaves(data_files(dataset)[0])
    assert read_build_record(folder) == {}
    assert list((tmp_path / "home").iterdir()) == []


def test_some_columns_are_read_as_all_of_them_are(tmp_path):
    (tmp_path / "data").mkdir()
    file = ConstructionFile(tmp_path)
    for number in range(8):
        stated = [] if number == 3 else [f"quote {number % 3}", "hobby"]
        named = {"augmented_id": f"sample_{number // 4}__aug_0", "person": f"p{number}", "leak": number / 8}
        file.add([dict.fromkeys(SCHEMA.names) | named | {"stated": None if number == 5 else stated}])
    file.close()
    everything = read_construction(tmp_path)
    assert everything is not None
    assert read_construction(tmp_path, ("person", "stated", "leak", "cue")) == {
        item: [{name: row[name] for name in ("augmented_id", "person", "stated", "leak", "cue")} for row in rows]
        for item, rows in everything.items()
    }


def test_columns_that_an_earlier_version_lacks_are_null(tmp_path):
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"augmented_id": ["a", "a"], "person": ["p", "q"]}), tmp_path / FILE)
    assert read_construction(tmp_path, ("person", "cue")) == {
        "a": [{"augmented_id": "a", "person": person, "cue": None} for person in ("p", "q")]
    }
