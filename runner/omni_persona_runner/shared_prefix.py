"""Inputs for Qwen-Omni Thinkers, built medium by medium, with the prefix shared by sibling items computed once.

Siblings ask different questions about the same contexts: their prompts are equal up to the query. The key-value cache
of that prefix is computed once for all of them, and each continues from there with explicit
positions, the same as in the whole prompt.

    prompt of item a   [rules, contexts 1..K] [query a]
    prompt of item b   [rules, contexts 1..K] [query b]
                        once                   each
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np

from omni_persona import Media
from omni_persona_runner.chat_template import rendered
from omni_persona_runner.chats import Chat, Decoded
from omni_persona_runner.prompt import Picture

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class _Medium:
    """A picture or a clip in the form that the model's encoders expect."""

    features: torch.Tensor
    """Shape (n_patches, d) for a picture, (n_mels, n_frames) for a clip."""
    grid: torch.Tensor | None
    """Patches of a picture along time, height and width, shape (1, 3); None for a clip."""
    n_tokens: int


@dataclass(frozen=True)
class _Prompt:
    """An item's tokenized prompt."""

    tokens: list[int]
    """Token IDs, with one placeholder per token of each medium."""
    positions: torch.Tensor
    """Positions along time, height and width, shape (3, n_tokens)."""
    media: tuple[_Medium, ...]
    n_shared_media: int
    """Number of media in the contexts, which come first."""


@dataclass(frozen=True)
class Inputs:
    """A batch: the prefixes of G groups of siblings, and the remainders of N prompts."""

    prefix: dict[str, torch.Tensor] | None
    """The base model's inputs for the prefixes, G rows; None if nothing is shared."""
    groups: list[int]
    """The prefix row of each prompt."""
    rest: dict[str, torch.Tensor]
    """Keyword arguments of `generate`, N rows; the attention mask covers prefix and remainder."""
    lengths: list[int]
    """Length of each whole prompt in tokens."""

    def to(self, device: Any, dtype: Any) -> Inputs:
        """Move to a device and cast features to a dtype."""

        def move(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return {
                name: value.to(device, dtype if value.is_floating_point() else None) for name, value in inputs.items()
            }

        return replace(self, prefix=self.prefix and move(self.prefix), rest=move(self.rest))


class OmniInputs:
    """Builds inputs for batches of chats. Media shared by neighbouring batches are encoded once."""

    def __init__(self, processor: Any, config: Any, positions: Any, shares: bool) -> None:
        """processor, config: the Thinker's. positions: its `get_rope_index`. shares: whether siblings share."""
        self._processor = processor
        # Read once: attribute access on a configuration takes microseconds, and every token of every prompt needs it.
        self._image_token, self._audio_token = int(config.image_token_id), int(config.audio_token_id)
        self._placeholders = (self._image_token, self._audio_token)
        self._positions = positions
        self._shares = shares
        self._made: dict[Media, _Medium] = {}

    def make(self, chats: Sequence[Chat]) -> Inputs:
        """Build a batch. Raises `ValueError` for a text that contains a media placeholder."""
        shown = {media: value for chat in chats for media, value in chat.media.items()}
        self._made = {media: self._made.get(media) or self._medium(value) for media, value in shown.items()}
        prompts = [self._prompt(chat) for chat in chats]
        siblings: defaultdict[Any, list[int]] = defaultdict(list)
        for row, chat in enumerate(chats):
            contexts = tuple((one.image, one.audio, one.text) for one in chat.item.contexts)
            siblings[contexts, chat.dropped].append(row)
        if not self._shares or len(siblings) == len(prompts):
            rest = self._collate(prompts, [0] * len(prompts), [len(one.tokens) for one in prompts])
            return Inputs(None, list(range(len(prompts))), rest, [len(one.tokens) for one in prompts])
        groups = [0] * len(prompts)
        cuts = [0] * len(prompts)
        heads = []
        for group, rows in enumerate(siblings.values()):
            cut = _shared_length([prompts[row] for row in rows], self._placeholders)
            heads.append((prompts[rows[0]], cut))
            for row in rows:
                groups[row], cuts[row] = group, cut
        prefix = self._collate([one for one, _ in heads], [0] * len(heads), [cut for _, cut in heads])
        rest = self._collate(prompts, cuts, [len(one.tokens) for one in prompts])
        return Inputs(prefix, groups, _after(prefix, groups, rest), [len(one.tokens) for one in prompts])

    # ---- one prompt

    def _prompt(self, chat: Chat) -> _Prompt:
        import torch

        text = rendered(self._processor, chat.as_template())
        shown = chat.shown()
        media = tuple(self._made[part.media] for part in shown)
        kinds = [self._image_token if isinstance(part, Picture) else self._audio_token for part in shown]
        waiting = list(zip(kinds, media, strict=True))
        tokens: list[int] = []
        for token in self._processor.tokenizer(text)["input_ids"]:
            n_places = 1
            if token in self._placeholders:
                if not waiting or waiting[0][0] != token:
                    raise ValueError("a text contains the placeholder of a picture or a clip")
                n_places = waiting.pop(0)[1].n_tokens
            tokens += [token] * n_places
        if waiting:
            raise ValueError("the chat template leaves out a picture or a clip")
        grids = [one.grid for one in media if one.grid is not None]
        positions, _ = self._positions(
            torch.tensor([tokens]),
            image_grid_thw=torch.cat(grids) if grids else None,
            attention_mask=torch.ones(1, len(tokens), dtype=torch.long),
            audio_seqlens=torch.tensor([one.features.shape[1] for one in media if one.grid is None]),
        )
        return _Prompt(tokens, positions[:, 0], media, sum(part.place != "query" for part in shown))

    def _medium(self, decoded: Decoded) -> _Medium:
        processor = self._processor
        if not isinstance(decoded, np.ndarray):
            made = processor.image_processor(decoded, return_tensors="pt")
            grid = made["image_grid_thw"]
            return _Medium(made["pixel_values"], grid, int(grid.prod()) // processor.image_processor.merge_size**2)
        extractor = processor.feature_extractor
        made, (written,) = processor._process_audio(
            [decoded],
            sampling_rate=extractor.sampling_rate,
            padding="max_length",
            max_length=window(decoded.size, extractor),
            truncation=False,
            return_attention_mask=True,
            return_tensors="pt",
        )
        n_frames = int(made["feature_attention_mask"].sum())
        return _Medium(made["input_features"][0, :, :n_frames], None, written.count(processor.audio_token))

    # ---- many prompts

    def _collate(self, prompts: Sequence[_Prompt], starts: Sequence[int], ends: Sequence[int]) -> dict[str, Any]:
        """Collate the slices of prompts between `starts` and `ends`, padded on the left."""
        import torch
        from torch.nn.functional import pad

        lengths = [end - start for start, end in zip(starts, ends, strict=True)]
        longest = max(lengths)
        filler = self._processor.tokenizer.pad_token_id
        rows, masks, positions = [], [], []
        for prompt, start, end in zip(prompts, starts, ends, strict=True):
            n_fill = longest - (end - start)
            rows.append([filler] * n_fill + prompt.tokens[start:end])
            masks.append([0] * n_fill + [1] * (end - start))
            positions.append(pad(prompt.positions[:, start:end], (n_fill, 0), value=1))
        mask = torch.tensor(masks)
        vision = torch.stack(positions, dim=1)
        in_text = torch.tensor(starts)[:, None] + (mask.cumsum(1) - 1).clamp(min=0)
        media = [
            medium
            for prompt, start, end in zip(prompts, starts, ends, strict=True)
            for medium in self._between(prompt, start, end)
        ]
        return {
            "input_ids": torch.tensor(rows),
            "attention_mask": mask,
            # transformers' layout: the text position first, then time, height and width.
            "position_ids": torch.cat([in_text[None], vision]),
            **_features(media),
        }

    def _between(self, prompt: _Prompt, start: int, end: int) -> Iterable[_Medium]:
        """The media whose placeholders lie between `start` and `end`; a cut never splits one."""
        n_before = sum(token in self._placeholders for token in prompt.tokens[:start])
        n_within = sum(token in self._placeholders for token in prompt.tokens[start:end])
        place = 0
        for medium in prompt.media:
            if n_before <= place < n_before + n_within:
                yield medium
            place += medium.n_tokens


def window(n_samples: int, extractor: Any) -> int:
    """Number of samples to pad a clip to, so that its features equal those of any longer window.

    The last frame reaches half a Fourier window past the clip's end, where it must see the silence of the
    padding and not the reflected end of the signal.
    """
    hop_length = int(extractor.hop_length)
    return math.ceil((n_samples + int(extractor.n_fft)) / hop_length) * hop_length


def _shared_length(prompts: Sequence[_Prompt], placeholders: tuple[int, int]) -> int:
    """Length of the longest common prefix, up to a query's first medium; leaves at least one token to each prompt."""
    columns = zip(*(one.tokens for one in prompts), strict=False)
    n_equal = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
    return min(n_equal, *(min(_first_query_medium(one, placeholders), len(one.tokens) - 1) for one in prompts))


def _first_query_medium(prompt: _Prompt, placeholders: tuple[int, int]) -> int:
    """The token index where a prompt's first query medium begins, or the prompt's length if it has none."""
    n_shared = sum(medium.n_tokens for medium in prompt.media[: prompt.n_shared_media])
    places = (place for place, token in enumerate(prompt.tokens) if token in placeholders)
    return next((place for index, place in enumerate(places) if index == n_shared), len(prompt.tokens))


def _features(media: Sequence[_Medium]) -> dict[str, torch.Tensor]:
    """The encoders' inputs: all patches concatenated, all clips padded to the longest."""
    import torch
    from torch.nn.functional import pad

    pictures = [medium for medium in media if medium.grid is not None]
    clips = [medium.features for medium in media if medium.grid is None]
    features = {}
    if pictures:
        features["pixel_values"] = torch.cat([medium.features for medium in pictures])
        features["image_grid_thw"] = torch.cat([medium.grid for medium in pictures if medium.grid is not None])
    if clips:
        longest = max(clip.shape[1] for clip in clips)
        features["input_features"] = torch.stack([pad(clip, (0, longest - clip.shape[1])) for clip in clips])
        lengths = torch.tensor([clip.shape[1] for clip in clips])
        features["feature_attention_mask"] = (torch.arange(longest) < lengths[:, None]).long()
    return features


def _after(prefix: dict[str, Any], groups: list[int], rest: dict[str, Any]) -> dict[str, Any]:
    """Extend the attention mask of the remainders to cover their prefixes."""
    import torch

    return {**rest, "attention_mask": torch.cat([prefix["attention_mask"][groups], rest["attention_mask"]], dim=1)}


def prefill(model: Any, inputs: Inputs) -> Any:
    """The key-value cache of the prefixes with one row per prompt, or None if nothing is shared.

    model: the Thinker; the inputs are on its device.
    """
    import torch
    from transformers import DynamicCache

    if inputs.prefix is None:
        return None
    cache = DynamicCache(config=model.config.get_text_config())
    # The base model: logits of the prefix are not needed.
    model.model(**inputs.prefix, past_key_values=cache, use_cache=True)
    # Indices on the CPU: layers may be on several GPUs, and each accepts those.
    cache.batch_select_indices(torch.tensor(inputs.groups))
    return cache
