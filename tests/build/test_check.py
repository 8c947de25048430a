"""Every check passes on a built dataset, and fails on one that is broken in just that way."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import omni_persona
from omni_persona_build.check import check
from omni_persona_build.errors import BuildError


def _copy(built, folder, change):
    """A copy of a dataset whose list of rows went through `change`."""
    (source,) = built.glob(omni_persona.DATA_FILES)
    table = pq.read_table(source)
    rows = table.to_pylist()
    rows = change(rows) or rows
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_bytes((built / "README.md").read_bytes())
    changed = pa.Table.from_pylist(rows, schema=omni_persona.features().arrow_schema)
    metadata = {**changed.schema.metadata, b"omni_persona": table.schema.metadata[b"omni_persona"]}
    pq.write_table(changed.replace_schema_metadata(metadata), folder / "data" / source.name)
    return folder


def _failures(folder):
    return {finding.check: finding.detail for finding in check(folder) if not finding.passed}


def test_a_built_dataset_passes(built):
    assert _failures(built) == {}
    assert len(check(built)) == 9


def _first(rows, **wanted):
    return next(row for row in rows if all(row[key] == value for key, value in wanted.items()))


def _move_targets(rows):
    """Put every target first, and all that goes with it."""
    for row in rows:
        if row["target_concept_id"]:
            row["contexts"].sort(key=lambda context: not context["same_as_query_image_or_audio"])
            for place, context in enumerate(row["contexts"]):
                context["concept_id"] = f"concept_{place}"
            row["target_concept_id"] = "concept_0"


def _drop_unanswerable(rows):
    return [row for row in rows if row["absence"] == "none" or row["group"] != "T2T"]


def _share_gold(rows):
    row = _first(rows, absence="none")
    other = next(context for context in row["contexts"] if not context["same_as_query_image_or_audio"])
    for sibling in rows:
        if sibling["source_sample_id"] == row["source_sample_id"]:
            sibling["contexts"][int(other["concept_id"][-1])]["text"] += " " + row["answer_supervision"]["gold_answer"]


def _lose_gold(rows):
    _first(rows, absence="none")["answer_supervision"]["gold_answer"] = "a word that nobody wrote"


def _other_abstention(rows):
    row = _first(rows, absence="absent_persona")
    row["absence"], row["answer_supervision"]["gold_answer"] = "none", omni_persona.ABSTENTION


def _answer_the_absent(rows):
    _first(rows, absence="absent_attribute")["answer_supervision"]["gold_answer"] = "a pilot"


def _reuse_query(rows):
    row = _first(rows, group="I2I")
    row["query_assets"]["image"] = row["contexts"][0]["image"]


def _add_cue(rows):
    row = _first(rows, group="T2T")
    blank = io.BytesIO()
    Image.new("RGB", (8, 8)).save(blank, "PNG")
    row["query_assets"]["image"] = {"bytes": blank.getvalue(), "path": "face.png"}


BROKEN = {
    "a row is missing": (lambda rows: rows[1:], "counts"),
    "an id stands twice": (lambda rows: rows[1].update(augmented_id=rows[0]["augmented_id"]), "identifiers"),
    "too few cannot be answered": (
        lambda rows: [row for row in rows if row["absence"] != "absent_attribute"],
        "balance",
    ),
    "targets stand first": (_move_targets, "positions"),
    "a context is missing": (lambda rows: rows[0]["contexts"].pop(), "memories"),
    "siblings remember differently": (
        lambda rows: rows[0]["contexts"][0].update(text="They work."),
        "memories",
    ),
    "a target that is in no context": (
        lambda rows: _first(rows, no_GT=True).update(target_concept_id="concept_9"),
        "supervision",
    ),
    "the abstention for an answer": (_other_abstention, "supervision"),
    "an answer to the unanswerable": (_answer_the_absent, "supervision"),
    "two notes hold the answer": (_share_gold, "gold answers"),
    "no note holds the answer": (_lose_gold, "gold answers"),
    "the query's picture stands in a context": (_reuse_query, "query media"),
    "a face beside a text query": (_add_cue, "query cues"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_dataset_fails_the_check_meant_for_it(built, tmp_path, case):
    change, failing = BROKEN[case]
    folder = _copy(
        built,
        tmp_path / "omni-persona",
        lambda rows: result if isinstance(result := change(rows), list) else None,
    )
    assert failing in _failures(folder)


def test_the_copy_itself_breaks_nothing(built, tmp_path):
    assert _failures(_copy(built, tmp_path / "omni-persona", lambda rows: None)) == {}


def test_what_is_no_dataset(tmp_path, built):
    with pytest.raises(BuildError, match=r"has no data/test-\*\.parquet"):
        check(tmp_path)
    (tmp_path / "data").mkdir()
    broken = tmp_path / "data" / "test-0.parquet"
    broken.write_bytes(next(built.glob(omni_persona.DATA_FILES)).read_bytes()[:-20])
    with pytest.raises(BuildError, match=r"test-0\.parquet: not a Parquet file"):
        check(tmp_path)
    pq.write_table(pa.table({"x": [1]}), broken)
    with pytest.raises(BuildError, match="is no Omni-Persona dataset"):
        check(tmp_path)
