"""Any transformers checkpoint that `AutoProcessor` and `AutoModelForMultimodalLM` can load.

The prompt goes through the checkpoint's own chat template with pictures and clips in memory; answers are
greedy by default. The processor and the configuration are loaded first, so that an unusable checkpoint is
rejected early; the weights only when the first item is asked, so that a finished run loads none. While the model
answers a batch, a thread reads, decodes and tokenizes the next.
"""

from __future__ import annotations

import copy
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from omni_persona import Item
from omni_persona_runner import chat_template
from omni_persona_runner.adapter import chosen
from omni_persona_runner.batching import BatchSize, Prefetch, Size, batches, split_in_half
from omni_persona_runner.chats import Chat, Chats, estimated_length
from omni_persona_runner.checkpoint import Checkpoint
from omni_persona_runner.devices import (
    best_attention,
    check_dtype,
    default_device,
    free_memory,
    is_fatal,
    is_out_of_memory,
    memory_in_use,
    on_gpu,
    reason_of,
)
from omni_persona_runner.model import Answer, LoadError, ModelError, Outcome
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.sampling import Sampling
from omni_persona_runner.shared_prefix import Inputs, OmniInputs, prefill
from omni_persona_runner.thinking import is_open, split_tokens

_MOST_ON_CPU = 4
"""Automatic batch size without a GPU: a source sample's siblings. Larger padded batches cost more than they
gain there."""
_MOST_ON_GPU = 512


@dataclass(frozen=True)
class _Batch:
    """Chats that are answered together."""

    chats: Sequence[Chat]
    inputs: Any
    """The model's inputs: `Inputs` for Qwen-Omni, the processor's `BatchFeature` for all others."""
    lengths: Sequence[int]
    """Length of each prompt in tokens."""


class TransformersModel:
    """A checkpoint from a folder or the Hub that implements `Model`."""

    def __init__(
        self,
        path_or_id: str | Path,
        *,
        revision: str | None = None,
        adapter: str | Path | None = None,
        prompt: Prompt | None = None,
        batch_size: Size = 1,
        max_new_tokens: int = 256,
        sampling: Sampling | None = None,
        device: str | None = None,
        dtype: str | None = None,
        attention: str | None = None,
        max_pixels: int | None = None,
        drop_unsupported: bool = False,
        share_prefix: bool = True,
        trust_remote_code: bool = False,
    ) -> None:
        """Load the processor and the configuration of a checkpoint.

        path_or_id: a folder (a checkpoint, or an adapter, which names its base), or a name on the Hub (with
        HF_HUB_OFFLINE=1, from the local cache only). adapter: the folder of a LoRA adapter that was trained on it.
        revision: of a checkpoint on the Hub: a branch, a tag, a commit, or `refs/pr/N`; None uses the main branch.
        batch_size: items per batch, or `auto`; a batch that does not fit in memory is halved.
        max_new_tokens: maximum answer length. sampling: None decodes greedily; draws depend on the items of a batch.
        device: such as `cuda:1`, or `auto` to spread over all GPUs; None uses a GPU if available.
        dtype: such as `float32`; None uses bfloat16 on a GPU and float32 elsewhere.
        attention: transformers' name, such as `sdpa`, `flash_attention_2` or `eager`; None uses flash attention if
        it is installed and supported, on a GPU in half precision, and otherwise transformers' default.
        max_pixels: larger pictures are shrunk to this number of pixels; None uses the family's own limit, if any.
        drop_unsupported: leave out of an item what the model cannot take, instead of failing. share_prefix: compute
        the common prefix of siblings once, if the family supports it. trust_remote_code: allow the checkpoint to run
        its own code.
        Raises `LoadError` for a checkpoint that cannot be found, lacks a processor or a chat template, or does not
        match the adapter; `ValueError` for a number below 1, an unknown dtype, or a revision of a folder.
        """
        if max_new_tokens < 1:
            raise ValueError(f"expected at least 1 new token, got {max_new_tokens=}")
        if max_pixels is not None and max_pixels < 1:
            raise ValueError(f"expected at least 1 pixel, got {max_pixels=}")
        self.name, base, trained = chosen(path_or_id, adapter)
        self._prompt = prompt or Prompt()
        self._max_new_tokens = max_new_tokens
        self._device = device or default_device()
        self._dtype = dtype or ("bfloat16" if on_gpu(self._device) else "float32")
        self._drops = drop_unsupported
        self._share_prefix = share_prefix
        fast = on_gpu(self._device)
        self._size = BatchSize.of(batch_size, _MOST_ON_GPU if fast else _MOST_ON_CPU, siblings_only=not fast)
        check_dtype(self._dtype)
        self._checkpoint = Checkpoint(base, revision, trust_remote_code, trained)
        self._attention = attention or best_attention(self._checkpoint.family.flash, self._device, self._dtype)
        self._processor = self._checkpoint.processor
        # The processor runs in its own thread, and a tokenizer is not thread-safe.
        self._words = copy.deepcopy(self._processor.tokenizer)
        self._processing = threading.Lock()
        self._limits = self._checkpoint.limits(max_pixels)
        self._chats = Chats(self._prompt, self._limits, drop_unsupported)
        self._sampling = sampling or Sampling()
        self._generation = self._checkpoint.generation(max_new_tokens, self._sampling)

    @cached_property
    def _model(self) -> Any:
        model = self._checkpoint.weights(
            device=self._device, dtype=self._dtype, attention=self._attention, without=self._prompt.without
        )
        # Otherwise the checkpoint's own generation settings would fill in what ours leave unset.
        model.generation_config = self._generation
        return model

    @cached_property
    def _omni(self) -> OmniInputs | None:
        """Builds inputs medium by medium, for families that support it."""
        if not self._checkpoint.family.omni:
            return None
        model = self._model
        return OmniInputs(self._processor, model.config, model.get_rope_index, self._share_prefix)

    # ---- answering

    def describe(self) -> dict[str, Any]:
        """What determines the answers, for the manifest."""
        return {
            **self._checkpoint.describe(),
            "dtype": self._dtype,
            "attention": self._attention,
            "device": self._device,
            "max_pixels": self._limits.pixels,
            "drop_unsupported": self._drops,
            **self._prompt.describe(),
            "generation": {
                setting: value
                for setting, value in sorted(self._generation.to_diff_dict().items())
                if setting != "transformers_version" and not setting.startswith("_")
            },
            **self._sampling.seeds(),
        }

    def repeat(self, number: int) -> TransformersModel:
        """The same model for another repeat, counted from 1. Loaded weights are shared."""
        other = copy.copy(self)
        other._sampling = self._sampling.repeat(number)
        return other

    def check(self, items: Iterable[Item]) -> None:
        """Raise `LoadError` if an item has more pictures or clips than the model takes and none may be dropped.

        Also raised for a chat template that cannot render the prompt.
        """
        self._chats.check(items, self.name)
        _ = self._opens_thinking

    def answer(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Answer items batch by batch.

        Raises `LoadError` if the weights cannot be loaded.
        """
        _ = self._model  # a checkpoint that cannot be loaded is not an item's failure
        coming = batches(items, lambda item: estimated_length(item, self._limits), self._size)
        for prepared in Prefetch(self._prepare).over(coming):
            for one in prepared:
                yield from self._answer_or_halve(one) if isinstance(one, _Batch) else [one]

    @cached_property
    def _opens_thinking(self) -> bool:
        """Whether the chat template starts every answer with thinking."""
        takes = {"image": self._limits.pictures, "audio": self._limits.clips}
        media = tuple(kind for kind, most in takes.items() if most != 0 and kind not in self._prompt.without)
        return is_open(chat_template.sample(self._processor, self.name, media))

    def _prepare(self, items: Sequence[Item]) -> list[_Batch | ModelError]:
        """Decode and tokenize items into one batch, or smaller ones if one is at fault; yield failed items, too."""
        chats = self._chats.prepare(items)
        failed = [chat for chat in chats if isinstance(chat, ModelError)]
        return [*failed, *self._batch_or_halve([chat for chat in chats if isinstance(chat, Chat)])]

    def _batch_or_halve(self, chats: Sequence[Chat]) -> list[_Batch | ModelError]:
        if not chats:
            return []
        try:
            inputs, lengths = self._inputs(chats)
        # Processors may raise any exception; it is recorded with its item.
        except Exception as error:
            if len(chats) == 1:
                return [ModelError(chats[0].item_id, reason_of(error))]
            parts: Iterable[Sequence[Chat]] = split_in_half(chats)
        else:
            parts = self._alike(chats, lengths)
            if len(parts) == 1:
                return [_Batch(chats, inputs, lengths)]
        return [batch for part in parts for batch in self._batch_or_halve(part)]

    def _alike(self, chats: Sequence[Chat], lengths: Sequence[int]) -> list[list[Chat]]:
        """Separate chats whose answers would change if they shared a batch.

        LongRoPE uses different frequencies above a certain length, those of the longest text for the whole batch.
        Batched together are prompts that stay below it with their answers, those above it, and those of one length that
        cross it.
        """
        if self._long_from is None:
            return [list(chats)]
        alike: defaultdict[int, list[Chat]] = defaultdict(list)
        for chat, length in zip(chats, lengths, strict=True):
            alike[min(max(length, self._long_from - self._max_new_tokens), self._long_from + 1)].append(chat)
        return list(alike.values())

    @cached_property
    def _long_from(self) -> int | None:
        """The length above which the model's LongRoPE changes; None if it has none."""
        config = self._checkpoint.config.get_text_config()
        rope = getattr(config, "rope_parameters", None) or {}
        if rope.get("rope_type") != "longrope":
            return None
        return int(rope.get("original_max_position_embeddings") or config.original_max_position_embeddings)

    def _answer_or_halve(self, batch: _Batch) -> list[Outcome]:
        """Answer a batch; on failure, retry each half, down to the item at fault."""
        chats = batch.chats
        try:
            return list(self._generate(batch))
        # Models may raise any exception; it is recorded with its item.
        except Exception as error:
            if is_fatal(error):
                raise LoadError(
                    f"model {self.name}: its device failed on the batch of item {chats[0].item_id}; repeat the command "
                    f"to continue from there: {reason_of(error).splitlines()[0]}"
                ) from error
            if is_out_of_memory(error):
                self._size.failed(len(chats))
            if len(chats) == 1:
                return [ModelError(chats[0].item_id, reason_of(error))]
        # Outside the handler, so that the failed attempt's tensors are freed.
        free_memory()
        outcomes: list[Outcome] = []
        for half in split_in_half(chats):
            for one in self._batch_or_halve(half):
                outcomes += self._answer_or_halve(one) if isinstance(one, _Batch) else [one]
        return outcomes

    def _generate(self, batch: _Batch) -> Iterator[Outcome]:
        import torch

        start = time.perf_counter()
        model, inputs = self._model, batch.inputs
        resting, _ = memory_in_use(self._devices())
        with torch.inference_mode():
            if isinstance(inputs, Inputs):
                inputs = inputs.to(model.device, model.dtype)
                cache = prefill(model, inputs)
                given = inputs.rest if cache is None else {**inputs.rest, "past_key_values": cache}
            else:
                given = inputs.to(model.device, dtype=model.dtype)
            if not self._sampling.is_greedy:
                torch.manual_seed(self._sampling.seed_of([chat.item_id for chat in batch.chats]))
            output = model.generate(**given, generation_config=self._generation)
        new_tokens = output[:, given["input_ids"].shape[1] :].tolist()
        _, peak = memory_in_use(self._devices())
        self._size.fitted(len(batch.chats), peak, resting)
        share = (time.perf_counter() - start) / len(batch.chats)
        for chat, tokens, length in zip(batch.chats, new_tokens, batch.lengths, strict=True):
            yield self._outcome(chat, tokens, length, share)

    def _devices(self) -> Iterator[Any]:
        """The devices of the model's weights."""
        return (part.device for part in self._model.parameters())

    def _outcome(self, chat: Chat, tokens: Sequence[int], n_input: int, seconds: float) -> Outcome:
        n_output, ended = self._n_generated(tokens)
        opened = self._opens_thinking or (self._prompt.reason and not ended)
        try:
            said = split_tokens(self._words, tokens[:n_output], opened=opened)
        except ValueError as error:
            room = "" if ended else " (--max-new-tokens N gives it more)"
            return ModelError(chat.item_id, f"{error} within {n_output} tokens{room}")
        if not said.answer:
            # As with an endpoint: an empty reply is a failed item, not a wrong answer.
            return ModelError(chat.item_id, f"an empty answer of {n_output} tokens")
        return Answer(
            chat.item_id,
            text=said.answer,
            input_tokens=n_input,
            output_tokens=n_output,
            seconds=chat.seconds + seconds,
            finish="stop" if ended else "length",
            thinking=said.thinking,
            dropped=chat.dropped,
        )

    def _inputs(self, chats: Sequence[Chat]) -> tuple[Any, list[int]]:
        """Build the inputs of a batch and the length of each prompt. Raises `ValueError` for too long a prompt."""
        # One thread builds batches ahead while another may be splitting one that did not fit.
        with self._processing:
            if self._omni:
                inputs: Any = self._omni.make(chats)
                lengths = inputs.lengths
            else:
                inputs = self._processed(chats)
                lengths = inputs["attention_mask"].sum(dim=1).tolist()
        self._check_length(max(lengths))
        return inputs, lengths

    def _processed(self, chats: Sequence[Chat]) -> Any:
        """Run the checkpoint's own processor on a batch."""
        return self._processor.apply_chat_template(
            [chat.as_template() for chat in chats],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            # New tokens follow the prompt, so padding must be on the left.
            processor_kwargs={"text_kwargs": {"padding": True, "padding_side": "left"}},
        )

    def _check_length(self, n_input: int) -> None:
        limit = getattr(self._checkpoint.config.get_text_config(), "max_position_embeddings", None)
        if limit is not None and n_input + self._max_new_tokens > limit:
            total = f"a prompt of {n_input} tokens and an answer of {self._max_new_tokens}"
            raise ValueError(f"{total} exceed the {limit} that the model takes (--max-pixels N shrinks pictures)")

    def _n_generated(self, tokens: Sequence[int]) -> tuple[int, bool]:
        """Number of new tokens up to and including the end token, without padding; whether there is an end token."""
        ends = self._generation.eos_token_id
        ends = set(ends) if isinstance(ends, list) else {ends}
        place = next((place for place, token in enumerate(tokens, start=1) if token in ends), None)
        return (len(tokens), False) if place is None else (place, True)
