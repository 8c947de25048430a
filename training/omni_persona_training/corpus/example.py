"""A training example: what is shown, the expected answer, and what a reward needs to know."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from omni_persona import Absence, Media
from omni_persona_runner.prompt import Clip, Message, Part, Picture, Text

TASK_TYPES = (
    "audio_localization",
    "image_localization",
    "audio_verification",
    "image_verification",
    "emotion_speaker_localization",
    "conversation_speaker_localization",
    "speech_transcription",
    "event_aware_transcription",
    "event_sound_mcqa",
    "contextualized_captioning",
    "visual_description",
    "missing_image_visual_description",
    "text_qa",
)
"""The paper's twelve task types (Tables S.7 to S.9), and its questions over memories, `text_qa`."""


@dataclass(frozen=True)
class Example:
    """One example. The fields from `kind` on are supervision and never shown."""

    example_id: str
    task: str
    """One of `TASK_TYPES`."""
    messages: tuple[Message, ...]
    kind: str
    """`verification`, `localization` or `question`: how a reward reads the answer."""
    answer: str
    absence: Absence
    context: int | None
    """Number of the context in question, from 1; 0 if the person is in none; None if no person is asked about."""
    source: str
    """The source sample of the dataset whose contexts it shows."""
    twin: str | None = None
    """Shared by an example and its twin: same contexts or same query, different answer. None without a twin."""

    def media(self) -> list[Picture | Clip]:
        """Pictures and clips in the order in which they are shown."""
        return [part for message in self.messages for part in message.parts if not isinstance(part, Text)]

    def columns(self) -> dict[str, Any]:
        """The columns that a reward reads."""
        return {
            "example_id": self.example_id,
            "kind": self.kind,
            "answer": self.answer,
            "absence": self.absence,
            "context": self.context,
        }

    def content(self) -> str:
        """A hash of the prompt and the answer: equal for equal examples."""
        digest = hashlib.sha256(self.answer.encode())
        for message in self.messages:
            for part in message.parts:
                said = part.text.encode() if isinstance(part, Text) else hashlib.sha256(part.media.data).digest()
                digest.update(b"\0" + said)
        return digest.hexdigest()


def media_file(medium: Media) -> str:
    """File name of a medium in a corpus: a content hash with the original extension."""
    return hashlib.sha256(medium.data).hexdigest()[:16] + PurePosixPath(medium.name).suffix.lower()


def record_of(example: Example) -> dict[str, Any]:
    """Convert an example to a line of `corpus.jsonl`, with media as paths within the corpus."""
    return {
        **example.columns(),
        "task": example.task,
        "source": example.source,
        "twin": example.twin,
        "messages": [
            {"role": message.role, "content": [_content(part) for part in message.joined()]}
            for message in example.messages
        ],
    }


def _content(part: Part) -> Mapping[str, str]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    kind = "image" if isinstance(part, Picture) else "audio"
    return {"type": kind, "path": f"media/{media_file(part.media)}", "place": part.place}
