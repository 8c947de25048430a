"""On-disk cache of a model's replies, keyed by the request, so that an interrupted run repeats no request."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import append, open_regular, read_regular
from omni_persona_people.refine.prompts import DIGEST

_START = b'{"key": "'


class ReplyCache:
    """A file of JSON lines `{"key", "model", "reply"}`; replies are appended as they arrive.

    An incomplete last line, left by a process that was killed, is ignored.
    """

    def __init__(self, file: Path, model: str) -> None:
        """Open the replies of `model` in `file`, which is created with the first reply.

        Raises `ArtifactError` for a file that holds anything but replies, because replies would be appended to it.
        """
        self.file = file
        self._model = model
        self._known: dict[str, str] = {}
        content = read_regular(file) if os.path.lexists(file) else b""
        for line in content.split(b"\n"):
            try:
                record = json.loads(line)
                self._known[str(record["key"])] = str(record["reply"])
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
        # A cache whose only line is incomplete begins as every line does.
        if content.strip() and not self._known and not content.lstrip().startswith(_START):
            raise ArtifactError(f"{file} exists and is no cache of replies; move it, or choose another --cache")

    @property
    def size(self) -> int:
        """Number of replies."""
        return len(self._known)

    def get(self, messages: list[dict[str, str]]) -> str | None:
        """The model's cached reply to these messages, or None."""
        return self._known.get(self._key(messages))

    def put(self, messages: list[dict[str, str]], reply: str) -> None:
        """Store a reply."""
        key = self._key(messages)
        self._known[key] = reply
        # ASCII, because a reply may contain an unpaired surrogate, which UTF-8 cannot encode. A single write, so that
        # two processes may append to the same file; a line end comes first if a killed process left an incomplete line.
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
