"""A server of chat completions that misbehaves as a test asks, for each question separately."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CUT = object()
"""A reply that is none: the connection is reset."""
PROBE = "Are you there?"


@dataclass
class Reply:
    """One reply: an object is sent as JSON, bytes as they are."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    drip: float = 0.0
    """Seconds between two bytes, of which there is no end."""
    endless: bool = False
    """Whether the body is sent again and again."""


def completion(content: Any = "CORRECT", finish: Any = "stop", message: Any = None, **other: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": content, **(message or {})}
    choice = {"index": 0, "finish_reason": finish, "message": said}
    usage = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
    return {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage} | (
        other
    )


def error(status: int, message: str = "broken", **other: Any) -> Reply:
    headers = other.pop("headers", {})
    return Reply({"error": {"message": message, **other}}, status, headers)


def stream(*events: Any, done: bool = True) -> Reply:
    lines = [f"data: {json.dumps(event)}\n\n" for event in events] + ["data: [DONE]\n\n"] * done
    return Reply("".join(lines).encode(), kind="text/event-stream")


def texts(body: dict[str, Any]) -> str:
    """All that a request says in words."""
    said = []
    for message in body["messages"]:
        content = message["content"]
        said += [content] if isinstance(content, str) else [part.get("text", "") for part in content]
    return "\n".join(said)


class Server:
    """Its `script(number of the question, request)` says what to reply; None stands for a good completion."""

    def __init__(self, script: Callable[[int, dict[str, Any]], Any]) -> None:
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.asked: Counter[int] = Counter()
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.lock = threading.Lock()
        self.url = ""


class Threads(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is no news."""


@contextmanager
def serving(script: Callable[[int, dict[str, Any]], Any] = lambda number, body: None) -> Iterator[Server]:
    server = Server(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found = re.search(r"question (\d+)", texts(body))
            number = int(found[1]) if found else -1
            with server.lock:
                server.requests.append(body)
                server.asked[number] += 1
                server.headers.append({name.lower(): value for name, value in self.headers.items()})
                server.paths.append(self.path)
            reply = server.script(number, body)
            reply = completion() if reply is None else reply
            self._send(reply if isinstance(reply, Reply) or reply is CUT else Reply(reply))

        def _send(self, reply: Any) -> None:
            if reply is CUT:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            without_end = reply.drip or reply.endless
            self.send_response(reply.status)
            length = {"connection": "close"} if without_end else {"content-length": str(len(raw))}
            for name, value in {"content-type": reply.kind, **length, **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if not without_end:
                self.wfile.write(raw)
                return
            self.close_connection = True
            for _ in range(100_000):
                time.sleep(reply.drip)
                self.wfile.write(raw)

    http = Threads(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}/v1"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
