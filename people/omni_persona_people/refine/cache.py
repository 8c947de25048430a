"""Replies of a model, kept on disk by what was asked: a run that was killed asks nothing twice."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from omni_persona_artifacts.files import append, open_regular, read_regular
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
        if os.path.lexists(file):
            for line in read_regular(file).split(b"\n"):
                try:
                    record = json.loads(line)
                    self._known[str(record["key"])] = str(record["reply"])
                except (ValueError, KeyError, TypeError, RecursionError):
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
        if _is_cut_off(self.file):
            line = "\n" + line
        append(self.file, line.encode())

    def _key(self, messages: list[dict[str, str]]) -> str:
        return hashlib.sha256(json.dumps([DIGEST, self._model, messages]).encode()).hexdigest()


def _is_cut_off(file: Path) -> bool:
    """Whether a killed process left half a line at the end."""
    try:
        with open_regular(file) as lines:
            if not lines.seek(0, os.SEEK_END):
                return False
            lines.seek(-1, os.SEEK_END)
            return lines.read(1) != b"\n"
    except FileNotFoundError:
        return False
