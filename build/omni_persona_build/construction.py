"""The rows of the side file `data/construction.parquet`: how each item was put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from omni_persona_artifacts.construction import FILE, MODALITIES, Placed, with_leaks
from omni_persona_artifacts.file_list import rewrite
from omni_persona_build.checks.item_leaks import ItemLeak
from omni_persona_build.croissant import describe_again
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.rows import item_id
from omni_persona_build.sample import Sample
from omni_persona_people.media_files import MediaFile


def write_leaks(folder: Path, leaks: Sequence[ItemLeak]) -> None:
    """Write how surely each item is solved by a shortcut into a folder's side file; nothing if it has none."""
    if not (folder / FILE).is_file():
        return
    rewrite(folder, FILE, with_leaks(folder, {one.augmented_id: (one.leak, one.solver) for one in leaks}))
    describe_again(folder, FILE)


def construction_rows(graph: PersonaGraph, sample: Sample, index: int) -> Iterator[Placed]:
    """The side-file rows for the items of sample number `index`."""
    likeness = [graph.likeness(sample.queried, memory.persona) for memory in sample.memories]
    others = [place for place in range(len(sample.memories)) if place != sample.position]
    queries = (sample.query_picture, sample.query_clip, *sample.query_clips)
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
                "leak": None,
                "leak_by": None,
                "made_from": _sources(memory.picture, memory.clip, *(queries if place == 0 else ())),
                "generated": f"profile.{question.asked}" in sample.queried.generated,
            }
            for modality in MODALITIES:
                similarity = likeness[place][modality]
                nearer = sum(likeness[other][modality] > similarity for other in others)
                row[f"{modality}_similarity"] = similarity
                row[f"{modality}_rank"] = None if place == sample.position else nearer
            yield row


def _sources(*media: MediaFile | None) -> list[str] | None:
    """The pool's media that some media of a build were made of; None if they are the pool's own."""
    return [digest for medium in media if medium is not None for digest in medium.made_from] or None
