"""The side file of a dataset."""

from omni_persona_artifacts.construction import FILE, SCHEMA, ConstructionFile, read_construction, with_leaks


def test_a_side_file_of_several_row_groups_is_read_back(tmp_path):
    """Large datasets have them, and each stores its texts once for itself."""
    (tmp_path / "data").mkdir()
    file = ConstructionFile(tmp_path)
    for number in range(5_000):
        named = {"augmented_id": f"sample_{number // 4}__aug_0", "person": f"p{number % 7}", "states_asked": True}
        stated = ["hobby", f"quote {number}"]
        file.add([dict.fromkeys(SCHEMA.names) | named | {"stated": stated, "generated": False}])
    file.close()
    read = read_construction(tmp_path)
    assert read is not None
    rows = [row for one in read.values() for row in one]
    assert [row["stated"][1] for row in rows] == [f"quote {number}" for number in range(5_000)]
    assert rows[4_999]["person"] == f"p{4_999 % 7}"
    (tmp_path / FILE).write_bytes(with_leaks(tmp_path, {"sample_1100__aug_0": (0.5, "longest note")}))
    again = read_construction(tmp_path)
    assert again is not None
    assert [row["leak"] for row in again["sample_1100__aug_0"]] == [0.5] * 4
    assert again["sample_2__aug_0"] == read["sample_2__aug_0"]
