"""A cache of judges' replies on disk, so that no pair is judged twice and every reply can be read later."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from .judge_prompt import DIGEST
from .scores import CORRECT, WRONG


class JudgeCache:
    """The transcripts of one judge: a file of JSON lines, to which replies are appended as they arrive.

    A line contains `key`, `judge`, `prompt` (digest of its wording), `gold`, `prediction`, `other_answers` (if there
    are any), `replies` (the judge's replies, or why there was none, in order), `verdict` and `margin` (of likelihoods,
    if they were read). A pair whose verdict is UNJUDGED is judged again. A half-written last line, from a process that
    was killed, is ignored.
    """

    def __init__(self, folder: str | Path, judge: str) -> None:
        """Open the transcripts of `judge` in `folder`, which is created if missing.

        Args:
            folder: Folder with the transcripts of all judges.
            judge: Name of the judge with everything that its verdicts depend on: endpoint, model, settings.
        """
        self._judge = judge
        readable = re.sub(r"[^A-Za-z0-9.-]+", "_", judge)[:80]
        self.path = Path(folder) / f"{readable}-{_digest(judge)[:12]}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.parent.is_symlink():  # it may lead out of a run folder that is somebody else's
            raise ValueError(
                f"{self.path.parent}: expected a folder of judges' replies, got a symbolic link; remove it"
            )
        self._known: dict[str, tuple[str, str]] = {}
        self._margins: dict[str, float] = {}
        self._read()

    def get(self, gold: str, prediction: str, other_answers: Sequence[str] = ()) -> tuple[str, str] | None:
        """The verdict and the last reply for a pair; None if this judge has no verdict on it for the current prompt."""
        return self._known.get(self._key(gold, prediction, other_answers))

    def margin(self, gold: str, prediction: str, other_answers: Sequence[str] = ()) -> float | None:
        """The margin of the verdict that `get` returns; None if no likelihoods were read."""
        return self._margins.get(self._key(gold, prediction, other_answers))

    def put(
        self,
        gold: str,
        prediction: str,
        replies: Sequence[str],
        verdict: str,
        margin: float | None = None,
        *,
        other_answers: Sequence[str] = (),
    ) -> None:
        """Store the replies and the verdict for a pair."""
        key = self._key(gold, prediction, other_answers)
        record = {
            "key": key,
            "judge": self._judge,
            "prompt": DIGEST,
            "gold": gold,
            "prediction": prediction,
            **({"other_answers": list(other_answers)} if other_answers else {}),
            "replies": list(replies),
            "verdict": verdict,
            **({} if margin is None else {"margin": margin}),
        }
        # ASCII, because a model may write an unpaired surrogate, which UTF-8 cannot encode. One write, so that two
        # processes may append to the same file; a line end goes first if a killed process left half a line.
        line = json.dumps(record) + "\n"
        try:
            with _opened(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file:
                if file.seek(0, os.SEEK_END) and _last_byte(file) != b"\n":
                    line = "\n" + line
                file.write(line.encode())
        except OSError as error:  # such as a full disk, which the system tells without a path
            raise ValueError(f"cannot write {self.path}: {error.strerror or error}") from error
        self._remember(record)

    def _key(self, gold: str, prediction: str, other_answers: Sequence[str]) -> str:
        return _digest(json.dumps([self._judge, DIGEST, gold, prediction, *other_answers]))

    def _read(self) -> None:
        if not os.path.lexists(self.path):
            return
        with _opened(self.path, os.O_RDONLY) as file:
            lines = file.read().split(b"\n")
        for line in lines:
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(record, dict):
                self._remember(record)

    def _remember(self, record: dict[str, Any]) -> None:
        replies = record.get("replies")
        if record.get("verdict") in (CORRECT, WRONG) and isinstance(replies, list) and replies:
            key, margin = str(record.get("key")), record.get("margin")
            self._known[key] = (record["verdict"], str(replies[-1]))
            if isinstance(margin, float):
                self._margins[key] = margin


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _opened(file: Path, flags: int) -> BinaryIO:
    """Open a regular file for reading and, depending on `flags`, appending. Raises `ValueError` for anything else."""
    # Do not follow a link, which may lead out of the folder, or wait for the other end of a named pipe.
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(file, flags, 0o666)
    except OSError as error:
        if not file.is_symlink():
            raise
        raise ValueError(f"{file}: expected a file of a judge's replies, got a symbolic link; remove it") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError(f"{file}: expected a file of a judge's replies, got a folder, a pipe or a device; remove it")
    return os.fdopen(descriptor, "ab+" if flags & os.O_APPEND else "rb")


def _last_byte(file: Any) -> bytes:
    file.seek(-1, os.SEEK_END)
    return bytes(file.read(1))
