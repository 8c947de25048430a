"""Serve a checkpoint with `vllm serve` or `transformers serve` for the duration of a run.

The server is a child process on 127.0.0.1, in its own process group; it is stopped when the run ends, fails, or is
interrupted by Control-C, SIGTERM or SIGHUP. If the run is killed (SIGKILL), a small watching process stops it.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

from omni_persona_artifacts.chat import Mask
from omni_persona_runner.model import LoadError

Engine: TypeAlias = Literal["vllm", "transformers-serve"]

START_SECONDS = 1800.0
"""How long a server may take to start, in seconds; loading large weights takes minutes."""
SAMPLING_RATE = 16_000
"""Sampling rate of clips sent to a server, in Hz; all model families use it."""

_LAST_LINES = 12
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.5
_END_SECONDS = 1.0
# Reads the number of a process group, waits until the other end of the pipe is closed, and ends the group.
_WATCH = """
import os, signal, sys, time
group = sys.stdin.readline()
sys.stdin.read()
try:
    os.killpg(int(group), signal.SIGTERM)
    end = time.monotonic() + %g
    while time.monotonic() < end:
        time.sleep(0.1)
        os.killpg(int(group), 0)
    os.killpg(int(group), signal.SIGKILL)
except (ProcessLookupError, PermissionError, ValueError):
    pass
"""
# Becomes the server once its first byte of input says that the watcher knows of it, and ends if there will be none.
_GATE = """
import os, sys
if sys.stdin.buffer.read(1):
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.execvp(sys.argv[1], sys.argv[1:])
"""
_TRANSFORMERS = "import sys; from transformers.cli.transformers import main; sys.argv[0] = 'transformers'; main()"


@dataclass(frozen=True)
class Settings:
    """How a checkpoint is served."""

    model: str
    """A folder or a Hub name; also the model name in requests."""
    most_media: int
    """Maximum pictures, and clips, per prompt."""
    revision: str | None = None
    dtype: str | None = None
    device: str | None = None
    trust_remote_code: bool = False


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    """The base URL of its API."""
    versions: dict[str, str] = field(default_factory=dict)
    """Serving program -> its version; empty if unknown."""


def vllm_command(settings: Settings, port: int, program: str = "vllm") -> list[str]:
    """The command that starts vLLM. program: the executable, such as one in its own environment."""
    if settings.device not in (None, "auto", "cuda"):
        raise ValueError(f"--engine vllm chooses its devices itself, got --device {settings.device}")
    command = [*shlex.split(program), "serve", settings.model, "--host", "127.0.0.1", "--port", str(port)]
    limits = json.dumps({"image": settings.most_media, "audio": settings.most_media})
    command += ["--served-model-name", settings.model, "--limit-mm-per-prompt", limits, "--enable-prefix-caching"]
    command += ["--revision", settings.revision] if settings.revision else []
    command += ["--dtype", settings.dtype] if settings.dtype else []
    return command + ["--trust-remote-code"] * settings.trust_remote_code


def transformers_command(settings: Settings, port: int) -> list[str]:
    """The command that starts `transformers serve` of the installed transformers."""
    if settings.revision:
        raise ValueError("--engine transformers-serve takes no --revision: download that revision and name its folder")
    command = [sys.executable, "-c", _TRANSFORMERS, "serve", settings.model, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--device", settings.device] if settings.device else []
    command += ["--dtype", settings.dtype] if settings.dtype else []
    return command + ["--trust-remote-code"] * settings.trust_remote_code


@contextmanager
def serve(
    engine: Engine,
    settings: Settings,
    *,
    program: str = "vllm",
    start_seconds: float = START_SECONDS,
    on_wait: Callable[[float, str], None] = lambda seconds, line: None,
) -> Iterator[Server]:
    """Start a server, wait until it responds, and stop it when the block ends.

    program: the vLLM executable. start_seconds: startup timeout. on_wait: called about twice a second
    with the seconds waited and the last line of the server's output.
    Raises `LoadError`, with the last lines of the server's output, if it cannot be started, is not ready in time,
    or exits before the block ends.
    """
    port = _free_port()
    command = vllm_command(settings, port, program) if engine == "vllm" else transformers_command(settings, port)
    with tempfile.TemporaryFile() as log, _signals_raise():
        child = _Child(engine, command, log)
        try:
            child.wait_until_up(f"http://127.0.0.1:{port}", start_seconds, on_wait)
            yield Server(f"http://127.0.0.1:{port}/v1", _versions(engine, f"http://127.0.0.1:{port}"))
        except Exception as error:
            # A process that ends closes its connections first, and can be asked for its exit code a moment later.
            if child.ends_within(_END_SECONDS if isinstance(error, LoadError) else 0):
                raise child.ended() from error
            raise
        finally:
            child.stop()


class _Child:
    """The server process."""

    def __init__(self, engine: str, command: Sequence[str], log: IO[bytes]) -> None:
        self._engine, self._log = engine, log
        if shutil.which(command[0]) is None:
            reason = os.strerror(errno.EACCES if Path(command[0]).exists() else errno.ENOENT)
            hint = "; --vllm-command names a vLLM in an environment of its own" if engine == "vllm" else ""
            raise LoadError(f"cannot start {command[0]}: {reason}{hint}")
        # A pipe, because its end reaches the watcher however this process ends, on every system with process groups.
        self._watcher = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _WATCH % _STOP_SECONDS],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a signal to our own group must not end it
        )
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _GATE, *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _tell(self._watcher, b"%d\n" % self._process.pid)
        _tell(self._process, b"\n")

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def ends_within(self, seconds: float) -> bool:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.has_ended

    def ended(self) -> LoadError:
        return LoadError(f"{self._engine} ended with exit code {self._process.poll()}; {self._last_lines()}")

    def wait_until_up(self, url: str, seconds: float, on_wait: Callable[[float, str], None]) -> None:
        start = time.monotonic()
        while not _answers(url):
            if self.has_ended:
                raise self.ended()
            waited = time.monotonic() - start
            if waited > seconds:
                raise LoadError(f"{self._engine} did not start within {seconds:g} s; {self._last_lines()}")
            on_wait(waited, (self._lines() or [""])[-1])
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Stop the process and all that it started."""
        try:
            self._signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
        finally:
            self._signal(signal.SIGKILL)
            self._process.communicate()
            self._end_watcher()

    def _end_watcher(self) -> None:
        # Before its pipe is closed: the group has ended, and its number may be another's soon.
        self._watcher.kill()
        self._watcher.communicate()

    def _signal(self, number: int) -> None:
        # Workers may outlive the group's first process.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _lines(self) -> list[str]:
        size = os.fstat(self._log.fileno()).st_size
        tail = os.pread(self._log.fileno(), 20_000, max(0, size - 20_000))
        mask = Mask.of_environment()
        lines = (mask.message(line) for line in tail.decode("utf-8", "replace").splitlines())
        return [line for line in lines if line][-_LAST_LINES:]

    def _last_lines(self) -> str:
        lines = self._lines()
        return "its last lines:\n  " + "\n  ".join(lines) if lines else "it wrote nothing"


def _tell(process: subprocess.Popen[bytes], line: bytes) -> None:
    with suppress(BrokenPipeError):
        if process.stdin is not None:
            process.stdin.write(line)
            process.stdin.flush()


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Make SIGTERM and SIGHUP end the block like Ctrl-C, unless they are handled already."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: Any) -> None:
        raise SystemExit(128 + number)

    ours = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(url: str) -> bool:
    """Whether the server's health check succeeds, or it has none."""
    import httpx2

    try:
        return httpx2.get(f"{url}/health", timeout=5.0, trust_env=False).status_code < 500
    except httpx2.HTTPError:
        return False


def _versions(engine: str, url: str) -> dict[str, str]:
    import httpx2

    if engine != "vllm":
        return {}  # the installed transformers, already in the manifest
    with suppress(httpx2.HTTPError, ValueError, AttributeError):
        version = httpx2.get(f"{url}/version", timeout=5.0, trust_env=False).json().get("version")
        if isinstance(version, str):
            return {"vllm": version[:100]}
    return {}


def most_media(dataset: Path) -> int:
    """Upper bound on the pictures, or clips, of one prompt of a dataset: one per context plus the query's."""
    from omni_persona_artifacts.dataset_folder import DatasetFolder

    return max(row.n_contexts for row in DatasetFolder(dataset).rows) + 1
