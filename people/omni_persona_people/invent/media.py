"""Make the pictures and clips of a person and write them to a pool's folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from omni_persona_people.espeak import SpeechError
from omni_persona_people.invent import pictures, speech
from omni_persona_people.invent.looks import Shot
from omni_persona_people.invent.people import Person
from omni_persona_people.invent.scripts import Script
from omni_persona_people.invent.speech import LONGEST, RATE, SHORTEST
from omni_persona_people.invent.voices import Speaker
from omni_persona_people.natural.speakers import NaturalSpeaker
from omni_persona_people.rendered.looks import Identity
from omni_persona_people.rendered.makehuman import MakeHuman
from omni_persona_people.rendered.shots import Shot as RenderedShot

CLOSING = "So there you are, more or less."
"""Spoken if a clip is too short even with the afterthought; none of its words can occur in a fact."""


@dataclass(frozen=True)
class Job:
    """A person whose media are to be made."""

    folder: Path
    """The pool's folder."""
    persona_id: str
    person: Person
    makehuman: Path | None = None
    """MakeHuman's data, for rendered faces."""


@dataclass(frozen=True)
class Made:
    """The result of a job."""

    line: dict[str, Any]
    """The line for `personas.jsonl`."""
    parameters: dict[str, Any]
    """The line for `parameters.jsonl`: all parameters of the pictures and clips."""


def make(job: Job) -> Made:
    """Make the media of a person and write them to the pool's folder."""
    media = Path("media") / job.persona_id
    (job.folder / media).mkdir(parents=True, exist_ok=True)
    images, audios, person = [], [], job.person
    shots: Sequence[Shot | RenderedShot] = person.shots
    for number, shot in enumerate(shots):
        path = write_picture(job, number, shot)
        images.append({"path": path.as_posix(), "role": "reference" if number < 2 else "query"})
    for number, script in enumerate(person.scripts):
        transcript, data, suffix = _clip(script, person.speaker)
        path = media / f"audio_{number}.{suffix}"
        (job.folder / path).write_bytes(data)
        about = {"role": script.role, "emotion": _shown(script, person.speaker), "transcript": transcript}
        audios.append({"path": path.as_posix(), **about})
    line = {
        "persona_id": job.persona_id,
        "name": person.name,
        "gender": person.gender,
        "profile": person.profile,
        "images": images,
        "audios": audios,
    }
    parameters = {
        "persona_id": job.persona_id,
        "face": asdict(person.face),
        "pictures": [asdict(shot) for shot in person.shots],
        "speaker": asdict(person.speaker),
        "clips": [asdict(script) for script in person.scripts],
    }
    return Made(line, parameters)


def write_picture(job: Job, number: int, shot: Shot | RenderedShot) -> Path:
    """Draw or render a person's picture and write it; its path in the pool's folder."""
    data, suffix = _picture(job.person.face, shot, job.makehuman)
    path = Path("media") / job.persona_id / f"image_{number}.{suffix}"
    (job.folder / path).write_bytes(data)
    return path


def _shown(script: Script, speaker: Speaker | NaturalSpeaker) -> str:
    """How a mood changes a clip with a natural voice: its pace, pitch and loudness."""
    return script.mood if isinstance(speaker, NaturalSpeaker) else "neutral"


@cache
def _human(folder: Path) -> MakeHuman:
    return MakeHuman(folder)


def _picture(face: Any, shot: Any, makehuman: Path | None) -> tuple[bytes, str]:
    """A picture and its file suffix."""
    if not isinstance(face, Identity):
        return pictures.render(face, shot), "png"
    from omni_persona_people.rendered.render import render

    if makehuman is None:
        raise ValueError("rendered faces need MakeHuman's data")
    return render(face, shot, _human(makehuman)), "jpg"


def _clip(script: Script, speaker: Speaker | NaturalSpeaker) -> tuple[str, bytes, str]:
    """The spoken text, the clip, and its file suffix; afterthought and closing are added if it is too short."""
    longer = f"{script.text} {script.afterthought}"
    for text in (script.text, longer, f"{longer} {CLOSING}"):
        samples = _spoken(text, script, speaker)
        if SHORTEST <= len(samples) / RATE <= LONGEST:
            if isinstance(speaker, Speaker):
                return text, speech.encode(samples), "flac"
            from omni_persona_people.natural.opus import encode_opus

            return text, encode_opus(samples, RATE), "ogg"
    got = f"{len(samples) / RATE:.1f} s of {speaker}: {text!r}"
    raise SpeechError(f"expected {SHORTEST} to {LONGEST} s of speech, got {got}")


def _spoken(text: str, script: Script, speaker: Speaker | NaturalSpeaker) -> Any:
    if isinstance(speaker, Speaker):
        return speech.speak(text, speaker)
    from omni_persona_people.natural import conditions, kokoro

    return conditions.recorded(kokoro.speak(text, speaker, script.mood), RATE, script.conditions)
