"""Write a Parquet file row group by row group: in this process, or in one of its own beside it.

The media of a row group take about as long to read, hash and write as the people of its rows to choose. Threads do not
help, because both need Python's lock much too often.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import traceback
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.parquet_files import HashedFile, ParquetWriter
from omni_persona_artifacts.pickling import picklable
from omni_persona_artifacts.progress import Steps
from omni_persona_build.row_group import Room, RowGroup


class Hashed(NamedTuple):
    """A file that was hashed while it was written."""

    n_bytes: int
    sha256: str
    """In hex."""


class RowGroups(Protocol):
    """A Parquet file that is being written."""

    def write(self, group: RowGroup) -> None:
        """Append a row group, which must not change any more."""

    def end(self, metadata: Mapping[bytes, bytes]) -> Hashed:
        """Write the footer with its metadata, and close the file."""

    def close(self) -> None:
        """Close the file, whether it is complete or not."""


class RowGroupFile:
    """A Parquet file that is written by this process: a row group is written while the media of the next are read."""

    def __init__(self, path: Path) -> None:
        self._file, self._rooms = HashedFile(path), cycle((Room(), Room()))
        self._writer = ParquetWriter(
            self._file,
            RowGroup().table(next(self._rooms)).schema,
            compression="none",  # media are compressed already, and the rest is small
            use_dictionary=True,
            dictionary_pagesize_limit=1 << 30,  # so that a repeated medium is stored as an index, however large it is
            write_statistics=["group", "absence"],
            store_schema=False,  # otherwise readers would see dictionary columns, a detail of writing
        )
        self._threads = ThreadPoolExecutor(2)
        self._writing: Future[None] | None = None

    def write(self, group: RowGroup) -> None:
        table = self._threads.submit(group.table, next(self._rooms))
        self._wait()
        self._writing = self._threads.submit(lambda: self._writer.write_table(table.result()))

    def end(self, metadata: Mapping[bytes, bytes]) -> Hashed:
        self._wait()
        self._writer.add_key_value_metadata(metadata)
        self._writer.close()
        self._file.close()
        return Hashed(self._file.n_bytes, self._file.sha256)

    def close(self) -> None:
        self._threads.shutdown()
        self._file.close()

    def _wait(self) -> None:
        """Wait for the last group. Raises what kept it from being written."""
        if self._writing is not None:
            self._writing.result()


MOST_WAITING = 32
"""Maximum number of row groups that wait to be written, without their media."""

_START = f"import sys; sys.path[:] = sys.argv[1:]; from {__name__} import serve; serve()"


class RowGroupProcess:
    """A Parquet file that is written by a process of its own, which ends with this one. Needs POSIX.

    It is none of `multiprocessing`, whose processes import the script that started this one: they would run it again,
    unless it was written for that.
    """

    def __init__(self, path: Path, progress: Steps) -> None:
        """progress: called with the numbers of row groups that are written and complete, while those are waited for."""
        ours, theirs = socket.socketpair()
        with ours, theirs, _no_ctrl_c():
            self._line = ours.makefile("rwb")
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, *(one for one in sys.path if isinstance(one, str))],
                stdin=theirs.fileno(),  # for both directions: a library may print to standard output
                stdout=subprocess.DEVNULL,
            )
        # Waits for the other process without Python's lock.
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future[Any]] = deque()
        self._n_complete, self._progress = 0, progress
        self._waiting.append(self._thread.submit(self._ask, path))

    def write(self, group: RowGroup) -> None:
        group.settle()
        self._waiting.append(self._thread.submit(self._ask, group))
        self._n_complete += 1
        while self._waiting and (self._waiting[0].done() or len(self._waiting) > MOST_WAITING):
            self._waiting.popleft().result()

    def end(self, metadata: Mapping[bytes, bytes]) -> Hashed:
        self._waiting.append(self._thread.submit(self._ask, metadata))
        while True:
            # The answer to a row group says that the one before is written.
            answer = self._waiting.popleft().result()
            self._progress(max(self._n_complete - len(self._waiting), 0), self._n_complete)
            if not self._waiting:
                return Hashed(*answer)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._thread.shutdown(cancel_futures=True)
        with suppress(OSError):  # if something was not sent yet
            self._line.close()

    def _ask(self, message: Path | RowGroup | Mapping[bytes, bytes]) -> Any:
        """What the other process answers. Raises the exception that it answers with."""
        try:
            pickle.dump(message, self._line)
            self._line.flush()
            answer, trace = pickle.load(self._line)
        except (EOFError, OSError, pickle.UnpicklingError):
            self._process.kill()
            code = self._process.wait()
            raise ArtifactError(
                f"the process that writes the media ended with exit code {code}"
                + ("; did memory run out?" if code == -signal.SIGKILL else "")
            ) from None
        if isinstance(answer, Exception):
            raise answer from _ElsewhereError(trace)
        return answer


class _ElsewhereError(Exception):
    """Shows the traceback of an exception of another process."""


@contextmanager
def _no_ctrl_c() -> Iterator[None]:
    """Let a process that is started here ignore Ctrl-C, for which the terminal signals all: this one ends the other."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve() -> None:
    """What the process of a `RowGroupProcess` does: answer its messages, until there are no more."""
    line = socket.socket(fileno=0).makefile("rwb")
    file: RowGroupFile | None = None
    with suppress(EOFError, ConnectionError, pickle.UnpicklingError):  # if the other process has ended
        while True:
            message: Any = pickle.load(line)
            answer: Hashed | Exception | None = None
            trace = ""
            try:
                if file is None:
                    file = RowGroupFile(message)
                elif isinstance(message, RowGroup):
                    file.write(message)
                else:
                    answer = file.end(message)
            except Exception as error:
                answer, trace = picklable(error), traceback.format_exc()
            pickle.dump((answer, trace), line)
            line.flush()
    os._exit(0)  # without another attempt to send what could not be sent
