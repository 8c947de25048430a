"""The metric's references, read from the columns of a dataset folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import omni_persona
from omni_persona_artifacts import data_files
from omni_persona_artifacts.references import references
from omni_persona_cal import compute


def row(i: int, **changes: Any) -> dict[str, Any]:
    return {
        "augmented_id": f"sample_0__aug_{i}",
        "source_sample_id": "sample_0",
        "group": "I2I",
        "selected_task": "visual_to_bio",
        "absence": "none",
        "contexts": [{"image": {"bytes": b"\x00" * 1000, "path": "a.png"}}],
        "answer_supervision": {"gold_answer": "a baker", "answerable_from_context": True, "asked_group": "bio"},
    } | changes


def write(folder: Path, rows: list[dict[str, Any]], name: str = "test-00000.parquet") -> Path:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "data" / name)
    return folder


def placed(i: int, person: str, stated: str | None, queried: str | None = "p1") -> dict[str, Any]:
    return {
        "augmented_id": f"sample_0__aug_{i}",
        "person": person,
        "queried_person": queried,
        "stated_value": stated,
    }


def test_of_a_built_dataset_they_are_those_of_its_items(built: Path) -> None:
    read = references(built)
    expected = [omni_persona.reference(item) for item in omni_persona.read(built)]
    assert [{key: one[key] for key in wanted} for one, wanted in zip(read, expected, strict=True)] == expected
    assert all(one["person"] for one in read)
    assert all(one["other_answers"] for one in read if one["answerable"])
    scores = [compute(["a baker"] * len(expected), rows, n_resamples=0) for rows in (read, expected)]
    assert scores[0] == scores[1]


def test_the_side_file_tells_people_and_what_other_notes_say(tmp_path: Path) -> None:
    folder = write(tmp_path, [row(0), row(1), row(2)])
    sides = [
        placed(0, "p0", "a pilot"),
        placed(0, "p1", "a baker"),
        placed(0, "p2", " A  Baker"),
        placed(0, "p3", None),
        placed(0, "p4", "a pilot"),
        placed(1, "p0", "a pilot", queried=None),
    ]
    write(folder, sides, "construction.parquet")
    read = references(folder)
    assert (read[0]["person"], read[0]["other_answers"]) == ("p1", ["a pilot"])
    assert "person" not in read[1]
    assert read[1]["other_answers"] == ["a pilot"]
    assert not {"person", "other_answers"} & read[2].keys()
    # A side file of before it held what notes state.
    write(folder, [{key: one[key] for key in one if key != "stated_value"} for one in sides], "construction.parquet")
    assert references(folder)[0] == {key: value for key, value in read[0].items() if key != "other_answers"}


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="has no data/test-"):
        references(tmp_path)
    with pytest.raises(ValueError, match="expected each augmented_id once, got 1 repeated"):
        references(write(tmp_path / "twice", [row(0), row(0)]))
    bare = {key: value for key, value in row(0).items() if key != "absence"}
    with pytest.raises(ValueError, match=r"test-00000.parquet: expected a Parquet file of a dataset, got one without"):
        references(write(tmp_path / "bare", [bare]))
    with pytest.raises(ValueError, match="without any"):
        references(_empty(tmp_path / "empty"))
    broken = write(tmp_path / "broken", [row(0)])
    (broken / "data" / "test-00000.parquet").write_bytes(b"no Parquet at all")
    with pytest.raises(ValueError, match="expected a Parquet file of a dataset, got:"):
        references(broken)


def _empty(folder: Path) -> Path:
    write(folder, [row(0)])
    file = folder / "data" / "test-00000.parquet"
    pq.write_table(pq.read_table(file).slice(0, 0), file)
    return folder


def test_the_pattern_of_files_is_that_of_the_contract() -> None:
    assert data_files.DATA_FILES[0] == omni_persona.DATA_FILES
    assert tuple(f"data/{split}-*.parquet" for split in omni_persona.SPLITS) == data_files.DATA_FILES


def test_scoring_imports_no_model_and_no_datasets() -> None:
    reference = {"augmented_id": "a", "source_sample_id": "s", "group": "I2I", "task": "t", "absence": "none"}
    rows = [reference | {"augmented_id": name, "gold_answer": "a baker", "answerable": True} for name in "ab"]
    code = f"""
import sys
import omni_persona_cal
import omni_persona_runner.scoring
omni_persona_cal.compute(["a baker", "a pilot"], {rows})
heavy = {{"datasets", "evaluate", "nltk", "pandas", "rouge_score", "scipy", "sklearn", "torch", "transformers"}}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "[]", done.stderr
