"""An OpenAI-compatible endpoint that misbehaves as the test asks, in a thread of the test."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = str | int | bytes | dict[str, Any] | None
"""What to send: a text of the model, a status, a raw body, a JSON body, or None to cut the connection."""


class Endpoint:
    """Its `reply` is asked for each request: the prompt, and how often it was asked about that prediction before."""

    def __init__(self, reply: Callable[[str, int], Reply]) -> None:
        self.reply = reply
        self.requests: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.seen: Counter[str] = Counter()
        self.delay = 0.0
        self.headers: dict[str, str] = {}
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.url = ""

    def answers(self) -> int:
        return len(self.requests)


def graded(prompt: str) -> str:
    """The prediction in a prompt, found as the judge's model would: between the second pair of marks."""
    mark = prompt.split("between two lines that say ")[1].split(":")[0]
    parts = prompt.split(f"\n{mark}\n")
    # In the question for a verdict alone it follows the reference at once.
    return parts[2] if prompt.startswith("Compare") else parts[3]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no news."""


@contextmanager
def serve(reply: Callable[[str, int], Reply]) -> Iterator[Endpoint]:
    endpoint = Endpoint(reply)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            prompt = body["messages"][-1]["content"]
            prediction = graded(prompt)
            with endpoint.lock:
                endpoint.requests.append(body)
                endpoint.keys.add(self.headers.get("authorization", ""))
                before = endpoint.seen[prediction]
                endpoint.seen[prediction] += 1
                endpoint.at_once += 1
                endpoint.most_at_once = max(endpoint.most_at_once, endpoint.at_once)
            time.sleep(endpoint.delay)
            answer = endpoint.reply(prompt, before)
            with endpoint.lock:
                endpoint.at_once -= 1
            self.close_connection = True
            if answer is None:
                # A reset, not an orderly end.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            status, content = (answer, {"error": {"message": "no"}}) if isinstance(answer, int) else (200, answer)
            if isinstance(content, str):
                message = {"role": "assistant", "content": content}
                content = {
                    "id": "1", "object": "chat.completion", "created": 0, "model": "m",
                    "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                }  # fmt: skip
            if isinstance(content, dict) and "status" in content:
                status, content = content["status"], content["body"]
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            for name, value in endpoint.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
