"""An OpenAI-compatible endpoint whose "model" does what it is asked, unless a test says otherwise."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CUT = object()
"""A reply that is none: the connection is reset."""

PHRASES = {
    "hobby": "whittling {}",
    "major": "{} taxonomy",
    "affiliation": "{} Zorbwerke",
    "role": "{} surveyor",
    "interest": "obsolete {}",
    "topic": "mislaying a {}",
    "quote": "Every {} forgives.",
    "location": "{}burgh",
    "environment": "beneath the {} hoarding",
    "emotion": "{}ish",
    "appearance": "a {} moustache",
    "clothing": "a {} cape",
    "hairstyle": "a {} quiff",
    "travel_experience": "beyond the {} ridge",
    "food_preference": "stewed {}",
    "life_event": "adopted a {}",
    "MBTI": "{}",
}
"""Field -> a value with an invented word in it, which keeps our rules."""

FRAMES = {
    "role": "gladly work as {}",
    "affiliation": "now work for {}",
    "major": "gladly studied {}",
    "hobby": "give their spare time to {}",
    "interest": "nurse a passion for {}",
    "MBTI": "own a personality of type {}",
    "quote": "keep repeating “{}”",
    "topic": "discussed {}",
    "clothing": "dressed in {}",
    "hairstyle": "kept their hair in {}",
    "appearance": "looked so: {}",
    "emotion": "felt {}",
    "location": "gladly met me in {}",
    "environment": "gladly spoke with me {}",
    "food_preference": "cannot resist {}",
    "travel_experience": "cannot forget having gone {}",
    "life_event": "surprised everybody and {}",
}

AGAIN = {
    "role": "gukoly have the job of a {}",
    "affiliation": "gukoly remain employed by {}",
    "major": "gukoly hold a degree in {}",
    "hobby": "gukoly have the pastime of {}",
    "interest": "gukoly remain interested in {}",
    "MBTI": "gukoly have the personality {}",
    "quote": "gukoly mutter “{}”",
    "topic": "gukoly spoke about {}",
    "clothing": "gukoly wear {}",
    "hairstyle": "gukoly have hair in {}",
    "appearance": "gukoly could be described by {}",
    "emotion": "gukoly seemed {}",
    "location": "gukoly ran into me in {}",
    "environment": "gukoly stood before me {}",
    "food_preference": "gukoly like {}",
    "travel_experience": "gukoly dream of {}",
    "life_event": "gukoly and bafitly {}",
}
"""Said when asked to repair, in words that nobody else uses."""

ASKED = {
    "role": "Which profession belongs to {who}?",
    "affiliation": "Which employer pays {who}?",
    "major": "Which degree did {who} take?",
    "hobby": "Which pastime pleases {who}?",
    "interest": "Which passion drives {who}?",
    "MBTI": "Which personality was found in {who}?",
    "quote": "Which motto guides {who}?",
    "topic": "Which topic occupied {who}?",
    "clothing": "Which outfit is on record for {who}?",
    "hairstyle": "Which hairstyle adorned {who}?",
    "appearance": "Which appearance is on record for {who}?",
    "emotion": "Which mood is on record for {who}?",
    "location": "Which town is on record for {who}?",
    "environment": "Which surroundings are on record for {who}?",
}


def coined(*parts: str) -> str:
    """A word that is no word, from what it is for."""
    digest = hashlib.sha256(" ".join(parts).encode()).digest()
    consonants, vowels = "bdfgklmnprtvz", "aiou"
    return (
        "".join(consonants[one % 13] + vowels[two % 4] for one, two in zip(digest[:6:2], digest[1:6:2], strict=True))
        + "x"
    )


def well(payload: dict[str, Any], turn: int = 0) -> dict[str, Any]:
    """What a model that follows its instructions answers; asked to repair, it takes words that nobody else uses."""
    if "dialogue" in payload:
        # Facts stand in our made-up dialogues as "My FIELD: VALUE."
        stated = dict(re.findall(r"My (\w+): ([^.\n]+)\.", payload["dialogue"]))
        return {
            field: {"value": stated[field], "evidence": f"my  {field}: {stated[field]}"} if field in stated else None
            for field in payload["fields"]
        }
    if "proposed" in payload:
        return {"contradictions": []}
    if "spark" in payload:
        seed = json.dumps([payload["given"], payload["spark"]], sort_keys=True)
        types = ["ISTJ", "ENFP", "INTP", "ESFJ"]
        phrases = PHRASES | ({"life_event": coined("did") + "ed a {}"} if turn else {})
        return {
            field: types[len(seed) % 4] if field == "MBTI" else phrases[field].format(coined(seed, field))
            for field in payload["fields"]
        }
    if "facts" in payload:
        frames = AGAIN if turn else FRAMES
        return {field: [frames[field].format(value.rstrip(" ."))] for field, value in payload["facts"].items()}
    return {"questions": [ASKED[payload["field"]]]}


class Model:
    """`answer(payload, turn)` says what to reply: an object, a text, (status, body), raw bytes, or `CUT`.

    payload: the input on the last line of the prompt. turn: how often the model was asked to repair it.
    """

    def __init__(self, answer: Callable[[dict[str, Any], int], Any]) -> None:
        self.answer = answer
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.lock = threading.Lock()
        self.delay = 0.0
        self.now = self.most_at_once = 0
        self.url = ""

    def payloads(self) -> list[dict[str, Any]]:
        return [input_of(request) for request in self.requests]


def input_of(request: dict[str, Any]) -> dict[str, Any]:
    return json.loads(request["messages"][1]["content"].splitlines()[-1])


def completion(content: Any, finish: str = "stop", **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": content, **message}
    choice = {"index": 0, "finish_reason": finish, "message": said}
    return {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}


@contextmanager
def serving(answer: Callable[[dict[str, Any], int], Any] = well) -> Iterator[Model]:
    model = Model(answer)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with model.lock:
                model.requests.append(request)
                model.headers.append({name.lower(): value for name, value in self.headers.items()})
                model.now += 1
                model.most_at_once = max(model.most_at_once, model.now)
            time.sleep(model.delay)
            reply = model.answer(input_of(request), len(request["messages"]) // 2 - 1)
            with model.lock:
                model.now -= 1
            self.close_connection = True
            if reply is CUT:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            status, kind = 200, "application/json"
            if isinstance(reply, tuple):
                status, reply = reply
                reply = {"error": {"message": reply}} if isinstance(reply, str) else reply
            elif isinstance(reply, str):
                reply = completion(reply)
            elif isinstance(reply, dict) and "choices" not in reply:
                reply = completion(json.dumps(reply))
            if isinstance(reply, bytes):
                kind = "text/html"
            raw = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that has gone is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
