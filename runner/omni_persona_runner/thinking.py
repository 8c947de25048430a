"""Tell what a model thought from what it answered."""

from __future__ import annotations

from dataclasses import dataclass

_OPEN, _CLOSE = "<think>", "</think>"


@dataclass(frozen=True)
class Reply:
    """A model's text, taken apart."""

    answer: str
    thinking: str | None
    """None where the text holds no thinking."""


def is_open(prompt: str) -> bool:
    """Whether a prompt ends amid thoughts, so that what follows goes on with them."""
    return prompt.rfind(_OPEN) > prompt.rfind(_CLOSE)


def split_thinking(text: str, *, opened: bool = False) -> Reply:
    """Take a text apart at its last `</think>`; a template may have opened the thinking already.

    opened: whether it has for certain.
    Raises `ValueError` for thinking that never ends: whatever stands there is no answer.
    """
    before, closed, after = text.rpartition(_CLOSE)
    if closed:
        if _OPEN in after:
            raise ValueError("the thinking has no end")
        return Reply(after.strip(), before.strip().removeprefix(_OPEN).strip())
    if opened or _OPEN in text:
        raise ValueError("the thinking has no end")
    return Reply(text.strip(), None)
