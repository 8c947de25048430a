"""The side file `data/construction.parquet`: how each item was put together. No model is ever shown it.

One row for each item and context. `omni-persona check` reads it to see that what is absent is truly absent, and a
report to tell how near the person was whom a model took for the right one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from omni_persona_build.assemble import Sample
from omni_persona_build.graph import MODALITIES, PersonaGraph
from omni_persona_build.rows import item_id

FILE = "data/construction.parquet"

Placed = dict[str, Any]
"""How one context of one item was filled: the columns of `SCHEMA`."""
Construction = dict[str, list[Placed]]
"""Item -> its contexts, in their order."""

SCHEMA = pa.schema(
    [
        ("augmented_id", pa.string()),
        ("concept_id", pa.string()),
        ("person", pa.string()),  # the pool's id of who stands there
        ("queried_person", pa.string()),  # the pool's id of who is asked about
        ("cue", pa.string()),  # what describes the queried person (T2T), or was said (T2Any)
        ("withheld", pa.string()),  # the true value of an absent attribute, where the pool knows it
        ("transcript", pa.string()),  # what the context's clip says
        ("states_asked", pa.bool_()),  # whether the context's note states what is asked
        *(
            (f"{modality}_{figure}", kind)
            for modality in MODALITIES
            for figure, kind in (("similarity", pa.float32()), ("rank", pa.int32()))
        ),  # to the queried person: cosine, and 0 for the nearest of the people beside them
    ]
)

GENERATED = pa.field("generated", pa.bool_())
"""Whether a model wrote the queried person's value of what is asked; a column where it did so for any item."""


def construction_rows(graph: PersonaGraph, sample: Sample, index: int) -> Iterator[Placed]:
    """The rows of the items of the `index`-th sample."""
    likeness = [graph.likeness(sample.queried, memory.persona) for memory in sample.memories]
    others = [place for place in range(len(sample.memories)) if place != sample.position]
    for number, question in enumerate(sample.questions):
        for place, memory in enumerate(sample.memories):
            row: Placed = {
                "augmented_id": item_id(index, number),
                "concept_id": f"concept_{place}",
                "person": memory.persona.persona_id,
                "queried_person": sample.queried.persona_id,
                "cue": question.cue,
                "withheld": None
                if question.item.absence == "none"
                else getattr(sample.queried.profile, question.asked),
                "transcript": memory.clip.transcript,
                "states_asked": memory.value(question.asked) is not None,
                "generated": f"profile.{question.asked}" in sample.queried.generated,
            }
            for modality in MODALITIES:
                similarity = likeness[place][modality]
                nearer = sum(likeness[other][modality] > similarity for other in others)
                row[f"{modality}_similarity"] = similarity
                row[f"{modality}_rank"] = None if place == sample.position else nearer
            yield row


def write_construction(rows: list[Placed], folder: Path) -> None:
    """Write the side file into a dataset folder."""
    schema = SCHEMA.append(GENERATED) if any(row["generated"] for row in rows) else SCHEMA
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / FILE)


def read_construction(folder: Path) -> Construction | None:
    """The rows of each item in the order of its contexts, or None where the folder has no such file."""
    if not (folder / FILE).is_file():
        return None
    items: Construction = {}
    for row in pq.read_table(folder / FILE, schema=SCHEMA.append(GENERATED)).to_pylist():
        row["generated"] = bool(row["generated"])
        items.setdefault(row["augmented_id"], []).append(row)
    return items
