"""BERTScore: token-level similarity of a prediction and the gold answer under an encoder.

Own implementation, because the package bert-score (0.3.13, the latest) fails with transformers 5 on an empty
text, and knows the layers of listed models only. On other texts the two agree to 1e-6.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any


def bertscores(
    pairs: Sequence[tuple[str, str]], model: str | Path, *, layer: int | None = None, batch_size: int = 32
) -> list[float]:
    """BERTScore F1 of each pair (gold answer, prediction), not rescaled (Zhang et al. 2020).

    Each token of one text is matched with the most similar token of the other, by the cosine of their hidden
    states; special tokens can be matched but are not counted. F1 of the two means; 0 if a text has no token.

    Args:
        pairs: Texts, truncated to the encoder's maximum length.
        model: An encoder: a folder or a Hub name such as `roberta-large`.
        layer: The layer whose hidden states are compared; default: the last. The paper uses layer 17 of roberta-large.
        batch_size: Texts per forward pass.

    Returns:
        One number per pair, at most 1.

    Raises:
        OSError: there is no such model.
        ValueError: the encoder has fewer layers.
    """
    texts = list(dict.fromkeys(text for pair in pairs for text in pair))
    # Sorted by length, to reduce padding.
    texts.sort(key=len)
    vectors: dict[str, tuple[Any, Any]] = {}
    for start in range(0, len(texts), batch_size):
        batch = texts[start : start + batch_size]
        vectors.update(zip(batch, _encode(batch, str(model), layer), strict=True))
    return [_f1(vectors[gold], vectors[prediction]) for gold, prediction in pairs]


def _encode(texts: Sequence[str], model_name: str, layer: int | None) -> list[tuple[Any, Any]]:
    """For each text: unit vectors, tokens x width, and a mask of the tokens that count."""
    import torch

    tokenizer, model = _load(model_name)
    n_layers = model.config.num_hidden_layers
    if layer is not None and not 0 <= layer <= n_layers:
        raise ValueError(f"bertscore: expected a layer between 0 and {n_layers} of {model_name}, got {layer}")
    # RoBERTa reserves the first two positions; encoders with relative positions have no maximum.
    positions = getattr(model.config, "max_position_embeddings", None)
    longest = min(tokenizer.model_max_length, positions - 2 if positions else 512)
    inputs = tokenizer(
        list(texts),
        padding=True,
        truncation=True,
        max_length=longest,
        return_special_tokens_mask=True,
        return_tensors="pt",
    )
    special = inputs.pop("special_tokens_mask").bool()
    with torch.inference_mode():
        hidden = model(**inputs, output_hidden_states=True).hidden_states[n_layers if layer is None else layer]
    hidden = torch.nn.functional.normalize(hidden.float(), dim=-1)
    present = inputs["attention_mask"].bool()
    return [
        (vectors[there], ~specials[there]) for vectors, there, specials in zip(hidden, present, special, strict=True)
    ]


def _f1(gold: tuple[Any, Any], prediction: tuple[Any, Any]) -> float:
    (gold_vectors, gold_counts), (vectors, counts) = gold, prediction
    if not gold_counts.any() or not counts.any():
        return 0.0
    similarity = gold_vectors @ vectors.T
    recall = similarity.max(dim=1).values[gold_counts].mean()
    precision = similarity.max(dim=0).values[counts].mean()
    total = float(precision + recall)
    # Rounding may lift equal texts slightly above 1.
    return min(1.0, float(2 * precision * recall) / total) if total else 0.0


@lru_cache(maxsize=1)
def _load(model_name: str) -> tuple[Any, Any]:
    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(model_name)
    model.eval()
    return AutoTokenizer.from_pretrained(model_name), model
