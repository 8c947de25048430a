"""Perception tasks: transcription, sounds, captions and appearance."""

from __future__ import annotations

from omni_persona import ABSTENTION, Media
from omni_persona_training.corpus import wording
from omni_persona_training.corpus.example import Example
from omni_persona_training.corpus.referential import NOTHING, Pair
from omni_persona_training.corpus.sounds import at_speed, with_event
from omni_persona_training.corpus.studio import Drawn, Show, Studio, example

PLACES = ("before", "under", "after")
LETTERS = "ABCD"
SPEEDS = (0.9, 1.0, 1.0, 1.1)
"""Playback speeds of a clip to transcribe."""


def transcription(studio: Studio, clips: list[Media]) -> Pair:
    """Transcribe a clip, which is sometimes played slightly slower or faster."""
    clip, speed = studio.pick(clips), studio.pick(SPEEDS)
    heard = clip
    if speed != 1:
        heard = studio.made(("speed", str(id(clip)), str(speed)), at_speed(studio.samples(clip), speed))
    show = Show(wording.LISTEN, query_audio=heard)
    said = studio.source.transcripts[clip]
    return example("speech_transcription", show.messages(studio.pick(wording.TRANSCRIBE)), "question", said, ""), None


def event_transcription(studio: Studio, clips: list[Media]) -> Pair:
    """Transcribe a clip and name the sound beside the speech."""
    clip, label, place = studio.pick(clips), studio.pick(sorted(studio.events)), studio.pick(PLACES)
    said = studio.source.transcripts[clip]
    answer = {
        "before": f"[{label}] {said}",
        "under": f"[{label}, under the speech] {said}",
        "after": f"{said} [{label}]",
    }[place]
    show = Show(wording.LISTEN, query_audio=_mixed(studio, clip, label, place))
    words = studio.pick(wording.TRANSCRIBE_EVENT)
    return example("event_aware_transcription", show.messages(words), "question", answer, ""), None


def event_choice(studio: Studio, clips: list[Media]) -> Pair:
    """Choose which of four sounds accompanies the speech."""
    clip, label, place = studio.pick(clips), studio.pick(sorted(studio.events)), studio.pick(PLACES)
    others = studio.shuffled([one for one in sorted(studio.events) if one != label])[:3]
    options = studio.shuffled([label, *others])
    listed = "\n".join(f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=True))
    show = Show(wording.LISTEN, query_audio=_mixed(studio, clip, label, place))
    words = studio.pick(wording.EVENT_CHOICE).format(options=listed)
    answer = LETTERS[options.index(label)]
    return example("event_sound_mcqa", show.messages(words), "question", answer, ""), None


def caption(studio: Studio, able: set[str]) -> Pair:
    """Describe the picture and the clip of one context, beside other contexts."""
    drawn = studio.memories(able)
    if drawn is None or drawn.target.image not in studio.source.looks:
        return NOTHING
    said = studio.source.transcripts.get(drawn.target.audio)
    if said is None:
        return NOTHING
    answer = f"The photo shows a person with this look: {studio.source.looks[drawn.target.image]}. They say: “{said}”"
    number = drawn.place + 1
    messages = Show(wording.DESCRIBE, drawn.memories).messages(studio.pick(wording.CAPTION).format(n=number))
    task = "contextualized_captioning"
    return example(task, messages, "question", answer, drawn.scene.sample_id, context=number), None


def looks(studio: Studio, able: set[str]) -> Pair:
    """Describe the appearance of a context's person; the twin lacks that picture."""
    drawn = studio.memories(able)
    if drawn is None or drawn.target.image not in studio.source.looks:
        return NOTHING
    words = studio.pick(wording.LOOKS).format(n=drawn.place + 1)
    twin = f"looks {drawn.scene.sample_id} {studio.rng.integers(1 << 40)}"
    return _looks(studio, drawn, words, twin, shown=True), _looks(studio, drawn, words, twin, shown=False)


def _looks(studio: Studio, drawn: Drawn, words: str, twin: str, *, shown: bool) -> Example:
    number = drawn.place + 1
    hidden = frozenset() if shown else frozenset({f"context {number}"})
    return example(
        "visual_description" if shown else "missing_image_visual_description",
        Show(wording.DESCRIBE, drawn.memories, clips=False, hidden=hidden).messages(words),
        "question",
        studio.source.looks[drawn.target.image] if shown else ABSTENTION,
        drawn.scene.sample_id,
        absence="none" if shown else "absent_attribute",
        context=number,
        twin=twin,
    )


def _mixed(studio: Studio, clip: Media, label: str, place: str) -> Media:
    key = ("event", str(id(clip)), label, place)
    return studio.made(key, with_event(studio.samples(clip), studio.events[label], place))
