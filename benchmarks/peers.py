"""Our runner beside lmms-eval and inspect_ai: the same items, the same prompts, one local endpoint.

    python benchmarks/peers.py --inspect INSPECT/bin/python --lmms-eval LMMS/bin/python [--dataset omni-persona]

Both harnesses run the tasks of `integrations/`, in environments of their own. For each of the three, as whole commands
that load, ask and score: seconds and items a second; what is left of a run that is killed when half of its requests are
answered; and what becomes of requests that the endpoint refuses. The endpoint answers after a fixed time, so that the
figures are about the programs and not about a model; compare them with each other alone.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from omni_persona_artifacts.references import references
from omni_persona_artifacts.run_reader import RunFolderError, read_predictions

ROOT = Path(__file__).resolve().parents[1]
REFUSED = 8
"""Every so many-th question is refused in the run that looks at errors."""


@dataclass
class Endpoint:
    """What a local endpoint was asked."""

    url: str
    answered: int = 0


@contextmanager
def endpoint(seconds: float, refuses: Callable[[str], bool]) -> Iterator[Endpoint]:
    """An endpoint that says the same to everything after some seconds, or refuses."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Nothing."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            question = body["messages"][-1]["content"][-1]["text"]
            time.sleep(seconds)
            status, reply = 200, _reply("a pilot")
            if refuses(question):
                status, reply = 400, {"error": {"message": "no memory left", "type": "invalid_request_error"}}
            raw = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)
            with lock:
                asked.answered += 1

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: Any) -> None:
            """A client that was killed is meant to be."""

    server = Server(("127.0.0.1", 0), Handler)
    asked = Endpoint(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()


def _reply(text: str) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    return {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}


@dataclass(frozen=True)
class Peer:
    """One program."""

    name: str
    python: str
    package: str
    command: Callable[[Path, str, Path], str]
    """(dataset, URL, working folder) -> the command of a shell."""
    answers: Callable[[Path], Path | None]
    """Working folder -> what it wrote answers to."""

    def version(self) -> str:
        """Of the installed package."""
        code = f"from importlib.metadata import version; print(version({self.package!r}))"
        return subprocess.run([self.python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def peers(settings: argparse.Namespace) -> list[Peer]:
    """Ours first."""
    cli = f"{sys.executable} -m omni_persona_cli"
    inspect_task = ROOT / "integrations" / "inspect_ai" / "omni_persona_task.py"
    return [
        Peer(
            "omni-persona",
            sys.executable,
            "omni-persona",
            lambda data, url, work: (
                f"{cli} run --dataset {data} --endpoint {url} --model m --out {work}/run; {cli} score {work}/run"
            ),
            lambda work: work / "run",
        ),
        Peer(
            "lmms-eval",
            settings.lmms_eval,
            "lmms_eval",
            lambda data, url, work: (
                f"OMNI_PERSONA_DATASET={data} {settings.lmms_eval} -m lmms_eval --tasks omni_persona --log_samples "
                f"--include_path {ROOT}/integrations/lmms_eval --output_path {work}/out --model openai "
                f"--model_args model_version=m,base_url={url},max_retries=1,prefix_aware_queue=False"
            ),
            lambda work: next(iter(work.glob("out/*/*_samples_*.jsonl")), None),
        ),
        Peer(
            "inspect_ai",
            settings.inspect,
            "inspect_ai",
            lambda data, url, work: (
                f"LOCAL_BASE_URL={url} {settings.inspect} -m inspect_ai eval {inspect_task}@omni_persona_cal "
                f"-T dataset={data} --model openai-api/local/m --no-log-images --display plain --log-dir {work}/logs"
            ),
            lambda work: next(iter(work.glob("logs/*.eval")), None),
        ),
    ]


def run(peer: Peer, data: Path, asked: Endpoint, work: Path, kill_at: int | None = None) -> float:
    """Seconds that a whole command takes; it is killed once so many requests are answered."""
    rooms = [path for path in sys.path if path and Path(path).is_relative_to(ROOT) and "site-packages" not in path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(rooms), "HF_HOME": str(work / "hf"), "HOME": str(work)}
    environment |= {"LOCAL_API_KEY": "none", "OPENAI_API_KEY": "none", "HF_HUB_OFFLINE": "1"}
    start = time.perf_counter()
    with (work / "log").open("w") as log:
        process = subprocess.Popen(
            peer.command(data, asked.url, work),
            shell=True,
            cwd=work,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        while process.poll() is None:
            if kill_at is not None and asked.answered >= kill_at:
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(0.05)
    return time.perf_counter() - start


def kept(peer: Peer, work: Path) -> dict[str, int]:
    """How many answers and failures can be read from what a run left."""
    file = peer.answers(work)
    lines = []
    if file is not None and file.exists():
        try:
            lines = list(read_predictions(file).values())
        except RunFolderError as error:
            print(f"  {peer.name}: {error}")
    return {status: sum(line.status == status for line in lines) for status in ("ok", "failed")}


def row(peer: Peer, data: Path, n_items: int, seconds: float) -> str:
    """One line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        works = [Path(folder) / name for name in ("whole", "killed", "refused")]
        for work in works:
            work.mkdir()
        whole, killed, refused = works
        with endpoint(seconds, lambda question: False) as asked:
            took = run(peer, data, asked, whole)
            assert asked.answered == n_items, (whole / "log").read_text()[-2000:]
        with endpoint(seconds, lambda question: False) as asked:
            run(peer, data, asked, killed, kill_at=n_items // 2)
            left = kept(peer, killed)["ok"]
        with endpoint(seconds, lambda question: sum(question.encode()) % REFUSED == 0) as asked:
            run(peer, data, asked, refused)
            errors = kept(peer, refused)["failed"]
        return (
            f"| {peer.name} {peer.version()} | {took:.0f} s | {n_items / took:.1f} | {left} of {n_items // 2} | "
            f"{errors} failed items |"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inspect", required=True, help="the Python of an environment with inspect_ai")
    parser.add_argument("--lmms-eval", required=True, help="the Python of an environment with lmms-eval")
    parser.add_argument("--dataset", type=Path, default=Path("omni-persona"))
    parser.add_argument("--seconds", type=float, default=0.2, help="that the endpoint takes for an answer")
    settings = parser.parse_args()
    data = settings.dataset.resolve()
    n_items = len(references(data))
    print(f"{n_items} items, {settings.seconds} s an answer\n")
    print("| program | whole command | items/s | answers kept of a killed run | refused requests become |")
    print("|---|--:|--:|--:|---|")
    for peer in peers(settings):
        print(row(peer, data, n_items, settings.seconds), flush=True)


if __name__ == "__main__":
    main()
