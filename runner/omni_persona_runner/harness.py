"""A dataset for other evaluation harnesses: prompts by item ID, and the scores of what a model answered.

The tasks in `integrations/` are thin layers over this module, so that a harness shows a model what
`omni-persona run` shows, and scores its answers as `omni-persona score` does.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import omni_persona_cal
from omni_persona_artifacts.chat import split_thinking
from omni_persona_artifacts.dataset_folder import DatasetFolder, Row
from omni_persona_artifacts.errors import ItemError
from omni_persona_artifacts.references import references
from omni_persona_runner.media import clip_wav, picture_uri
from omni_persona_runner.prompt import Clip, Picture, Prompt, Text

HEADLINES = ("cal", "ans", "unans")
"""The scores that `told` returns with their intervals."""


@dataclass(frozen=True)
class Turn:
    """One message: its parts in order."""

    role: str
    parts: tuple[tuple[str, str], ...]
    """(`text`, the text), (`image`, a data URI) or (`audio`, a data URI of a WAV)."""


class HarnessDataset:
    """A dataset folder whose items are looked up by ID."""

    def __init__(self, path: str | Path, prompt: Prompt | None = None) -> None:
        """Read the columns without media. Raises `FileNotFoundError` and `ValueError` as `DatasetFolder` does."""
        self._folder = DatasetFolder(path)
        self._prompt = prompt or Prompt()
        self._rows: dict[str, Row] = {row.item_id: row for row in self._folder.rows}

    @cached_property
    def references(self) -> dict[str, dict[str, Any]]:
        """Item ID -> reference as `omni_persona_cal.compute` takes it, in the dataset's order."""
        return {one["augmented_id"]: one for one in references(self._folder.path)}

    def question(self, item_id: str) -> str:
        """The text of an item's query. Raises what `conversation` raises."""
        return self._item(item_id).query_text

    def conversation(self, item_id: str) -> list[Turn]:
        """The messages that present an item to a model: the rules, then the contexts and the query.

        Raises `KeyError` for an unknown ID and `ValueError` for an item whose media cannot be used.
        """
        return [
            Turn(message.role, tuple(_part(part) for part in message.joined()))
            for message in self._prompt.conversation(self._item(item_id))
        ]

    def _item(self, item_id: str) -> Any:
        (item,) = self._folder.items([self._rows[item_id]])
        if isinstance(item, ItemError):
            raise ValueError(f"{item.item_id}: {item.message}")
        return item


def _part(part: Text | Picture | Clip) -> tuple[str, str]:
    if isinstance(part, Text):
        return "text", part.text
    if isinstance(part, Picture):
        return "image", picture_uri(part.media)
    return "audio", f"data:audio/wav;base64,{base64.b64encode(clip_wav(part.media)).decode()}"


def answer_in(text: str | None) -> str:
    """The answer in a model's text, without its thoughts.

    Raises `ValueError` if there is none (nothing was said, or the thoughts have no end): the item has failed.

    Examples:
        >>> answer_in("<think>A uniform...</think>A nurse.")
        'A nurse.'
    """
    said = split_thinking(text or "").answer
    if not said:
        raise ValueError("an empty answer")
    return said


def is_right(reference: Mapping[str, Any], answer: str) -> bool:
    """Whether an answer is right by the lexical judge: correct if the item can be answered, abstaining if not."""
    ((item,), _) = omni_persona_cal.judged_items([answer], [dict(reference)])
    return bool(item.is_right())


def scores_of(answers: Sequence[tuple[Mapping[str, Any], str]]) -> dict[str, Any]:
    """The metric's result for pairs of reference and answer; the order is that of the references' dataset.

    Raises `ValueError` if there is none.
    """
    if not answers:
        raise ValueError("expected at least one answer, got none: every item failed")
    return omni_persona_cal.compute([said for _, said in answers], [dict(reference) for reference, _ in answers])


def headline_scores(scores: Mapping[str, Any]) -> dict[str, float]:
    """The headline scores with both ends of their 95 % intervals, and Cal of each group; undefined ones left out.

    scores: as of `scores_of`. Keys are such as `cal`, `cal_low`, `cal_high` and `cal_I2I`.
    """
    found: dict[str, float | None] = {}
    for name in HEADLINES:
        low, high = scores["intervals"].get(name) or (None, None)
        found |= {name: scores[name], f"{name}_low": low, f"{name}_high": high}
    found |= {f"cal_{group}": part["cal"] for group, part in scores["by_group"].items()}
    return {name: float(value) for name, value in found.items() if value is not None}
