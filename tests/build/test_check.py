"""Checks pass on a built dataset; what they do with other folders and with their results."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from changed_dataset import changed_copy, failed_checks

import omni_persona
from omni_persona_artifacts.check_results import read_unneeded
from omni_persona_artifacts.construction import FILE
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_build.checks import check
from omni_persona_build.recipes.errors import BuildError


def test_a_built_dataset_passes(built):
    assert failed_checks(built) == {}
    assert len(check(built)) == 45


def test_without_a_side_file_the_rest_is_checked(built, tmp_path):
    folder = changed_copy(built, tmp_path / "omni-persona", lambda rows: None)
    (folder / FILE).unlink()
    findings = {finding.check: finding for finding in check(folder)}
    assert {name for name, one in findings.items() if one.result == "skipped" and "missing" not in name} == {
        "absent truths"
    }
    assert findings["absent truths"].result == "skipped"
    assert findings["absent truths"].detail == "there is no data/construction.parquet"
    assert "chance 25.0 %" in findings["shortcut: longest note"].detail


def test_what_is_no_dataset(tmp_path, built):
    with pytest.raises(BuildError, match=r"has no data/test-\*\.parquet"):
        check(tmp_path)
    (tmp_path / "data").mkdir()
    broken = tmp_path / "data" / "test-0.parquet"
    broken.write_bytes(next(built.glob(omni_persona.DATA_FILES)).read_bytes()[:-20])
    with pytest.raises(BuildError, match=r"test-0\.parquet: not a Parquet file"):
        check(tmp_path)
    pq.write_table(pa.table({"x": [1]}), broken)
    with pytest.raises(BuildError, match="is not an Omni-Persona dataset"):
        check(tmp_path)


def test_seeds_are_pooled_and_parts_run_alone(built, tmp_path):
    alone = {one.check: one for one in check(built, only=["shortcuts"])}
    pooled = {one.check: one for one in check(built, only=["shortcuts"], others=[built, built])}
    assert alone.keys() == pooled.keys()
    assert all(name.startswith("shortcut") for name in alone)
    # Thrice the same: what is right stays as it is, and is known as well, since the same people stand behind it.
    name = "shortcut: longest note"
    assert pooled[name].detail.split("[")[0] == alone[name].detail.split("[")[0]
    with pytest.raises(ValueError, match="expected some of rows, construction"):
        check(built, only=["nothing"])


def test_results_of_checks_that_are_none(tmp_path):
    assert read_unneeded(tmp_path) == {}
    for content in ("", "[]", "{}", '{"does_not_need_its_modality": 3}', "[" * 100_000):
        (tmp_path / "checks.json").write_text(content)
        with pytest.raises(ArtifactError, match=r"checks\.json: expected the results of"):
            read_unneeded(tmp_path)
