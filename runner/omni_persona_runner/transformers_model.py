"""Any transformers checkpoint that `AutoProcessor` and `AutoModelForMultimodalLM` load.

The prompt goes through the checkpoint's own chat template with pictures and clips in memory; answers are
greedy. The processor and the configuration are read at once, so that a checkpoint that cannot serve is
refused early; the weights only when the first item is asked, so that a finished run costs none. While the model
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
from omni_persona_runner.batching import Ahead, BatchSize, Size, batches, halves
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
"""Items of a batch of automatic size where there is no GPU: a source sample's siblings. Filled-up batches cost more
than they bring there."""
_MOST_ON_GPU = 512


@dataclass(frozen=True)
class _Batch:
    """Chats that are answered together."""

    chats: Sequence[Chat]
    inputs: Any
    """The model's inputs: `Inputs` for Qwen-Omni, a processor's `BatchFeature` for all others."""
    lengths: Sequence[int]
    """Tokens of each prompt."""


class TransformersModel:
    """A checkpoint from a folder or the Hub, as a `Model`."""

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
        """Read the processor and the configuration of a checkpoint.

        path_or_id: a folder (a checkpoint's, or an adapter's, which names its base), or a name on the Hub (with
        HF_HUB_OFFLINE=1, from the local cache alone). adapter: the folder of a LoRA adapter that was trained on it.
        revision: of a checkpoint on the Hub: a branch, a tag, a commit, or `refs/pr/N`; None takes the main branch.
        batch_size: items answered together, or `auto`; a batch that does not fit in memory is halved.
        max_new_tokens: answers are cut there. sampling: greedy for None; draws depend on the items of a batch.
        device: such as `cuda:1`, or `auto` to spread over all GPUs; None takes a GPU where there is one.
        dtype: such as `float32`; None takes bfloat16 on a GPU and float32 elsewhere.
        attention: transformers' name, such as `sdpa`, `flash_attention_2` or `eager`; None takes flash attention where
        it is installed and the family can, on a GPU in half precision, and else what transformers prefers.
        max_pixels: pictures of more pixels are shrunk to so many; None takes the family's own limit, where it has one.
        drop_unsupported: leave out of an item what the model cannot take, instead of failing. share_prefix: compute
        once what siblings' prompts begin with, where the family can. trust_remote_code: whether its code may run.
        Raises `LoadError` for a checkpoint that cannot be found, lacks a processor or a chat template, or is not the
        adapter's; `ValueError` for a number below 1, an unknown dtype, or a revision of a folder.
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
        self._size = BatchSize.of(batch_size, _MOST_ON_GPU if on_gpu(self._device) else _MOST_ON_CPU)
        check_dtype(self._dtype)
        self._checkpoint = Checkpoint(base, revision, trust_remote_code, trained)
        self._attention = attention or best_attention(self._checkpoint.family.flash, self._device, self._dtype)
        self._processor = self._checkpoint.processor
        # The processor works in a thread of its own, and a tokenizer is no thing to share.
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
        # What the checkpoint says of generation would be filled in again where ours says nothing.
        model.generation_config = self._generation
        return model

    @cached_property
    def _omni(self) -> OmniInputs | None:
        """What makes inputs medium by medium, where the family has it."""
        if not self._checkpoint.family.omni:
            return None
        model = self._model
        return OmniInputs(self._processor, model.config, model.get_rope_index, self._share_prefix)

    # ---- answering

    def describe(self) -> dict[str, Any]:
        """What decides the answers, for the manifest."""
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
        """The same model with the draws of another repeat; 1 is this one. Weights that are loaded are shared."""
        other = copy.copy(self)
        other._sampling = self._sampling.repeat(number)
        return other

    def check(self, items: Iterable[Item]) -> None:
        """Raise `LoadError` where items show more pictures or clips than the model takes, and are to keep them.

        Likewise for a chat template that cannot write the prompt.
        """
        self._chats.check(items, self.name)
        _ = self._opens_thinking

    def answer(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Answer items a batch at a time.

        Raises `LoadError` where the weights cannot be loaded.
        """
        _ = self._model  # a checkpoint that cannot be loaded is no failure of an item
        coming = batches(items, lambda item: estimated_length(item, self._limits), self._size)
        for prepared in Ahead(self._prepare).over(coming):
            for one in prepared:
                yield from self._answer_or_halve(one) if isinstance(one, _Batch) else [one]

    @cached_property
    def _opens_thinking(self) -> bool:
        """Whether the chat template begins every answer with thoughts."""
        takes = {"image": self._limits.pictures, "audio": self._limits.clips}
        media = tuple(kind for kind, most in takes.items() if most != 0 and kind not in self._prompt.without)
        return is_open(chat_template.sample(self._processor, self.name, media))

    def _prepare(self, items: Sequence[Item]) -> list[_Batch | ModelError]:
        """Decode and tokenize items: one batch, smaller ones where one item is at fault, and what failed."""
        chats = self._chats.prepare(items)
        failed = [chat for chat in chats if isinstance(chat, ModelError)]
        return [*failed, *self._batch_or_halve([chat for chat in chats if isinstance(chat, Chat)])]

    def _batch_or_halve(self, chats: Sequence[Chat]) -> list[_Batch | ModelError]:
        if not chats:
            return []
        try:
            inputs, lengths = self._inputs(chats)
        # Processors of all makes raise what they like; it is recorded with its item.
        except Exception as error:
            if len(chats) == 1:
                return [ModelError(chats[0].item_id, reason_of(error))]
            parts: Iterable[Sequence[Chat]] = halves(chats)
        else:
            parts = self._alike(chats, lengths)
            if len(parts) == 1:
                return [_Batch(chats, inputs, lengths)]
        return [batch for part in parts for batch in self._batch_or_halve(part)]

    def _alike(self, chats: Sequence[Chat], lengths: Sequence[int]) -> list[list[Chat]]:
        """Chats apart that would not be answered together as alone.

        LongRoPE has other frequencies for texts over a length, and takes those of a batch's longest for all. Together
        are prompts that stay below it with their answers, those over it, and those of one length that grow beyond it.
        """
        if self._long_from is None:
            return [list(chats)]
        alike: defaultdict[int, list[Chat]] = defaultdict(list)
        for chat, length in zip(chats, lengths, strict=True):
            alike[min(max(length, self._long_from - self._max_new_tokens), self._long_from + 1)].append(chat)
        return list(alike.values())

    @cached_property
    def _long_from(self) -> int | None:
        """The length over which the model's LongRoPE is another; None where it has none."""
        config = self._checkpoint.config.get_text_config()
        rope = getattr(config, "rope_parameters", None) or {}
        if rope.get("rope_type") != "longrope":
            return None
        return int(rope.get("original_max_position_embeddings") or config.original_max_position_embeddings)

    def _answer_or_halve(self, batch: _Batch) -> list[Outcome]:
        """Answer a batch; where that fails, each half alone, down to the one at fault."""
        chats = batch.chats
        try:
            return list(self._generate(batch))
        # Models of all makes raise what they like; it is recorded with its item.
        except Exception as error:
            if is_fatal(error):
                raise LoadError(
                    f"model {self.name}: its device failed over the batch of item {chats[0].item_id}; the same command "
                    f"goes on from there: {reason_of(error).splitlines()[0]}"
                ) from error
            if is_out_of_memory(error):
                self._size.broke(len(chats))
            if len(chats) == 1:
                return [ModelError(chats[0].item_id, reason_of(error))]
        # Outside the handler, so that the failed attempt's tensors are gone.
        free_memory()
        outcomes: list[Outcome] = []
        for half in halves(chats):
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
        self._size.held(len(batch.chats), peak, resting)
        share = (time.perf_counter() - start) / len(batch.chats)
        for chat, tokens, length in zip(batch.chats, new_tokens, batch.lengths, strict=True):
            yield self._outcome(chat, tokens, length, share)

    def _devices(self) -> Iterator[Any]:
        """What the model's weights lie on."""
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
            # As from an endpoint: what says nothing is no answer, and must not count as a wrong one.
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
        """The model's inputs for a batch, and the tokens of each prompt. Raises `ValueError` for too long a prompt."""
        # Batches are made ahead in one thread while another may take apart one that did not fit.
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
        """What the checkpoint's own processor makes of a batch."""
        return self._processor.apply_chat_template(
            [chat.as_template() for chat in chats],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            # New tokens follow the prompt: nothing may stand between.
            processor_kwargs={"text_kwargs": {"padding": True, "padding_side": "left"}},
        )

    def _check_length(self, n_input: int) -> None:
        limit = getattr(self._checkpoint.config.get_text_config(), "max_position_embeddings", None)
        if limit is not None and n_input + self._max_new_tokens > limit:
            total = f"a prompt of {n_input} tokens and an answer of {self._max_new_tokens}"
            raise ValueError(f"{total} exceed the {limit} that the model takes (--max-pixels N shrinks pictures)")

    def _n_generated(self, tokens: Sequence[int]) -> tuple[int, bool]:
        """Number of new tokens up to the one that ends the answer, without the padding after it; whether one does."""
        ends = self._generation.eos_token_id
        ends = set(ends) if isinstance(ends, list) else {ends}
        place = next((place for place, token in enumerate(tokens, start=1) if token in ends), None)
        return (len(tokens), False) if place is None else (place, True)
