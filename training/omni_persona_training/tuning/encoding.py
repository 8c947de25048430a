"""Encode chats and answers as tensors, single or in left-padded batches."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omni_persona_runner.chat_template import rendered
from omni_persona_runner.shared_prefix import OmniInputs
from omni_persona_training.errors import TrainingError
from omni_persona_training.tuning.examples import ExampleChats, TrainingSet

if TYPE_CHECKING:
    import torch

_OMNI_MEDIA = ("pixel_values", "image_grid_thw", "input_features", "feature_attention_mask")
"""Inputs of a Qwen-Omni Thinker's encoders."""
_NOT_MEDIA = ("input_ids", "attention_mask", "position_ids")

_KEPT_BYTES = 1 << 29
"""Maximum memory for cached encoded prompts, in bytes."""


@dataclass(frozen=True)
class Encoded:
    """A processor's output for one chat."""

    tokens: list[int]
    """Token IDs, with one placeholder per token of each medium."""
    per_token: dict[str, list[int]]
    """Further per-token inputs of the model, such as token types."""
    media: dict[str, torch.Tensor]
    """The encoders' inputs."""

    def n_bytes(self) -> int:
        """Approximate size in memory."""
        return 8 * len(self.tokens) + sum(value.numel() * value.element_size() for value in self.media.values())


class Encoder:
    """Encodes examples of a training set with the runner's own prompt and media; recent ones are cached."""

    def __init__(self, checkpoint: Any, model: Any, examples: TrainingSet, max_pixels: int | None = None) -> None:
        """checkpoint: a `Checkpoint` of the runner. model: its weights, possibly with an adapter."""
        self.processor = checkpoint.processor
        self.examples = examples
        self._name = checkpoint.name
        self._chats = ExampleChats(checkpoint.limits(max_pixels), checkpoint.name)
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        omni = checkpoint.family.omni
        self._omni = OmniInputs(self.processor, base.config, base.get_rope_index, False) if omni else None
        self._longest = getattr(checkpoint.config.get_text_config(), "max_position_embeddings", None)
        self._kept: OrderedDict[int, Encoded] = OrderedDict()

    def check(self) -> None:
        """Raise `TrainingError` if an example shows media that the model does not take."""
        self._chats.check(self.examples)

    def prompt(self, place: int) -> Encoded:
        """Encode the prompt of an example. Raises `TrainingError`, naming it, if it is too long."""
        if place not in self._kept:
            self._kept[place] = self._encoded(place)
            while len(self._kept) > 1 and sum(one.n_bytes() for one in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(place)
        return self._kept[place]

    def answer(self, place: int) -> list[int]:
        """The tokens of an example's answer and of the end of the turn, as the chat template writes them."""
        example = self.examples[place]
        turns = [
            {
                "role": message.role,
                "content": [_without_medium(part) for part in message.joined()],
            }
            for message in example.messages
        ]
        said = {"role": "assistant", "content": [{"type": "text", "text": example.answer}]}
        head = rendered(self.processor, turns)
        whole = str(self.processor.apply_chat_template([*turns, said], tokenize=False))
        if not whole.startswith(head):
            raise TrainingError(
                f"{self._name}: its chat template writes a prompt differently with an answer than without"
            )
        words, end = self.processor.tokenizer, whole[len(head) :]
        stop = str(words.eos_token)
        # Some templates end turns differently; then we append the end token.
        end = end[: end.index(stop, len(example.answer)) + len(stop)] if stop in end else end.rstrip() + stop
        return list(words(end, add_special_tokens=False)["input_ids"])

    def _encoded(self, place: int) -> Encoded:
        example = self.examples[place]
        chat = self._chats.chat(example)
        if self._omni is not None:
            try:
                rest = self._omni.make([chat]).rest
            except ValueError as error:
                raise TrainingError(f"example {example.example_id}: {error}") from None
            media = {name: rest[name] for name in _OMNI_MEDIA if name in rest}
            encoded = Encoded(rest["input_ids"][0].tolist(), {}, media)
        else:
            encoded = self._processed(chat)
        if self._longest is not None and len(encoded.tokens) >= self._longest:
            raise TrainingError(
                f"example {example.example_id}: a prompt of {len(encoded.tokens)} tokens, and {self._name} takes "
                f"{self._longest} (--max-pixels N shrinks pictures)"
            )
        return encoded

    def _processed(self, chat: Any) -> Encoded:
        """Encode with the checkpoint's own processor."""
        made = self.processor.apply_chat_template(
            [chat.as_template()], add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
        )
        shape = made["input_ids"].shape
        rest = {name: value for name, value in made.items() if name not in _NOT_MEDIA}
        per_token = {name: value[0].tolist() for name, value in rest.items() if value.shape == shape}
        media = {name: value for name, value in rest.items() if name not in per_token}
        return Encoded(made["input_ids"][0].tolist(), per_token, media)


def together(media: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Concatenate the encoders' inputs of several prompts; shorter clips are padded with zeros."""
    import torch

    joined = {}
    for name in sorted({name for one in media for name in one}):
        given = [one[name] for one in media if name in one]
        if name.startswith(("input_features", "feature_attention", "audio_", "input_audio")):
            sizes = [max(value.shape[axis] for value in given) for axis in range(1, given[0].ndim)]
            given = [_filled(value, sizes) for value in given]
        joined[name] = torch.cat(given)
    return joined


def left_filled(
    rows: Sequence[Sequence[int]], filler: int, longest: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Left-pad rows of tokens; return them and the attention mask, both of shape (n, longest)."""
    import torch

    width = longest or max(map(len, rows))
    tokens = [[filler] * (width - len(row)) + list(row) for row in rows]
    mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(tokens), torch.tensor(mask)


class Collator:
    """Collates batches for supervised fine-tuning: the loss is computed on the answer only."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """rows: each the `place` of an example. Labels are -100 except for the answer and the end of the turn."""
        import torch

        places = [int(row["place"]) for row in rows]
        prompts = [self._encoder.prompt(place) for place in places]
        answers = [self._encoder.answer(place) for place in places]
        # The end of a turn, not padding: where that is embedded as zeros, gradients of Gemma 3n are not numbers.
        filler = answers[0][-1]
        whole = [prompt.tokens + answer for prompt, answer in zip(prompts, answers, strict=True)]
        tokens, mask = left_filled(whole, filler)
        labels = torch.full_like(tokens, -100)
        for row, answer in enumerate(answers):
            labels[row, -len(answer) :] = tokens[row, -len(answer) :]
        types = {
            name: left_filled(
                [one.per_token[name] + [0] * len(answer) for one, answer in zip(prompts, answers, strict=True)], 0
            )[0]
            for name in prompts[0].per_token
        }
        media = together([one.media for one in prompts])
        return {"input_ids": tokens, "attention_mask": mask, "labels": labels, **types, **media}


def _without_medium(part: Any) -> dict[str, str]:
    """The part reduced to its medium's kind, which is all that a template needs."""
    from omni_persona_runner.prompt import Picture, Text

    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image" if isinstance(part, Picture) else "audio"}


def _filled(value: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    from torch.nn.functional import pad

    missing = [size - have for size, have in zip(sizes, value.shape[1:], strict=True)]
    return pad(value, [amount for one in reversed(missing) for amount in (0, one)])
