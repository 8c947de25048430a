"""How to react to errors of a chat completion server: retry, change the request, give up a question, or stop."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Literal, get_args

from .chat_reply import ServerError

LONGEST_WAIT = 60.0
"""Maximum seconds between two attempts."""

Scope = Literal["endpoint", "first", "question", "refusal"]
"""What an error implies for other questions.

`endpoint`: none can be answered. `first`: the same, unless something has been answered before. `question`: nothing.
`refusal`: nothing, and the server works, since it has read and refused this question.
"""

Clips = Literal["input_audio", "audio_url", "data-uri"]
"""Format of a clip: OpenAI's `input_audio`, vLLM's `audio_url`, or `input_audio` with a data URI."""

_ENDING = {
    401: "does not accept the API key",
    402: "asks for payment",
    404: "has no such model, or no /chat/completions at this address",
    405: "has no such model, or no /chat/completions at this address",
}
"""HTTP statuses that no question can change -> their meaning."""
_FORBIDDEN = 403
_PASSING = (408, 409, 425, 429)
"""HTTP statuses below 500 that may be transient."""
_REFUSING = (400, 415, 422)
"""HTTP statuses of a request with an unsupported element."""
_NO_CREDIT = ("insufficient_quota", "insufficient_balance", "billing_hard_limit_reached", "billing_not_active")
"""Error codes of accounts without credit, which come with status 429."""

ATTEMPTS_REFUSED, ATTEMPTS_LATE, ATTEMPTS_CUT, ATTEMPTS_MALFORMED = 3, 3, 4, 4
"""Maximum attempts after a failed connection, a time-out, or a truncated or malformed reply."""
ANY_NUMBER = 10**6


class AttemptError(Exception):
    """The error of one attempt; the message may still contain secrets."""

    def __init__(
        self,
        message: str,
        scope: Scope,
        *,
        attempts: int = 1,
        headers: Mapping[str, str] | None = None,
        complaint: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.scope = scope
        self.attempts = attempts
        """Maximum number of attempts for the question, including this one."""
        self.headers = headers or {}
        self.complaint = complaint
        """The unsupported element of the request; None if that was not examined."""
        self.status = status


def fault_of_error(error: ServerError, headers: Mapping[str, str] | None = None) -> AttemptError:
    """Classify an error reported by a server, by its HTTP status or the status it names."""
    status = error.status
    code = (error.code or "").lower()
    if any(word in code for word in _NO_CREDIT):
        return AttemptError(f"has no credit left: {error.message}", "endpoint", status=status)
    if status in _ENDING:
        return AttemptError(f"{_ENDING[status]}: {error.message}", "endpoint", status=status)
    said = f"the server replied {status}: {error.message}" if status else f"the server says: {error.message}"
    if status == _FORBIDDEN:
        return AttemptError(said, "first", status=status)
    if status is not None and (status in _PASSING or status >= 500):
        return AttemptError(said, "question", attempts=ANY_NUMBER, headers=headers, status=status)
    complaint = f"{error.message} {error.code or ''}" if status in _REFUSING else None
    return AttemptError(said, "refusal", complaint=complaint, status=status)


def wait_seconds(
    headers: Mapping[str, str], attempt: int, *, first_wait: float = 1.0, longest: float = LONGEST_WAIT
) -> float:
    """Seconds until the next attempt: what the server asks for, or exponential backoff with jitter.

    headers: of the last reply, names in lower case. attempt: attempts so far. A server's request is followed up
    to `longest`; without one, or with a wait of zero, the backoff applies.
    """
    growing = min(first_wait * 2 ** min(attempt - 1, 30), longest) * random.uniform(0.75, 1.25)
    asked = asked_wait(headers)
    return growing if asked is None or asked <= 0 else min(asked, longest)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds requested by `retry-after-ms` or `retry-after` (a number or a date); None if neither is set."""
    for name, default in (("retry-after-ms", "ms"), ("retry-after", "s")):
        text = headers.get(name, "").strip().lower()
        number = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?)\s*(ms|s)?", text)
        if number:
            return float(number[1]) / (1000 if (number[2] or default) == "ms" else 1)
        moment = _moment(headers.get(name, ""))
        if moment is not None:
            # Use the server's own clock, if it sends the time.
            now = _moment(headers.get("date", "")) or datetime.now(timezone.utc)
            return (moment - now).total_seconds()
    return None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class RequestForm:
    """How requests to one server are written: unsupported elements are left out or replaced."""

    dropped: frozenset[str] = frozenset()
    """Settings that it does not support."""
    newer_limit: bool = False
    """Whether the token limit is called `max_completion_tokens`."""
    clips: Clips = "input_audio"
    refused_clips: frozenset[str] = frozenset()
    """Clip formats that it does not support."""
    stream: bool = False
    """Whether replies are streamed."""

    def body(self, model: str, messages: list[dict[str, Any]], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Build the request. messages: with clips in OpenAI's format."""
        sent = {name: value for name, value in settings.items() if name not in self.dropped}
        if self.newer_limit and "max_tokens" in sent:
            sent["max_completion_tokens"] = sent.pop("max_tokens")
        if self.stream:
            usage = {} if "stream_options" in self.dropped else {"stream_options": {"include_usage": True}}
            sent |= {"stream": True, **usage}
        return {"model": model, "messages": [self._message(message) for message in messages], **sent}

    def _message(self, message: dict[str, Any]) -> dict[str, Any]:
        content = message["content"]
        if self.clips == "input_audio" or not isinstance(content, list):
            return message
        return {**message, "content": [self._part(part) for part in content]}

    def _part(self, part: dict[str, Any]) -> dict[str, Any]:
        if part.get("type") != "input_audio":
            return part
        clip = part["input_audio"]
        uri = f"data:audio/{clip['format']};base64,{clip['data']}"
        if self.clips == "audio_url":
            return {"type": "audio_url", "audio_url": {"url": uri}}
        return {"type": "input_audio", "input_audio": {**clip, "data": uri}}


_TOO_LONG = re.compile(r"too (?:large|long|many tokens)|context (?:length|window|size)|maximum context|exceed")
_OPTIONAL = ("temperature", "top_p", "seed", "stream_options", "response_format")
"""Settings that a request can do without."""


def adapted(
    form: RequestForm, settings: Mapping[str, Any], complaint: str, *, with_clips: bool = False
) -> RequestForm | None:
    """A form without the element that a server rejected; None if nothing can be changed.

    settings: those of the request. with_clips: whether the request contains clips.
    """
    said = complaint.lower()
    is_named = "max_tokens" in settings and not form.newer_limit and re.search(r"max_(completion_)?tokens", said)
    # A token limit that is too large for one question is no reason to rename the setting.
    if is_named and not _TOO_LONG.search(said):
        return replace(form, newer_limit=True)
    for name in _OPTIONAL:
        known = name in settings or (name == "stream_options" and form.stream)
        if known and name not in form.dropped and name in said:
            return replace(form, dropped=form.dropped | {name})
    if with_clips and "audio" in said:
        refused = form.refused_clips | {form.clips}
        left: list[Clips] = [way for way in get_args(Clips) if way not in refused]
        if left:
            return replace(form, clips=left[0], refused_clips=refused)
    if not form.stream and re.search(r"\bstream", said):
        return replace(form, stream=True)
    if "response_format" in settings and "response_format" not in form.dropped:
        # Servers without schema support report that in many different ways.
        return replace(form, dropped=form.dropped | {"response_format"})
    return None


def root_cause(error: BaseException) -> str:
    """The root cause of an error, such as `Connection refused`."""
    text = str(error) or type(error).__name__
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            text = os.strerror(seen.errno) if seen.errno and seen.errno > 0 else seen.strerror
        seen = seen.__cause__ or seen.__context__
    return re.sub(r"bytearray\(b(.*)\)", r"\1", text)  # what a server sent in place of HTTP


def surroundings_message(url: str, error: Exception) -> str:
    """Why no connection can be set up at all, without the user and password of a proxy's address."""
    said = re.sub(r"//[^/\s]*@", "//", " ".join(str(error).split()))
    return (
        f"cannot connect to {url} by the proxy and certificates that HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and "
        f"SSL_CERT_FILE name: {said}"
    )
