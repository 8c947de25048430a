"""The client for OpenAI-compatible servers shared by runner and refining, and the dialects of such servers.

The client itself lives in the metric's folder, which must work alone and has a judge that uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from omni_persona_cal.addresses import shown_url
from omni_persona_cal.chat import (
    API_KEY_ENV,
    ChatClient,
    EndpointError,
    Messages,
    NoReplyError,
)
from omni_persona_cal.chat_policy import RequestForm
from omni_persona_cal.chat_reply import ChatReply
from omni_persona_cal.event_loop import EventLoop
from omni_persona_cal.masking import Mask
from omni_persona_cal.thinking import split_thinking

__all__ = [
    "API_KEY_ENV",
    "Answer",
    "ChatClient",
    "ChatReply",
    "Dialect",
    "EndpointError",
    "EventLoop",
    "Mask",
    "Messages",
    "NoReplyError",
    "RequestForm",
    "answer_of",
    "form_of",
    "shown_url",
    "split_thinking",
]

Dialect: TypeAlias = Literal["openai", "audio_url", "data-uri", "stream"]
"""Request format of a server.

`openai`: clips as `input_audio` that holds base64. `audio_url`: clips as `audio_url`, as vLLM expects them. `data-uri`:
clips as `input_audio` that holds a data URI. `stream`: streamed replies; combines with any of the others.
"""


def form_of(dialects: Sequence[str]) -> RequestForm:
    """The request form for some dialects; OpenAI's if empty. Raises `ValueError` for unknown or conflicting ones."""
    for one in dialects:
        if one not in get_args(Dialect):
            raise ValueError(f"expected a dialect among {', '.join(get_args(Dialect))}, got {one!r}")
    clips = {one for one in dialects if one != "stream"}
    if len(clips) > 1:
        raise ValueError(f"expected one way to send clips, got {' and '.join(sorted(clips))}")
    stream = "stream" in dialects
    if "audio_url" in clips:
        return RequestForm(clips="audio_url", stream=stream)
    return RequestForm(clips="data-uri" if "data-uri" in clips else "input_audio", stream=stream)


@dataclass(frozen=True)
class Answer:
    """The answer in a model's reply."""

    text: str
    thinking: str | None
    """The text before the answer; None if the model did not think first."""


def answer_of(reply: ChatReply, *, max_tokens: int | None = None, must_think: bool = False) -> Answer:
    """Extract the answer from a reply, without its thinking.

    max_tokens: the limit to name if reached. must_think: whether the model was told to think first, in which case a
    reply that was cut before the thinking ended has no answer.
    Raises `ValueError` if there is none: refused, filtered, empty, or unfinished thinking. Such a reply must
    not count as a wrong answer.
    """
    limit = f"{max_tokens} tokens" if max_tokens is not None else "its limit of tokens"
    if reply.problem:
        raise ValueError(reply.problem)
    try:
        said = split_thinking(reply.text)
    except ValueError as error:
        raise ValueError(f"{error}" + f" within {limit}" * reply.cut) from None
    if not said.answer:
        raise ValueError("an empty answer" + f", cut at {limit}" * reply.cut)
    thinking = said.thinking or reply.thinking
    if must_think and reply.cut and thinking is None:
        raise ValueError(f"the thinking has no end within {limit}")
    return Answer(said.answer, thinking)
