"""The prompt that a model sees of an item: system rules, one block per context, then the query.

    system   the rules
    user     Context 1 <picture> <clip> its note
             ...
             Context K <picture> <clip> its note
             Query <the cue> the question

The queried person, the gold answer and all other supervision are left out, and so are the names of files and
concepts: contexts are distinguished only by their position.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from omni_persona import ABSTENTION, Item, Media
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.json_files import read_text
from omni_persona_artifacts.shown import Ablation, Cues, query_media

PROMPT_VERSION = 2
MOST_BYTES = 1 << 20
"""The largest file of rules that is read; no model reads as much."""

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

THINK_FIRST = """\

Before you reply, think step by step between <think> and </think>. What follows </think> is your reply, of the form \
asked for above."""
"""The rules, except for the instruction to think first."""

_CONTEXT_HEAD = "Context {number}\n"
_CONTEXT_NOTE = "\nNote: {text}\n\n"
_CONTEXT_WITHOUT_NOTE = "\n\n"
_QUERY_HEAD = "Query\n"
_QUERY_TEXT = "{text}"
_QUERY_TEXT_AFTER_MEDIA = "\n{text}"


@dataclass(frozen=True)
class Text:
    """A text part of a message."""

    text: str


@dataclass(frozen=True)
class Picture:
    """An encoded picture part of a message."""

    media: Media
    place: str
    """Its position, such as `context 2` or `query`."""


@dataclass(frozen=True)
class Clip:
    """An encoded clip part of a message."""

    media: Media
    place: str
    """Its position, such as `context 2` or `query`."""


Part: TypeAlias = Text | Picture | Clip


@dataclass(frozen=True)
class Message:
    """One turn: its parts in order."""

    role: Literal["system", "user"]
    parts: tuple[Part, ...]

    def joined(self) -> list[Part]:
        """Merge adjacent text parts.

        Many chat templates strip every text part, so separators must be inside a part.
        """
        parts: list[Part] = []
        for part in self.parts:
            if isinstance(part, Text) and parts and isinstance(before := parts[-1], Text):
                parts[-1] = Text(before.text + part.text)
            else:
                parts.append(part)
        return parts


@dataclass(frozen=True)
class Prompt:
    """How items are turned into prompts. Raises `ValueError` for unknown cues, an unknown ablation or empty rules."""

    rules: str = RULES
    """The system message, without what `reason` adds."""
    cues: Cues = "isolated"
    without: frozenset[Ablation] = frozenset()
    """The ablated parts."""
    reason: bool = False
    """Whether the model is instructed to think first."""

    def __post_init__(self) -> None:
        if self.cues not in get_args(Cues):
            raise ValueError(f"expected cues among {', '.join(get_args(Cues))}, got {self.cues!r}")
        if unknown := self.without - set(get_args(Ablation)):
            raise ValueError(f"expected to go without {', '.join(get_args(Ablation))}, got {sorted(unknown)[0]!r}")
        if not self.rules.strip():
            raise ValueError("expected a system prompt with words, got an empty one")

    @property
    def system(self) -> str:
        """The system message."""
        return self.rules + THINK_FIRST if self.reason else self.rules

    def describe(self) -> dict[str, Any]:
        """The prompt's part of the manifest."""
        return {
            "prompt": {
                "version": PROMPT_VERSION if self.rules == RULES else None,
                "hash": self.hash(),
                "without": sorted(self.without),
                "reason": self.reason,
            },
            "cues": self.cues,
        }

    def hash(self) -> str:
        """SHA-256, in hex, of all wording that does not come from the item."""
        frame = (_CONTEXT_HEAD, _CONTEXT_NOTE, _CONTEXT_WITHOUT_NOTE, _QUERY_HEAD, _QUERY_TEXT, _QUERY_TEXT_AFTER_MEDIA)
        return hashlib.sha256("\0".join((self.system, *frame)).encode()).hexdigest()

    def conversation(self, item: Item) -> list[Message]:
        """Build the messages for an item: the rules, then contexts 1..K and the query.

        Raises `ValueError` if the item lacks the medium that its query is about.
        """
        picture, clip = query_media(item, self.cues, self.without)
        query: list[Part] = [] if picture is None else [Picture(picture, "query")]
        query += [] if clip is None else [Clip(clip, "query")]
        parts: list[Part] = []
        for number, context in enumerate(item.contexts, start=1):
            place = f"context {number}"
            media = self._shown([Picture(context.image, place), Clip(context.audio, place)])
            parts += [Text(_CONTEXT_HEAD.format(number=number)), *media]
            note = _CONTEXT_WITHOUT_NOTE if "text" in self.without else _CONTEXT_NOTE.format(text=context.text)
            parts.append(Text(note))
        wording = _QUERY_TEXT_AFTER_MEDIA if query else _QUERY_TEXT
        parts += [Text(_QUERY_HEAD), *query, Text(wording.format(text=item.query_text))]
        return [Message("system", (Text(self.system),)), Message("user", tuple(parts))]

    def _shown(self, media: Sequence[Picture | Clip]) -> list[Picture | Clip]:
        return [part for part in media if ("image" if isinstance(part, Picture) else "audio") not in self.without]


def read_rules(file: str | Path) -> str:
    """Read a system prompt from a text file. Raises `ValueError` if it is missing, empty or not UTF-8."""
    try:
        rules = read_text(file, MOST_BYTES)
    except (OSError, ArtifactError) as error:
        raise ValueError(f"cannot read the prompt {file}: {error}") from None
    if not rules.strip():
        raise ValueError(f"{file}: expected a system prompt with words, got an empty file")
    return rules
