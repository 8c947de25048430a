"""A client of OpenAI-compatible servers for single chat completions: `POST URL/chat/completions`.

Transient errors (429, 5xx, a late or truncated reply) are retried, errors of one question are reported for it alone,
and errors that no question can change (401, 402, 404, no credit, no connection) end the work. The request is plain HTTP
instead of the `openai` package, because replies must be bounded in bytes and time before they are in memory, and must
be parsed whatever their shape.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from .addresses import completions_url, is_address, shown_url
from .chat_policy import (
    ATTEMPTS_CUT,
    ATTEMPTS_LATE,
    ATTEMPTS_MALFORMED,
    ATTEMPTS_REFUSED,
    LONGEST_WAIT,
    AttemptError,
    RequestForm,
    adapted,
    fault_of_error,
    root_cause,
    surroundings_message,
    wait_seconds,
)
from .chat_reply import ChatReply, MalformedReplyError, ServerError, error_in, parsed, read_reply, read_stream
from .masking import Mask

if TYPE_CHECKING:
    import httpx2

API_KEY_ENV = "OPENAI_API_KEY"

Messages = list[dict[str, Any]]

LONGEST_REPLY = 8 * 2**20
"""Maximum bytes of a reply."""
_LONGEST_ERROR = 2**16
"""Maximum bytes that are read of an error reply."""
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")  # which no proxy reaches
_PROBE_TOKENS = 16
_PROBE_SECONDS = 30.0

_T = TypeVar("_T")


class EndpointError(Exception):
    """An endpoint that cannot be used at all; the message is one line without secrets."""


class NoReplyError(Exception):
    """One question without a reply; the message is one line without secrets."""


class ChatClient:
    """Sends messages to one model of one server, with concurrent requests; use it with `async with`."""

    def __init__(
        self,
        url: str,
        model: str,
        *,
        api_key_env: str | None = API_KEY_ENV,
        form: RequestForm | None = None,
        timeout: float = 600.0,
        attempts: int = 6,
        first_wait: float = 1.0,
        longest_wait: float = LONGEST_WAIT,
        give_up_after: int | None = 32,
        longest_reply: int = LONGEST_REPLY,
    ) -> None:
        """Configure the connection; nothing is sent yet.

        url: the base URL, such as `http://localhost:8000/v1`. api_key_env: the environment variable that holds the key,
        which is never written to disk; None sends none. form: the initial request form. timeout: seconds from a
        request to the end of its reply. attempts: maximum requests per question. first_wait: seconds before the
        second attempt, doubled before each further one up to `longest_wait`. give_up_after: failed questions in a row
        after which the server's availability is tested; None never tests. longest_reply: in bytes.
        Raises `ValueError` for an invalid URL, a key that a header cannot contain, or a number below 1.
        """
        self.shown_url = shown_url(url)
        if not is_address(url):
            raise ValueError(f"expected an endpoint such as http://localhost:8000/v1, got {self.shown_url!r}")
        if attempts < 1 or timeout <= 0:
            raise ValueError(f"expected numbers of at least 1, got {attempts=}, {timeout=}")
        key = (os.environ.get(api_key_env) or None) if api_key_env else None
        if key is not None and not (key.isascii() and key.isprintable()):
            raise ValueError(f"expected the key in {api_key_env} to be printable ASCII without line ends")
        self.model = model
        self.mask = Mask.of_endpoint(url, key)
        self.form = form or RequestForm()
        """The current request form: elements that the server has rejected are left out."""
        self.has_answered = False
        """Whether this server has answered anything, now or before the work was resumed."""
        self._target = completions_url(url)
        self._key, self._key_env = key, api_key_env
        self._timeout, self._attempts = timeout, attempts
        self._first_wait, self._longest_wait = first_wait, longest_wait
        self._give_up_after = give_up_after
        self._longest_reply = longest_reply
        self._silent_in_a_row = 0
        self._probe: asyncio.Task[bool] | None = None
        self._ended: str | None = None
        self._http: httpx2.AsyncClient | None = None

    async def __aenter__(self) -> ChatClient:
        """Open the connections."""
        import httpx2

        self._ended, self._silent_in_a_row = None, 0
        try:
            self._http = self._opened()
        except (ImportError, OSError, ValueError, httpx2.InvalidURL) as error:
            raise ValueError(surroundings_message(self.shown_url, error)) from None
        return self

    def _opened(self) -> httpx2.AsyncClient:
        import httpx2

        # Redirects could send faces and voices to an unknown server. Compressed replies have no bound.
        return httpx2.AsyncClient(
            timeout=httpx2.Timeout(self._timeout, connect=min(self._timeout, 20.0)),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=64),
            follow_redirects=False,
            trust_env=urlsplit(self._target).hostname not in _THIS_MACHINE,
            headers={  # servers without keys still expect the first
                "authorization": f"Bearer {self._key or 'none'}",
                "content-type": "application/json",
                "accept-encoding": "identity",
                "user-agent": "omni-persona",
            },
        )

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
            self._probe = None  # the next block may use another event loop
        if self._http is not None:
            await self._http.aclose()

    async def ask(self, messages: Messages, settings: Mapping[str, Any]) -> ChatReply:
        """Ask one question and return the reply.

        settings: further elements of the request, such as `max_tokens`. Those that the server rejects are left out
        of this request and of later ones.
        Raises `NoReplyError`, or `EndpointError` if it is pointless to continue.
        """
        if self._ended is not None:
            raise EndpointError(self._ended)
        form = first_form = self.form
        tried, attempt = {form}, 1
        while True:
            try:
                reply = await self._attempt(form, messages, settings)
            except AttemptError as fault:
                other = self._other_form(form, tried, messages, settings, fault)
                if other is not None:
                    form = other
                    tried.add(form)
                    continue
                if attempt >= min(self._attempts, fault.attempts):
                    error = await self._judged(fault)
                    self._ended = str(error) if isinstance(error, EndpointError) else self._ended
                    raise error from None
                pace = {"first_wait": self._first_wait, "longest": self._longest_wait}
                await asyncio.sleep(wait_seconds(fault.headers, attempt, **pace))
                attempt += 1
            else:
                if form is not first_form:
                    self.form = form
                self.has_answered, self._silent_in_a_row = True, 0
                return reply

    def _other_form(
        self,
        form: RequestForm,
        tried: set[RequestForm],
        messages: Messages,
        settings: Mapping[str, Any],
        fault: AttemptError,
    ) -> RequestForm | None:
        """The form in which to repeat a rejected request; None if that would change nothing."""
        if fault.complaint is None:
            return None
        if self.form not in tried:
            return self.form  # found by another request meanwhile
        other = adapted(form, settings, fault.complaint, with_clips=_has_clips(messages))
        return None if other in tried else other

    async def _judged(self, fault: AttemptError) -> Exception:
        """The exception for a question without a reply, after testing whether the server answers at all."""
        message = self.mask.message(fault.message)
        if fault.scope == "endpoint":
            return self._end(fault)
        if fault.scope == "refusal":
            self._silent_in_a_row = 0
            return NoReplyError(message)
        self._silent_in_a_row += 1
        n_silent = self._silent_in_a_row
        at_first = fault.scope == "first" and not self.has_answered
        too_many = self._give_up_after is not None and n_silent >= self._give_up_after
        if (at_first or too_many) and not await self._answers():
            if at_first:
                return self._end(fault)
            silence = f"{self.shown_url} gave no reply to {n_silent} questions in a row"
            return EndpointError(f"{silence}, the last time: {message}; repeat the command to continue")
        if too_many:
            self._silent_in_a_row = 0
        return NoReplyError(message)

    def _end(self, fault: AttemptError) -> EndpointError:
        said = self.mask.message(fault.message)
        if fault.status is None:
            return EndpointError(said)
        if fault.status == 403:
            said = f"forbids what is asked of it: {said}"
        asks_for_key = fault.status == 401 and self._key is None and self._key_env is not None
        hint = f" (set {self._key_env})" * asks_for_key
        key = f" with the key in {self._key_env}" if fault.status in (401, 403) and self._key is not None else ""
        what, _, why = said.partition(": ")
        model = self.mask.message(self.model)
        return EndpointError(f"{self.shown_url} {what}{hint}, asked for model {model!r}{key}: {why}")

    async def _answers(self) -> bool:
        """Whether the server answers a short test question; asked once for all concurrent callers."""
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._answers_probe())
        return await asyncio.shield(self._probe)

    async def _answers_probe(self) -> bool:
        asked: Messages = [
            {"role": "system", "content": "Answer briefly."},
            {"role": "user", "content": [{"type": "text", "text": "Are you there?"}]},
        ]
        try:
            await self._attempt(self.form, asked, {"max_tokens": _PROBE_TOKENS}, seconds=_PROBE_SECONDS)
        except AttemptError as fault:
            # A server that rejects only this question is available, too.
            return fault.scope == "refusal"
        self.has_answered = True
        return True

    # ---- one attempt

    async def _attempt(
        self, form: RequestForm, messages: Messages, settings: Mapping[str, Any], seconds: float | None = None
    ) -> ChatReply:
        """Send one request and return its reply. Raises `AttemptError`."""
        import httpx2

        body = json.dumps(form.body(self.model, messages, settings)).encode()
        limit = min(self._timeout, seconds or self._timeout)
        try:
            return await asyncio.wait_for(self._exchange(body), limit)
        except (TimeoutError, asyncio.TimeoutError, httpx2.TimeoutException):
            message = f"no whole reply within {limit:g} s: the request timed out"
            raise AttemptError(message, "question", attempts=ATTEMPTS_LATE) from None
        except httpx2.ConnectError as error:
            message = f"no connection to {self.shown_url}: {root_cause(error)}"
            raise AttemptError(message, "endpoint", attempts=ATTEMPTS_REFUSED) from None
        except (httpx2.ProxyError, httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
            raise AttemptError(f"no connection to {self.shown_url}: {root_cause(error)}", "endpoint") from None
        except httpx2.TransportError as error:
            message = f"the connection was cut: {root_cause(error)}"
            raise AttemptError(message, "question", attempts=ATTEMPTS_CUT) from None
        except MalformedReplyError as error:
            raise AttemptError(str(error), "question", attempts=ATTEMPTS_MALFORMED) from None
        except ServerError as error:
            raise fault_of_error(error) from None

    async def _exchange(self, body: bytes) -> ChatReply:
        assert self._http is not None, "use `async with`"
        async with self._http.stream("POST", self._target, content=body) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            if 300 <= response.status_code < 400:
                place = shown_url(headers.get("location", ""))
                raise AttemptError(
                    f"{self.shown_url} sends requests on to {place or 'nowhere'}, which is not followed: "
                    "give that address if it is the endpoint you mean",
                    "first",
                )
            is_error = response.status_code >= 400
            limit = _LONGEST_ERROR if is_error else self._longest_reply
            content, whole = await _read(response, limit)
        if is_error:
            raise fault_of_error(error_in(content, response.status_code), headers)
        if not whole:
            raise AttemptError(f"a reply of more than {limit} bytes", "question")
        if headers.get("content-encoding", "identity").lower() not in ("identity", ""):
            raise MalformedReplyError(f"a reply encoded as {headers['content-encoding']!r}, which nobody asked for")
        return self._read(content, headers.get("content-type", ""))

    def _read(self, content: bytes, kind: str) -> ChatReply:
        """Parse a body. Raises `AttemptError` if it is not such an endpoint, and what `read_reply` raises."""
        if kind.startswith("text/event-stream") or content.lstrip()[:5] == b"data:":
            return read_stream(content.splitlines())
        try:
            value = parsed(content)
        except MalformedReplyError:
            if "json" in kind:
                raise
            start = self.mask.message(content[:2000].decode("utf-8", "replace"), 80)
            raise AttemptError(
                f"no OpenAI-compatible endpoint at {self.shown_url}: it replied {start!r}", "first"
            ) from None
        return read_reply(value)


async def _read(response: httpx2.Response, limit: int) -> tuple[bytes, bool]:
    """Read a body up to a limit; return the bytes and whether they are complete."""
    chunks, size = [], 0
    async for chunk in response.aiter_raw():
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            return b"".join(chunks)[:limit], False
    return b"".join(chunks), True


def _has_clips(messages: Messages) -> bool:
    lists = (message["content"] for message in messages if isinstance(message["content"], list))
    return any(part.get("type") == "input_audio" for parts in lists for part in parts)
