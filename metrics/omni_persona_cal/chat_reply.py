"""Parse a server's reply to a chat request, in any of the known formats."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_LIMIT_WORDS = ("length", "max_tokens", "model_length")
"""Finish reasons that mean the token limit was reached."""
_FILTER_WORDS = ("content_filter", "safety", "content-filter")
_MOST_TOKENS = 10**12
"""The largest number of tokens of one reply that is believed."""


class MalformedReplyError(ValueError):
    """A body that is not a chat completion; the message says what is wrong."""


class ServerError(Exception):
    """An error that a server reports instead of a reply, possibly with status 200."""

    def __init__(self, message: str, status: int | None, code: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        """The status named in the error, or None."""
        self.code = code
        """An error code such as `insufficient_quota`."""


@dataclass(frozen=True)
class ChatReply:
    """One reply of a model."""

    text: str
    """The text, including marked thoughts; empty if there is none."""
    thinking: str | None = None
    """Thoughts that the server separates from the text."""
    problem: str | None = None
    """Why the text is not an answer: refused, filtered or aborted by the server."""
    cut: bool = False
    """Whether the length limit was reached."""
    ended: bool = False
    """Whether the server says that the model ended the reply."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    first_token: Mapping[str, float] = field(default_factory=dict)
    """Log-likelihoods of the most likely first tokens, if requested and supported."""


def parsed(body: bytes) -> Any:
    """Parse a body as JSON. Raises `MalformedReplyError`."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        start = " ".join(body[:200].decode("utf-8", "replace").split())[:80]
        raise MalformedReplyError(f"expected JSON, got {start!r}") from None


def read_reply(value: Any) -> ChatReply:
    """Read the reply in a decoded body.

    The content may be a text, a list of parts or null; the first of several choices is used.
    Raises `ServerError` for an error, and `MalformedReplyError` for anything else that is not a chat completion.
    """
    if not isinstance(value, dict):
        raise MalformedReplyError(f"expected a chat completion, got {_short(value)}")
    if value.get("error"):
        raise server_error(value, None)
    choice = _choice(value)
    if isinstance(choice.get("error"), dict | str):
        raise server_error(choice, None)
    message = choice.get("message")
    if message is None:
        raise MalformedReplyError("a reply without choices")
    if not isinstance(message, dict):
        raise MalformedReplyError(f"expected message to be an object, got {_short(message)}")
    said = _content(message.get("content"))
    finish = choice.get("finish_reason")
    finish = finish.lower() if isinstance(finish, str) else ""
    usage = value.get("usage")
    counts: dict[str, Any] = usage if isinstance(usage, dict) else {}
    return ChatReply(
        text=said.text,
        thinking=_thoughts(message) or said.thinking,
        problem=_problem(message.get("refusal") or said.refusal, finish),
        cut=finish in _LIMIT_WORDS,
        ended=finish == "stop",
        input_tokens=_count(counts.get("prompt_tokens")),
        output_tokens=_count(counts.get("completion_tokens")),
        first_token=_first_token(choice.get("logprobs")),
    )


def read_stream(lines: Iterable[bytes]) -> ChatReply:
    """Read the reply in the lines of a server-sent event stream. Raises what `read_reply` raises.

    A stream that ends without `[DONE]` or a finish reason was truncated: `MalformedReplyError`.
    """
    texts: dict[str, list[str]] = {"content": [], "reasoning_content": [], "refusal": []}
    finish, usage, done = None, None, False
    for line in lines:
        if not line.startswith(b"data:"):
            continue
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            done = True
            break
        event = parsed(data)
        if not isinstance(event, dict):
            raise MalformedReplyError(f"expected a part of a chat completion, got {_short(event)}")
        if event.get("error"):
            raise server_error(event, None)
        usage = event.get("usage") or usage
        if not event.get("choices"):
            continue  # such as the event with usage statistics
        choice = _choice(event)
        if isinstance(choice.get("error"), dict | str):
            raise server_error(choice, None)
        finish = choice.get("finish_reason") or finish
        delta = choice.get("delta") or {}
        if not isinstance(delta, dict):
            raise MalformedReplyError(f"expected delta to be an object, got {_short(delta)}")
        said = _content(delta.get("content"))
        texts["content"].append(said.text)
        texts["reasoning_content"].append(_thoughts(delta, strip=False) or said.thinking or "")
        texts["refusal"].append(delta["refusal"] if isinstance(delta.get("refusal"), str) else said.refusal or "")
    if not done and finish is None:
        raise MalformedReplyError("a stream without an end")
    message = {name: "".join(parts) for name, parts in texts.items()}
    return read_reply({"choices": [{"message": message, "finish_reason": finish}], "usage": usage})


def server_error(value: Any, status: int | None) -> ServerError:
    """The error in a body; `status` is the reply's HTTP status, None for 200."""
    error = value.get("error") if isinstance(value, dict) else None
    held = error if isinstance(error, dict) else value if isinstance(value, dict) else {}
    code = held.get("code")
    named = int(code) if isinstance(code, int | str) and str(code).isdecimal() and len(str(code)) == 3 else None
    said = [error if isinstance(error, str) else None, held.get("message"), _details(held.get("detail"))]
    text = next((one for one in said if isinstance(one, str) and one.strip()), None) or _short(value)
    param = held.get("param")
    if isinstance(param, str) and param and param not in text:
        text = f"{text} ({param})"
    words = [word for word in (code, held.get("type")) if isinstance(word, str) and not word.isdecimal()]
    return ServerError(text, status or named, " ".join(words) or None)


def error_in(content: bytes, status: int) -> ServerError:
    """The error in a body that may not be JSON."""
    try:
        return server_error(parsed(content), status)
    except MalformedReplyError:
        return ServerError(content[:2000].decode("utf-8", "replace").strip() or "nothing more", status, None)


@dataclass(frozen=True)
class _Content:
    """The parsed content of a message."""

    text: str = ""
    thinking: str | None = None
    refusal: str | None = None


def _choice(value: dict[str, Any]) -> dict[str, Any]:
    choices = value.get("choices")
    if not choices and not isinstance(choices, dict | str):
        raise MalformedReplyError("a reply without choices")
    if not isinstance(choices, list):
        raise MalformedReplyError(f"expected choices to be a list, got {_short(choices)}")
    if not isinstance(choices[0], dict):
        raise MalformedReplyError(f"expected a choice to be an object, got {_short(choices[0])}")
    first: dict[str, Any] = choices[0]
    return first


def _content(content: Any) -> _Content:
    """A text, or the joined text parts of a list."""
    if content is None:
        return _Content()
    if isinstance(content, str):
        return _Content(content)
    parts = [content] if isinstance(content, dict) else content
    if not isinstance(parts, list):
        raise MalformedReplyError(f"expected content to be a text, got {_short(content)}")
    texts, thoughts, refusals = [], [], []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict):
            kind = part.get("type")
            if kind in ("thinking", "reasoning"):
                thoughts.append(_inner(part.get("thinking") or part.get("text")))
            elif kind == "refusal":
                refusals.append(str(part.get("refusal")))
            elif isinstance(part.get("text"), str):
                texts.append(part["text"])
    return _Content("".join(texts), "".join(thoughts) or None, " ".join(refusals) or None)


def _inner(thoughts: Any) -> str:
    """The text of a thinking part: a string or a nested list of parts."""
    if isinstance(thoughts, str):
        return thoughts
    parts = thoughts if isinstance(thoughts, list) else []
    return "".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def _thoughts(message: dict[str, Any], strip: bool = True) -> str | None:
    """Thoughts that the server returns separately from the text."""
    for name in ("reasoning_content", "reasoning"):
        thoughts = message.get(name)
        if isinstance(thoughts, str) and thoughts.strip():
            return thoughts.strip() if strip else thoughts
    return None


def _problem(refusal: Any, finish: str) -> str | None:
    if refusal:
        if isinstance(refusal, dict) and isinstance(refusal.get("message"), str):
            refusal = refusal["message"]
        return f"refused: {refusal if isinstance(refusal, str) else _short(refusal)}"
    if finish in _FILTER_WORDS:
        return "stopped by the server's content filter"
    return "broken off by an error of the server" if finish == "error" else None


def _details(details: Any) -> str | None:
    """A text, or the list of locations and messages with which some servers reject a request."""
    if isinstance(details, str):
        return details
    if not isinstance(details, list):
        return None
    parts = []
    for one in details[:20]:
        if isinstance(one, dict):
            place = one.get("loc")
            where = ".".join(map(str, place)) if isinstance(place, list) else ""
            parts.append(f"{where}: {one.get('msg')}".removeprefix(": "))
    return "; ".join(parts) or None


def _first_token(logprobs: Any) -> dict[str, float]:
    """Log-likelihoods of the most likely first tokens; empty unless in the format of OpenAI's servers."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    first = content[0] if isinstance(content, list) and content else None
    listed = first.get("top_logprobs") if isinstance(first, dict) else None
    found: dict[str, float] = {}
    for one in listed if isinstance(listed, list) else []:
        token, value = (one.get("token"), one.get("logprob")) if isinstance(one, dict) else (None, None)
        if isinstance(token, str) and isinstance(value, int | float) and not isinstance(value, bool) and value <= 0:
            found[token] = float(value)
    return found


def _count(value: Any) -> int | None:
    """A number of tokens; None for what cannot be one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS else None


def _short(value: Any) -> str:
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except RecursionError:
        text = "a deeply nested value"
    return repr(" ".join(text[:400].split())[:80])
