"""A judge behind any OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .chat import API_KEY_ENV, ChatClient, EndpointError, NoReplyError
from .chat_reply import ChatReply
from .event_loop import EventLoop
from .judge import JudgeError, Judgement, Question
from .judge_cache import JudgeCache
from .judge_prompt import question
from .judge_reply import Reading, read_judge_reply
from .likelihood import margin_of_words, read_margin
from .scores import UNJUDGED

KEY_VARIABLE = API_KEY_ENV
"""Environment variable of the key, which is never written to disk."""
BASE_URL_VARIABLE = "OPENAI_BASE_URL"
DEFAULT_URL = "https://api.openai.com/v1"


@dataclass
class _Progress:
    """The state of judging."""

    silent_in_a_row: int = 0
    """Number of consecutive questions without a reply."""


class OpenAIJudge:
    """Asks a chat model for each verdict, with concurrent requests.

    A request is retried, with exponential backoff, after 429, a status of 500 or more, a time-out, a dropped
    connection and a body that is not a chat completion. A question that remains without a reply is UNJUDGED, and its
    `raw` says why. A reply that cannot be parsed, or that was truncated or filtered, is requested once more.
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
        reason: bool = True,
        on_judged: Callable[[], None] = lambda: None,
    ) -> None:
        """Set the judge up; nothing is sent yet.

        Args:
            model: The model's name at the endpoint.
            base_url: Such as `http://localhost:8000/v1`; default: OPENAI_BASE_URL or OpenAI's own.
            cache_dir: Folder for transcripts and verdicts, so that a pair with a verdict costs
                nothing the next time; by default nothing is stored.
            concurrency: Number of concurrent requests.
            timeout: Seconds per request.
            attempts: Maximum requests per question.
            longest_pause: Maximum seconds between two of them.
            give_up_after: Number of consecutive questions without a reply after which the others are not asked.
            max_tokens: Maximum tokens of a reply.
            reason: Ask for a reason before the verdict. Otherwise the verdict is read from the likelihoods of the
                first token, if the server provides them (`top_logprobs`); if not, a reason is requested.
            on_judged: Called after each pair, for a progress bar.

        Raises:
            ValueError: no model, an invalid URL, or no key for OpenAI's own endpoint.
        """
        if not model:
            raise ValueError("expected the name of a model for the judge, got an empty one")
        url = base_url or os.environ.get(BASE_URL_VARIABLE) or DEFAULT_URL
        if url == DEFAULT_URL and not os.environ.get(KEY_VARIABLE):
            without = "an endpoint that needs none (--judge-url, or base_url in Python)"
            raise ValueError(f"expected the key of OpenAI's endpoint in {KEY_VARIABLE}, or {without}")
        self.name = f"openai:{model}"
        self._client = ChatClient(
            url,
            model,
            timeout=timeout,
            attempts=attempts,
            first_wait=min(0.5, longest_pause),
            longest_wait=longest_pause,
            give_up_after=None,  # a previous call gave up, but its verdicts are still valid
        )
        self._give_up_after = give_up_after
        self._concurrency = concurrency
        self._on_judged = on_judged
        self._by_likelihood = not reason
        self._settings = {"temperature": 0.0, "max_tokens": max_tokens}
        identity = f"{self.name} at {self._client.shown_url if base_url else 'default'} max_tokens={max_tokens}"
        identity += "" if reason else " by likelihood"
        self._cache = None if cache_dir is None else JudgeCache(cache_dir, identity)

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
        """Return one judgement for each pair (gold answer, prediction), as `judge_questions` does."""
        return self.judge_questions([Question(*pair) for pair in pairs])

    def judge_questions(self, questions: Sequence[Question]) -> list[Judgement]:
        """Return one judgement for each question; equal questions are asked once.

        Raises:
            JudgeError: no question can be answered: the endpoint refuses the key, does not have the model or path, has
                no credit, or is unreachable.
        """
        known = {one: self._cached(one) for one in dict.fromkeys(questions)}
        unknown = [one for one, judgement in known.items() if judgement is None]
        for _ in range(len(known) - len(unknown)):
            self._on_judged()
        self._client.has_answered |= len(unknown) < len(known)
        said: dict[Question, Judgement] = {}
        if unknown:
            with EventLoop() as loop:
                said = dict(zip(unknown, loop.run(self._ask_all(unknown)), strict=True))
        return [known[one] or said[one] for one in questions]

    def _cached(self, one: Question) -> Judgement | None:
        found = self._cache.get(*one.parts) if self._cache else None
        margin = self._cache.margin(*one.parts) if self._cache else None
        return None if found is None else Judgement(*found, margin=margin, kept=True)

    async def _ask_all(self, pairs: Sequence[Question]) -> list[Judgement]:
        places = asyncio.Semaphore(self._concurrency)
        progress = _Progress()
        async with self._client as client:

            async def ask(one: Question) -> Judgement:
                async with places:
                    judgement = await self._ask(client, one, progress)
                self._on_judged()
                return judgement

            tasks = [asyncio.create_task(ask(one)) for one in pairs]
            try:
                return list(await asyncio.gather(*tasks))
            finally:
                # After an error, or Ctrl-C, no request continues in the background.
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, client: ChatClient, one: Question, progress: _Progress) -> Judgement:
        if progress.silent_in_a_row >= self._give_up_after:
            why = f"not asked: {progress.silent_in_a_row} questions in a row got no reply"
            return Judgement(UNJUDGED, why, reason=why)
        replies: list[str] = []
        reading, margin = Reading(UNJUDGED), None
        for repair in (False, True):
            try:
                if self._by_likelihood and not repair:
                    reading, raw, margin = await self._likelihood(client, one)
                else:
                    messages = [{"role": "user", "content": question(*one.parts, repair=repair)}]
                    reading, raw = _read(await client.ask(messages, self._settings))
            except EndpointError as error:
                raise JudgeError(str(error)) from None
            except NoReplyError as silence:
                progress.silent_in_a_row += 1
                reading = Reading(UNJUDGED, f"no reply: {silence}")
                replies.append(f"no reply: {silence}")
                break
            progress.silent_in_a_row = 0
            replies.append(client.mask.text(raw))
            if reading.verdict != UNJUDGED:
                break
        if self._cache:
            self._cache.put(one.gold, one.prediction, replies, reading.verdict, margin, other_answers=one.other_answers)
        reason = client.mask.text(reading.reason) if reading.reason else None
        return Judgement(reading.verdict, replies[-1], reason=reason, margin=margin)

    async def _likelihood(self, client: ChatClient, one: Question) -> tuple[Reading, str, float | None]:
        """The verdict from the likelihoods of the first token; UNJUDGED if the server provides none."""
        messages = [{"role": "user", "content": question(*one.parts, at_once=True)}]
        reply = await client.ask(messages, {"temperature": 0.0, "max_tokens": 1, "logprobs": True, "top_logprobs": 20})
        margin = margin_of_words(reply.first_token)
        verdict, raw = read_margin(margin)
        if verdict == UNJUDGED:
            # The server provides no likelihoods, or none of the verdict words: ask for a written reply.
            return Reading(UNJUDGED, raw), raw, None
        return Reading(verdict), raw, margin


def _read(reply: ChatReply) -> tuple[Reading, str]:
    """The verdict of a reply, and the text to store; a reply that is incomplete has no verdict."""
    problem = reply.problem or ("cut at its limit of tokens" if reply.cut else None)
    reading = read_judge_reply(reply.text, problem)
    kept = f"no whole reply: {problem}: {reply.text}".removesuffix(": ") if problem else reply.text
    return reading, kept
