"""Copies of a dataset with changed rows, and the checks that fail on them."""

import pyarrow as pa
import pyarrow.parquet as pq

import omni_persona
from omni_persona_artifacts.construction import FILE
from omni_persona_build.checks import check


def changed_copy(built, folder, change, place=lambda placed: None):
    """A copy of a dataset whose rows went through `change`, and those of its side file through `place`."""
    (source,) = built.glob(omni_persona.DATA_FILES)
    table = pq.read_table(source)
    rows = table.to_pylist()
    rows = change(rows) or rows
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_bytes((built / "README.md").read_bytes())
    changed = pa.Table.from_pylist(rows, schema=omni_persona.features().arrow_schema)
    metadata = {**changed.schema.metadata, b"omni_persona": table.schema.metadata[b"omni_persona"]}
    pq.write_table(changed.replace_schema_metadata(metadata), folder / "data" / source.name)
    construction = pq.read_table(built / FILE)
    placed = construction.to_pylist()
    place(placed)
    pq.write_table(pa.Table.from_pylist(placed, schema=construction.schema), folder / FILE)
    return folder


def failed_checks(folder, only=None):
    return {finding.check: finding.detail for finding in check(folder, only=only) if finding.passed is False}


def target_of(row):
    return next(context for context in row["contexts"] if context["same_as_query_image_or_audio"])
