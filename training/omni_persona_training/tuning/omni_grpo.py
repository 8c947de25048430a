"""TRL's GRPOTrainer for prompts with pictures and clips: media are included in every pass.

TRL 1.16 supports pictures only. With clips it generates with them but computes the loss without them,
silently; with both it fails. Here each completion keeps its prompt's media, through shuffling and splitting, and
passes them to the model in generation, in the loss and for the base model's log-probabilities. These are private
methods of TRL: its version is pinned, and a test fails if one of the passes lacks its media.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from omni_persona_training.errors import TrainingError
from omni_persona_training.tuning.encoding import Encoded, Encoder, left_filled, together


def omni_grpo_class() -> Any:
    """The trainer's class, defined on demand because it imports TRL."""
    from trl import GRPOTrainer

    class OmniGRPOTrainer(GRPOTrainer):
        """A GRPOTrainer with an additional argument `encoder`; rows of its dataset have a `place`."""

        def __init__(self, *arguments: Any, encoder: Encoder, **options: Any) -> None:
            self._encoder = encoder
            self._shown: list[Encoded] = []
            super().__init__(*arguments, **options)

        def _generate_and_score_completions(self, inputs: Any) -> Any:
            self._shown = [self._encoder.prompt(int(row["place"])) for row in inputs]
            # A list passes through TRL's shuffling and splitting like tensors.
            return {**super()._generate_and_score_completions(inputs), "shown": self._shown}

        def _tokenize_prompts(self, prompts: Any) -> Any:
            shown = self._shown
            fields: dict[str, Any] = {name: [one.per_token[name] for one in shown] for name in shown[0].per_token}
            return [one.tokens for one in shown], None, {**fields, **self._media(shown)}

        def _compute_loss(self, model: Any, inputs: Any) -> Any:
            self._shown = inputs["shown"]
            return super()._compute_loss(model, inputs)

        def _get_per_token_logps_and_entropies(
            self,
            model: Any,
            input_ids: Any,
            attention_mask: Any,
            logits_to_keep: int,
            batch_size: int | None = None,
            **options: Any,
        ) -> Any:
            import torch

            # As in SFT, no padding tokens: the first token of an answer stands where nothing is attended to.
            input_ids = torch.where(attention_mask == 1, input_ids, input_ids[0, -logits_to_keep])
            size = batch_size or len(input_ids)
            parts = []
            for start in range(0, len(input_ids), size):
                rows = slice(start, start + size)
                shown = self._shown[rows]
                hearing = partial(model, **self._media(shown))
                types = _per_token(shown, input_ids.shape[1] - logits_to_keep, logits_to_keep, input_ids.device)
                given = {**options, **types}
                kept = input_ids[rows], attention_mask[rows], logits_to_keep
                parts.append(super()._get_per_token_logps_and_entropies(hearing, *kept, **given))
            logps, entropies, losses = zip(*parts, strict=True)
            entropy = None if entropies[0] is None else torch.cat(entropies)
            return torch.cat(logps), entropy, None if losses[0] is None else torch.stack(losses).mean()

        def _media(self, shown: list[Encoded]) -> dict[str, Any]:
            return _media_of(shown, self.accelerator.device, self.model.dtype)

    return OmniGRPOTrainer


def _media_of(shown: list[Encoded], device: Any, dtype: Any) -> dict[str, Any]:
    media = together([one.media for one in shown])
    return {name: value.to(device, dtype if value.is_floating_point() else None) for name, value in media.items()}


def _per_token(shown: list[Encoded], width: int, new: int, device: Any) -> dict[str, Any]:
    """Further per-token inputs of a model, padded like the prompts, with zeros for the `new` tokens of answers."""
    return {
        name: left_filled([one.per_token[name] + [0] * new for one in shown], 0, width + new)[0].to(device)
        for name in shown[0].per_token
    }


def suppressed_tokens(processor: Any, ends: list[int]) -> list[int]:
    """Special tokens that must not be sampled: a sampled media placeholder would have no medium.

    Raises `TrainingError` if the tokenizer has no end token.
    """
    words = processor.tokenizer
    if not ends:
        raise TrainingError("expected a token that ends an answer, got a tokenizer without any")
    named = [getattr(processor, f"{kind}_token_id", None) for kind in ("image", "audio", "video")]
    special = {*words.all_special_ids, *(one for one in named if one is not None)}
    # Start and padding tokens are harmless, and some tokenizers use them as the end token.
    return sorted(int(token) for token in special - set(ends))
