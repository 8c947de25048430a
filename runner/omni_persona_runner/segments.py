"""Attention within segments of equal length at once: windows of pictures and pieces of clips in Qwen-Omni's encoders.

Without flash attention, transformers calls attention once for each segment: a picture of 512 x 512 pixels has 25 in
each of 28 layers, and a GPU waits for those calls. Here all segments of one length are one call, with the same result.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from itertools import pairwise
from typing import Any

NAME = "segments_as_flash"
"""Name under which transformers knows it. With `flash` in its name, attention gets the whole sequence and the ends of
its segments instead of one segment after another."""


def segment_attention(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    *,
    cu_seq_lens_q: Any,
    scaling: float | None = None,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[Any, None]:
    """Attention in which each position sees its own segment only, as an attention function of transformers.

    query, key, value: tensors of shape (1, heads, positions, width). cu_seq_lens_q: start of each segment and end of
    the last, shape (segments + 1,). module and attention_mask are not used.
    Returns a tensor of shape (1, positions, heads, width), and no weights.
    """
    import torch

    places = defaultdict(list)
    for start, end in pairwise(cu_seq_lens_q.tolist()):
        if end > start:
            places[end - start].append(start)
    output = torch.empty_like(query[0].transpose(0, 1))
    for length, begins in places.items():
        first = torch.tensor(begins, device=query.device)
        # (segments, length), flattened
        chosen = (first[:, None] + torch.arange(length, device=query.device)).flatten()
        shape = (len(begins), length)
        q, k, v = (one[0].index_select(1, chosen).unflatten(1, shape).transpose(0, 1) for one in (query, key, value))
        seen = torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=scaling, dropout_p=dropout)
        output = output.index_copy(0, chosen, seen.transpose(1, 2).flatten(0, 1))
    return output[None], None


def attend_in_segments(model: Any) -> None:
    """Let the encoders of a Qwen-Omni Thinker use `segment_attention`, unless they have flash attention."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, segment_attention)
    for part in model.modules():
        segmented = hasattr(part, "config") and "cu_seqlens" in inspect.signature(part.forward).parameters
        if segmented and "flash" not in (part.config._attn_implementation or ""):
            part.config._attn_implementation = NAME
