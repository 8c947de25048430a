"""Writes a pool of invented people: `personas.jsonl` and, for each person, four pictures and four clips."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from omni_persona_artifacts.folders import whole_folder
from omni_persona_people.invent.people import Person, draw_people
from omni_persona_people.invent.pictures import render
from omni_persona_people.invent.scripts import Script
from omni_persona_people.invent.speech import LONGEST, RATE, SHORTEST, SpeechError, encode, speak
from omni_persona_people.invent.voices import Speaker

Job = tuple[Path, str, Person]
"""The pool's folder, a persona id, and the person."""

# Below this many people, starting processes takes longer than they save.
_FEWEST_FOR_PROCESSES = 48

# Windows waits for no more than 61 processes at once.
_MOST_PROCESSES = 60

_AT_A_TIME = 8
"""People a process gets at once."""


def generate_pool(
    out: Path,
    personas: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    workers: int | None = None,
    overwrite: bool = False,
) -> Path:
    """Invents `personas` people and writes them as a pool; the folder appears whole or not at all.

    Half of the people are women (one more than men where the number is odd). Equal arguments give equal
    bytes, and a smaller pool of the same seed holds the first people of a larger one (under shorter ids past
    10,000 people). People of different seeds have different ids; those of seed 0, which ship with the package, are
    called `p0000` and so on.

    Args:
        out: the folder to write; missing parents are made.
        personas: how many people, at least 1.
        seed: of all chance, at least 0.
        overwrite: replace `out` where it holds nothing but a pool that was made by this function.
        progress: called with (people written, people in all) after each person.
        workers: processes that draw and speak; None takes one for each processor from 48 people on. They are
            started afresh, so that a script must call this below `if __name__ == "__main__":`.

    Returns:
        `out`.

    Raises:
        ArtifactError: `out` exists, or cannot be written.
        ValueError: `personas`, `seed` or `workers` is out of range.
        SpeechError: the speech synthesiser does not work on this machine.
    """
    for name, value, least in (("personas", personas, 1), ("seed", seed, 0), ("workers", workers, 1)):
        if value is not None and value < least:
            raise ValueError(f"expected {name} of at least {least}, got {value}")
    with whole_folder(out, overwrite=overwrite) as folder:
        width = max(4, len(str(personas - 1)))
        people = enumerate(islice(draw_people(seed), personas))
        prefix = f"s{seed}p" if seed else "p"
        jobs = ((folder, f"{prefix}{index:0{width}}", person) for index, person in people)
        with (folder / "personas.jsonl").open("w", encoding="utf-8", newline="\n") as lines:
            for done, line in enumerate(_each(jobs, personas, workers), start=1):
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
                if progress:
                    progress(done, personas)
    return out


def _each(jobs: Iterable[Job], count: int, workers: int | None) -> Iterator[dict[str, Any]]:
    """Does the jobs, in order of the results, in this process or in several."""
    workers = workers or (_processors() if count >= _FEWEST_FOR_PROCESSES else 1)
    if workers == 1:
        yield from map(_write_person, jobs)
        return
    # Fresh processes, not forked ones: a fork of a process that runs threads (torch, pyarrow) may hang.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=fresh, initializer=_end_with_parent) as processes:
        try:
            # In batches, because `map` submits all that it is given, and ten thousand people at once take memory.
            while batch := list(islice(jobs, workers * _AT_A_TIME * 8)):
                yield from processes.map(_write_person, batch, chunksize=_AT_A_TIME)
        except BaseException:
            processes.shutdown(wait=False, cancel_futures=True)
            raise


def _end_with_parent() -> None:
    """Let this worker end when the process that started it does, also where that is killed."""
    parent = multiprocessing.parent_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _processors() -> int:
    # A container may own fewer processors than the machine has.
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(own, _MOST_PROCESSES)


def _write_person(job: Job) -> dict[str, Any]:
    """Makes the media of a person, writes them below the pool's folder and returns the person's line."""
    folder, persona_id, person = job
    media = Path("media") / persona_id
    (folder / media).mkdir(parents=True)
    images, audios = [], []
    for number, shot in enumerate(person.shots):
        path = media / f"image_{number}.png"
        (folder / path).write_bytes(render(person.face, shot))
        images.append({"path": path.as_posix(), "role": "reference" if number < 2 else "query"})
    for number, script in enumerate(person.scripts):
        path = media / f"audio_{number}.flac"
        transcript, flac = _perform(script, person.speaker)
        (folder / path).write_bytes(flac)
        about = {"role": script.role, "emotion": "neutral", "transcript": transcript}
        audios.append({"path": path.as_posix(), **about})
    return {
        "persona_id": persona_id,
        "name": person.name,
        "gender": person.gender,
        "profile": person.profile,
        "images": images,
        "audios": audios,
    }


def _perform(script: Script, speaker: Speaker) -> tuple[str, bytes]:
    """Speaks a script, with its afterthought only if need be: the transcript and the clip."""
    for text in (script.text, f"{script.text} {script.afterthought}"):
        samples = speak(text, speaker)
        if SHORTEST <= len(samples) / RATE <= LONGEST:
            return text, encode(samples)
    got = f"{len(samples) / RATE:.1f} s of {speaker}: {text!r}"
    raise SpeechError(f"expected {SHORTEST} to {LONGEST} s of speech, got {got}")
