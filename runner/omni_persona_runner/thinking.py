"""Separate a model's thinking from its answer with the metric's own splitter, so that both agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from omni_persona_cal.thinking import Reply, is_open, split_thinking

__all__ = ["Reply", "is_open", "split_thinking", "split_tokens"]


def split_tokens(tokenizer: Any, tokens: Sequence[int], *, opened: bool = False) -> Reply:
    """`split_thinking` for generated tokens; thinking markers may be special tokens, which answers never contain.

    Raises `ValueError` if the thinking does not end.
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
    # The markers were special tokens: without them, the start of the answer is unknown.
    answer = marked.answer
    for token in tokenizer.all_special_tokens:
        answer = answer.replace(token, "")
    return Reply(answer.strip(), marked.thinking)
