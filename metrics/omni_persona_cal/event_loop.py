"""Coroutines that run beside a program without an event loop, or with one of its own, as a notebook has."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

_T = TypeVar("_T")


class EventLoop:
    """An event loop in a thread of its own; leaving the block cancels what it still runs.

    The exception of a signal, which Python raises in the main thread, is so never raised within a task: there it would
    also reach the tasks of libraries, which report it as an error of theirs.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._tasks = set[asyncio.Task[Any]]()
        self._thread = Thread(target=self._loop.run_forever, name="requests", daemon=True)

    def __enter__(self) -> EventLoop:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.cancel()
            self._wait(self._loop.shutdown_asyncgens())
            self._wait(self._loop.shutdown_default_executor())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def start(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run a coroutine beside others."""

        async def run() -> _T:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                return await work
            finally:
                self._tasks.discard(task)

        return asyncio.run_coroutine_threadsafe(run(), self._loop)

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine to completion."""
        return self.start(work).result()

    def cancel(self) -> None:
        """Cancel what is running, and wait until it has ended."""
        self._wait(cancel(self._tasks))

    def _wait(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended, with whatever they started.

    Only the tasks that the caller started belong here. Each ends the tasks of its libraries in the order that those
    need: one that is cancelled before its first step leaves a coroutine behind that was never awaited.
    """
    tasks = tuple(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
