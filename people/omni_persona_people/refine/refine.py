"""Refine a pool: read it, let a model fill and word it, and write a new pool with every generated text marked."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from omni_persona_artifacts.chat import EventLoop
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import read_regular
from omni_persona_artifacts.folders import whole_folder
from omni_persona_artifacts.progress import Progress, silent
from omni_persona_people.errors import PoolError
from omni_persona_people.invent.parameters import FILE as PARAMETERS
from omni_persona_people.persona_line import PERSONAS, persona_file, read_line, read_lines
from omni_persona_people.pool import read_pool
from omni_persona_people.pool_questions import FILE as WORDING
from omni_persona_people.pool_questions import read_questions
from omni_persona_people.refine.cache import ReplyCache
from omni_persona_people.refine.client import ChatClient
from omni_persona_people.refine.draft import Draft, Refusal
from omni_persona_people.refine.exchange import Asker
from omni_persona_people.refine.profile import fill_profile
from omni_persona_people.refine.questions import PoolQuestions, QuestionWriter
from omni_persona_people.refine.statements import write_statements
from omni_persona_people.rules.wording import QUESTIONS

Part = Literal["profile", "notes", "questions"]
PARTS: tuple[Part, ...] = ("profile", "notes", "questions")
REPORT = "refine.json"
"""The report file, next to `personas.jsonl`."""


@dataclass(frozen=True)
class Refined:
    """The result of a refinement."""

    out: Path
    people: int
    model: str
    extracted: int
    """Profile fields found in dialogues or transcripts."""
    invented: int
    """Invented profile fields."""
    clauses: int
    """Clauses that state a field in a note."""
    questions: int
    """Questions that ask for a field."""
    refusals: tuple[Refusal, ...]
    """What was left unchanged, and why."""


def refine(
    pool: Path,
    out: Path,
    client: ChatClient,
    *,
    parts: Sequence[Part] = PARTS,
    cache: Path | None = None,
    concurrency: int = 8,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Refined:
    """Write a pool `out` that contains all of `pool` and what the model added. `pool` is not changed.

    parts: what to add. cache: a file of the model's replies, by default `default_cache(out)`; cached questions are not
    sent again. concurrency: the number of people, and of requests, in progress at a time. Raises `PoolError` if the
    pool is broken or the endpoint cannot be used; `out` is then unchanged.
    """
    with whole_folder(out, overwrite=overwrite, inputs=[pool]) as folder:
        people = read_pool(pool, partial(progress, "reading people"), comparing=partial(progress, "comparing pictures"))
        questions = PoolQuestions.of(read_questions(pool, people))
        file = persona_file(pool)
        drafts = [Draft.of(line, f"{file}:{number}") for number, line in enumerate(read_lines(file), start=1)]
        asker = Asker(client, ReplyCache(cache or default_cache(out), client.model))
        client.resume(asker.cache.size)
        with EventLoop() as loop:
            loop.run(_ask(drafts, questions, asker, parts, concurrency, progress))
        refined = _summary(out, drafts, questions, client.model)
        _write(folder, pool, drafts, questions, refined)
    return refined


def default_cache(out: Path) -> Path:
    """The default cache file: next to `out`, so that it survives when an unfinished `out` is removed."""
    return out.with_name(f".{out.name}-refine-cache.jsonl")


async def _ask(
    drafts: Sequence[Draft],
    questions: PoolQuestions,
    asker: Asker,
    parts: Sequence[Part],
    concurrency: int,
    progress: Progress,
) -> None:
    async with asker.client:
        if "profile" in parts:
            await _all("filling profiles", [fill_profile(one, asker) for one in drafts], concurrency, progress)
        if "notes" in parts:
            await _all("wording facts", [write_statements(one, asker) for one in drafts], concurrency, progress)
        writer = QuestionWriter(drafts, asker)
        writer.drop_leaks(questions)
        if "questions" in parts:
            missing = [asked for asked in QUESTIONS if asked not in questions.by_field]
            await _all("writing questions", [writer.write(one, questions) for one in missing], concurrency, progress)


async def _all(stage: str, work: Sequence[Coroutine[Any, Any, None]], concurrency: int, progress: Progress) -> None:
    """Run the jobs with limited concurrency; the first error cancels the rest."""
    places, done = asyncio.Semaphore(concurrency), 0
    progress(stage, done, len(work))

    async def one(part: Coroutine[Any, Any, None]) -> None:
        nonlocal done
        async with places:
            await part
        done += 1
        progress(stage, done, len(work))

    tasks = [asyncio.create_task(one(part)) for part in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        # After an error or Ctrl-C, no request is left running.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for part in work:
            part.close()


def _summary(out: Path, drafts: Sequence[Draft], questions: PoolQuestions, model: str) -> Refined:
    how: Counter[str] = Counter()
    clauses = 0
    for draft in drafts:
        for key, mark in draft.generated.items():
            if key.startswith("profile."):
                how[mark["how"]] += 1
            else:
                clauses += len(draft.statements[key.removeprefix("statements.")])
    return Refined(
        out,
        len(drafts),
        model,
        how["extracted"],
        how["invented"],
        clauses,
        sum(len(questions.by_field[asked]) for asked in questions.added),
        (
            *(refusal for draft in drafts for refusal in draft.refusals),
            *sorted(questions.refusals, key=lambda refusal: refusal.what),
        ),
    )


def _write(folder: Path, pool: Path, drafts: Sequence[Draft], questions: PoolQuestions, refined: Refined) -> None:
    lines = [draft.line(_bring_media(draft, pool.resolve(), folder)) for draft in drafts]
    for number, line in enumerate(lines, start=1):
        # Validate as every reader will, so that no invalid pool is left behind.
        read_line(line, f"{refined.out / PERSONAS}:{number}")
    (folder / PERSONAS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    if questions.by_field:
        (folder / WORDING).write_text(questions.file(), encoding="utf-8", newline="\n")
    # The pictures and clips are the same, and so is the record of how they were made.
    with suppress(FileNotFoundError, ArtifactError):
        (folder / PARAMETERS).write_bytes(read_regular(pool / PARAMETERS))
    report = asdict(refined)
    del report["out"]
    (folder / REPORT).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8", newline="\n")


def _bring_media(draft: Draft, pool: Path, folder: Path) -> dict[str, str]:
    """Link or copy a person's media into the refined pool. Returns each path and its new path."""
    places: dict[str, str] = {}
    paths = [image.path for image in draft.entry.images] + [audio.path for audio in draft.entry.audios]
    for path in paths:
        place = PurePosixPath(os.path.normpath(path))
        if ".." in place.parts:
            raise PoolError(f"{draft.entry.persona_id}: {path!r} leaves the pool on its way")
        target, source = folder / place, (pool / path).resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            try:
                os.link(source, target)
            except OSError:  # another file system, or one without links
                shutil.copyfile(source, target)
        places[path] = path if PurePosixPath(path) == place else str(place)
    return places
