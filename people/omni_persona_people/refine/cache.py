"""Replies of a model, kept on disk by what was asked: a run that was killed asks nothing twice."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from omni_persona_people.refine.prompts import DIGEST


class ReplyCache:
    """A file of JSON lines `{"key", "model", "reply"}`, appended to as replies come in.

    A half-written last line, of a process that was killed, is passed over.
    """

    def __init__(self, file: Path, model: str) -> None:
        """Open the replies of `model` in `file`, which is made with the first one."""
        self.file = file
        self._model = model
        self._known: dict[str, str] = {}
        if file.is_file():
            for line in file.read_bytes().split(b"\n"):
                try:
                    record = json.loads(line)
                    self._known[str(record["key"])] = str(record["reply"])
                except (ValueError, KeyError, TypeError):
                    continue

    @property
    def size(self) -> int:
        """How many replies there are."""
        return len(self._known)

    def get(self, messages: list[dict[str, str]]) -> str | None:
        """What the model replied to these messages, if it did."""
        return self._known.get(self._key(messages))

    def put(self, messages: list[dict[str, str]], reply: str) -> None:
        """Keep a reply."""
        key = self._key(messages)
        self._known[key] = reply
        # ASCII, because a model may write half of a character pair, which UTF-8 cannot hold. One write, so that two
        # processes may append to the same file; the line end comes first where a killed one left half a line.
        line = json.dumps({"key": key, "model": self._model, "reply": reply}) + "\n"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("ab+") as file:
            if file.tell() and _last_byte(file) != b"\n":
                line = "\n" + line
            file.write(line.encode())

    def _key(self, messages: list[dict[str, str]]) -> str:
        return hashlib.sha256(json.dumps([DIGEST, self._model, messages]).encode()).hexdigest()


def _last_byte(file: Any) -> bytes:
    file.seek(-1, os.SEEK_END)
    return bytes(file.read(1))
