"""The dataset rows of an assembled sample, without the bytes of its media."""

from __future__ import annotations

from collections.abc import Iterator

import omni_persona
from omni_persona_build.row_group import Row
from omni_persona_build.sample import Memory, Question, Sample


def item_id(sample: int, question: int) -> str:
    """The `augmented_id` of a sample's question; both indices start at 0."""
    return f"sample_{sample}__aug_{question}"


def sample_rows(sample: Sample, index: int) -> Iterator[Row]:
    """The dataset rows of sample number `index`, one per question."""
    contexts = [_context(memory, place, sample.position) for place, memory in enumerate(sample.memories)]
    for number, question in enumerate(sample.questions):
        ids = {"augmented_id": item_id(index, number), "source_sample_id": f"sample_{index}"}
        yield ids | _row(sample, question, contexts)


def _row(sample: Sample, question: Question, contexts: list[Row]) -> Row:
    task, absence = question.item.task, question.item.absence
    target = None if sample.position is None else f"concept_{sample.position}"
    answerable = absence == "none"
    gold = sample.queried.value(question.asked) if answerable else omni_persona.ABSTENTION
    picture = sample.query_picture if task.group == "I2I" else None
    clip = sample.query_clip if task.group == "A2A" else None
    return {
        "group": task.group,
        "scenario": task.scenario,
        "selected_task": task.name,
        "query_modality": task.query_modality,
        "target_modality": task.asked_group,
        "no_GT": target is None,
        "absence": absence,
        "target_concept_id": target,
        "contexts": contexts,
        "query_assets": {
            "image": picture,
            "audio": clip,
        },
        "query_text": question.text,
        "answer_supervision": {
            "answerable_from_context": answerable,
            "gold_answer": gold,
            "abstain_answer": omni_persona.ABSTENTION,
            "support_mode": "present" if answerable else "absent",
            "asked_group": task.asked_group,
            "asked_subfield": question.asked,
            "gt_concept_id_from_metadata": target,
        },
    }


def _context(memory: Memory, place: int, position: int | None) -> Row:
    return {
        "concept_id": f"concept_{place}",
        "image": memory.picture,
        "audio": memory.clip,
        "text": memory.note,
        "same_as_query_image_or_audio": place == position,
    }
