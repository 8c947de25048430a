"""Items of one source sample at an endpoint: in turn, and their media encoded once."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from scripted_server import KEY, answered, completion, model_at, question, serving
from slow_cases import slow_but

from omni_persona_runner import chat_messages
from omni_persona_runner.run_loop import RunSummary, run


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def test_requests_are_bounded_and_overlap(make_item, said):
    meeting = threading.Barrier(3)  # a slow machine may take long to send the third

    def script(*_):
        meeting.wait(30)
        time.sleep(0.05)
        return completion()

    items = [make_item(index) for index in range(9)]
    with serving(script) as server:
        said(model_at(server, concurrency=3), items)
    assert server.most_at_once == 3


def test_siblings_are_sent_one_after_the_other(dataset, tmp_path):
    with serving(answered) as server:
        assert run(model_at(server, concurrency=1), dataset, tmp_path / "run") == RunSummary(16, 0, 0)
    assert [question(body) for body in server.requests] == [
        f"What does person {number} do for a living?" for number in range(16)
    ]


def siblings(make_item, n_samples):
    """Three items of each sample."""
    return [
        replace(make_item(index), augmented_id=f"{index}_{place}", query_text=f"question {place} of {index}")
        for index in range(n_samples)
        for place in range(3)
    ]


def test_siblings_are_never_on_the_way_together_and_samples_are(make_item, said):
    """A server has the prompt's beginning in its cache only once it has replied to one that begins alike."""
    lock, now, most, together = threading.Lock(), [], 0, []

    def script(asked, _):
        nonlocal most
        sample = asked.partition(" of ")[2]
        with lock:
            now.append(sample)
            together.append(now.count(sample))
            most = max(most, len(now))
        time.sleep(0.05)
        with lock:
            now.remove(sample)
        return completion()

    with serving(script) as server:
        said(model_at(server, concurrency=3), siblings(make_item, 4))
    assert len(together) == 12
    assert set(together) == {1}
    assert most == 3


@pytest.mark.parametrize("concurrency", slow_but([20], [1, 20]))
def test_what_siblings_share_is_encoded_once(make_item, said, monkeypatch, concurrency):
    encoded = []
    for name in ("picture_uri", "clip_wav"):
        whole = getattr(chat_messages, name)
        monkeypatch.setattr(chat_messages, name, lambda *given, whole=whole: (encoded.append(given), whole(*given))[1])
    with serving(answered) as server:
        said(model_at(server, concurrency=concurrency), siblings(make_item, 20))
    # Four memories with a picture and a clip each, and the picture of the query.
    assert len(encoded) == 20 * 9
