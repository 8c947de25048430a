"""The training data: a corpus, or the items of a dataset, as chats in the runner's format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from omni_persona import TASKS, Item
from omni_persona_artifacts.data_files import dataset_fingerprint
from omni_persona_artifacts.dataset_folder import DatasetFolder
from omni_persona_perception import MediaError, clip_seconds
from omni_persona_runner.chats import Chat, Chats, Limits
from omni_persona_runner.model import ModelError
from omni_persona_runner.prompt import Clip, Message, Picture, Prompt, Text
from omni_persona_training.corpus import leaks
from omni_persona_training.corpus.example import Example
from omni_persona_training.corpus.folder import CorpusFolder, is_corpus
from omni_persona_training.errors import TrainingError
from omni_persona_training.tuning.order import Entry

_COLUMNS = ("example_id", "kind", "answer", "absence", "context")


NAME_CONTEXT = """

Before you reply, write which context the query is about between <think> and </think>, such as \
<think>Context: 2</think>, or <think>Context: none</think> where it is in none. What follows is your reply."""
"""Addition to the rules if a reward pays for naming the right context."""


class TrainingSet:
    """Examples by index, from a corpus folder or a dataset folder."""

    def __init__(self, path: Path, prompt: Prompt | None = None, limit: int | None = None, asks: str = "") -> None:
        """Read the examples' metadata; media are read on demand.

        prompt: prompt settings for a dataset (a corpus has its own wording). limit: use only the first so many. asks:
        addition to the rules of examples with contexts.
        Raises `FileNotFoundError` if there is no such folder, and what the readers of either folder raise.
        """
        if not path.exists():
            raise FileNotFoundError(
                f"{path} does not exist; expected a dataset folder, or a corpus of `omni-persona train-data`"
            )
        self.path = path
        self._prompt = prompt or Prompt()
        self._asks = asks
        self._corpus = CorpusFolder(path) if is_corpus(path) else None
        self._dataset = None if self._corpus else DatasetFolder(path)
        n_all = len(self._corpus) if self._corpus else len(self._dataset.rows)  # type: ignore[union-attr]
        self._count = n_all if limit is None else min(limit, n_all)

    def __len__(self) -> int:
        """Number of examples."""
        return self._count

    def __getitem__(self, place: int) -> Example:
        """An example with its media. Raises `TrainingError` for an invalid item."""
        if self._corpus is not None:
            return _asking(self._corpus.example(place), self._asks)
        assert self._dataset is not None
        (item,) = self._dataset.items([self._dataset.rows[place]])
        if not isinstance(item, Item):
            raise TrainingError(f"{self.path}: {item}")
        return _asking(_of_item(item, self._prompt), self._asks)

    def describe(self) -> dict[str, Any]:
        """What identifies the training data."""
        if self._corpus is not None:
            return {"corpus": self.path.resolve().name, "content": self._corpus.about.get("content"), "n": len(self)}
        about = {"dataset": self.path.resolve().name, "fingerprint": dataset_fingerprint(self.path), "n": len(self)}
        return {**about, "prompt": self._prompt.hash()}

    def require_apart(self, test: Path) -> None:
        """Raise `TrainingError`, with IDs, if a test dataset shares people or media with it."""
        held = leaks.of_corpus(self._corpus) if self._corpus is not None else leaks.of_dataset(self.path)
        leaks.require_apart(held, test, self.path)

    def columns(self, place: int) -> dict[str, Any]:
        """The columns of an example that a reward reads."""
        if self._corpus is not None:
            return {name: self._corpus.records[place][name] for name in _COLUMNS}
        return self[place].columns()

    def entries(self) -> list[Entry]:
        """The properties of the examples that determine their order."""
        if self._corpus is not None:
            return [
                Entry(place, record["task"], record["absence"], record["twin"] or record["example_id"])
                for place, record in enumerate(self._corpus.records[: len(self)])
            ]
        assert self._dataset is not None
        rows = self._dataset.rows[: len(self)]
        return [Entry(place, row.group, row.absence, row.source_sample_id) for place, row in enumerate(rows)]


class ExampleChats:
    """Turns examples into chats for a processor, as the runner does for items."""

    def __init__(self, limits: Limits, name: str) -> None:
        """limits: what the model takes. name: the model's, for error messages."""
        self._limits = limits
        self._name = name

    def check(self, examples: TrainingSet) -> None:
        """Raise `TrainingError` that names the first example with media that the model does not take."""
        seconds: dict[int, float] = {}
        for place in range(len(examples)):
            example = examples[place]
            media = example.media()
            for kind, noun, most in ((Picture, "pictures", self._limits.pictures), (Clip, "clips", self._limits.clips)):
                shown = sum(isinstance(part, kind) for part in media)
                if most is not None and shown > most:
                    raise TrainingError(
                        f"example {example.example_id} shows {shown} {noun}, and {self._name} takes {most or 'none'}"
                    )
            if self._limits.clip_seconds is None:
                continue
            for part in media:
                if isinstance(part, Clip):
                    key = hash(part.media.data)
                    seconds[key] = seconds.get(key) or _seconds(part)
                    if seconds[key] > self._limits.clip_seconds:
                        raise TrainingError(
                            f"example {example.example_id}: the clip of {part.place} has {seconds[key]:.0f} s, and "
                            f"{self._name} takes {self._limits.clip_seconds:.0f} s"
                        )

    def chat(self, example: Example) -> Chat:
        """Prepare an example. Raises `TrainingError` for media that cannot be decoded or are not taken."""
        prompt = _Written(example.messages)
        (chat,) = Chats(prompt, self._limits, drop_unsupported=False).prepare([_stand_in(example)])
        if isinstance(chat, ModelError):
            raise TrainingError(f"example {example.example_id}: {chat.message}")
        return chat


class _Written(Prompt):
    """A prompt whose messages are already built."""

    def __init__(self, messages: Sequence[Message]) -> None:
        super().__init__()
        object.__setattr__(self, "_messages", list(messages))

    def conversation(self, item: Item) -> list[Message]:
        """Return the messages unchanged."""
        return self._messages  # type: ignore[attr-defined]


def _stand_in(example: Example) -> Item:
    """An item with nothing but an ID: the messages contain what is shown."""
    return Item(
        augmented_id=example.example_id,
        source_sample_id=example.source,
        task=TASKS["semantic_to_bio"],
        absence=example.absence,
        target_concept_id=None,
        contexts=(),
        query_image=None,
        query_audio=None,
        query_text="",
        gold_answer=example.answer,
        asked_subfield=None,
    )


def _asking(example: Example, asks: str) -> Example:
    """Add an instruction to the rules of an example with contexts."""
    if not asks or example.context is None:
        return example
    first, *others = example.messages
    return replace(example, messages=(replace(first, parts=(*first.parts, Text(asks))), *others))


def _of_item(item: Item, prompt: Prompt) -> Example:
    try:
        messages = tuple(prompt.conversation(item))
    except ValueError as error:
        raise TrainingError(f"item {item.augmented_id}: {error}") from None
    places = [place for place, one in enumerate(item.contexts, start=1) if one.concept_id == item.target_concept_id]
    return Example(
        example_id=item.augmented_id,
        task="text_qa",
        messages=messages,
        kind="question",
        answer=item.gold_answer,
        absence=item.absence,
        context=places[0] if places else 0,
        source=item.source_sample_id,
    )


def _seconds(part: Clip) -> float:
    try:
        return clip_seconds(part.media.data)
    except MediaError as error:
        raise TrainingError(f"clip {part.media.name}: {error}") from None
