"""Faults of a server: what is tried again, what fails its item, what ends the run and how it resumes."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import threading
import time

import anyio
import pytest
from attempts import Attempts
from scripted_server import CUT, KEY, answered, completion, error, model_at, serving
from slow_cases import slow_but

from omni_persona_artifacts.run_folder import RunFolderError, read_manifest, read_predictions
from omni_persona_cal.event_loop import cancel
from omni_persona_runner.endpoint import EndpointModel
from omni_persona_runner.model import LoadError, ModelError
from omni_persona_runner.run_loop import RunSummary, run


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


# ---- what is tried again


@pytest.mark.parametrize(
    "fault",
    [
        error(429),
        error(500),
        error(503),
        (502, {}, "<html>Bad gateway</html>"),
        error(408),
        (200, {}, CUT),
        (200, {"content-length": "5000", "connection": "close"}, b'{"id": "x", "cho'),
        (200, {}, b'{"id": "x", "cho'),
    ],
    ids=["429", "500", "503", "502 in HTML", "408", "cut", "cut in its body", "half a body"],
)
def test_what_passes_is_tried_again(items, said, fault):
    with serving(lambda _, before: fault if before < 2 else completion()) as server:
        outcomes = said(model_at(server), items[:2])
    assert [outcome.text for outcome in outcomes] == ["a nurse", "a nurse"]
    assert set(server.asked.values()) == {3}


def test_a_late_reply_is_tried_again(items, said, monkeypatch):
    attempts, tried_again = Attempts(monkeypatch, lambda before, _: None if before else 0.5), threading.Event()

    def script(_, before):
        if attempts.count == 1:
            tried_again.wait(60)
        return completion("a nurse" if attempts.count == 2 else "a late one")

    with serving(script) as server:
        (answer,) = said(model_at(server), items[:1])
        tried_again.set()
    assert answer.text == "a nurse"
    assert attempts.count == 2


def test_the_wait_that_a_server_asks_for_is_kept(items, said):
    with serving(lambda _, before: completion() if before else error(429, **{"retry-after": "0.4"})) as server:
        said(model_at(server), items[:1])
    assert server.times[1] - server.times[0] >= 0.4


def test_what_does_not_pass_fails_its_item_alone(items, said):
    broken = items[1].query_text
    with serving(lambda asked, _: error(500, "no memory") if asked == broken else completion()) as server:
        outcomes = said(model_at(server, attempts=3), items)
    assert [isinstance(outcome, ModelError) for outcome in outcomes] == [False, True, False, False]
    assert outcomes[1].message == "the server replied 500: no memory"
    assert server.asked[broken] == 3


# ---- what ends a run


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (error(401, f"Incorrect API key provided: {KEY}"), "does not accept the API key, .*provided: \\*\\*\\*"),
        (error(403, "not yours"), "forbids what is asked of it.*not yours"),
        (error(404, "no model tiny"), "has no such model.*tiny"),
        ((404, {}, "<html><body>Not here</body></html>"), "has no such model, or no /chat/completions"),
        (
            "<html><body>Welcome</body></html>",
            "no OpenAI-compatible endpoint at http.*: it replied '<html><body>Welcome",
        ),
    ],
    ids=["401", "403", "404", "404 in HTML", "HTML"],
)
def test_what_no_item_can_change_ends_the_run(dataset, tmp_path, fault, reason):
    with serving(lambda *_: fault) as server, pytest.raises(LoadError, match=reason) as caught:
        run(model_at(server, concurrency=2), dataset, tmp_path / "run")
    assert len(server.requests) <= 4
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert read_predictions(tmp_path / "run") == {}


def test_a_run_that_was_refused_goes_on_later(dataset, tmp_path):
    with serving(lambda asked, _: error(401) if "person 5 " in asked else completion()) as server:
        with pytest.raises(LoadError):
            run(model_at(server, concurrency=1), dataset, tmp_path / "run")
        server.script = answered
        assert run(model_at(server), dataset, tmp_path / "run") == RunSummary(11, 5, 0)
    assert len(read_predictions(tmp_path / "run")) == 16


def test_an_endpoint_that_is_down_ends_the_run(items):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(LoadError, match=f"no connection to {url}: "):
            list(EndpointModel(url, "tiny", first_wait=0.01, attempts=2).answer(items))


def test_stopping_gives_up_what_is_on_the_way(make_item):
    ended, waited_for = threading.Event(), []

    def script(asked, _):
        if "person 0 " not in asked and not ended.wait(120):
            waited_for.append(asked)
        return completion()

    with serving(script) as server:
        outcomes = model_at(server, concurrency=3).answer(make_item(index) for index in range(9))
        assert next(outcomes).text == "a nurse"
        outcomes.close()
        assert waited_for == []
        assert len(server.requests) <= 4
        ended.set()


def test_a_request_that_is_opening_its_connection_ends_in_order():
    """Its library starts a task for each address; cancelled before its first step, one would warn."""

    async def stop_while_connecting():
        opening = asyncio.Event()

        async def connects():
            async with anyio.create_task_group() as attempts:
                opening.set()  # whoever waits for this goes on before the first step of the attempt
                attempts.start_soon(anyio.sleep, 20)
                await anyio.sleep(20)

        task = asyncio.create_task(connects())
        await opening.wait()
        await cancel([task])
        return task.cancelled(), asyncio.all_tasks() == {asyncio.current_task()}

    assert asyncio.run(stop_while_connecting()) == (True, True)
    gc.collect()


@pytest.mark.parametrize("n_at_once", slow_but([1], [1, 5]))
def test_runs_that_stop_at_any_moment_leave_nothing_behind(make_item, n_at_once):
    before = threading.enumerate()
    with serving(lambda *_: completion()) as server:
        for number in range(20):
            outcomes = model_at(server, concurrency=n_at_once).answer(make_item(index) for index in range(9))
            next(outcomes)
            time.sleep(number / 5000)
            outcomes.close()
    gc.collect()
    for thread in set(threading.enumerate()).difference(before):
        thread.join(60)  # the server's, each of which ends as soon as its connection is closed
        assert not thread.is_alive()


# ---- runs with bad items, in notebooks, and on servers that move


@pytest.fixture(scope="module")
def large_dataset(make_row, write_dataset, tmp_path_factory):
    """144 items of 48 samples that share their media."""
    row = make_row(0)
    rows = [
        {
            **row,
            "augmented_id": f"sample_{index // 3}__aug_{index % 3}",
            "source_sample_id": f"sample_{index // 3}",
            "query_text": f"What does person {index} do for a living?",
        }
        for index in range(144)
    ]
    return write_dataset(tmp_path_factory.mktemp("large") / "omni-persona", rows)


BAD = {index for index in range(144) if index % 9 == 0} | {143}
"""Seventeen items, the first and the last among them."""


def with_bad_items(asked, before):
    number = int(asked.split()[3]) if "person" in asked else -1
    if number not in BAD:
        return completion(f"answer {number}")
    return (
        error(403, "moderation"),
        (200, {}, CUT),
        "<html>Busy</html>",
        completion(choices={"0": 1}),
        error(400, "a bad picture"),
    )[number // 9 % 5]


def lines_of(folder):
    return [
        {key: value for key, value in json.loads(line).items() if key != "seconds"}
        for line in (folder / "predictions.jsonl").read_text().splitlines()
    ]


@pytest.mark.slow
def test_a_run_with_bad_items_ends_and_so_does_its_resume_whatever_the_concurrency(large_dataset, tmp_path):
    with serving(with_bad_items) as server:
        for concurrency in (1, 8):
            folder = tmp_path / f"run-{concurrency}"
            model = model_at(server, concurrency=concurrency)
            assert run(model, large_dataset, folder) == RunSummary(127, 0, 17)
            first = lines_of(folder)
            # Nothing but bad items is left: what the server refuses is still theirs, not all items'.
            model = model_at(server, concurrency=concurrency)
            assert run(model, large_dataset, folder) == RunSummary(0, 127, 17)
            assert lines_of(folder) == first
    assert lines_of(tmp_path / "run-1") == lines_of(tmp_path / "run-8")
    assert sum(line["status"] == "ok" for line in lines_of(tmp_path / "run-8")) == 127


def test_a_model_that_has_moved_goes_on_if_it_is_said_to_be_the_same(dataset, tmp_path):
    with serving(lambda asked, _: error(401) if "person 5 " in asked else completion()) as server:
        with pytest.raises(LoadError):
            run(model_at(server, concurrency=1), dataset, tmp_path / "run")
        with serving(answered) as moved:
            with pytest.raises(RunFolderError, match=r"(?s)model.endpoint: .*--same-model"):
                run(model_at(moved), dataset, tmp_path / "run")
            other = EndpointModel(moved.url, "other")
            with pytest.raises(RunFolderError, match=r"model.name: "):
                run(other, dataset, tmp_path / "run", same_model=True)
            assert run(model_at(moved), dataset, tmp_path / "run", same_model=True) == RunSummary(11, 5, 0)
    manifest = read_manifest(tmp_path / "run")
    assert manifest["model"]["endpoint"] == server.url
    assert manifest["resumed_with"][-1]["endpoint"] == moved.url
