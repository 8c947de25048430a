"""What a model is shown of an item: system rules, one block per context, then the query.

    system   the rules
    user     Context 1 <picture> <clip> its note
             ...
             Context K <picture> <clip> its note
             Query <the cue> the question

Which person it is about, the gold answer and all other supervision stay out, and so do the names of files and
concepts: contexts are told apart by their place alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from omni_persona import ABSTENTION, Item, Media

Cues: TypeAlias = Literal["isolated", "as-released"]
"""Which query media a model sees.

`isolated`: the cue of the query's modality alone (a picture for I2I, a clip for A2A, none for T2T and T2Any).
`as-released`: all the item has, but no picture for voice queries. The v2.2 release puts face and voice beside
every query, so that a text query can be answered by comparing faces there.
"""

PROMPT_VERSION = 1

RULES = f"""\
You keep memories of several people. Each memory is headed "Context" and a number, and holds a photo of one \
person's face, a clip of the same person's voice, and a written note about that person.

The query is about one person. Find the context it means: by the face where the query shows a photo, by the \
voice where it plays a clip, by the facts where it describes someone, and by what is said in the voice clips \
where it tells what someone said.

Answer from the note of that context and from nothing else. A photo or a clip tells who the person is, never \
what to answer. Do not use the notes of other people and do not guess.

Reply with one short phrase that answers the query, without naming the context and without explaining.

If the person is in none of the contexts, or the note of that person does not state what is asked, reply \
with exactly this sentence:
{ABSTENTION}"""

_CONTEXT_HEAD = "Context {number}\n"
_CONTEXT_NOTE = "\nNote: {text}\n\n"
_QUERY_HEAD = "Query\n"
_QUERY_TEXT = "{text}"
_QUERY_TEXT_AFTER_MEDIA = "\n{text}"


@dataclass(frozen=True)
class Text:
    """Words of a message."""

    text: str


@dataclass(frozen=True)
class Picture:
    """An encoded picture in a message."""

    media: Media


@dataclass(frozen=True)
class Clip:
    """An encoded clip in a message."""

    media: Media


Part: TypeAlias = Text | Picture | Clip


@dataclass(frozen=True)
class Message:
    """One turn: its parts in the order in which the model meets them."""

    role: Literal["system", "user"]
    parts: tuple[Part, ...]


def prompt_hash() -> str:
    """SHA-256 in hex of all our own wording that a model sees: changes when it does."""
    wording = (RULES, _CONTEXT_HEAD, _CONTEXT_NOTE, _QUERY_HEAD, _QUERY_TEXT, _QUERY_TEXT_AFTER_MEDIA)
    return hashlib.sha256("\0".join(wording).encode()).hexdigest()


def check_cues(cues: str) -> None:
    """Raise `ValueError` unless `cues` is one of `Cues`."""
    if cues not in get_args(Cues):
        raise ValueError(f"expected cues among {', '.join(get_args(Cues))}, got {cues!r}")


def conversation(item: Item, cues: Cues = "isolated") -> list[Message]:
    """The messages that put an item to a model: the rules, then contexts 1..K and the query.

    Raises `ValueError` for unknown cues, and where the item lacks the medium that its query is about.
    """
    query = _query_media(item, cues)
    parts: list[Part] = []
    for number, context in enumerate(item.contexts, start=1):
        parts += [
            Text(_CONTEXT_HEAD.format(number=number)),
            Picture(context.image),
            Clip(context.audio),
            Text(_CONTEXT_NOTE.format(text=context.text)),
        ]
    wording = _QUERY_TEXT_AFTER_MEDIA if query else _QUERY_TEXT
    parts += [Text(_QUERY_HEAD), *query, Text(wording.format(text=item.query_text))]
    return [Message("system", (Text(RULES),)), Message("user", tuple(parts))]


def _query_media(item: Item, cues: Cues) -> list[Part]:
    """The picture and the clip that stand beside the question, in this order."""
    check_cues(cues)
    group = item.task.group
    if group == "I2I" and item.query_image is None:
        raise ValueError("a query by face has no query picture")
    if group == "A2A" and item.query_audio is None:
        raise ValueError("a query by voice has no query clip")
    shows_picture = group == "I2I" if cues == "isolated" else group != "A2A"
    shows_clip = group == "A2A" or cues == "as-released"
    picture = [Picture(item.query_image)] if shows_picture and item.query_image is not None else []
    clip = [Clip(item.query_audio)] if shows_clip and item.query_audio is not None else []
    return [*picture, *clip]
