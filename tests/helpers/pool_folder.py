"""A pool of made-up people on disk, small and quick to make, whose lines a test may break."""

import io
import json
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

FIELDS = [
    "hobby",
    "major",
    "affiliation",
    "role",
    "interest",
    "topic",
    "quote",
    "location",
    "environment",
    "emotion",
    "appearance",
    "clothing",
    "hairstyle",
    "travel_experience",
    "food_preference",
    "life_event",
    "MBTI",
]


class PoolFolder:
    """A pool on disk. `lines` may be changed and written back with `save`."""

    def __init__(self, folder: Path, people: int = 12) -> None:
        self.folder = folder
        self.lines = []
        for index in range(people):
            line, media = _person(index)
            (folder / "media" / f"p{index}").mkdir(parents=True)
            for path, data in media.items():
                (folder / path).write_bytes(data)
            self.lines.append(json.loads(line))
        self.save()

    @property
    def file(self) -> Path:
        return self.folder / "personas.jsonl"

    def save(self) -> None:
        self.file.write_text("".join(json.dumps(line) + "\n" for line in self.lines), encoding="utf-8")


@cache
def _person(index: int) -> tuple[str, dict[str, bytes]]:
    """A line of the pool, and the media that it names: path -> content. Many tests ask for the same people."""
    rng = np.random.default_rng(index)
    media: dict[str, bytes] = {}
    letters = chr(ord("b") + index)
    profile = {
        field: f"{letters}o{field[:3].lower()}{field[-1].lower()}x {letters}u{field[:4].lower()}k" for field in FIELDS
    }
    images, audios = [], []
    face = np.kron(rng.integers(0, 255, (8, 8, 3)), np.ones((6, 6, 1)))
    for number in range(4):
        # Nobody is known by what is around the face, nor by the grain of a picture.
        pixels = np.ones((64, 64, 1)) * rng.integers(30, 225, 3)
        pixels[8:56, 8:56] = face
        noisy = pixels + rng.normal(0, rng.uniform(30, 60), pixels.shape)
        path, stored = f"media/p{index}/i{number}.png", io.BytesIO()
        Image.fromarray(np.clip(noisy, 0, 255).astype("uint8")).save(stored, "PNG")
        media[path] = stored.getvalue()
        images.append({"path": path, "role": "reference" if number < 2 else "query"})
        seconds = np.arange(8000 * 2) / 8000
        # A pitch that wanders, so that no clip is a near copy of another one. Nobody is known by how loud a clip
        # is, nor by its noise.
        wander = np.repeat(rng.normal(1, 0.02, 20), len(seconds) // 20)
        noise = rng.normal(0, 10 ** rng.uniform(-2.5, -1.5), seconds.shape)
        phase = np.cumsum(wander) / 8000
        wave = np.sin(2 * np.pi * (110 + 15 * index) * phase) * (seconds < 1.7) + noise
        path, stored = f"media/p{index}/a{number}.wav", io.BytesIO()
        soundfile.write(stored, wave * rng.uniform(0.3, 0.8), 8000, format="WAV")
        media[path] = stored.getvalue()
        said = profile["topic"] if number == 0 else profile["quote"] if number == 1 else f"{letters}ee vv{number}ww"
        audios.append(
            {
                "path": path,
                "role": "reference" if number < 2 else "query",
                "emotion": "neutral",
                "transcript": f"Zzq {said}.",
            }
        )
    line = {
        "persona_id": f"p{index}",
        "name": f"Nn{letters} Mm{letters}",
        "gender": ("female", "male")[index % 2],
        "profile": profile,
        "images": images,
        "audios": audios,
    }
    return json.dumps(line), media
