"""A served model for refining, and refining with it."""

import itertools

import fake_model
import pytest
from invented import SIZE, read_lines
from once import made_once

from omni_persona_people.invent import generate_pool
from omni_persona_people.invent.people import draw_people


@pytest.fixture(scope="session")
def fake():
    """The module `fake_model`: a served model that a test scripts."""
    return fake_model


@pytest.fixture
def refined(pool, tmp_path, monkeypatch):
    """Refine the pool with a served model; a second call goes on with the replies of the first."""
    from omni_persona_people.refine.client import ChatClient
    from omni_persona_people.refine.refine import refine

    monkeypatch.setenv("REFINE_KEY", "sk-very-secret")

    def call(model, out="refined", *, name="fake/one", **options):
        settings = {key: options.pop(key) for key in ("attempts", "timeout", "give_up_after") if key in options}
        client = ChatClient(model.url, name, api_key_env="REFINE_KEY", first_wait=0.01, **settings)
        return refine(pool.folder, tmp_path / out, client, cache=tmp_path / "cache.jsonl", **options)

    return call


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Lines of a pool, with the full paths of their media."""
    folder = made_once(tmp_path_factory, "invented", lambda out: generate_pool(out, personas=SIZE, seed=0))
    lines = read_lines(folder)
    for medium in (medium for person in lines for medium in person["images"] + person["audios"]):
        medium["path"] = folder / medium["path"]
    return lines


@pytest.fixture(scope="module")
def drawn():
    return list(itertools.islice(draw_people(0), SIZE))
