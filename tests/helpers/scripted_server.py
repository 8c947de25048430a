"""An OpenAI-compatible server that replies by a script, and a model that asks it."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from omni_persona_runner.endpoint import EndpointModel

KEY = "sk-very-secret"


CUT = object()
"""A reply that is none: the connection is reset."""


class Server:
    """Replies as `script(question, how often it was asked before)` says."""

    def __init__(self, script):
        self.script, self.requests, self.headers, self.times = script, [], [], []
        self.asked, self.now, self.most_at_once = {}, 0, 0
        self.lock = threading.Lock()
        self.url = ""


def completion(content="a nurse", finish="stop", message=None, **other):
    message = {"role": "assistant", "content": content, **(message or {})}
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": "tiny",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14},
        **other,
    }


def question(body):
    return body["messages"][-1]["content"][-1]["text"].splitlines()[-1]


@contextmanager
def serving(script):
    server = Server(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with server.lock:
                before = server.asked.get(question(body), 0)
                server.asked[question(body)] = before + 1
                server.requests.append(body)
                server.headers.append({name.lower(): value for name, value in self.headers.items()})
                server.times.append(time.monotonic())
                server.now += 1
                server.most_at_once = max(server.most_at_once, server.now)
            reply = server.script(question(body), before)
            with server.lock:
                server.now -= 1
            status, headers, content = 200, {}, reply
            if isinstance(reply, tuple):
                status, headers, content = reply
            if content is CUT:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            kind = "text/html" if isinstance(content, str) else "application/json"
            data = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else None
            data = json.dumps(content).encode() if data is None else data
            self.send_response(status)
            for name, value in {"content-type": kind, "content-length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    class Threads(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request, client_address):
            """A client that gave up is no news."""

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


def model_at(server, **settings):
    return EndpointModel(server.url, "tiny", **{"first_wait": 0.01, **settings})


def error(status, message="broken", **headers):
    return status, headers, {"error": {"message": message}}


def answered(*_):
    return completion()
