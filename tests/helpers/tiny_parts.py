"""What checkpoints of tiny families share: a byte-level tokenizer, chat templates, sizes of the text model."""

from __future__ import annotations

from typing import Any

HIDDEN, HEADS = 32, 2
PAD, END, TURN = "<pad>", "<eos>", "<turn>"

TEMPLATE = """\
{%- for message in messages -%}
<turn>{{ message.role }}
{% for part in message.content -%}
{%- if part.type == 'text' -%}{{ part.text }}
{%- elif part.type == 'image' -%}IMAGE
{%- elif part.type == 'audio' -%}AUDIO
{%- endif -%}
{%- endfor -%}
<eos>
{% endfor -%}
{%- if add_generation_prompt -%}<turn>assistant
{% endif -%}"""


TEMPLATE_OF_TEXTS = """\
{%- for message in messages -%}
{{ '<turn>' + message['role'] + '\n' + message['content'] + '<eos>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<turn>assistant\n' }}{%- endif -%}"""
"""As Phi-4's: it knows of no parts."""


def template(image: str, audio: str, *, trims: bool = False) -> str:
    """trims: whether each text loses the space around it, as in the templates of Gemma."""
    text = "{{ part.text | trim }}" if trims else "{{ part.text }}"
    return TEMPLATE.replace("{{ part.text }}", text).replace("IMAGE", image).replace("AUDIO", audio)


def tokenizer(special: dict[str, str]) -> Any:
    """A byte-level tokenizer: 256 bytes, then `special` in its order."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE(vocab={character: index for index, character in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    tokens = [PAD, END, TURN, *special.values()]
    backend.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in tokens])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=PAD,
        eos_token=END,
        bos_token=TURN,
        extra_special_tokens=special,
        model_max_length=32_768,
    )


def text_config(words: Any, **other: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(words),
        "hidden_size": HIDDEN,
        "intermediate_size": 2 * HIDDEN,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "pad_token_id": words.pad_token_id,
        "bos_token_id": words.bos_token_id,
        "eos_token_id": words.eos_token_id,
        # Large random weights, so that another picture or clip gives another answer.
        "initializer_range": 0.3,
        **other,
    }
