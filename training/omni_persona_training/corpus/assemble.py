"""Assemble examples from a source and a recipe: the requested number per task type, no duplicates, twins adjacent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle

from omni_persona_training.corpus import perceiving, questions, referential
from omni_persona_training.corpus.example import Example
from omni_persona_training.corpus.referential import Pair
from omni_persona_training.corpus.studio import Studio
from omni_persona_training.errors import TrainingError

TRIES = 400
"""Consecutive draws without a new example after which a task type is given up."""

Draw = Callable[[], Pair]


def examples(
    studio: Studio, wanted: Mapping[str, int], absent: float, progress: Callable[[int], None] = lambda done: None
) -> list[Example]:
    """Make exactly the requested number of examples of each task type, with IDs, in random order.

    absent: fraction of unanswerable localizations and questions; exact to one example in each type.
    Twins are adjacent. Raises `TrainingError` if the source cannot provide enough distinct examples.
    """
    found: list[list[Example]] = []
    seen: set[str] = set()
    for task, count in wanted.items():
        n_absent = _n_absent(task, count, absent)
        draw = _drawer(studio, task)
        found += _filled(task, draw, count - n_absent, n_absent, seen, studio)
        progress(sum(map(len, found)))
    shuffled = [one for together in studio.shuffled(found) for one in together]
    return [replace(one, example_id=f"{one.task}-{place:06d}") for place, one in enumerate(shuffled)]


def _n_absent(task: str, count: int, absent: float) -> int:
    """How many of a task's examples are the second of a pair: unanswerable ones, or a verification's "no"."""
    if task.endswith("_verification"):
        return count // 2
    return round(absent * count) if task.endswith("_localization") or task == "text_qa" else 0


def _filled(task: str, draw: Draw, n_first: int, n_second: int, seen: set[str], studio: Studio) -> list[list[Example]]:
    """Arrange pairs and single examples so that n_first are first members and n_second their twins, evenly spread."""
    found: list[list[Example]] = []
    firsts = seconds = idle = 0
    while firsts < n_first or seconds < n_second:
        first, second = draw()
        due = seconds < n_second and seconds * max(1, n_first) <= firsts * n_second
        taken = [
            one
            for one, due_now in ((first, firsts < n_first), (second, due))
            if one is not None and due_now and one.content() not in seen
        ]
        idle = 0 if taken else idle + 1
        if idle >= TRIES:
            raise TrainingError(
                f"{task}: {n_first + n_second} examples are asked for, and {studio.source.path} gives "
                f"{firsts + seconds}{_why(task, studio)}: ask for fewer (--examples), or build from more people"
            )
        for one in taken:
            seen.add(one.content())
            firsts += one is first
            seconds += one is second
        # An example whose twin was not taken stays single.
        found += [taken if len(taken) == 2 else [replace(one, twin=None) for one in taken]] if taken else []
    return found


def _drawer(studio: Studio, task: str) -> Draw:
    source = studio.source
    heard, seen = (referential.recognisable(studio, modality) for modality in ("audio", "image"))
    clips = list(source.transcripts)
    everybody = set(source.people)
    shown = {name for name, person in source.people.items() if any(one in source.looks for one in person.pictures)}
    groups = questions.asked_items(source)
    kinds = cycle(("absent_persona", "absent_attribute"))
    needs: dict[str, tuple[Sequence[object] | set[str], str, Draw]] = {
        "audio_localization": (heard, "two clips", partial(referential.localization, studio, "audio", heard)),
        "image_localization": (seen, "two photos", partial(referential.localization, studio, "image", seen)),
        "audio_verification": (heard, "two clips", partial(referential.verification, studio, "audio", heard)),
        "image_verification": (seen, "two photos", partial(referential.verification, studio, "image", seen)),
        "emotion_speaker_localization": (everybody, "a clip", partial(referential.emotion, studio, everybody)),
        "conversation_speaker_localization": (
            heard,
            "two clips",
            partial(referential.conversation_speaker, studio, heard),
        ),
        "speech_transcription": (
            clips,
            "a clip whose words are known",
            partial(perceiving.transcription, studio, clips),
        ),
        "event_aware_transcription": (
            clips,
            "a clip whose words are known",
            partial(perceiving.event_transcription, studio, clips),
        ),
        "event_sound_mcqa": (clips, "a clip whose words are known", partial(perceiving.event_choice, studio, clips)),
        "contextualized_captioning": (shown, "known looks", partial(perceiving.caption, studio, shown)),
        "visual_description": (shown, "known looks", partial(perceiving.looks, studio, shown)),
        "missing_image_visual_description": (shown, "known looks", lambda: (perceiving.looks(studio, shown)[1], None)),
        "text_qa": (list(groups), "an answerable item", lambda: questions.question(studio, groups, next(kinds))),
    }
    able, what, draw = needs[task]
    if not able:
        raise TrainingError(f"{task}: nobody of {source.path} has {what}")
    return draw


def _why(task: str, studio: Studio) -> str:
    return f" of {len(studio.source.people)} people in {len(studio.source.scenes)} sets of memories"
