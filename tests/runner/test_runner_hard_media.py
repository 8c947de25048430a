"""A picture of 40 megapixels, a clip of ten minutes and one without a sample, through every path to an answer."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import soundfile
from PIL import Image

from omni_persona import Media
from omni_persona_runner.baselines import load_baseline
from omni_persona_runner.endpoint import EndpointModel
from omni_persona_runner.model import Answer, ModelError
from omni_persona_runner.transformers_model import TransformersModel

pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")

FAMILIES = ("qwen3_omni", "gemma3n", "gemma4", "phi4")
LONGEST = {"qwen2_5_omni": 300, "gemma3n": 30, "gemma4": 30, "phi4": 40}
"""Seconds of a clip that a family takes; the others have no limit."""


@cache
def _picture():
    buffer = io.BytesIO()
    Image.new("L", (8_000, 5_000), 128).save(buffer, "PNG")
    return Media(buffer.getvalue(), "large.png")


@cache
def _clip(seconds):
    buffer = io.BytesIO()
    tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(seconds * 8_000) / 8_000)
    soundfile.write(buffer, tone, 8_000, format="WAV")
    return Media(buffer.getvalue(), f"{seconds}.wav")


def _served(request):
    """An endpoint that answers whatever it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            choice = {"index": 0, "message": {"role": "assistant", "content": "a nurse"}, "finish_reason": "stop"}
            reply = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
            data = json.dumps(reply).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()

    def stop():
        http.shutdown()
        http.server_close()
        thread.join()

    request.addfinalizer(stop)
    return EndpointModel(f"http://127.0.0.1:{http.server_port}/v1", "m", attempts=1)


def _slow(family):
    return pytest.param(family, marks=pytest.mark.slow)


PATHS = ("baseline", "endpoint", "qwen2_5_omni", *map(_slow, FAMILIES))


@pytest.fixture(scope="module", params=PATHS)
def path(request):
    return request.param


@pytest.fixture(scope="module")
def model(request, path, checkpoint, tiny_families, require_extra, tmp_path_factory):
    if path == "baseline":
        return load_baseline("baseline:nearest")
    if path == "endpoint":
        return _served(request)
    folder = checkpoint
    if path in FAMILIES:
        require_extra("timm")
        require_extra("peft")
        folder = tiny_families.save(path, tmp_path_factory.mktemp("models") / path)
    return TransformersModel(folder, batch_size=2, max_new_tokens=8, dtype="float32")


def test_a_picture_of_40_megapixels_is_shown(model, items, said):
    answers = said(model, [replace(items[0], query_image=_picture()), items[2]])
    assert [type(answer) for answer in answers] == [Answer, Answer]


@pytest.mark.parametrize("path", [_slow("baseline"), *PATHS[1:]], scope="module")
def test_a_clip_of_ten_minutes_is_heard_or_fails_alone(model, path, items, said):
    first, beside = said(model, [replace(items[1], query_audio=_clip(600)), items[2]])
    if path in LONGEST:
        assert isinstance(first, ModelError)
        assert first.message == f"clip of query (600 s, over the model's {LONGEST[path]} s)"
    else:
        assert isinstance(first, Answer)
    assert isinstance(beside, Answer)


# The tiny Gemma 3n has room for a few seconds alone.
@pytest.mark.parametrize("path", ["qwen2_5_omni", _slow("gemma4"), _slow("phi4")], scope="module")
def test_a_clip_as_long_as_a_family_takes_is_heard(model, path, items, said):
    (answer,) = said(model, [replace(items[1], query_audio=_clip(LONGEST[path]))])
    # Random weights may say nothing to what they heard.
    assert isinstance(answer, Answer) or answer.message.startswith("an empty answer of ")


def test_a_clip_without_a_sample_fails_alone(model, items, said):
    first, beside = said(model, [replace(items[1], query_audio=_clip(0)), items[2]])
    assert isinstance(first, ModelError)
    assert "the clip contains no samples" in first.message
    assert isinstance(beside, Answer)
