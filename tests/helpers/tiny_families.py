"""Checkpoints of the other families, small enough for a test: real classes, random weights, saved like any checkpoint.

save(family, folder)     family: a key of `FAMILIES`
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tiny_parts import HEADS, HIDDEN, TEMPLATE_OF_TEXTS, template, text_config, tokenizer

QWEN3_VISION = {
    "depth": 2,
    "hidden_size": HIDDEN,
    "intermediate_size": 2 * HIDDEN,
    "num_heads": HEADS,
    "out_hidden_size": HIDDEN,
    "num_position_embeddings": 64,
    "deepstack_visual_indexes": [0],
}
QWEN3_AUDIO = {
    "encoder_layers": 1,
    "encoder_attention_heads": HEADS,
    "encoder_ffn_dim": 2 * HIDDEN,
    "d_model": HIDDEN,
    "output_dim": HIDDEN,
    "downsample_hidden_size": 8,
}


def qwen3_omni() -> tuple[Any, Any]:
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
        Qwen3OmniMoeProcessor,
        Qwen3OmniMoeThinkerConfig,
        WhisperFeatureExtractor,
    )
    from transformers import Qwen3OmniMoeThinkerForConditionalGeneration as Thinker

    special = {
        "image_token": "<|image_pad|>",
        "audio_token": "<|audio_pad|>",
        "video_token": "<|video_pad|>",
        "vision_bos_token": "<|vision_start|>",
        "vision_eos_token": "<|vision_end|>",
        "audio_bos_token": "<|audio_start|>",
        "audio_eos_token": "<|audio_end|>",
    }
    words = tokenizer(special)
    number = {name: words.convert_tokens_to_ids(token) for name, token in special.items()}
    size = {"shortest_edge": 32 * 32, "longest_edge": 64 * 64}
    processor = Qwen3OmniMoeProcessor(
        image_processor=Qwen2VLImageProcessor(size=size, patch_size=16),
        video_processor=Qwen2VLVideoProcessor(patch_size=16),
        feature_extractor=WhisperFeatureExtractor(feature_size=128, sampling_rate=16_000),
        tokenizer=words,
        chat_template=template(
            "<|vision_start|><|image_pad|><|vision_end|>", "<|audio_start|><|audio_pad|><|audio_end|>"
        ),
    )
    config = Qwen3OmniMoeThinkerConfig(
        text_config=text_config(
            words,
            num_hidden_layers=2,
            head_dim=16,
            num_experts=4,
            num_experts_per_tok=2,
            moe_intermediate_size=HIDDEN,
            rope_parameters={
                "rope_type": "default",
                "rope_theta": 1e6,
                "mrope_section": [4, 2, 2],
                "mrope_interleaved": True,
            },
        ),
        vision_config=QWEN3_VISION,
        audio_config=QWEN3_AUDIO,
        image_token_id=number["image_token"],
        audio_token_id=number["audio_token"],
        video_token_id=number["video_token"],
        audio_start_token_id=number["audio_bos_token"],
        vision_start_token_id=number["vision_bos_token"],
        vision_end_token_id=number["vision_eos_token"],
    )
    return Thinker(config), processor


def gemma3n() -> tuple[Any, Any]:
    from transformers import (
        Gemma3nAudioFeatureExtractor,
        Gemma3nConfig,
        Gemma3nForConditionalGeneration,
        Gemma3nProcessor,
        SiglipImageProcessor,
    )

    # The order matters: tokens from `eoi` on are embedded by the vision part, from `eoa` on by the audio part.
    special = {
        "boi_token": "<start_of_image>",
        "boa_token": "<start_of_audio>",
        "eoi_token": "<end_of_image>",
        "image_token": "<image_soft_token>",
        "eoa_token": "<end_of_audio>",
        "audio_token": "<audio_soft_token>",
    }
    words = tokenizer(special)
    number = {name: words.convert_tokens_to_ids(token) for name, token in special.items()}
    n_image, n_audio = 4, 20
    processor = Gemma3nProcessor(
        feature_extractor=Gemma3nAudioFeatureExtractor(),
        image_processor=SiglipImageProcessor(size={"height": 64, "width": 64}, do_normalize=False),
        tokenizer=words,
        chat_template=template("<image_soft_token>", "<audio_soft_token>", trims=True),
        image_seq_length=n_image,
        audio_seq_length=n_audio,
    )
    config = Gemma3nConfig(
        text_config=text_config(
            words,
            num_hidden_layers=4,
            layer_types=["sliding_attention", "full_attention"] * 2,
            num_kv_shared_layers=2,
            head_dim=16,
            vocab_size_per_layer_input=number["eoi_token"],
            hidden_size_per_layer_input=8,
            laurel_rank=8,
            altup_num_inputs=2,
        ),
        vision_config={
            "architecture": "resnet18",
            "hidden_size": 512,
            "vocab_size": 2,
            "vocab_offset": number["eoi_token"],
        },
        audio_config={
            "vocab_size": 2,
            "vocab_offset": number["eoa_token"],
            "hidden_size": HIDDEN,
            "conf_num_attention_heads": HEADS,
            "conf_num_hidden_layers": 1,
            "sscp_conv_channel_size": (8, 4),
        },
        vision_soft_tokens_per_image=n_image,
        audio_soft_tokens_per_image=n_audio,
        **{f"{name}_id": number[name] for name in special},
    )
    return Gemma3nForConditionalGeneration(config), processor


GEMMA4_VISION = {
    "hidden_size": HIDDEN,
    "intermediate_size": 2 * HIDDEN,
    "num_hidden_layers": 1,
    "num_attention_heads": HEADS,
    "num_key_value_heads": HEADS,
    "head_dim": 16,
    "position_embedding_size": 1024,
}
GEMMA4_AUDIO = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": 1,
    "num_attention_heads": HEADS,
    "output_proj_dims": HIDDEN,
    "subsampling_conv_channels": [128, 4],
}


def gemma4() -> tuple[Any, Any]:
    from transformers import (
        Gemma4AudioFeatureExtractor,
        Gemma4Config,
        Gemma4ForConditionalGeneration,
        Gemma4ImageProcessor,
        Gemma4Processor,
        Gemma4VideoProcessor,
    )

    special = {
        "boi_token": "<|image>",
        "eoi_token": "<image|>",
        "image_token": "<|image|>",
        "boa_token": "<|audio>",
        "eoa_token": "<audio|>",
        "audio_token": "<|audio|>",
        "video_token": "<|video|>",
    }
    words = tokenizer(special)
    number = {name: words.convert_tokens_to_ids(token) for name, token in special.items()}
    processor = Gemma4Processor(
        feature_extractor=Gemma4AudioFeatureExtractor(),
        image_processor=Gemma4ImageProcessor(max_soft_tokens=70),
        tokenizer=words,
        video_processor=Gemma4VideoProcessor(),
        chat_template=template("<|image|>", "<|audio|>", trims=True),
    )
    config = Gemma4Config(
        text_config=text_config(
            words,
            num_hidden_layers=2,
            layer_types=["sliding_attention", "full_attention"],
            head_dim=16,
            global_head_dim=16,
            vocab_size_per_layer_input=len(words),
            hidden_size_per_layer_input=8,
        ),
        vision_config=GEMMA4_VISION,
        audio_config=GEMMA4_AUDIO,
        boi_token_id=number["boi_token"],
        eoi_token_id=number["eoi_token"],
        image_token_id=number["image_token"],
        boa_token_id=number["boa_token"],
        eoa_token_index=number["eoa_token"],
        audio_token_id=number["audio_token"],
        video_token_id=number["video_token"],
    )
    return Gemma4ForConditionalGeneration(config), processor


def phi4() -> tuple[Any, Any]:
    from transformers import (
        Phi4MultimodalConfig,
        Phi4MultimodalFeatureExtractor,
        Phi4MultimodalForCausalLM,
        Phi4MultimodalImageProcessor,
        Phi4MultimodalProcessor,
    )

    special = {"image_token": "<|image|>", "audio_token": "<|audio|>"}
    words = tokenizer(special)
    # The published processor has no template: it leaves it to its tokenizer.
    words.chat_template = TEMPLATE_OF_TEXTS
    number = {name: words.convert_tokens_to_ids(token) for name, token in special.items()}
    processor = Phi4MultimodalProcessor(
        image_processor=Phi4MultimodalImageProcessor(),
        audio_processor=Phi4MultimodalFeatureExtractor(),
        tokenizer=words,
    )
    config = Phi4MultimodalConfig(
        **text_config(words, num_hidden_layers=2),
        vision_config={
            "hidden_size": HIDDEN,
            "intermediate_size": 2 * HIDDEN,
            "num_hidden_layers": 2,
            "num_attention_heads": HEADS,
            "image_token_id": number["image_token"],
        },
        audio_config={
            "hidden_size": HIDDEN,
            "intermediate_size": 2 * HIDDEN,
            "num_blocks": 2,
            "num_attention_heads": HEADS,
            "ext_pw_out_channel": HIDDEN,
            "depthwise_separable_out_channel": HIDDEN,
            "nemo_conv_channels": HIDDEN,
            "audio_token_id": number["audio_token"],
        },
    )
    return Phi4MultimodalForCausalLM(config), processor


FAMILIES: dict[str, Callable[[], tuple[Any, Any]]] = {
    "qwen3_omni": qwen3_omni,
    "gemma3n": gemma3n,
    "gemma4": gemma4,
    "phi4": phi4,
}


def save(family: str, folder: Path, *, full: bool = False) -> Path:
    """Write a checkpoint of a family with random weights to `folder` and return it.

    full: put the Thinker of Qwen3-Omni inside a full checkpoint, with its own config and weight names.
    """
    import torch

    torch.manual_seed(0)
    model, processor = FAMILIES[family]()
    if full:
        model = _full(model)
    model.generation_config.pad_token_id = processor.tokenizer.pad_token_id
    model.generation_config.eos_token_id = processor.tokenizer.eos_token_id
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    if family == "phi4":
        _save_adapters(model, folder)
    return folder


def _full(thinker: Any) -> Any:
    from transformers import Qwen3OmniMoeConfig, Qwen3OmniMoeForConditionalGeneration

    config = Qwen3OmniMoeConfig(thinker_config=thinker.config.to_dict(), enable_audio_output=False)
    model = Qwen3OmniMoeForConditionalGeneration(config)
    model.thinker = thinker
    return model


def _save_adapters(model: Any, folder: Path) -> None:
    """Adapters with random weights, in the folders where the published checkpoint has them."""
    from peft import LoraConfig, get_peft_model

    for name in ("vision-lora", "speech-lora"):
        settings = LoraConfig(
            r=4, target_modules=r"model\.layers\.\d+\.self_attn\.(qkv|o)_proj", init_lora_weights=False
        )
        adapted = get_peft_model(model, settings)
        adapted.save_pretrained(folder / name)
        model = adapted.unload()
