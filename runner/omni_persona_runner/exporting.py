"""Write the prompts of a dataset as JSON lines, for batch APIs and other programs.

    openai-batch    lines of `custom_id`, `method`, `url` and `body`, as OpenAI's batch API expects them, in files of
                    a size that it accepts; score its output with `omni-persona score FILE --dataset DIR`
    messages        lines of `augmented_id` and `messages`; return answers as `augmented_id` and `prediction`

Media are embedded in the lines or stored as files beside them. `export.json` records how the prompts were made.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeAlias

from omni_persona import Media
from omni_persona_artifacts.data_files import dataset_fingerprint
from omni_persona_artifacts.dataset_folder import DatasetFolder
from omni_persona_artifacts.errors import ItemError
from omni_persona_artifacts.folders import whole_folder
from omni_persona_artifacts.progress import Steps
from omni_persona_runner.chat_messages import ChatMessages, picture_part
from omni_persona_runner.media import clip_wav
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.run_loop import siblings_together, stratified
from omni_persona_runner.sampling import Sampling

Form: TypeAlias = Literal["openai-batch", "messages"]

MANIFEST = "export.json"
MEDIA = "media"

_MOST_BYTES = 150_000_000
"""Maximum bytes of a request file; OpenAI's batch API accepts 200 MB."""
_MOST_REQUESTS = 50_000
"""Maximum requests per file of that API."""

_SHARED = 32
"""Number of media whose conversion is kept for the next items: siblings share theirs."""


@dataclass(frozen=True)
class Exported:
    """The result of an export."""

    n_items: int
    files: tuple[str, ...]
    """The names of the JSON lines files."""
    failed: tuple[tuple[str, str], ...]
    """Items that could not be written -> the reason."""


@dataclass(frozen=True)
class Request:
    """How a batch API should answer."""

    model: str
    max_new_tokens: int
    sampling: Sampling

    def line(self, item_id: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
        """A line of OpenAI's batch API."""
        settings = {**self.sampling.settings(), "max_tokens": self.max_new_tokens}
        body = {"model": self.model, "messages": messages, **settings}
        return {"custom_id": item_id, "method": "POST", "url": "/v1/chat/completions", "body": body}


def export(
    dataset: str | Path,
    out: str | Path,
    *,
    prompt: Prompt | None = None,
    request: Request | None = None,
    limit: int | None = None,
    media_as_files: bool = False,
    overwrite: bool = False,
    most_bytes: int = _MOST_BYTES,
    progress: Steps = lambda done, total: None,
) -> Exported:
    """Write the prompts of a dataset to a folder `out`.

    request: for lines of OpenAI's batch API; None writes `messages` only. limit: only so many items, spread over
    groups and absences. media_as_files: store media in `media/` and refer to them by name; not available for
    a batch API. most_bytes: maximum size of a file. progress: called with (items done, total items).
    Raises `ArtifactError` if `out` exists and `overwrite` is not set, and `ValueError` as `run` does.
    """
    if media_as_files and request is not None:
        raise ValueError("a batch API reads no files beside its lines: expected media in the lines")
    prompt = prompt or Prompt()
    folder = DatasetFolder(dataset)
    chosen = stratified([(row.group, row.absence) for row in folder.rows], limit)
    rows = siblings_together([folder.rows[index] for index in chosen])
    failed: list[tuple[str, str]] = []

    def lines(target: Path) -> Iterator[bytes]:
        writer = _with_files(prompt, target) if media_as_files else ChatMessages(prompt)
        for number, item in enumerate(folder.items(rows), start=1):
            progress(number, len(rows))
            if isinstance(item, ItemError):
                failed.append((item.item_id, item.message))
                continue
            try:
                messages = writer.of(item)
            except ValueError as error:
                failed.append((item.augmented_id, str(error)))
                continue
            plain = {"augmented_id": item.augmented_id, "messages": messages}
            line = plain if request is None else request.line(item.augmented_id, messages)
            yield json.dumps(line).encode() + b"\n"

    with whole_folder(Path(out), overwrite=overwrite, inputs=[Path(dataset)]) as target:
        name = "messages" if request is None else "requests"
        files = _write(target, name, lines(target), most_bytes)
        done = Exported(len(rows) - len(failed), tuple(files), tuple(failed))
        manifest = _manifest(dataset, prompt, request, limit, done)
        (target / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return done


def _write(target: Path, name: str, lines: Iterator[bytes], most_bytes: int) -> list[str]:
    """Write lines to files of at most so many bytes each (a longer single line excepted); return their names."""
    files: list[str] = []
    size, count, file = 0, 0, None
    try:
        for line in lines:
            if file is None or size + len(line) > most_bytes or count == _MOST_REQUESTS:
                if file is not None:
                    file.close()
                files.append(f"{name}-{len(files) + 1:03d}.jsonl")
                file, size, count = (target / files[-1]).open("wb"), 0, 0
            file.write(line)
            size, count = size + len(line), count + 1
    finally:
        if file is not None:
            file.close()
    return files


def _with_files(prompt: Prompt, target: Path) -> ChatMessages:
    """Writes media into `media/`, each once, named by content digest."""
    (target / MEDIA).mkdir()

    def keep(content: bytes, ending: str) -> str:
        name = f"{MEDIA}/{hashlib.sha256(content).hexdigest()[:32]}.{ending}"
        if not (target / name).exists():
            (target / name).write_bytes(content)
        return name

    @lru_cache(_SHARED)
    def picture(media: Media) -> dict[str, Any]:
        head, _, data = picture_part(media)["image_url"]["url"].partition(";base64,")
        ending = head.rpartition("/")[2].replace("jpeg", "jpg")
        return {"type": "image_url", "image_url": {"url": keep(base64.b64decode(data), ending)}}

    @lru_cache(_SHARED)
    def clip(media: Media) -> dict[str, Any]:
        return {"type": "audio_url", "audio_url": {"url": keep(clip_wav(media), "wav")}}

    return ChatMessages(prompt, picture, clip)


def _manifest(
    dataset: str | Path, prompt: Prompt, request: Request | None, limit: int | None, done: Exported
) -> dict[str, Any]:
    return {
        "dataset": {"fingerprint": dataset_fingerprint(dataset)},
        **prompt.describe(),
        "request": None if request is None else asdict(request),
        "limit": limit,
        "omni-persona": version("omni-persona"),
        **asdict(done),
    }
