"""Tell what a model thought from what it answered: the metric's own splitter, so that both read a text alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from omni_persona_cal.thinking import Reply, is_open, split_thinking

__all__ = ["Reply", "is_open", "split_thinking", "split_tokens"]


def split_tokens(tokenizer: Any, tokens: Sequence[int], *, opened: bool = False) -> Reply:
    """`split_thinking` of generated tokens: marks of thoughts may be special tokens, which no answer holds.

    Raises `ValueError` for thoughts without an end.
    """
    marked = split_thinking(tokenizer.decode(tokens, skip_special_tokens=False), opened=opened)
    plain = tokenizer.decode(tokens, skip_special_tokens=True)
    if marked.thinking is None:
        return split_thinking(plain)
    try:
        said = split_thinking(plain, opened=opened)
    except ValueError:
        said = Reply("", None)
    if said.thinking is not None:
        return said
    # The marks were special tokens: without them, nothing tells where the answer begins.
    answer = marked.answer
    for token in tokenizer.all_special_tokens:
        answer = answer.replace(token, "")
    return Reply(answer.strip(), marked.thinking)
