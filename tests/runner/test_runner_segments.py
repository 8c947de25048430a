"""Attention within segments against transformers' own loop over them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_omni import processor, thinker_config, tokenizer
from transformers import Qwen2_5OmniThinkerForConditionalGeneration as Thinker

from omni_persona_runner.segments import NAME, attend_in_segments, segment_attention


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=8).filter(sum), st.integers(0, 99))
def test_each_position_sees_its_own_segment_alone(lengths, seed):
    rng = torch.Generator().manual_seed(seed)
    query, key, value = (torch.randn(1, 2, sum(lengths), 4, generator=rng, dtype=torch.float64) for _ in range(3))
    ends = torch.tensor([0, *np.cumsum(lengths)], dtype=torch.int32)
    output, weights = segment_attention(None, query, key, value, None, cu_seq_lens_q=ends, scaling=0.3)
    owner = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    scores = (0.3 * query @ key.transpose(-1, -2)).masked_fill(owner[:, None] != owner, -torch.inf)
    torch.testing.assert_close(output, (scores.softmax(-1) @ value).transpose(1, 2))
    assert weights is None


def parts(model):
    """The configurations of the encoders."""
    return {"vision": model.config.vision_config, "audio": model.config.audio_config}


def inputs(rng):
    """Three pictures and two clips of different sizes, without padding between them."""
    from PIL import Image

    made = processor(tokenizer())
    made.image_processor.size = {"shortest_edge": 28 * 28, "longest_edge": 512 * 512}
    sides = [(56, 84), (140, 196), (140, 140)]
    pictures = [Image.fromarray(rng.integers(0, 256, (*side, 3), dtype=np.uint8)) for side in sides]
    clips = [rng.standard_normal(16_000 * seconds).astype(np.float32) for seconds in (1, 3)]
    text = "<|vision_bos|><|IMAGE|><|vision_eos|>" * 3 + "<|audio_bos|><|AUDIO|><|audio_eos|>" * 2
    return made(text=text, images=pictures, audio=clips, return_tensors="pt", padding=True)


@pytest.mark.parametrize("backward", [False, True])
def test_a_thinker_answers_and_learns_as_with_the_loop(backward):
    torch.manual_seed(0)
    config = thinker_config(tokenizer())
    config.vision_config.window_size = 56
    model, given_inputs = Thinker(config).eval(), inputs(np.random.default_rng(0))

    def outcome():
        model.zero_grad()
        with torch.set_grad_enabled(backward):
            logits = model(**given_inputs).logits
        if not backward:
            return [logits]
        logits.square().mean().backward()
        return [part.grad for part in model.parameters() if part.grad is not None]

    before = outcome()
    attend_in_segments(model)
    assert {kind: config._attn_implementation for kind, config in parts(model).items()} == {
        "vision": NAME,
        "audio": NAME,
    }
    after = outcome()
    assert len(before) == len(after) > 0
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_flash_attention_is_left_as_it_is():
    model = Thinker(thinker_config(tokenizer()))
    parts(model)["vision"]._attn_implementation = "flash_attention_2"
    attend_in_segments(model)
    assert parts(model)["vision"]._attn_implementation == "flash_attention_2"
    assert parts(model)["audio"]._attn_implementation == NAME
    assert model.get_decoder().config._attn_implementation == "sdpa"


def test_a_segment_counts_as_one_call_with_all_others_of_its_length(monkeypatch):
    calls = []
    attend = torch.nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(
        torch.nn.functional,
        "scaled_dot_product_attention",
        lambda query, *rest, **options: calls.append(tuple(query.shape)) or attend(query, *rest, **options),
    )
    whole = torch.randn(1, 2, 300, 4)
    ends = torch.tensor([*range(0, 201, 2), *range(210, 301, 10)], dtype=torch.int32)
    segment_attention(None, whole, whole, whole, None, cu_seq_lens_q=ends)
    assert calls == [(100, 2, 2, 4), (10, 2, 10, 4)]
