"""A pool of made-up people, small and quick, whose lines a test may break."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
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
            wave = np.sin(2 * np.pi * (110 + 15 * index) * seconds) + rng.normal(0, 0.05, seconds.shape)
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


@pytest.fixture
def pool(tmp_path):
    return PoolFolder(tmp_path / "pool")


@pytest.fixture(scope="session")
def shared_pool(tmp_path_factory):
    """The same pool for tests that only read it."""
    return PoolFolder(tmp_path_factory.mktemp("shared") / "pool")


@pytest.fixture(scope="session")
def built(shared_pool, tmp_path_factory):
    """A dataset built from it by the recipe `tiny`."""
    from omni_persona_build.build import build
    from omni_persona_build.recipe import load_recipe

    out = tmp_path_factory.mktemp("built") / "omni-persona"
    build(shared_pool.folder, load_recipe("tiny"), out)
    return out


@pytest.fixture(scope="session")
def fake():
    """The module `fake_model` beside this file."""
    spec = importlib.util.spec_from_file_location("fake_model", Path(__file__).with_name("fake_model.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["fake_model"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def refined(pool, tmp_path, monkeypatch):
    """Refine the pool with a served model; a second call goes on with the replies of the first."""
    from omni_persona_build.refine.client import ChatClient
    from omni_persona_build.refine.refine import refine

    monkeypatch.setenv("REFINE_KEY", "sk-very-secret")

    def call(model, out="refined", *, name="fake/one", **options):
        settings = {key: options.pop(key) for key in ("attempts", "timeout", "give_up_after") if key in options}
        client = ChatClient(model.url, name, api_key_env="REFINE_KEY", first_wait=0.01, **settings)
        return refine(pool.folder, tmp_path / out, client, cache=tmp_path / "cache.jsonl", **options)

    return call
