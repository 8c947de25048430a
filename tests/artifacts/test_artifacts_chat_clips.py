"""Clips in requests, by dialect, and what a server refuses."""

from __future__ import annotations

import pytest
from chat_askers import (
    KEY,
    by_runner,
    everybody,
)
from faulty_server import error, serving, stream

from omni_persona_artifacts.chat import form_of


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


# ---- servers differ


def refusing(*names):
    """Refuses each of some settings, one at a time, as OpenAI does."""

    def script(number, body):
        for name in names:
            if name in body:
                return error(400, f"Unsupported parameter: '{name}' is not supported with this model.", param=name)
        return None

    return script


@everybody
@pytest.mark.parametrize("names", [("temperature",), ("max_tokens",), ("temperature", "max_tokens")], ids="+".join)
def test_what_a_server_refuses_is_left_out_for_all_requests_under_way(ask, names):
    with serving(refusing(*names)) as server:
        assert ask(server.url, range(24), concurrency=8) == ["CORRECT"] * 24
    # Those under way at first are refused, and no other.
    assert len(server.requests) <= 24 + 8 * len(names)
    last = server.requests[-1]
    assert not set(names) & set(last)
    assert ("max_completion_tokens" in last) == ("max_tokens" in names)


def clips(body):
    parts = [
        part for message in body["messages"] if isinstance(message["content"], list) for part in message["content"]
    ]
    return [part for part in parts if "audio" in part["type"]]


def test_clips_are_written_as_the_dialect_says():
    for dialect in ("openai", "audio_url", "data-uri"):
        with serving() as server:
            assert by_runner(server.url, [0], dialects=[dialect]) == ["CORRECT"]
        first, second = clips(server.requests[0])
        assert first == second
        if dialect == "audio_url":
            assert first["type"] == "audio_url"
            assert first["audio_url"]["url"].startswith("data:audio/wav;base64,UklGR")
        else:
            data = first["input_audio"]["data"]
            assert data.startswith("UklGR" if dialect == "openai" else "data:audio/wav;base64,UklGR")


@pytest.mark.parametrize("taken", ["audio_url", "data-uri"])
def test_a_server_that_takes_no_input_audio_is_given_another_form_of_clips(taken):
    def script(number, body):
        (clip, _) = clips(body)
        is_url = clip["type"] == "audio_url"
        is_uri = not is_url and clip["input_audio"]["data"].startswith("data:")
        if (taken == "audio_url" and is_url) or (taken == "data-uri" and is_uri):
            return None
        return error(400, f"Invalid value: '{clip['type']}'. The audio is not as supported.", param="messages[1]")

    with serving(script) as server:
        assert by_runner(server.url, range(24), concurrency=8) == ["CORRECT"] * 24
    assert len(server.requests) <= 24 + 16


def test_a_server_that_hears_nothing_fails_items_and_keeps_its_form():
    with serving(lambda number, body: error(400, "this model takes no audio") if clips(body) else None) as server:
        assert set(by_runner(server.url, range(3), concurrency=1)) == {
            "failed: the server replied 400: this model takes no audio"
        }
    assert len(server.requests) == 9


def test_replies_come_in_parts_by_dialect_or_where_a_server_insists():
    events = [{"choices": [{"delta": {"content": "CORRECT"}, "finish_reason": "stop"}]}]

    def script(number, body):
        return stream(*events) if body.get("stream") else error(400, "This model only supports stream mode.")

    with serving(script) as server:
        assert by_runner(server.url, range(8), dialects=["stream"]) == ["CORRECT"] * 8
        assert by_runner(server.url, range(8), concurrency=1) == ["CORRECT"] * 8
    assert len(server.requests) == 17
    assert server.requests[0]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(("dialects", "reason"), [(["mp3"], "among openai"), (["audio_url", "data-uri"], "one way")])
def test_dialects_are_known_and_one_for_clips(dialects, reason):
    with pytest.raises(ValueError, match=reason):
        form_of(dialects)
