"""Prepare items for a processor: build the prompt, decode its media, and drop or reject what the model cannot take."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omni_persona import Item, Media
from omni_persona_perception import clip_seconds, picture_size
from omni_persona_runner.media import MediaError, decode_clip, decode_picture
from omni_persona_runner.model import LoadError, ModelError
from omni_persona_runner.prompt import Clip, Message, Part, Picture, Prompt, Text

Decoded: TypeAlias = Image.Image | NDArray[np.float32]

_DECODERS = 4
"""Decoding threads; the decoding libraries release the GIL."""


@dataclass(frozen=True)
class Limits:
    """The inputs that a model accepts."""

    sampling_rate: int
    """Sampling rate that the model expects, in Hz."""
    clip_seconds: float | None
    """Maximum clip length in seconds; None for no limit."""
    pictures: int | None
    """Maximum pictures per prompt; 0 for a model without vision, None for no limit."""
    pixels: int | None
    """Maximum pixels per picture; None for no limit."""
    clips: int | None
    """Maximum clips per prompt; 0 for a model without hearing, None for no limit."""


@dataclass(frozen=True)
class Chat:
    """An item prepared for a processor."""

    item: Item
    messages: tuple[Message, ...]
    """The messages, without dropped parts."""
    media: dict[Media, Decoded]
    """The decoded media of the messages."""
    dropped: tuple[str, ...]
    """What was dropped because the model cannot take it, such as `clip of context 2 (45 s, over 30 s)`."""
    seconds: float
    """Wall time spent on decoding."""

    @property
    def item_id(self) -> str:
        return self.item.augmented_id

    def shown(self) -> list[Picture | Clip]:
        """The media in the order of the prompt."""
        return [part for message in self.messages for part in message.parts if not isinstance(part, Text)]

    def as_template(self) -> list[dict[str, Any]]:
        """The messages in the form that transformers' chat templates expect."""
        return [
            {"role": message.role, "content": [self._content(part) for part in message.joined()]}
            for message in self.messages
        ]

    def _content(self, part: Part) -> dict[str, Any]:
        match part:
            case Text(text):
                return {"type": "text", "text": text}
            case Picture(media):
                return {"type": "image", "image": self.media[media]}
            case Clip(media):
                return {"type": "audio", "audio": self.media[media]}


class Chats:
    """Turns items into chats. Media shared by neighbouring batches are decoded once."""

    def __init__(self, prompt: Prompt, limits: Limits, drop_unsupported: bool) -> None:
        self._prompt = prompt
        self._limits = limits
        self._drops = drop_unsupported
        self._decoded: dict[Media, Decoded | MediaError] = {}

    def check(self, items: Iterable[Item], name: str) -> None:
        """Raise `LoadError` if an item has more pictures or clips than the model takes and none may be dropped."""
        for item in items if not self._drops else ():
            try:
                messages = self._prompt.conversation(item)
            except ValueError:
                continue  # an error of this item alone, recorded with it
            parts = [part for message in messages for part in message.parts]
            for kind, noun, most in ((Picture, "pictures", self._limits.pictures), (Clip, "audio", self._limits.clips)):
                shown = sum(isinstance(part, kind) for part in parts)
                if most is not None and shown > most:
                    raise LoadError(
                        f"model {name} takes {f'{most} of its' if most else 'no'} {noun}, and items of "
                        f"{item.task.group} show {shown}: leave them out of all items (--without), or drop what it "
                        "cannot take, item by item (--drop-unsupported)"
                    )

    def prepare(self, items: Sequence[Item]) -> list[Chat | ModelError]:
        """Decode the media of items and return, for each, a chat or the reason why there is none."""
        start = time.perf_counter()
        conversations: dict[str, tuple[Message, ...] | ModelError] = {}
        for item in items:
            try:
                conversations[item.augmented_id] = tuple(self._prompt.conversation(item))
            except ValueError as error:
                conversations[item.augmented_id] = ModelError(item.augmented_id, str(error))
        self._decode(list(conversations.values()))
        seconds = (time.perf_counter() - start) / max(1, len(items))
        return [self._chat(item, conversations[item.augmented_id], seconds) for item in items]

    def _decode(self, conversations: Sequence[tuple[Message, ...] | ModelError]) -> None:
        """Decode the media of these conversations and forget all others."""
        messages = [message for one in conversations if not isinstance(one, ModelError) for message in one]
        parts = {part.media: part for message in messages for part in message.parts if not isinstance(part, Text)}
        missing = [part for media, part in parts.items() if media not in self._decoded]
        with ThreadPoolExecutor(_DECODERS, thread_name_prefix="decode") as workers:
            new = dict(zip((part.media for part in missing), workers.map(self._decode_one, missing), strict=True))
        self._decoded = {media: new[media] if media in new else self._decoded[media] for media in parts}

    def _decode_one(self, part: Picture | Clip) -> Decoded | MediaError:
        try:
            if isinstance(part, Picture):
                return _within(decode_picture(part.media), self._limits.pixels)
            return decode_clip(part.media, self._limits.sampling_rate)
        except MediaError as error:
            return error

    def _chat(self, item: Item, messages: tuple[Message, ...] | ModelError, seconds: float) -> Chat | ModelError:
        if isinstance(messages, ModelError):
            return messages
        shown = [part for message in messages for part in message.parts if not isinstance(part, Text)]
        reasons = self._unsupported(shown)
        if reasons and not self._drops:
            return ModelError(item.augmented_id, next(iter(reasons.values())))
        kept = [part for part in shown if id(part) not in reasons]
        for part in kept:
            if isinstance(decoded := self._decoded[part.media], MediaError):
                return ModelError(item.augmented_id, str(decoded))
        messages = tuple(
            Message(message.role, tuple(part for part in message.parts if id(part) not in reasons))
            for message in messages
        )
        media = {part.media: value for part in kept if not isinstance(value := self._decoded[part.media], MediaError)}
        return Chat(item, messages, media, tuple(reasons.values()), seconds)

    def _unsupported(self, shown: Sequence[Picture | Clip]) -> dict[int, str]:
        """Parts that the model cannot take, keyed by `id(part)`, with the reason."""
        limits, reasons, counts = self._limits, dict[int, str](), {Picture: 0, Clip: 0}
        for part in shown:
            noun, most = ("picture", limits.pictures) if isinstance(part, Picture) else ("clip", limits.clips)
            if most is not None and counts[type(part)] >= most:
                reasons[id(part)] = f"{noun} of {part.place} (the model takes {most or 'none'})"
                continue
            if isinstance(part, Clip) and limits.clip_seconds is not None:
                samples = self._decoded[part.media]
                seconds = samples.size / limits.sampling_rate if isinstance(samples, np.ndarray) else 0.0
                if seconds > limits.clip_seconds:
                    reason = f"{seconds:.0f} s, over the model's {limits.clip_seconds:.0f} s"
                    reasons[id(part)] = f"clip of {part.place} ({reason})"
                    continue
            counts[type(part)] += 1
        return reasons


def _within(picture: Image.Image, pixels: int | None) -> Image.Image:
    """Shrink a picture to at most so many pixels, keeping its proportions as closely as whole pixels allow."""
    width, height = picture.size
    if pixels is None or width * height <= pixels:
        return picture
    scale = math.sqrt(pixels / (width * height))
    # Each side keeps at least one pixel, so a very thin picture is also limited in length.
    width = min(max(1, int(width * scale)), pixels)
    return picture.resize((width, min(max(1, int(height * scale)), pixels // width)), Image.Resampling.BICUBIC)


def estimated_length(item: Item, limits: Limits) -> int:
    """Estimate an item's number of tokens from its text and media headers; accurate enough for sorting."""
    contexts = item.contexts
    words = sum(len(context.text) for context in contexts) + len(item.query_text)
    pictures = [item.query_image, *(context.image for context in contexts)]
    clips = [item.query_audio, *(context.audio for context in contexts)]
    # Common rates: one token per 4 letters, 28 x 28 pixels or 1/25 s.
    shown = [media for media in pictures if media is not None and limits.pictures != 0]
    n_pixels = sum(min(_pixels(media), limits.pixels or math.inf) for media in shown)
    seconds = sum(_seconds(media) for media in clips if media is not None) if limits.clips != 0 else 0.0
    return words // 4 + int(n_pixels) // 784 + int(25 * seconds)


def _pixels(media: Media) -> int:
    try:
        width, height = picture_size(media.data)
    except MediaError:
        return 0  # decoding will report the error
    return width * height


def _seconds(media: Media) -> float:
    try:
        return clip_seconds(media.data)
    except MediaError:
        return 0.0
