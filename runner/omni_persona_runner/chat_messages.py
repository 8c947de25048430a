"""Convert a prompt to OpenAI-style chat messages with text, `image_url` and `input_audio` parts."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from omni_persona import Item, Media
from omni_persona_artifacts.chat import Messages
from omni_persona_runner.media import clip_wav, picture_uri
from omni_persona_runner.prompt import Clip, Part, Picture, Prompt, Text


def picture_part(media: Media) -> dict[str, Any]:
    """A picture embedded in the request. Raises `ValueError` for one that cannot be used."""
    return {"type": "image_url", "image_url": {"url": picture_uri(media)}}


def clip_part(media: Media, sampling_rate: int | None = None) -> dict[str, Any]:
    """A clip embedded in the request. Raises `ValueError` for one that cannot be used."""
    data = base64.b64encode(clip_wav(media, sampling_rate)).decode()
    return {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}


@dataclass(frozen=True)
class ChatMessages:
    """Converts items to chat messages."""

    prompt: Prompt
    picture: Callable[[Media], dict[str, Any]] = picture_part
    clip: Callable[[Media], dict[str, Any]] = clip_part

    def of(self, item: Item) -> Messages:
        """The conversation that presents an item to the model. Raises `ValueError` for a medium that cannot be used."""
        system, user = self.prompt.conversation(item)
        (rules,) = system.parts
        assert isinstance(rules, Text)
        # Plain text: many servers do not accept content parts in a system message.
        return [
            {"role": "system", "content": rules.text},
            {"role": "user", "content": [self._part(part) for part in user.joined()]},
        ]

    def _part(self, part: Part) -> dict[str, Any]:
        match part:
            case Text(text):
                return {"type": "text", "text": text}
            case Picture(media):
                return self.picture(media)
            case Clip(media):
                return self.clip(media)
