"""A checkpoint's chat template: adapted to messages with parts if it expects plain text, and tested before the run."""

from __future__ import annotations

from typing import Any

from omni_persona_runner.devices import reason_of
from omni_persona_runner.model import LoadError

_PARTS_AS_TEXT = """\
{%- set written = namespace(messages=[]) -%}
{%- for message in messages -%}
{%- set turn = namespace(text='') -%}
{%- for part in message.content -%}
{%- set turn.text = turn.text + {'image': 'IMAGE', 'audio': 'AUDIO'}.get(part.type, part.text) -%}
{%- endfor -%}
{%- set written.messages = written.messages + [{'role': message.role, 'content': turn.text}] -%}
{%- endfor -%}
{%- set messages = written.messages -%}
"""
"""Prepended to a text-only template: joins each message's parts into one text."""

_WORDS = "A bee-keeper by the river."


def of(processor: Any, name: str, writes_parts: bool) -> str:
    """The chat template of checkpoint `name`.

    writes_parts: whether it accepts messages with parts; for a text-only template, the processor's placeholders are
    written into the text. Raises `LoadError` if the checkpoint has no chat template.
    """
    # Some processor classes (Phi-4-multimodal's) have no template of their own and use their tokenizer's.
    template = processor.chat_template or processor.tokenizer.chat_template
    if template is None:
        raise LoadError(f"model {name} has no chat template, such as a chat_template.jinja")
    if writes_parts:
        return str(template)
    return _PARTS_AS_TEXT.replace("IMAGE", processor.image_token).replace("AUDIO", processor.audio_token) + template


def rendered(processor: Any, conversation: Any) -> str:
    """Render a conversation as prompt text, up to where the answer begins."""
    return str(processor.apply_chat_template(conversation, add_generation_prompt=True, tokenize=False))


def sample(processor: Any, name: str, media: tuple[str, ...]) -> str:
    """Render a short prompt with the media that the model accepts, among `image` and `audio`.

    Raises `LoadError` if the template fails, or does not support content parts.
    """
    parts = [{"type": "text", "text": _WORDS}, *({"type": kind} for kind in media)]
    conversation = [{"role": "system", "content": parts[:1]}, {"role": "user", "content": parts}]
    try:
        text = rendered(processor, conversation)
    # Template expressions may raise any exception.
    except Exception as error:
        reason = reason_of(error).splitlines()[0]
        raise LoadError(f"model {name} has a chat template that cannot write our prompt: {reason}") from error
    if "'type':" in text or _WORDS not in text:
        raise LoadError(f"model {name} has a chat template that does not take messages in parts")
    return text
