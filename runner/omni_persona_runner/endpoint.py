"""A model behind an OpenAI-compatible endpoint: `POST URL/chat/completions`.

Pictures travel as data URIs, clips as `input_audio` WAV or as the server's dialect has it. A bounded number of
requests is on the way at any time, and of siblings one, so that each finds in the server's prefix cache what the one
before it left there. What is tried again, what fails an item and what ends a run is `omni_persona_artifacts.chat`'s
to say.
"""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import lru_cache, partial
from itertools import groupby
from queue import SimpleQueue
from threading import Thread
from typing import Any

from omni_persona import Item
from omni_persona_artifacts.chat import (
    API_KEY_ENV,
    ChatClient,
    ChatReply,
    EndpointError,
    NoReplyError,
    answer_of,
    form_of,
)
from omni_persona_runner.chat_messages import ChatMessages, clip_part, picture_part
from omni_persona_runner.model import Answer, LoadError, ModelError, Outcome
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.sampling import Sampling

_KEPT = 8
"""Pictures, and as many clips, that are kept of each source sample: four memories', and those of a few queries."""


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
        """Say where a model is; nothing is sent yet.

        url: the base, such as `http://localhost:8000/v1`. name: what the server calls the model.
        concurrency: requests on the way at once, each of another source sample. timeout: seconds a request may take.
        sampling: how tokens are chosen; greedily for None. api_key_env: the environment variable that holds the key;
        None, or an unset one, sends no key worth the name. dialects: how the server wants requests, see
        `omni_persona_artifacts.chat.Dialect`; OpenAI's way for none. sampling_rate: of the clips that are sent, in Hz;
        None keeps each clip's own. engine: what serves the model where we started it ourselves, at an address that
        means nothing later. versions: of the programs that serve it.
        attempts: how often a request is sent at most. first_wait: seconds before the second attempt, doubled
        before each further one.
        Raises `ValueError` for an address that is no URL, a number below 1, or an unknown dialect.
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
        # Encoded once for all siblings, which come one after the other while as many other samples are asked.
        kept = lru_cache(maxsize=_KEPT * concurrency)
        clips = lru_cache(maxsize=_KEPT * concurrency)
        self._messages = ChatMessages(
            self._prompt, kept(picture_part), clips(partial(clip_part, sampling_rate=sampling_rate))
        )

    def describe(self) -> dict[str, Any]:
        """What decides the answers, for the manifest."""
        return {
            **({"endpoint": self._chat.shown_url} if self._engine is None else {"engine": self._engine}),
            **self._prompt.describe(),
            "generation": {"max_new_tokens": self._max_new_tokens, **self._sampling.describe()},
            **self._sampling.seeds(),
            "versions": self._versions,
        }

    def repeat(self, number: int) -> EndpointModel:
        """The same model with the draws of another repeat; 1 is this one."""
        other = copy.copy(self)
        other._sampling = self._sampling.repeat(number)
        return other

    def check(self, items: Iterable[Item]) -> None:
        """What a server takes shows when it is asked."""

    def goes_on(self, n_answered: int) -> None:
        """Say that the server has answered that many items of this run before: what it refuses now is one item's."""
        self._chat.has_answered |= n_answered > 0

    def not_taken(self) -> tuple[str, ...]:
        """The settings that the server has refused, so that its own defaults decide them."""
        return tuple(sorted(self._chat.form.dropped))

    def answer(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Answer items as the replies come in; works where an event loop runs already, as in a notebook.

        Raises `LoadError` where the endpoint cannot be used at all: requests on the way are given up.
        """
        samples = (list(siblings) for _, siblings in groupby(items, key=lambda item: item.source_sample_id))
        running: dict[Future[Outcome], list[Item]] = {}
        """What is asked, with the siblings that are asked after it."""
        done: SimpleQueue[Future[Outcome]] = SimpleQueue()
        with _Loop(self._chat) as loop:

            def send(siblings: list[Item]) -> None:
                future = asyncio.run_coroutine_threadsafe(self._ask(siblings[0]), loop.loop)
                running[future] = siblings[1:]
                future.add_done_callback(done.put)

            while True:
                while len(running) < self._concurrency and (siblings := next(samples, None)):
                    send(siblings)
                if not running:
                    return
                # Those that end the run come last, so that no answer beside them is lost.
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


class _Loop:
    """An event loop in a thread of its own, with a client that is open as long as the block runs."""

    def __init__(self, client: ChatClient) -> None:
        self.loop = asyncio.new_event_loop()
        self._client = client
        self._thread = Thread(target=self.loop.run_forever, name="requests", daemon=True)

    def __enter__(self) -> _Loop:
        self._thread.start()
        try:
            self._do(self._client.__aenter__())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._do(_cancel_others())
            self._do(self._client.__aexit__())
            self._do(self.loop.shutdown_default_executor())
        finally:
            self._end()

    def _do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def _end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


async def _cancel_others() -> None:
    """Give up all that the running loop does besides this."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _taken(done: SimpleQueue[Any]) -> list[Any]:
    """What a queue holds: waits for the first."""
    taken = [done.get()]
    while not done.empty():
        taken.append(done.get())
    return taken
