"""How a run reads its dataset, and which items a limit chooses."""

from __future__ import annotations

from collections import Counter

import pytest
from echo_model import Echo, content
from hypothesis import given, settings
from hypothesis import strategies as st

import omni_persona
from omni_persona_artifacts.dataset_folder import DatasetFolder
from omni_persona_runner.model import LoadError
from omni_persona_runner.run_loop import RunSummary, run, stratified

# ---- what a model is given


def test_siblings_follow_each_other_and_share_their_media(write_dataset, make_row, tmp_path):
    rows = [make_row(index, task) for index in range(2) for task in ("visual_to_bio", "voice_to_bio")]
    for place, row in enumerate(rows):
        row["augmented_id"] = f"sample_{place // 2}__aug_{place % 2}"
    rows = [rows[0], rows[2], rows[1], rows[3]]
    items = []

    class Keeping(Echo):
        def one(self, item):
            items.append(item)
            return super().one(item)

    folder = write_dataset(tmp_path / "omni-persona", rows)
    run(Keeping(), folder, tmp_path / "run")
    assert [item.source_sample_id for item in items] == ["sample_0", "sample_0", "sample_1", "sample_1"]
    for one, other in (items[:2], items[2:]):
        assert all(a.image is b.image and a.audio is b.audio for a, b in zip(one.contexts, other.contexts, strict=True))
    # The file is in the dataset's order all the same.
    assert [row["augmented_id"] for row in content(tmp_path / "run")] == [row["augmented_id"] for row in rows]


def test_items_are_read_as_the_contract_reads_them(dataset):
    folder = DatasetFolder(dataset)
    assert list(folder.items(folder.rows)) == list(omni_persona.items(omni_persona.load(dataset)))
    assert list(folder.items([folder.rows[7], folder.rows[2]])) == [
        list(folder.items(folder.rows))[place] for place in (7, 2)
    ]


def test_nothing_is_unpacked_into_a_cache(dataset, datasets_cache, monkeypatch, tmp_path):
    monkeypatch.setattr("datasets.load_dataset", None)
    assert run(Echo(), dataset, tmp_path / "run").n_done == 16


def test_a_model_is_checked_with_one_item_of_each_make(dataset, tmp_path):
    model = Echo()
    run(model, dataset, tmp_path / "run")
    assert sorted(item.task.group for item in model.checked) == ["A2A", "I2I", "T2Any", "T2T"]
    assert {context.image.data for item in model.checked for context in item.contexts} == {b""}

    class Deaf(Echo):
        def check(self, items):
            raise LoadError("takes no audio")

    with pytest.raises(LoadError):
        run(Deaf(), dataset, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_file_that_is_no_parquet_is_named(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "test-0.parquet").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"test-0\.parquet: expected a Parquet file"):
        run(Echo(), tmp_path, tmp_path / "run")


def test_a_file_of_other_columns_is_named_with_what_it_lacks(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"question": ["why"]}), tmp_path / "data" / "test-0.parquet")
    with pytest.raises(ValueError, match=r"test-0\.parquet: .* without column 'augmented_id'"):
        run(Echo(), tmp_path, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_dataset_without_items_is_an_error(write_dataset, tmp_path):
    folder = write_dataset(tmp_path / "omni-persona", [])
    with pytest.raises(ValueError, match="expected a dataset folder with items, got 1 files without any"):
        run(Echo(), folder, tmp_path / "run")
    assert not (tmp_path / "run").exists()


# ---- a slice


def test_a_limit_spreads_over_groups_and_absences(dataset, tmp_path):
    model = Echo()
    assert run(model, dataset, tmp_path / "run", limit=12).n_done == 12
    rows = omni_persona.load(dataset)
    strata = {row: stratum for row, *stratum in zip(rows["augmented_id"], rows["group"], rows["absence"], strict=True)}
    asked = Counter(tuple(strata[name]) for name in model.asked)
    assert set(asked.values()) == {1}
    assert len(asked) == 12

    # A larger slice asks the rest alone, and the file is that of one run.
    assert run(Echo(), dataset, tmp_path / "run", limit=14) == RunSummary(2, 12, 0)
    assert run(Echo(), dataset, tmp_path / "run") == RunSummary(2, 14, 0)
    run(Echo(), dataset, tmp_path / "undisturbed")
    assert content(tmp_path / "run") == content(tmp_path / "undisturbed")


def test_a_limit_beyond_the_dataset_is_the_dataset(dataset, tmp_path):
    assert run(Echo(), dataset, tmp_path / "run", limit=99).n_done == 16


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_an_error(dataset, tmp_path, limit):
    with pytest.raises(ValueError, match=f"at least 1, got {limit}"):
        run(Echo(), dataset, tmp_path / "run", limit=limit)


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=60), st.integers(1, 60))
def test_slices_are_fair_ordered_and_nested(strata, limit):
    chosen = stratified(strata, limit)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(limit, len(strata))
    assert set(stratified(strata, limit + 1)) >= set(chosen)
    counts, sizes = Counter(strata[index] for index in chosen), Counter(strata)
    if limit >= len(sizes):
        assert set(counts) == set(sizes)
        # No stratum is more than an item ahead of another one's share.
        for one in sizes:
            for other in sizes:
                assert (counts[one] - 1) / sizes[one] <= counts[other] / sizes[other]
