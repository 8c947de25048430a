"""The rows of the side file `data/construction.parquet`: how each item was put together."""

from __future__ import annotations

from collections.abc import Iterator

from omni_persona_artifacts.construction import MODALITIES, Placed
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.rows import item_id
from omni_persona_build.sample import Sample


def construction_rows(graph: PersonaGraph, sample: Sample, index: int) -> Iterator[Placed]:
    """The side-file rows for the items of sample number `index`."""
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
                "withheld": None if question.item.absence == "none" else sample.queried.value(question.asked),
                "transcript": memory.clip.transcript,
                "states_asked": memory.value(question.asked) is not None,
                "stated_value": memory.value(question.asked),
                "stated": sorted(field for field, _ in memory.facts),
                "exempt": sample.exempt,
                "generated": f"profile.{question.asked}" in sample.queried.generated,
            }
            for modality in MODALITIES:
                similarity = likeness[place][modality]
                nearer = sum(likeness[other][modality] > similarity for other in others)
                row[f"{modality}_similarity"] = similarity
                row[f"{modality}_rank"] = None if place == sample.position else nearer
            yield row
