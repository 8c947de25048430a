"""A judge behind any OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .judge_cache import JudgeCache
from .judge_prompt import question, read_verdict
from .judges import JudgeError, Judgement
from .scores import UNJUDGED

KEY_VARIABLE = "OPENAI_API_KEY"
"""Where the key comes from; it is written nowhere."""

_PAIR = tuple[str, str]


@dataclass
class _Progress:
    """How the asking goes."""

    silent_in_a_row: int = 0
    """Questions that got no reply at all, since the last that did."""


class OpenAIJudge:
    """Asks a chat model for each verdict, several at a time.

    A request is tried again, with growing pauses, after 429, a status of 500 or more, a time-out, a cut
    connection and a body that is no chat completion. A question without a reply in the end is UNJUDGED, and its
    `raw` says why. A reply that cannot be read is asked for once more.
    """

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        *,
        cache_dir: str | Path | None = None,
        concurrency: int = 8,
        timeout: float = 60.0,
        attempts: int = 6,
        longest_pause: float = 30.0,
        give_up_after: int = 16,
        max_tokens: int = 1024,
        on_judged: Callable[[], None] = lambda: None,
    ) -> None:
        """Set the judge up; nothing is sent yet.

        Args:
            model: The model's name at the endpoint.
            base_url: Such as `http://localhost:8000/v1`; OpenAI's own without.
            cache_dir: Keeps transcripts and verdicts in this folder, so that a pair that has a verdict costs
                nothing the next time; without, nothing is kept.
            concurrency: Requests under way at a time.
            timeout: Seconds until a request counts as lost.
            attempts: Requests per question, at most.
            longest_pause: Seconds between two of them, at most.
            give_up_after: After so many questions in a row that got no reply, the others are not asked.
            max_tokens: Of a reply.
            on_judged: Called after each pair, for a progress bar.

        Raises:
            ValueError: no model, or no key for OpenAI's own endpoint.
        """
        if not model:
            raise ValueError("expected the name of a model for the judge, got an empty one")
        key = os.environ.get(KEY_VARIABLE, "")
        if not key and base_url is None:
            without = "an endpoint that needs none (--judge-url, or base_url in Python)"
            raise ValueError(f"expected the key of OpenAI's endpoint in {KEY_VARIABLE}, or {without}")
        self.name = f"openai:{model}"
        self._key = key
        self._base_url = base_url
        self._timeout = timeout
        self._attempts = attempts
        self._longest_pause = longest_pause
        self._give_up_after = give_up_after
        self._concurrency = concurrency
        self._on_judged = on_judged
        self._request: dict[str, Any] = {"model": model, "temperature": 0.0, "max_tokens": max_tokens}
        identity = f"{self.name} at {base_url or 'default'} max_tokens={max_tokens}"
        self._cache = None if cache_dir is None else JudgeCache(cache_dir, identity)

    def judge(self, pairs: Sequence[_PAIR]) -> list[Judgement]:
        """One judgement for each pair (gold answer, prediction); equal pairs are asked once.

        Raises:
            JudgeError: the endpoint refuses the key (401, 403) or knows no such model or path (404).
        """
        known = {pair: self._cached(pair) for pair in dict.fromkeys(pairs)}
        unknown = [pair for pair, judgement in known.items() if judgement is None]
        for _ in range(len(known) - len(unknown)):
            self._on_judged()
        said = dict(zip(unknown, _run(self._ask_all(unknown)), strict=True)) if unknown else {}
        return [known[pair] or said[pair] for pair in pairs]

    def _cached(self, pair: _PAIR) -> Judgement | None:
        found = self._cache.get(*pair) if self._cache else None
        return None if found is None else Judgement(*found)

    async def _ask_all(self, pairs: Sequence[_PAIR]) -> list[Judgement]:
        from openai import AsyncOpenAI

        places = asyncio.Semaphore(self._concurrency)
        progress = _Progress()
        async with AsyncOpenAI(
            api_key=self._key or "none",
            base_url=self._base_url,
            max_retries=0,  # ours are counted and told
            timeout=self._timeout,
        ) as client:

            async def ask(pair: _PAIR) -> Judgement:
                async with places:
                    judgement = await self._ask(client, pair, progress)
                self._on_judged()
                return judgement

            tasks = [asyncio.create_task(ask(pair)) for pair in pairs]
            try:
                return list(await asyncio.gather(*tasks))
            finally:
                # After an error, or control-C, no request goes on unwatched.
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, client: Any, pair: _PAIR, progress: _Progress) -> Judgement:
        if progress.silent_in_a_row >= self._give_up_after:
            return Judgement(UNJUDGED, f"not asked: {progress.silent_in_a_row} questions in a row got no reply")
        replies: list[str] = []
        verdict = UNJUDGED
        for repair in (False, True):
            try:
                reply = await self._reply(client, question(*pair, repair=repair))
            except JudgeError:
                raise
            except _SilenceError as silence:
                progress.silent_in_a_row += 1
                replies.append(self._without_key(f"no reply: {silence}"))
                break
            progress.silent_in_a_row = 0
            replies.append(self._without_key(reply))
            verdict = read_verdict(reply)
            if verdict != UNJUDGED:
                break
        if self._cache:
            self._cache.put(*pair, replies, verdict)
        return Judgement(verdict, replies[-1])

    async def _reply(self, client: Any, text: str) -> str:
        """What the model writes. Raises `_SilenceError` where nothing usable comes back, or `JudgeError`."""
        import openai
        import tenacity

        def worth_trying_again(error: BaseException) -> bool:
            if isinstance(error, openai.APIStatusError):
                return error.status_code in (408, 409, 429) or error.status_code >= 500
            # No connection, a time-out, or a body that is no JSON or no chat completion.
            return isinstance(error, (openai.APIError, ValueError, _MalformedError))

        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(worth_trying_again),
            stop=tenacity.stop_after_attempt(self._attempts),
            wait=_pause(self._longest_pause),
            reraise=True,
        )
        try:
            return await retrying(self._once, client, text)
        except openai.APIStatusError as error:
            if error.status_code in (401, 403, 404):
                raise JudgeError(self._without_key(self._refusal(error))) from None
            raise _SilenceError(f"HTTP {error.status_code}: {error.message}") from None
        except (openai.APIError, ValueError, _MalformedError) as error:
            raise _SilenceError(f"{type(error).__name__}: {error}") from None

    async def _once(self, client: Any, text: str) -> str:
        import openai

        messages = [{"role": "user", "content": text}]
        try:
            completion = await client.chat.completions.create(messages=messages, **self._request)
        except openai.BadRequestError as error:
            if not self._adapt(error.message):
                raise
            completion = await client.chat.completions.create(messages=messages, **self._request)
        try:
            content = completion.choices[0].message.content
        except (AttributeError, IndexError, TypeError):
            raise _MalformedError(f"not a chat completion: {str(completion)[:200]}") from None
        if content is not None and not isinstance(content, str):
            raise _MalformedError(f"not a text: {str(content)[:200]}")
        return content or ""

    def _adapt(self, complaint: str) -> bool:
        """Leave out what a newer OpenAI model refuses; whether that changes the request."""
        before = dict(self._request)
        if "max_tokens" in complaint and "max_tokens" in self._request:
            self._request["max_completion_tokens"] = self._request.pop("max_tokens")
        if "temperature" in complaint:
            self._request.pop("temperature", None)
        return self._request != before

    def _refusal(self, error: Any) -> str:
        where = self._base_url or "OpenAI's endpoint"
        if error.status_code == 404:
            model = self._request["model"]
            return f"{where} has no model {model!r}, or is not the address of its /v1: {error.message}"
        return f"{where} refuses the key in {KEY_VARIABLE} (HTTP {error.status_code}): {error.message}"

    def _without_key(self, text: str) -> str:
        """`text` without the key, which an endpoint may echo."""
        return text.replace(self._key, "[key]") if self._key else text


class _MalformedError(Exception):
    """A reply of the endpoint that holds no chat completion."""


class _SilenceError(Exception):
    """No usable reply after all attempts; says why."""


def _pause(longest: float) -> Callable[[Any], float]:
    """Seconds to wait: what the endpoint asks for in Retry-After, else growing ones, drawn at random."""
    from tenacity import wait_random_exponential

    growing = wait_random_exponential(multiplier=min(0.5, longest), max=longest)

    def seconds(state: Any) -> float:
        response = getattr(state.outcome.exception(), "response", None)
        asked = response.headers.get("retry-after", "") if response is not None else ""
        try:
            return min(longest, max(0.0, float(asked)))
        except ValueError:
            return float(growing(state))

    return seconds


def _run(work: Coroutine[Any, Any, list[Judgement]]) -> list[Judgement]:
    """The result of `work`, also where an event loop runs already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()
