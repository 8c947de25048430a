"""Items as chats: what the prompt shows of them, decoded, and what a model cannot take left out or refused."""

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
"""Threads that decode; the libraries behind them let others run meanwhile."""


@dataclass(frozen=True)
class Limits:
    """What a model takes."""

    sampling_rate: int
    """Hz of the clips it hears."""
    clip_seconds: float | None
    """The longest clip; None where there is no limit."""
    pictures: int | None
    """The most pictures of a prompt; 0 for a model that sees none, None where there is no limit."""
    pixels: int | None
    """The largest picture; None where there is no limit."""
    clips: int | None
    """The most clips of a prompt; 0 for a model that hears none, None where there is no limit."""


@dataclass(frozen=True)
class Chat:
    """An item made ready for a processor."""

    item: Item
    messages: tuple[Message, ...]
    """What is shown, without what was dropped."""
    media: dict[Media, Decoded]
    """Every medium of the messages, decoded."""
    dropped: tuple[str, ...]
    """What the model cannot take, as in `clip of context 2 (45 s, over 30 s)`."""
    seconds: float
    """Wall time that decoding took."""

    @property
    def item_id(self) -> str:
        return self.item.augmented_id

    def shown(self) -> list[Picture | Clip]:
        """The media in the order in which the model meets them."""
        return [part for message in self.messages for part in message.parts if not isinstance(part, Text)]

    def as_template(self) -> list[dict[str, Any]]:
        """The messages as transformers' chat templates expect them."""
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
    """Turns items into chats. Media that neighbouring batches share are decoded once."""

    def __init__(self, prompt: Prompt, limits: Limits, drop_unsupported: bool) -> None:
        self._prompt = prompt
        self._limits = limits
        self._drops = drop_unsupported
        self._decoded: dict[Media, Decoded | MediaError] = {}

    def check(self, items: Iterable[Item], name: str) -> None:
        """Raise `LoadError` where an item shows more pictures or clips than the model takes, and is to keep them."""
        for item in items if not self._drops else ():
            try:
                messages = self._prompt.conversation(item)
            except ValueError:
                continue  # the item's own fault, and recorded with it
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
        """Decode what items show: a chat each, or why there is none."""
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
        """Hold the decoded media of these conversations, and of no others."""
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
        """Parts that the model cannot take, by their identity, with the reason."""
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
    """The picture with at most so many pixels, in its proportions as far as whole pixels can."""
    width, height = picture.size
    if pixels is None or width * height <= pixels:
        return picture
    scale = math.sqrt(pixels / (width * height))
    # A line of pixels is no thinner than one, and then no longer than the limit.
    width = min(max(1, int(width * scale)), pixels)
    return picture.resize((width, min(max(1, int(height * scale)), pixels // width)), Image.Resampling.BICUBIC)


def estimated_length(item: Item, limits: Limits) -> int:
    """About how many tokens an item takes, from the headers of its media alone: good enough to sort by."""
    contexts = item.contexts
    words = sum(len(context.text) for context in contexts) + len(item.query_text)
    pictures = [item.query_image, *(context.image for context in contexts)]
    clips = [item.query_audio, *(context.audio for context in contexts)]
    # Common rates: 4 letters, 28 x 28 pixels and 1/25 s a token.
    shown = [media for media in pictures if media is not None and limits.pictures != 0]
    n_pixels = sum(min(_pixels(media), limits.pixels or math.inf) for media in shown)
    seconds = sum(_seconds(media) for media in clips if media is not None) if limits.clips != 0 else 0.0
    return words // 4 + int(n_pixels) // 784 + int(25 * seconds)


def _pixels(media: Media) -> int:
    try:
        width, height = picture_size(media.data)
    except MediaError:
        return 0  # whoever decodes it says what is wrong
    return width * height


def _seconds(media: Media) -> float:
    try:
        return clip_seconds(media.data)
    except MediaError:
        return 0.0
