"""Any transformers checkpoint that `AutoProcessor` and `AutoModelForMultimodalLM` load.

The prompt goes through the checkpoint's own chat template with pictures and clips in memory; answers are
greedy. The processor and the configuration are read at once, so that a checkpoint that cannot serve is
refused early; the weights only when the first item is asked, so that a finished run costs none. While the model
answers a batch, a thread reads, decodes and tokenizes the next.
"""

from __future__ import annotations

import copy
import hashlib
import inspect
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from omni_persona import Item
from omni_persona_runner.batching import Ahead, BatchSize, Size, batches, halves
from omni_persona_runner.chats import Chat, Chats, Limits, estimated_length
from omni_persona_runner.families import FAMILIES, Family
from omni_persona_runner.model import Answer, LoadError, ModelError, Outcome
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.ranks import local_rank
from omni_persona_runner.shared_prefix import Inputs, OmniInputs, prefill
from omni_persona_runner.thinking import split_thinking

_SAMPLING = ("temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")
"""Generation settings that a greedy answer has no use for, and transformers warns of."""

_ADAPTER = "omni_persona"

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


class TransformersModel:
    """A checkpoint from a folder or the Hub, as a `Model`."""

    def __init__(
        self,
        path_or_id: str | Path,
        *,
        prompt: Prompt | None = None,
        batch_size: Size = 1,
        max_new_tokens: int = 256,
        device: str | None = None,
        dtype: str | None = None,
        attention: str | None = None,
        drop_unsupported: bool = False,
        share_prefix: bool = True,
        trust_remote_code: bool = False,
    ) -> None:
        """Read the processor and the configuration of a checkpoint.

        path_or_id: a folder, or a name on the Hub (with HF_HUB_OFFLINE=1, from the local cache alone).
        batch_size: items answered together, or `auto`; a batch that does not fit in memory is halved.
        max_new_tokens: answers are cut there.
        device: such as `cuda:1`, or `auto` to spread over all; None takes a GPU where there is one.
        dtype: such as `float32`; None takes bfloat16 on a GPU and float32 elsewhere.
        attention: transformers' name of one, such as `sdpa`, `flash_attention_2` or `eager`; None takes flash attention
        where it is installed and the family can, on a GPU in half precision, and else what transformers prefers.
        drop_unsupported: leave out of an item what the model cannot take, instead of failing.
        share_prefix: compute once what prompts of sibling items begin with, where the family can.
        trust_remote_code: whether code that comes with the checkpoint may run.
        Raises `LoadError` for a checkpoint that cannot be found or has no processor or no chat template, and
        `ValueError` for a size below 1 or an unknown dtype.
        """
        if max_new_tokens < 1:
            raise ValueError(f"expected at least 1 new token, got {max_new_tokens=}")
        self.name = str(path_or_id)
        self._prompt = prompt or Prompt()
        self._max_new_tokens = max_new_tokens
        self._device = device or _default_device()
        self._dtype = dtype or ("bfloat16" if self._device.startswith("cuda") else "float32")
        self._trust = trust_remote_code
        self._drops = drop_unsupported
        self._share_prefix = share_prefix
        self._size = BatchSize.of(batch_size, _MOST_ON_CPU if self._device == "cpu" else _MOST_ON_GPU)
        _check_dtype(self._dtype)
        self._config = self._load_config()
        self._family = FAMILIES.get(self._config.model_type, Family())
        self._attention = attention or _best_attention(self._family, self._device, self._dtype)
        self._processor = self._load_processor()
        # The processor works in a thread of its own, and a tokenizer is no thing to share.
        self._words = copy.deepcopy(self._processor.tokenizer)
        self._limits = self._find_limits()
        self._chats = Chats(self._prompt, self._limits, drop_unsupported)
        self._generation = self._load_generation()

    # ---- loading

    def _load_config(self) -> Any:
        from transformers import AutoConfig

        with self._loading("configuration"):
            return AutoConfig.from_pretrained(self.name, trust_remote_code=self._trust)

    def _load_processor(self) -> Any:
        from transformers import AutoProcessor

        with self._loading("processor"):
            processor = AutoProcessor.from_pretrained(self.name, trust_remote_code=self._trust)
        # Where there is no processor, AutoProcessor hands out a lone tokenizer or image processor.
        if not hasattr(processor, "tokenizer"):
            raise LoadError(f"model {self.name} has no processor, only a {type(processor).__name__}")
        if processor.chat_template is None:
            # A processor whose class knows of no template (Phi-4-multimodal's) leaves it to its tokenizer.
            processor.chat_template = processor.tokenizer.chat_template
        if processor.chat_template is None:
            raise LoadError(f"model {self.name} has no chat template, such as a chat_template.jinja")
        return processor

    def _find_limits(self) -> Limits:
        # A family may share its processor while some of its sizes are deaf: their configuration says so.
        config = getattr(self._config, "thinker_config", self._config)
        sees = hasattr(self._processor, "image_processor") and not _says_none(config, "vision_config")
        hears = self._extractor is not None and not _says_none(config, "audio_config")
        return Limits(
            sampling_rate=int(self._extractor.sampling_rate) if hears else 16_000,
            clip_seconds=self._family.clip_seconds,
            pictures=self._family.pictures if sees else 0,
            clips=None if hears else 0,
        )

    def _load_generation(self) -> Any:
        """The checkpoint's generation settings, made greedy and bounded."""
        from transformers import GenerationConfig

        try:
            settings = GenerationConfig.from_pretrained(self.name)
        except OSError:
            settings = GenerationConfig.from_model_config(self._config)
        settings.do_sample, settings.num_beams, settings.max_new_tokens = False, 1, self._max_new_tokens
        for setting in _SAMPLING:
            setattr(settings, setting, None)
        settings.max_length = None
        if settings.eos_token_id is None:
            settings.eos_token_id = self._words.eos_token_id
        if settings.pad_token_id is None:
            settings.pad_token_id = self._words.pad_token_id
        return settings

    @cached_property
    def _model(self) -> Any:
        """The weights, on their device."""
        import transformers

        loader = getattr(transformers, self._family.thinker or "AutoModelForMultimodalLM")
        config = self._config.thinker_config if self._family.thinker else self._config
        with self._loading("weights"):
            model, report = loader.from_pretrained(
                self.name,
                config=config,
                dtype=self._dtype,
                attn_implementation=self._attention,
                device_map=self._device,
                trust_remote_code=self._trust,
                output_loading_info=True,
            )
        # transformers fills what a checkpoint lacks with random numbers.
        if report["missing_keys"] or report["mismatched_keys"]:
            lacking = sorted(map(str, [*report["missing_keys"], *report["mismatched_keys"]]))
            raise LoadError(f"model {self.name} lacks {len(lacking)} of its weights, such as {lacking[0]}")
        self._load_adapter(model)
        # What the checkpoint says of sampling would be filled in again where ours says nothing.
        model.generation_config = self._generation
        _keep_last_logits(model)
        return model.eval()

    def _load_adapter(self, model: Any) -> None:
        """Load the family's adapter that the prompt needs."""
        folder = next(
            (folder for kind, folder in self._family.adapters.items() if kind not in self._prompt.without), None
        )
        if folder is None:
            return
        with self._loading(f"adapter {folder}"):
            # transformers takes parameters whose name holds the adapter's for parts of it.
            report = model.load_adapter(self.name, adapter_name=_ADAPTER, adapter_kwargs={"subfolder": folder})
            if report.missing_keys or report.unexpected_keys:
                raise ValueError(f"it does not fit: {sorted(report.missing_keys | report.unexpected_keys)[0]}")
            model.set_adapter(_ADAPTER)

    @cached_property
    def _omni(self) -> OmniInputs | None:
        """What makes inputs medium by medium, where the family has it."""
        if not self._family.omni:
            return None
        model = self._model
        return OmniInputs(self._processor, model.config, model.get_rope_index, self._share_prefix)

    @contextmanager
    def _loading(self, part: str) -> Iterator[None]:
        """Turn whatever a checkpoint and its code raise into one line that names the checkpoint."""
        try:
            yield
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            if "trust_remote_code" in str(error) and not self._trust:
                reason += " (--trust-remote-code runs it)"
            place = "" if Path(self.name).is_dir() else ", which is no folder here"
            raise LoadError(f"cannot load the {part} of model {self.name}{place}: {reason}") from error

    # ---- answering

    def describe(self) -> dict[str, Any]:
        """What decides the answers, for the manifest."""
        folder = Path(self.name)
        return {
            "revision": getattr(self._config, "_commit_hash", None),
            "weights_mark": _weights_mark(folder) if folder.is_dir() else None,
            "class": self._family.thinker or (self._config.architectures or [None])[0],
            "processor": type(self._processor).__name__,
            "dtype": self._dtype,
            "attention": self._attention,
            "device": self._device,
            "drop_unsupported": self._drops,
            **self._prompt.describe(),
            "generation": {
                setting: value
                for setting, value in sorted(self._generation.to_diff_dict().items())
                if setting != "transformers_version" and not setting.startswith("_")
            },
        }

    def check(self, items: Iterable[Item]) -> None:
        """Raise `LoadError` where items show more pictures or clips than the model takes, and are to keep them."""
        self._chats.check(items, self.name)

    def answer(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Answer items a batch at a time.

        Raises `LoadError` where the weights cannot be loaded.
        """
        _ = self._model  # a checkpoint that cannot be loaded is no failure of an item
        coming = batches(items, lambda item: estimated_length(item, self._limits), self._size)
        for prepared in Ahead(self._prepare).over(coming):
            for one in prepared:
                yield from self._answer_or_halve(one) if isinstance(one, _Batch) else [one]

    def _prepare(self, items: Sequence[Item]) -> list[_Batch | ModelError]:
        """Decode and tokenize items: one batch, smaller ones where one item is at fault, and what failed."""
        chats = self._chats.prepare(items)
        failed = [chat for chat in chats if isinstance(chat, ModelError)]
        return [*failed, *self._batch_or_halve([chat for chat in chats if isinstance(chat, Chat)])]

    def _batch_or_halve(self, chats: Sequence[Chat]) -> list[_Batch | ModelError]:
        if not chats:
            return []
        try:
            return [_Batch(chats, self._inputs(chats))]
        # Processors of all makes raise what they like; it is recorded with its item.
        except Exception as error:
            if len(chats) == 1:
                return [ModelError(chats[0].item_id, f"{type(error).__name__}: {error}")]
        return [batch for half in halves(chats) for batch in self._batch_or_halve(half)]

    def _answer_or_halve(self, batch: _Batch) -> list[Outcome]:
        """Answer a batch; where that fails, each half alone, down to the one at fault."""
        chats = batch.chats
        try:
            return list(self._generate(batch))
        # Models of all makes raise what they like; it is recorded with its item.
        except Exception as error:
            if _is_out_of_memory(error):
                self._size.broke(len(chats))
            if len(chats) == 1:
                return [ModelError(chats[0].item_id, f"{type(error).__name__}: {error}")]
        # Outside the handler, so that the failed attempt's tensors are gone.
        _free_memory()
        outcomes: list[Outcome] = []
        for half in halves(chats):
            for one in self._batch_or_halve(half):
                outcomes += self._answer_or_halve(one) if isinstance(one, _Batch) else [one]
        return outcomes

    def _generate(self, batch: _Batch) -> Iterator[Outcome]:
        import torch

        start = time.perf_counter()
        model, inputs = self._model, batch.inputs
        resting, _ = _memory_in_use(model.device)
        with torch.inference_mode():
            if isinstance(inputs, Inputs):
                inputs = inputs.to(model.device, model.dtype)
                lengths = inputs.lengths
                cache = prefill(model, inputs)
                given = inputs.rest if cache is None else {**inputs.rest, "past_key_values": cache}
            else:
                given = inputs.to(model.device, dtype=model.dtype)
                lengths = given["attention_mask"].sum(dim=1).tolist()
            output = model.generate(**given, generation_config=self._generation)
        new_tokens = output[:, given["input_ids"].shape[1] :].tolist()
        _, peak = _memory_in_use(model.device)
        self._size.held(len(batch.chats), peak, resting)
        share = (time.perf_counter() - start) / len(batch.chats)
        for chat, tokens, length in zip(batch.chats, new_tokens, lengths, strict=True):
            yield self._outcome(chat, tokens, length, share)

    def _outcome(self, chat: Chat, tokens: Sequence[int], n_input: int, seconds: float) -> Outcome:
        n_output, ended = self._n_generated(tokens)
        text = self._words.decode(tokens, skip_special_tokens=True)
        try:
            said = split_thinking(text)
        except ValueError as error:
            return ModelError(chat.item_id, f"{error} within {n_output} tokens")
        if self._prompt.reason and said.thinking is None and not ended:
            return ModelError(chat.item_id, f"the thinking has no end within {n_output} tokens")
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

    def _inputs(self, chats: Sequence[Chat]) -> Any:
        """The model's inputs for a batch."""
        inputs = self._omni.make(chats) if self._omni else self._processed(chats)
        self._check_length(max(inputs.lengths) if isinstance(inputs, Inputs) else inputs["input_ids"].shape[1])
        return inputs

    def _processed(self, chats: Sequence[Chat]) -> Any:
        """What the checkpoint's own processor makes of a batch."""
        options: dict[str, Any] = {"text_kwargs": {"padding": True, "padding_side": self._family.padding_side}}
        return self._processor.apply_chat_template(
            [chat.as_template() for chat in chats],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs=options,
        )

    def _check_length(self, n_input: int) -> None:
        limit = getattr(self._config.get_text_config(), "max_position_embeddings", None)
        if limit is not None and n_input + self._max_new_tokens > limit:
            total = f"a prompt of {n_input} tokens and an answer of {self._max_new_tokens}"
            raise ValueError(f"{total} exceed the {limit} that the model takes")

    def _n_generated(self, tokens: Sequence[int]) -> tuple[int, bool]:
        """Number of new tokens up to the one that ends the answer, without the padding after it; whether one does."""
        ends = self._generation.eos_token_id
        ends = set(ends) if isinstance(ends, list) else {ends}
        place = next((place for place, token in enumerate(tokens, start=1) if token in ends), None)
        return (len(tokens), False) if place is None else (place, True)

    @property
    def _extractor(self) -> Any:
        """What turns samples into features, under the name of its day; None where a processor takes no clips."""
        processor = self._processor
        return getattr(processor, "feature_extractor", None) or getattr(processor, "audio_processor", None)


def _says_none(config: Any, part: str) -> bool:
    """Whether a configuration knows a part and has none."""
    return hasattr(config, part) and getattr(config, part) is None


def _keep_last_logits(model: Any) -> None:
    """Have a model compute the logits of the last position alone, where it cannot be told so.

    A prompt has thousands of positions and a vocabulary 150,000 words: gigabytes that nobody reads.
    """
    if "logits_to_keep" not in inspect.signature(model.forward).parameters:
        model.get_output_embeddings().register_forward_pre_hook(lambda _, hidden: (hidden[0][:, -1:], *hidden[1:]))


def _is_out_of_memory(error: Exception) -> bool:
    # What libraries of CUDA, and the CPU's allocator, say in place of it.
    said = ("out of memory", "status_alloc_failed", "not enough memory", "can't allocate memory")
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in said)


def _free_memory() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _memory_in_use(device: Any) -> tuple[float, float]:
    """The share of a GPU's memory in use now, and the largest one since the last call; 0 elsewhere."""
    import torch

    if device.type != "cuda":
        return 0.0, 0.0
    whole = torch.cuda.get_device_properties(device).total_memory
    now, peak = torch.cuda.memory_allocated(device), torch.cuda.max_memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    return now / whole, peak / whole


def _default_device() -> str:
    import torch

    # Of several processes on a machine, each takes a GPU of its own.
    return f"cuda:{local_rank()}" if torch.cuda.is_available() else "cpu"


def _best_attention(family: Family, device: str, dtype: str) -> str | None:
    """Flash attention where it is there and can be used; None leaves it to transformers, which prefers SDPA."""
    from transformers.utils import is_flash_attn_2_available

    on_gpu = device != "cpu" and dtype in ("bfloat16", "float16")
    return "flash_attention_2" if family.flash and on_gpu and is_flash_attn_2_available() else None


def _check_dtype(name: str) -> None:
    import torch

    if not isinstance(getattr(torch, name, None), torch.dtype):
        raise ValueError(f"expected a dtype such as float32 or bfloat16, got {name!r}")


def _weights_mark(folder: Path) -> str:
    """A hash of a local checkpoint's weights: of the size and of the first and last MiB of each file.

    A resumed run must not go on with a later checkpoint in the same folder; reading it all would take
    minutes.
    """
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin")):
        size = file.stat().st_size
        digest.update(f"{file.name} {size} ".encode())
        with file.open("rb") as content:
            digest.update(content.read(2**20))
            content.seek(max(0, size - 2**20))
            digest.update(content.read(2**20))
    return digest.hexdigest()
