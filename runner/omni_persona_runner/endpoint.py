"""A model behind an OpenAI-compatible endpoint: `POST URL/chat/completions`.

Pictures travel as data URIs, clips as `input_audio` WAV. A bounded number of requests is on the way at any time, and
of siblings one, so that each finds in the server's prefix cache what the one before it left there. What
passes (429, 5xx, a time-out, a cut connection) is tried again, what does not (401, 403, 404, a server that is no such
endpoint) ends the run, and what concerns one item fails that item.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from omni_persona import Item, Media
from omni_persona_runner.media import clip_wav, picture_uri
from omni_persona_runner.model import Answer, LoadError, ModelError, Outcome
from omni_persona_runner.prompt import Clip, Part, Picture, Prompt, Text
from omni_persona_runner.thinking import split_thinking

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from tenacity import RetryCallState

API_KEY_ENV = "OPENAI_API_KEY"

_KEPT = 8
"""Pictures, and as many clips, that are kept of each source sample: four memories', and those of a few queries."""
_LONGEST_WAIT = 60.0
"""Seconds between two attempts, at most."""
_REFUSED = {
    401: "does not accept the API key",
    403: "forbids what is asked of it",
    404: "has no such model, or no /chat/completions at this address",
}
"""Status codes that no item can change -> what they say."""
_PASSING = (408, 409, 425, 429)
"""Status codes below 500 that may be gone at the next attempt."""


class EndpointModel:
    """A served model, as a `Model`."""

    def __init__(
        self,
        url: str,
        name: str,
        *,
        prompt: Prompt | None = None,
        max_new_tokens: int = 256,
        concurrency: int = 8,
        api_key_env: str = API_KEY_ENV,
        timeout: float = 600.0,
        attempts: int = 6,
        first_wait: float = 1.0,
    ) -> None:
        """Say where a model is; nothing is sent yet.

        url: the base, such as `http://localhost:8000/v1`. name: what the server calls the model.
        concurrency: requests on the way at once, each of another source sample. timeout: seconds a request may take.
        api_key_env: the environment variable that holds the key; an unset one sends no key worth the name.
        attempts: how often a request is sent at most. first_wait: seconds before the second attempt, doubled
        before each further one.
        Raises `ValueError` for an address that is no URL, or a number below 1.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"expected an endpoint such as http://localhost:8000/v1, got {_without_secrets(url)!r}")
        if min(max_new_tokens, concurrency, attempts) < 1:
            raise ValueError(f"expected numbers of at least 1, got {max_new_tokens=}, {concurrency=}, {attempts=}")
        self.name = name
        self._url, self._shown_url = url, _without_secrets(url)
        self._key = os.environ.get(api_key_env) or None
        self._key_env = api_key_env
        self._prompt = prompt or Prompt()
        self._max_new_tokens = max_new_tokens
        self._limit_name = "max_tokens"
        self._concurrency = concurrency
        self._timeout = timeout
        self._attempts = attempts
        self._first_wait = first_wait
        self._last_reply = 0.0
        # Encoded once for all siblings, which come one after the other while as many other samples are asked.
        self._picture = lru_cache(maxsize=_KEPT * concurrency)(picture_uri)
        self._clip = lru_cache(maxsize=_KEPT * concurrency)(_clip_data)

    def describe(self) -> dict[str, Any]:
        """What decides the answers, for the manifest."""
        return {
            "endpoint": self._shown_url,
            **self._prompt.describe(),
            "generation": {"max_new_tokens": self._max_new_tokens, "temperature": 0},
        }

    def check(self, items: Iterable[Item]) -> None:
        """What a server takes shows when it is asked."""

    def answer(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Answer items as the replies come in.

        Raises `LoadError` where the endpoint cannot be used at all: requests on the way are given up.
        """
        loop = asyncio.new_event_loop()
        client = self._client()
        running: dict[asyncio.Task[Outcome], list[Item]] = {}
        """What is asked, with the siblings that are asked after it."""
        samples = (list(siblings) for _, siblings in groupby(items, key=lambda item: item.source_sample_id))

        def send(siblings: list[Item]) -> None:
            running[loop.create_task(self._ask(client, siblings[0]))] = siblings[1:]

        try:
            while True:
                while len(running) < self._concurrency and (siblings := next(samples, None)):
                    send(siblings)
                if not running:
                    return
                done, _ = loop.run_until_complete(asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED))
                for task in done:
                    if siblings := running.pop(task):
                        send(siblings)
                # Those that end the run come last, so that no answer beside them is lost.
                for task in sorted(done, key=lambda task: task.exception() is not None):
                    yield task.result()
        finally:
            for task in running:
                task.cancel()
            if running:
                loop.run_until_complete(asyncio.wait(running))
            loop.run_until_complete(client.close())
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    def _client(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI

        # Servers that want no key want a header all the same. Retries are ours: they must know when to stop.
        return AsyncOpenAI(base_url=self._url, api_key=self._key or "none", timeout=self._timeout, max_retries=0)

    async def _ask(self, client: AsyncOpenAI, item: Item) -> Outcome:
        import openai

        start = time.perf_counter()
        item_id = item.augmented_id
        try:
            messages = await asyncio.to_thread(self._messages, item)
            reply = await self._request(client, messages)
        except ValueError as error:
            return ModelError(item_id, str(error))
        except openai.APIConnectionError as error:
            # Where nobody was answered meanwhile, it is the server that is gone, not the item that is at fault.
            if self._last_reply < start and not isinstance(error, openai.APITimeoutError):
                raise LoadError(f"no connection to {self._shown_url}: {self._clean(_cause(error))}") from None
            return ModelError(item_id, self._clean(_cause(error)))
        except openai.APIStatusError as error:
            said = self._clean(error.message.removeprefix(f"Error code: {error.status_code} - "))
            if error.status_code in _REFUSED:
                hint = f" (set {self._key_env})" if error.status_code == 401 and self._key is None else ""
                raise LoadError(
                    f"{self._shown_url} {_REFUSED[error.status_code]}{hint}, asked for model {self.name}: {said}"
                ) from None
            return ModelError(item_id, f"the server replied {error.status_code}: {said}")
        self._last_reply = time.perf_counter()
        return self._outcome(item_id, reply, time.perf_counter() - start)

    async def _request(self, client: AsyncOpenAI, messages: Any) -> Any:
        """The server's reply. Raises what the last attempt raised: `ValueError` for a reply cut in its middle."""
        import tenacity

        attempts = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(_passes),
            wait=self._wait,
            stop=tenacity.stop_after_attempt(self._attempts),
            reraise=True,
        )
        async for attempt in attempts:
            with attempt:
                return await self._send(client, messages)
        raise AssertionError("tenacity returns or raises")

    async def _send(self, client: AsyncOpenAI, messages: Any) -> Any:
        import openai

        # The limit has two names: the older one, which most servers know, and one that some insist on.
        limit = {self._limit_name: self._max_new_tokens}
        try:
            return await client.chat.completions.create(
                model=self.name, messages=messages, temperature=0, extra_body=limit
            )
        except openai.BadRequestError as error:
            if "max_tokens" not in limit or "max_completion_tokens" not in error.message:
                raise
            self._limit_name = "max_completion_tokens"
            return await self._send(client, messages)

    def _wait(self, state: RetryCallState) -> float:
        """Seconds until the next attempt: what the server asks for, or twice the last wait, a little apart."""
        error = state.outcome.exception() if state.outcome else None
        response = getattr(error, "response", None)
        asked = response.headers.get("retry-after", "") if response is not None else ""
        if asked.replace(".", "", 1).isdigit():
            return min(float(asked), _LONGEST_WAIT)
        return min(self._first_wait * 2 ** (state.attempt_number - 1), _LONGEST_WAIT) * random.uniform(0.75, 1.25)

    # ---- what is sent

    def _messages(self, item: Item) -> list[dict[str, Any]]:
        """The conversation as the API takes it. Raises `ValueError` for a medium that cannot be used."""
        system, user = self._prompt.conversation(item)
        (rules,) = system.parts
        assert isinstance(rules, Text)
        # Plain text: many servers take no parts in a system message.
        return [
            {"role": "system", "content": rules.text},
            {"role": "user", "content": [self._content(part) for part in user.joined()]},
        ]

    def _content(self, part: Part) -> dict[str, Any]:
        match part:
            case Text(text):
                return {"type": "text", "text": text}
            case Picture(media):
                return {"type": "image_url", "image_url": {"url": self._picture(media)}}
            case Clip(media):
                return {"type": "input_audio", "input_audio": {"data": self._clip(media), "format": "wav"}}

    # ---- what comes back

    def _outcome(self, item_id: str, reply: Any, seconds: float) -> Outcome:
        """What a reply says to an item.

        An answer that is refused, filtered or empty is none: it must not count as a wrong one.
        """
        from openai.types.chat import ChatCompletion

        if not isinstance(reply, ChatCompletion):
            start = " ".join(str(reply).split())[:80]
            raise LoadError(f"{self._shown_url} is no OpenAI-compatible endpoint: it replied {start!r}")
        if not reply.choices or reply.choices[0].message is None:
            return ModelError(item_id, "a reply without choices")
        choice = reply.choices[0]
        if choice.message.refusal:
            return ModelError(item_id, f"refused: {choice.message.refusal}")
        if choice.finish_reason == "content_filter":
            return ModelError(item_id, "stopped by the server's content filter")
        cut = choice.finish_reason == "length"
        content = choice.message.content
        try:
            said = split_thinking(content or "")
        except ValueError as error:
            return ModelError(item_id, f"{error}" + f" within {self._max_new_tokens} tokens" * cut)
        if not said.answer:
            return ModelError(item_id, "an empty answer" + f", cut at {self._max_new_tokens} tokens" * cut)
        if self._prompt.reason and cut and said.thinking is None and not _thoughts(choice.message):
            return ModelError(item_id, f"the thinking has no end within {self._max_new_tokens} tokens")
        return Answer(
            item_id,
            text=said.answer,
            input_tokens=reply.usage.prompt_tokens if reply.usage else None,
            output_tokens=reply.usage.completion_tokens if reply.usage else None,
            seconds=seconds,
            finish="length" if cut else "stop" if choice.finish_reason == "stop" else None,
            thinking=said.thinking or _thoughts(choice.message),
        )

    def _clean(self, message: str) -> str:
        """A message of the server in one short line, without the key."""
        message = message.replace(self._key, "***") if self._key else message
        return " ".join(message.split())[:300]


def _clip_data(media: Media) -> str:
    return base64.b64encode(clip_wav(media)).decode()


def _passes(error: BaseException) -> bool:
    """Whether the same request may do better in a moment."""
    import openai

    if isinstance(error, openai.APIStatusError):
        # What is out of credit says so with the code for too many requests.
        return (error.status_code in _PASSING and error.code != "insufficient_quota") or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError | json.JSONDecodeError)


def _thoughts(message: Any) -> str | None:
    """What a server that takes thinking apart itself hands over beside the answer."""
    thoughts = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
    return thoughts if isinstance(thoughts, str) else None


def _cause(error: BaseException) -> str:
    cause = error.__cause__
    return f"{error}" + (f" {type(cause).__name__}: {cause}" if cause is not None and str(cause) else "")


def _without_secrets(url: str) -> str:
    """A URL without user, password, query and fragment, any of which may hold a key."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
