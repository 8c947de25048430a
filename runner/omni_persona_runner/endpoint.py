"""A model behind an OpenAI-compatible endpoint: `POST URL/chat/completions`.

Pictures are sent as data URIs, clips as `input_audio` WAV or in the server's dialect. A bounded number of
requests is in flight at any time, and only one of each group of siblings, so that each can use the prefix that the
previous one left in the server's cache. `omni_persona_artifacts.chat` decides which errors are retried, which fail
an item, and which end the run.
"""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import lru_cache, partial
from itertools import groupby
from queue import SimpleQueue
from typing import Any

from omni_persona import Item
from omni_persona_artifacts.chat import (
    API_KEY_ENV,
    ChatClient,
    ChatReply,
    EndpointError,
    EventLoop,
    NoReplyError,
    answer_of,
    form_of,
)
from omni_persona_runner.chat_messages import ChatMessages, clip_part, picture_part
from omni_persona_runner.model import Answer, LoadError, ModelError, Outcome
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.sampling import Sampling

_KEPT = 8
"""Encoded pictures, and as many clips, cached per source sample: those of four contexts and a few queries."""


class EndpointModel:
    """A served model that implements `Model`."""

    def __init__(
        self,
        url: str,
        name: str,
        *,
        prompt: Prompt | None = None,
        max_new_tokens: int = 256,
        concurrency: int = 8,
        sampling: Sampling | None = None,
        api_key_env: str | None = API_KEY_ENV,
        dialects: Sequence[str] = (),
        sampling_rate: int | None = None,
        engine: str | None = None,
        versions: Mapping[str, str] | None = None,
        timeout: float = 600.0,
        attempts: int = 6,
        first_wait: float = 1.0,
    ) -> None:
        """Configure the connection; nothing is sent yet.

        url: the base URL, such as `http://localhost:8000/v1`. name: the server's name for the model.
        concurrency: requests in flight at once, each of a different source sample. timeout: in seconds, per request.
        sampling: token sampling; None decodes greedily. api_key_env: the environment variable that holds the key;
        None, or an unset one, sends a placeholder key. dialects: request formats of the server, see
        `omni_persona_artifacts.chat.Dialect`; OpenAI's format if empty. sampling_rate: of the clips sent, in Hz;
        None keeps each clip's own. engine: the serving program if we started it ourselves, at a temporary
        address. versions: of the serving programs.
        attempts: maximum number of times a request is sent. first_wait: seconds before the second attempt, doubled
        before each further one.
        Raises `ValueError` for an invalid URL, a number below 1, or an unknown dialect.
        """
        if min(max_new_tokens, concurrency, attempts) < 1:
            raise ValueError(f"expected numbers of at least 1, got {max_new_tokens=}, {concurrency=}, {attempts=}")
        self.name = name
        self._chat = ChatClient(
            url,
            name,
            api_key_env=api_key_env,
            form=form_of(dialects),
            timeout=timeout,
            attempts=attempts,
            first_wait=first_wait,
        )
        self._sampling = sampling or Sampling()
        self._engine, self._versions = engine, dict(versions or {})
        self._prompt = prompt or Prompt()
        self._max_new_tokens = max_new_tokens
        self._concurrency = concurrency
        # Shared by siblings, which are asked one after the other while other samples are in flight.
        kept = lru_cache(maxsize=_KEPT * concurrency)
        clips = lru_cache(maxsize=_KEPT * concurrency)
        self._messages = ChatMessages(
            self._prompt, kept(picture_part), clips(partial(clip_part, sampling_rate=sampling_rate))
        )

    def describe(self) -> dict[str, Any]:
        """What determines the answers, for the manifest."""
        return {
            **({"endpoint": self._chat.shown_url} if self._engine is None else {"engine": self._engine}),
            **self._prompt.describe(),
            "generation": {"max_new_tokens": self._max_new_tokens, **self._sampling.describe()},
            **self._sampling.seeds(),
            "versions": self._versions,
        }

    def repeat(self, number: int) -> EndpointModel:
        """The same model with the random draws of another repeat, counted from 1."""
        other = copy.copy(self)
        other._sampling = self._sampling.repeat(number)
        return other

    def check(self, items: Iterable[Item]) -> None:
        """Do nothing: the server's limits are known only once it is asked."""

    def resume(self, n_answered: int) -> None:
        """Record how many items of this run the server has answered, so that a later refusal concerns one item."""
        self._chat.has_answered |= n_answered > 0

    def not_taken(self) -> tuple[str, ...]:
        """Settings that the server rejected; its own defaults apply instead."""
        return tuple(sorted(self._chat.form.dropped))

    def answer(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Yield outcomes as the replies arrive; works inside a running event loop, as in a notebook.

        Raises `LoadError` if the endpoint cannot be used at all; requests in flight are cancelled.
        """
        samples = (list(siblings) for _, siblings in groupby(items, key=lambda item: item.source_sample_id))
        running: dict[Future[Outcome], list[Item]] = {}
        """The current request, with the siblings queued after it."""
        done: SimpleQueue[Future[Outcome]] = SimpleQueue()
        with EventLoop() as loop, _opened(self._chat, loop):

            def send(siblings: list[Item]) -> None:
                future = loop.start(self._ask(siblings[0]))
                running[future] = siblings[1:]
                future.add_done_callback(done.put)

            while True:
                while len(running) < self._concurrency and (siblings := next(samples, None)):
                    send(siblings)
                if not running:
                    return
                # Errors that end the run come last, so that no answer beside them is lost.
                finished = sorted(_taken(done), key=lambda future: future.exception() is not None)
                for future in finished:
                    if siblings := running.pop(future):
                        send(siblings)
                for future in finished:
                    yield future.result()

    async def _ask(self, item: Item) -> Outcome:
        start = time.perf_counter()
        settings = {**self._sampling.settings(), "max_tokens": self._max_new_tokens}
        try:
            messages = await asyncio.to_thread(self._messages.of, item)
            reply = await self._chat.ask(messages, settings)
        except (ValueError, NoReplyError) as error:
            return ModelError(item.augmented_id, str(error))
        except EndpointError as error:
            raise LoadError(str(error)) from None
        return self._outcome(item.augmented_id, reply, time.perf_counter() - start)

    def _outcome(self, item_id: str, reply: ChatReply, seconds: float) -> Outcome:
        mask = self._chat.mask
        try:
            said = answer_of(reply, max_tokens=self._max_new_tokens, must_think=self._prompt.reason)
        except ValueError as error:
            return ModelError(item_id, mask.message(str(error)))
        return Answer(
            item_id,
            text=mask.text(said.text),
            input_tokens=reply.input_tokens,
            output_tokens=reply.output_tokens,
            seconds=seconds,
            finish="length" if reply.cut else "stop" if reply.ended else None,
            thinking=None if said.thinking is None else mask.text(said.thinking),
        )


@contextmanager
def _opened(client: ChatClient, loop: EventLoop) -> Iterator[None]:
    """Keep a client open in an event loop; leaving the block cancels its requests."""
    loop.run(client.__aenter__())
    try:
        yield
    finally:
        loop.cancel()
        loop.run(client.__aexit__())


def _taken(done: SimpleQueue[Any]) -> list[Any]:
    """Take everything from a queue, waiting for the first element."""
    taken = [done.get()]
    while not done.empty():
        taken.append(done.get())
    return taken
