"""A chat model behind an OpenAI-compatible endpoint, asked for JSON objects: `POST URL/chat/completions`.

What passes (429, 5xx, a time-out, a cut connection) is tried again; what does not (401, 403, 404, a server that is no
such endpoint) ends the work with a `PoolError`; what concerns one question is a `NoReplyError` or `RefusalError`.
"""

from __future__ import annotations

import json
import os
import random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from omni_persona_people.errors import PoolError

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from tenacity import RetryCallState

API_KEY_ENV = "OPENAI_API_KEY"

Messages = list[dict[str, str]]

_LONGEST_WAIT = 60.0
"""Seconds between two attempts, at most."""
_LONGEST_REPLY = 100_000
"""Characters that are looked at."""
_REFUSED = {
    401: "does not accept the API key",
    403: "forbids what is asked of it",
    404: "has no such model, or no /chat/completions at this address",
}
"""Status codes that no question can change -> what they say."""
_PASSING = (408, 409, 425, 429)
"""Status codes below 500 that may be gone at the next attempt."""
_NOT_TAKEN = (400, 422)
"""Status codes of a request that holds something the server does not know."""


class NoReplyError(Exception):
    """No reply of the server after all attempts; says why in one line."""


class RefusalError(Exception):
    """A reply in which the model says nothing, or that it will not; says so in one line."""


class ChatClient:
    """Sends messages and hands over the model's text."""

    def __init__(
        self,
        url: str,
        model: str,
        *,
        api_key_env: str = API_KEY_ENV,
        timeout: float = 300.0,
        attempts: int = 6,
        first_wait: float = 1.0,
        give_up_after: int = 8,
        max_tokens: int = 8192,
    ) -> None:
        """Say where the model is; nothing is sent yet.

        url: the base, such as `http://localhost:8000/v1`. api_key_env: the environment variable that holds the key,
        which is written nowhere; an unset one sends no key worth the name. timeout: seconds a request may take.
        attempts: how often a request is sent at most. first_wait: seconds before the second attempt, doubled before
        each further one. give_up_after: questions in a row without a reply that end the work.
        Raises `PoolError` for an address that is no URL, or no model name.
        """
        import openai

        self._openai = openai  # here, so that a missing package is told before any work
        parts = urlsplit(url)
        self._shown_url = _without_secrets(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise PoolError(f"expected an endpoint such as http://localhost:8000/v1, got {self._shown_url!r}")
        if not model or any(character.isspace() or character == "`" for character in model) or len(model) > 200:
            raise PoolError(f"expected the name of a model, without spaces, got {model[:200]!r}")
        self.model = model
        self._url = url
        self._key_env = api_key_env
        self._key = os.environ.get(api_key_env) or None
        self._timeout = timeout
        self._attempts = attempts
        self._first_wait = first_wait
        self._give_up_after = give_up_after
        self._settings: dict[str, Any] = {"temperature": 0.0, "max_tokens": max_tokens}
        self._takes_schemas = True
        self._silent_in_a_row = 0
        self._client: AsyncOpenAI | None = None

    async def __aenter__(self) -> ChatClient:
        """Open the connections."""
        # Servers that want no key want a header all the same. Retries are ours: they must know when to stop.
        self._client = self._openai.AsyncOpenAI(
            base_url=self._url, api_key=self._key or "none", timeout=self._timeout, max_retries=0
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close them."""
        if self._client is not None:
            await self._client.close()

    async def reply(self, messages: Messages, schema: dict[str, Any]) -> str:
        """What the model writes. schema: of the JSON object that is wanted, sent where the server takes one.

        Raises `NoReplyError`, `RefusalError`, or `PoolError` where asking on makes no sense.
        """
        openai = self._openai
        try:
            completion = await self._retried(messages, schema)
        except openai.APIStatusError as error:
            said = self._clean(error.message.removeprefix(f"Error code: {error.status_code} - "))
            if error.status_code in _REFUSED:
                hint = f" (set {self._key_env})" if error.status_code == 401 and self._key is None else ""
                raise PoolError(
                    f"{self._shown_url} {_REFUSED[error.status_code]}{hint}, asked for model {self.model}: {said}"
                ) from None
            raise self._silence(f"the server replied {error.status_code}: {said}") from None
        except (openai.APIError, json.JSONDecodeError) as error:
            raise self._silence(self._clean(f"{type(error).__name__}: {error}")) from None
        self._silent_in_a_row = 0
        return self._text(completion)

    def _silence(self, reason: str) -> Exception:
        """What a question without a reply raises: an error of its own, or the end of it all after many in a row."""
        self._silent_in_a_row += 1
        if self._silent_in_a_row < self._give_up_after:
            return NoReplyError(reason)
        told = f"{self._shown_url} gave no reply to {self._silent_in_a_row} questions in a row"
        return PoolError(f"{told}, the last time: {reason}; the same command goes on where it stopped")

    async def _retried(self, messages: Messages, schema: dict[str, Any]) -> Any:
        import tenacity

        attempts = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(_passes),
            wait=self._wait,
            stop=tenacity.stop_after_attempt(self._attempts),
            reraise=True,
        )
        return await attempts(self._send, messages, schema)

    async def _send(self, messages: Messages, schema: dict[str, Any]) -> Any:
        """One request; what a server does not know is left out of it, and of those that follow where that helps."""
        settings, with_schema = dict(self._settings), self._takes_schemas
        while True:
            try:
                reply = await self._create(messages, settings, schema if with_schema else None)
            except self._openai.APIStatusError as error:
                if error.status_code not in _NOT_TAKEN:
                    raise
                if "max_tokens" in settings and "max_completion_tokens" in error.message:
                    settings["max_completion_tokens"] = settings.pop("max_tokens")
                elif "temperature" in settings and "temperature" in error.message:
                    del settings["temperature"]
                elif with_schema:
                    with_schema = False
                else:
                    raise
            else:
                self._settings = settings
                self._takes_schemas = self._takes_schemas and with_schema
                return reply

    async def _create(self, messages: Messages, settings: dict[str, Any], schema: dict[str, Any] | None) -> Any:
        assert self._client is not None, "use `async with`"
        wanted = {"name": "reply", "schema": schema, "strict": True}
        shape = {} if schema is None else {"response_format": {"type": "json_schema", "json_schema": wanted}}
        return await self._client.chat.completions.create(
            model=self.model,
            messages=messages,  # type: ignore[arg-type, unused-ignore]
            extra_body={**settings, **shape},
        )

    def _wait(self, state: RetryCallState) -> float:
        """Seconds until the next attempt: what the server asks for, or twice the last wait, a little apart."""
        error = state.outcome.exception() if state.outcome else None
        response = getattr(error, "response", None)
        asked = response.headers.get("retry-after", "") if response is not None else ""
        if asked.replace(".", "", 1).isdigit():
            return min(float(asked), _LONGEST_WAIT)
        return min(self._first_wait * 2 ** (state.attempt_number - 1), _LONGEST_WAIT) * random.uniform(0.75, 1.25)

    def _text(self, completion: Any) -> str:
        """The text of a reply, without its thinking. Raises `RefusalError` where the model refuses or says nothing."""
        from openai.types.chat import ChatCompletion

        if not isinstance(completion, ChatCompletion):
            start = self._clean(str(completion))[:80]
            raise PoolError(f"{self._shown_url} is no OpenAI-compatible endpoint: it replied {start!r}")
        if not completion.choices or completion.choices[0].message is None:
            raise RefusalError("a reply without choices")
        choice = completion.choices[0]
        if choice.message.refusal:
            raise RefusalError(f"refused: {self._clean(str(choice.message.refusal))}")
        if choice.finish_reason == "content_filter":
            raise RefusalError("stopped by the server's content filter")
        said = choice.message.content
        text = said.rpartition("</think>")[2] if isinstance(said, str) else ""
        if not text.strip():
            raise RefusalError("an empty reply" + " within the tokens it has" * (choice.finish_reason == "length"))
        if len(text) > _LONGEST_REPLY:
            raise RefusalError(f"a reply of {len(text)} characters")
        # A model may write half of a character pair, which nothing can send back to it.
        return self._without_key(text.encode("utf-8", "replace").decode())

    def _clean(self, message: str) -> str:
        """A message of the server in one short line, without the key."""
        return " ".join(self._without_key(message).split())[:300]

    def _without_key(self, text: str) -> str:
        """A text without the key, which an endpoint may echo."""
        return text.replace(self._key, "***") if self._key else text


def _passes(error: BaseException) -> bool:
    """Whether the same request may do better in a moment."""
    import openai

    if isinstance(error, openai.APIStatusError):
        # What is out of credit says so with the code for too many requests.
        return (error.status_code in _PASSING and error.code != "insufficient_quota") or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError | json.JSONDecodeError)


def _without_secrets(url: str) -> str:
    """A URL without user, password, query and fragment, any of which may hold a key."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
