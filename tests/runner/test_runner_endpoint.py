"""Requests to an OpenAI-compatible endpoint: their content, settings and secrets."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace

import pytest
from scripted_server import KEY, answered, completion, error, model_at, serving

from omni_persona import Media
from omni_persona_runner.endpoint import EndpointModel
from omni_persona_runner.model import Answer, LoadError
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.run_loop import run


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


# ---- what is sent


def test_an_item_travels_as_the_api_has_it(items, said):
    with serving(answered) as server:
        (answer,) = said(model_at(server, max_new_tokens=99), items[:1])
    assert replace(answer, seconds=0) == Answer(items[0].augmented_id, "a nurse", 11, 3, 0, "stop")
    (body,) = server.requests
    assert {key: body[key] for key in ("model", "temperature", "max_tokens")} == {
        "model": "tiny",
        "temperature": 0,
        "max_tokens": 99,
    }
    system, user = body["messages"]
    assert system == {"role": "system", "content": Prompt().rules}
    kinds = [part["type"] for part in user["content"]]
    # A text from one medium to the next: what servers do between two texts is theirs to say.
    assert kinds == ["text", "image_url", "input_audio"] * 4 + ["text", "image_url", "text"]
    pictures = [part["image_url"]["url"] for part in user["content"] if part["type"] == "image_url"]
    shown = [*(context.image for context in items[0].contexts), items[0].query_image]
    assert [base64.b64decode(url.removeprefix("data:image/png;base64,")) for url in pictures] == [m.data for m in shown]
    for part in user["content"]:
        if part["type"] == "input_audio":
            assert part["input_audio"]["format"] == "wav"
            assert base64.b64decode(part["input_audio"]["data"])[:4] == b"RIFF"
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_what_the_prompt_leaves_out_is_not_sent(items, said):
    with serving(answered) as server:
        said(model_at(server, prompt=Prompt(rules="Be brief.", without=frozenset({"image", "text"}))), items[:1])
    system, user = server.requests[0]["messages"]
    assert system["content"] == "Be brief."
    assert "image_url" not in {part["type"] for part in user["content"]}
    assert not any("bees" in part.get("text", "") for part in user["content"])


def test_a_server_that_insists_on_the_newer_name_of_the_limit_gets_it(items, said):
    def script(_, before):
        return (
            completion() if before else error(400, "Unsupported parameter 'max_tokens': use 'max_completion_tokens'.")
        )

    with serving(script) as server:
        answers = said(model_at(server, concurrency=1), items[:1])
        server.script = answered
        answers += said(model_at(server), items[1:2])
    assert [answer.text for answer in answers] == ["a nurse", "a nurse"]
    assert ["max_completion_tokens" in body for body in server.requests] == [False, True, False]


def test_without_a_key_the_error_says_where_to_put_one(items, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with serving(lambda *_: error(401)) as server, pytest.raises(LoadError, match=r"\(set MY_KEY\)"):
        list(model_at(server, api_key_env="MY_KEY").answer(items))


def test_a_medium_that_cannot_be_used_fails_its_item_alone(items, said):
    first, *others = items[0].contexts
    torn = replace(items[0], contexts=(replace(first, audio=Media(b"no clip", "torn.wav")), *others))
    with serving(answered) as server:
        failed, answer = said(model_at(server), [torn, items[1]])
    assert "torn.wav" in failed.message
    assert answer.text == "a nurse"
    assert len(server.requests) == 1


# ---- what is written down


def test_no_key_reaches_the_run_folder(dataset, tmp_path):
    with serving(lambda *_: error(400, f"bad request by {KEY}")) as server:
        url = server.url.replace("http://", "http://user:pass-word@") + "?token=in-the-query"
        model = EndpointModel(url, "tiny", first_wait=0.01)
        run(model, dataset, tmp_path / "run", limit=2)
    for file in (tmp_path / "run").iterdir():
        content = file.read_text()
        assert not [secret for secret in (KEY, "pass-word", "in-the-query") if secret in content]
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    assert manifest["model"] == {"name": "tiny", "endpoint": server.url}
    assert manifest["generation"] == {"max_new_tokens": 256, "temperature": 0}
    assert manifest["prompt"]["hash"] == Prompt().hash()


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host/v1", "http://", "nonsense"])
def test_an_address_that_is_none_is_an_error(url):
    with pytest.raises(ValueError, match="expected an endpoint such as http://localhost:8000/v1, got"):
        EndpointModel(url, "tiny")


@pytest.mark.parametrize("wrong", [{"concurrency": 0}, {"max_new_tokens": 0}, {"attempts": 0}], ids=str)
def test_impossible_settings_are_errors(wrong):
    with pytest.raises(ValueError, match="at least 1"):
        EndpointModel("http://localhost/v1", "tiny", **wrong)


def test_items_are_answered_where_an_event_loop_runs(items):
    async def notebook(model):
        return [outcome.text for outcome in model.answer(items)]

    with serving(answered) as server:
        assert asyncio.run(notebook(model_at(server))) == ["a nurse"] * len(items)


def test_no_secret_reaches_the_run_folder_or_an_error(dataset, tmp_path):
    """A server that echoes headers and address, in answers and in errors, and an address that holds secrets."""

    def script(asked, before):
        echo = json.dumps(server.headers[-1])
        return completion(echo) if "person 0 " in asked else error(400, echo)

    with serving(script) as server:
        url = server.url.replace("//", "//me:secretword@") + "?api_key=letmein-12345"
        summary = run(EndpointModel(url, "tiny", concurrency=1), dataset, tmp_path / "run", limit=4)
        assert (summary.n_done, summary.n_failed) == (1, 3)
        server.script = lambda *_: error(401, json.dumps(server.headers[-1]))
        with pytest.raises(LoadError) as caught:
            run(EndpointModel(url, "tiny"), dataset, tmp_path / "run")
    everything = str(caught.value) + "".join(
        file.read_text() for file in (tmp_path / "run").iterdir() if file.is_file()
    )
    for secret in (KEY, "secretword", "letmein-12345", base64.b64encode(b"me:secretword").decode()):
        assert secret not in everything
