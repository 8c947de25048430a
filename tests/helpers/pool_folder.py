"""A pool of made-up people on disk, small and quick to make, whose lines a test may break."""

import json
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
        self.lines = [self._person(index) for index in range(people)]
        self.save()

    @property
    def file(self) -> Path:
        return self.folder / "personas.jsonl"

    def save(self) -> None:
        self.file.write_text("".join(json.dumps(line) + "\n" for line in self.lines), encoding="utf-8")

    def _person(self, index: int) -> dict:
        rng = np.random.default_rng(index)
        media = self.folder / "media" / f"p{index}"
        media.mkdir(parents=True)
        letters = chr(ord("b") + index)
        profile = {
            field: f"{letters}o{field[:3].lower()}{field[-1].lower()}x {letters}u{field[:4].lower()}k"
            for field in FIELDS
        }
        images, audios = [], []
        face = rng.integers(0, 255, (8, 8, 3))
        for number in range(4):
            noisy = np.clip(face + rng.integers(-20, 20, face.shape), 0, 255).astype("uint8")
            Image.fromarray(noisy).resize((64, 64)).save(media / f"i{number}.png")
            images.append({"path": f"media/p{index}/i{number}.png", "role": "reference" if number < 2 else "query"})
            seconds = np.arange(8000 * 2) / 8000
            # A pitch that wanders, so that no clip is a near copy of another one.
            wander = np.repeat(rng.normal(1, 0.02, 20), len(seconds) // 20)
            wave = np.sin(2 * np.pi * (110 + 15 * index) * np.cumsum(wander) / 8000) + rng.normal(
                0, 0.05, seconds.shape
            )
            soundfile.write(media / f"a{number}.wav", wave / 2, 8000)
            said = profile["topic"] if number == 0 else profile["quote"] if number == 1 else f"{letters}ee vv{number}ww"
            audios.append(
                {
                    "path": f"media/p{index}/a{number}.wav",
                    "role": "reference" if number < 2 else "query",
                    "emotion": "neutral",
                    "transcript": f"Zzq {said}.",
                }
            )
        return {
            "persona_id": f"p{index}",
            "name": f"Nn{letters} Mm{letters}",
            "gender": ("female", "male")[index % 2],
            "profile": profile,
            "images": images,
            "audios": audios,
        }
