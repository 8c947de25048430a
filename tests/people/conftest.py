"""A served model for refining, and refining with it."""

import fake_model
import pytest


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
