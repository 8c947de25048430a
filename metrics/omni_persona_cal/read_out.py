"""Read verdicts out of a local model: one forward pass for a batch of questions, no generated text.

All questions begin alike, with the chat template's opening and the instructions. The keys and values of that beginning
are computed once and shared, so that a question costs what is its own: the two texts and the marks around them.
"""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Sequence
from typing import Any

from .scores import CORRECT, WRONG

_LEAST_SHARED = 16
"""Number of tokens from which sharing a beginning is worth a pass of its own."""
_SHARABLE = ("DynamicLayer", "DynamicSlidingWindowLayer")
"""Kinds of cache layers whose rows can be repeated and continued, the second as far as its window reaches."""


class ReadOut:
    """A loaded model that gives the margin of each question."""

    def __init__(self, name: str, tokenizer: Any, model: Any) -> None:
        """name: of the model, for messages. tokenizer: with a chat template and a padding token.

        Raises `ValueError` if the tokenizer begins both verdicts alike.
        """
        self._tokenizer, self._model = tokenizer, model
        self._correct, self._wrong = _first_tokens(name, tokenizer)
        self._takes = inspect.signature(model.forward).parameters
        self._head: list[int] = []
        self._cache: Any = None
        self._reach = math.inf

    def share(self, rows: Sequence[Sequence[int]]) -> None:
        """Compute what these questions begin with, unless they begin with what is known already."""
        import torch

        if self._shared(rows) or not {"past_key_values", "position_ids"} <= set(self._takes):
            return
        different = (place for place, column in enumerate(zip(*rows, strict=False)) if len(set(column)) > 1)
        n_alike = min(next(different, len(rows[0])), min(map(len, rows)) - 1)
        self._head, self._cache = [], None
        if len(rows) < 2 or n_alike < _LEAST_SHARED:
            return
        head = list(rows[0][:n_alike])
        options = {"logits_to_keep": 1} if "logits_to_keep" in self._takes else {}
        with torch.inference_mode():
            ids = torch.tensor([head], device=self._model.device)
            cache = self._model(input_ids=ids, use_cache=True, **options).past_key_values
        layers = getattr(cache, "layers", [])
        if layers and all(type(layer).__name__ in _SHARABLE for layer in layers):
            self._head, self._cache = head, cache
            self._reach = min(getattr(layer, "sliding_window", None) or math.inf for layer in layers)

    def margins(self, rows: Sequence[Sequence[int]]) -> list[float]:
        """By how much the model would rather go on with CORRECT than with WRONG, for each question of one batch."""
        import torch

        n_head = len(self._head)
        shared = self._shared(rows)
        own = [row[n_head:] for row in rows] if shared else list(rows)
        width, device = max(map(len, own)), self._model.device
        # Padding on the left: the last token of each row is the last of its question.
        filler = self._tokenizer.pad_token_id
        ids = torch.tensor([[filler] * (width - len(row)) + list(row) for row in own], device=device)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in own], device=device)
        options: dict[str, Any] = {"attention_mask": mask, "use_cache": False}
        before = 0
        if shared:
            cache = copy.deepcopy(self._cache)
            cache.batch_repeat_interleave(len(own))
            before = n_head
            options = {
                "attention_mask": torch.cat([mask.new_ones(len(own), n_head), mask], dim=1),
                "past_key_values": cache,
                "use_cache": True,
            }
        if "position_ids" in self._takes:
            # Padding moves every token, which positions must not show.
            options["position_ids"] = before + (mask.cumsum(-1) - 1).clamp(min=0)
        if "logits_to_keep" in self._takes:
            options["logits_to_keep"] = 1
        with torch.inference_mode():
            logits = self._model(input_ids=ids, **options).logits[:, -1].float()
            likelihoods = torch.log_softmax(logits, dim=-1)
            correct, wrong = (torch.logsumexp(likelihoods[:, one], dim=-1) for one in (self._correct, self._wrong))
        return [float(margin) for margin in correct - wrong]

    def _shared(self, rows: Sequence[Sequence[int]]) -> bool:
        """Whether questions begin with what is known; within a window, because padding would move what it shows."""
        n_head = len(self._head)
        return n_head > 0 and all(n_head < len(row) <= self._reach and list(row[:n_head]) == self._head for row in rows)


def tokenized(tokenizer: Any, questions: Sequence[str]) -> list[list[int]]:
    """The tokens of each question in the tokenizer's chat template."""
    chats = [[{"role": "user", "content": text}] for text in questions]
    # Longer ones than the model takes are told by the caller, in its own words.
    found = tokenizer.apply_chat_template(
        chats, add_generation_prompt=True, return_dict=True, tokenizer_kwargs={"verbose": False}
    )
    return [list(row) for row in found["input_ids"]]


def _first_tokens(name: str, tokenizer: Any) -> tuple[list[int], list[int]]:
    """The tokens that CORRECT and WRONG may begin with, as a reply or after a space, without shared ones."""
    correct, wrong = (
        {
            tokens[0]
            for text in (word, f" {word}", word.capitalize())
            if (tokens := tokenizer.encode(text, add_special_tokens=False))
        }
        for word in (CORRECT, WRONG)
    )
    shared = correct & wrong
    if not correct - shared or not wrong - shared:
        raise ValueError(
            f"{name}: expected a tokenizer that begins {CORRECT} and {WRONG} with different tokens, "
            "got the same: let it give a reason (--judge-reason, or reason=True in Python)"
        )
    return sorted(correct - shared), sorted(wrong - shared)
