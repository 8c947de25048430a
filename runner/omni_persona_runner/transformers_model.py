"""Any transformers checkpoint that `AutoProcessor` and `AutoModelForMultimodalLM` load.

The prompt goes through the checkpoint's own chat template with pictures and clips in memory; answers are
greedy. The processor and the configuration are read at once, so that a checkpoint that cannot serve is
refused early; the weights only when the first item is asked, so that a finished run costs none.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from omni_persona import Item
from omni_persona_runner.media import decode_clip, decode_picture
from omni_persona_runner.model import Answer, LoadError, ModelError
from omni_persona_runner.prompt import (
    PROMPT_VERSION,
    Clip,
    Cues,
    Part,
    Picture,
    Text,
    check_cues,
    conversation,
    prompt_hash,
)


@dataclass(frozen=True)
class _Family:
    """What a family of checkpoints needs beyond the general path."""

    thinker: str | None = None
    """The class to load instead of the one the auto class maps, which speaks and ignores `max_new_tokens`."""
    fixed_window: bool = False
    """Its processor pads every clip to the feature extractor's window, and cuts what is longer."""


_FAMILIES = {
    "qwen2_5_omni": _Family("Qwen2_5OmniThinkerForConditionalGeneration", fixed_window=True),
    "qwen2_5_omni_thinker": _Family(fixed_window=True),
    "qwen3_omni_moe": _Family("Qwen3OmniMoeThinkerForConditionalGeneration"),
}
"""`config.model_type` -> its family; all others go the general path."""

_SAMPLING = ("temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")
"""Generation settings that a greedy answer has no use for, and transformers warns of."""


@dataclass(frozen=True)
class _Chat:
    """An item made ready for the chat template: media decoded."""

    item_id: str
    messages: list[dict[str, Any]]
    seconds: float
    """Wall time that decoding took."""


class TransformersModel:
    """A checkpoint from a folder or the Hub, as a `Model`."""

    def __init__(
        self,
        path_or_id: str | Path,
        *,
        batch_size: int = 1,
        max_new_tokens: int = 256,
        cues: Cues = "isolated",
        device: str | None = None,
        dtype: str | None = None,
        trust_remote_code: bool = False,
    ) -> None:
        """Read the processor and the configuration of a checkpoint.

        path_or_id: a folder, or a name on the Hub (with HF_HUB_OFFLINE=1, from the local cache alone).
        batch_size: items answered together; a batch that fails, for want of memory say, is halved.
        max_new_tokens: answers are cut there.
        device: such as `cuda:1`, or `auto` to spread over all; None takes a GPU where there is one.
        dtype: such as `float32`; None takes bfloat16 on a GPU and float32 elsewhere.
        trust_remote_code: whether code that comes with the checkpoint may run.
        Raises `LoadError` for a checkpoint that cannot be found, has no processor or no chat template, or
        takes no pictures or no clips, and `ValueError` for a size below 1, or an
        unknown dtype or cues.
        """
        if batch_size < 1 or max_new_tokens < 1:
            raise ValueError(f"expected sizes of at least 1, got {batch_size=} and {max_new_tokens=}")
        self.name = str(path_or_id)
        self.batch_size = batch_size
        self._max_new_tokens = max_new_tokens
        self._cues = cues
        self._device = device or _default_device()
        self._dtype = dtype or ("bfloat16" if self._device.startswith("cuda") else "float32")
        self._trust = trust_remote_code
        _check_dtype(self._dtype)
        check_cues(cues)
        self._config = self._load_config()
        self._family = _FAMILIES.get(self._config.model_type, _Family())
        self._processor = self._load_processor()
        self._sampling_rate = int(self._extractor.sampling_rate)
        self._generation = self._load_generation()

    # ---- loading

    def _load_config(self) -> Any:
        from transformers import AutoConfig

        with self._loading("configuration"):
            return AutoConfig.from_pretrained(self.name, trust_remote_code=self._trust)

    def _load_processor(self) -> Any:
        """The processor, found able to take text, pictures and clips."""
        from transformers import AutoProcessor

        with self._loading("processor"):
            processor = AutoProcessor.from_pretrained(self.name, trust_remote_code=self._trust)
        # Where there is no processor, AutoProcessor hands out a lone tokenizer or image processor.
        if not hasattr(processor, "tokenizer"):
            raise LoadError(f"model {self.name} has no processor, only a {type(processor).__name__}")
        # A family may share its processor while some of its sizes are deaf: their configuration says so.
        config = getattr(self._config, "thinker_config", self._config)
        if not hasattr(processor, "image_processor") or _says_none(config, "vision_config"):
            raise LoadError(f"model {self.name} takes no pictures ({type(processor).__name__})")
        if _extractor(processor) is None or _says_none(config, "audio_config"):
            raise LoadError(f"model {self.name} takes no audio ({type(processor).__name__})")
        if processor.chat_template is None:
            raise LoadError(f"model {self.name} has no chat template, such as a chat_template.jinja")
        return processor

    def _load_generation(self) -> Any:
        """The checkpoint's generation settings, made greedy and bounded."""
        from transformers import GenerationConfig

        try:
            settings = GenerationConfig.from_pretrained(self.name)
        except OSError:
            settings = GenerationConfig.from_model_config(self._config)
        tokenizer = self._processor.tokenizer
        settings.do_sample, settings.num_beams, settings.max_new_tokens = False, 1, self._max_new_tokens
        for setting in _SAMPLING:
            setattr(settings, setting, None)
        settings.max_length = None
        if settings.eos_token_id is None:
            settings.eos_token_id = tokenizer.eos_token_id
        if settings.pad_token_id is None:
            settings.pad_token_id = tokenizer.pad_token_id
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
                device_map=self._device,
                trust_remote_code=self._trust,
                output_loading_info=True,
            )
        # transformers fills what a checkpoint lacks with random numbers.
        if report["missing_keys"] or report["mismatched_keys"]:
            lacking = sorted(map(str, [*report["missing_keys"], *report["mismatched_keys"]]))
            raise LoadError(f"model {self.name} lacks {len(lacking)} of its weights, such as {lacking[0]}")
        # What the checkpoint says of sampling would be filled in again where ours says nothing.
        model.generation_config = self._generation
        return model.eval()

    @contextmanager
    def _loading(self, part: str) -> Iterator[None]:
        """Turn whatever a checkpoint and its code raise into one line that names the checkpoint."""
        try:
            yield
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
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
            "device": self._device,
            "prompt": {"version": PROMPT_VERSION, "hash": prompt_hash()},
            "cues": self._cues,
            "generation": {
                setting: value
                for setting, value in sorted(self._generation.to_diff_dict().items())
                if setting != "transformers_version" and not setting.startswith("_")
            },
        }

    def answer(self, items: Sequence[Item]) -> list[Answer | ModelError]:
        """Answer a batch: in each place an answer, or why there is none.

        Raises `LoadError` where the weights cannot be loaded.
        """
        _ = self._model  # a checkpoint that cannot be loaded is no failure of an item
        outcomes: dict[str, Answer | ModelError] = {}
        chats = []
        for item in items:
            try:
                chats.append(self._chat(item))
            except ValueError as error:
                outcomes[item.augmented_id] = ModelError(item.augmented_id, str(error))
        answers = self._answer_or_halve(chats)
        outcomes |= {chat.item_id: answer for chat, answer in zip(chats, answers, strict=True)}
        return [outcomes[item.augmented_id] for item in items]

    def _chat(self, item: Item) -> _Chat:
        """Decode what an item shows. Raises `ValueError` for a medium that cannot be used."""
        start = time.perf_counter()
        item_id = item.augmented_id
        messages = [
            {"role": message.role, "content": [self._content(part, item_id) for part in message.parts]}
            for message in conversation(item, self._cues)
        ]
        return _Chat(item_id, messages, time.perf_counter() - start)

    def _content(self, part: Part, item_id: str) -> dict[str, Any]:
        """A part as transformers' chat templates expect it."""
        match part:
            case Text(text):
                return {"type": "text", "text": text}
            case Picture(media):
                return {"type": "image", "image": decode_picture(media, item_id)}
            case Clip(media):
                samples = decode_clip(media, item_id, self._sampling_rate)
                if self._family.fixed_window and samples.size > self._extractor.n_samples:
                    seconds, limit = samples.size / self._sampling_rate, self._extractor.chunk_length
                    raise ValueError(f"clip {media.name} lasts {seconds:.0f} s, over the model's {limit} s")
                return {"type": "audio", "audio": samples}

    def _answer_or_halve(self, chats: Sequence[_Chat]) -> list[Answer | ModelError]:
        """Answer chats together; where that fails, each half alone, down to the one at fault."""
        if not chats:
            return []
        try:
            return list(self._generate(chats))
        # Processors and models of all makes raise what they like; it is recorded with its item.
        except Exception as error:
            if len(chats) == 1:
                return [ModelError(chats[0].item_id, f"{type(error).__name__}: {error}")]
        # Outside the handler, so that the failed attempt's tensors are gone.
        half = len(chats) // 2
        return self._answer_or_halve(chats[:half]) + self._answer_or_halve(chats[half:])

    def _generate(self, chats: Sequence[_Chat]) -> list[Answer]:
        import torch

        start = time.perf_counter()
        inputs = self._inputs(chats)
        n_input = inputs["input_ids"].shape[1]
        self._check_length(n_input)
        inputs = inputs.to(self._model.device, dtype=self._model.dtype)
        with torch.inference_mode():
            output = self._model.generate(**inputs, generation_config=self._generation)
        new_tokens = output[:, n_input:].tolist()
        share = (time.perf_counter() - start) / len(chats)
        return [
            Answer(
                text=self._processor.tokenizer.decode(tokens, skip_special_tokens=True).strip(),
                input_tokens=int(mask.sum()),
                output_tokens=self._n_generated(tokens),
                seconds=chat.seconds + share,
            )
            for chat, tokens, mask in zip(chats, new_tokens, inputs["attention_mask"], strict=True)
        ]

    def _inputs(self, chats: Sequence[_Chat]) -> Any:
        """The model's inputs for a batch, padded on the left."""
        options: dict[str, Any] = {"text_kwargs": {"padding": True, "padding_side": "left"}}
        if self._family.fixed_window:
            options["audio_kwargs"] = {"max_length": self._window(chats)}
        return self._processor.apply_chat_template(
            [chat.messages for chat in chats],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs=options,
        )

    def _window(self, chats: Sequence[_Chat]) -> int:
        """Samples to pad clips to: the batch's longest clip, and enough for its features to stay the same.

        A frame reaches half a Fourier window past the clip's end, where it must find the silence of the
        padding and not the mirrored end of the signal.
        """
        extractor = self._extractor
        longest: int = max(
            part["audio"].size
            for chat in chats
            for message in chat.messages
            for part in message["content"]
            if part["type"] == "audio"
        )
        hop_length = int(extractor.hop_length)
        n_hops = math.ceil((longest + int(extractor.n_fft)) / hop_length)
        return min(n_hops * hop_length, int(extractor.n_samples))

    def _check_length(self, n_input: int) -> None:
        limit = getattr(self._config.get_text_config(), "max_position_embeddings", None)
        if limit is not None and n_input + self._max_new_tokens > limit:
            total = f"a prompt of {n_input} tokens and an answer of {self._max_new_tokens}"
            raise ValueError(f"{total} exceed the {limit} that the model takes")

    def _n_generated(self, tokens: Sequence[int]) -> int:
        """Number of new tokens up to the one that ends the answer, without the padding after it."""
        ends = self._generation.eos_token_id
        ends = set(ends) if isinstance(ends, list) else {ends}
        return next((place for place, token in enumerate(tokens, start=1) if token in ends), len(tokens))

    @property
    def _extractor(self) -> Any:
        return _extractor(self._processor)


def _extractor(processor: Any) -> Any:
    """What turns samples into features, under the name of its day; None where a processor takes no clips."""
    return getattr(processor, "feature_extractor", None) or getattr(processor, "audio_processor", None)


def _says_none(config: Any, part: str) -> bool:
    """Whether a configuration knows a part and has none."""
    return hasattr(config, part) and getattr(config, part) is None


def _default_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


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
