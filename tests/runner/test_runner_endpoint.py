"""A served model: what is sent, what is tried again, what ends a run and what fails an item."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import struct
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from omni_persona import Media
from omni_persona_artifacts.run_folder import RunFolderError, read_manifest, read_predictions
from omni_persona_runner import chat_messages
from omni_persona_runner.endpoint import EndpointModel
from omni_persona_runner.model import Answer, LoadError, ModelError
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.run_loop import RunSummary, run

KEY = "sk-very-secret"
CUT = object()
"""A reply that is none: the connection is reset."""


class Server:
    """Replies as `script(question, how often it was asked before)` says."""

    def __init__(self, script):
        self.script, self.requests, self.headers, self.times = script, [], [], []
        self.asked, self.now, self.most_at_once = {}, 0, 0
        self.lock = threading.Lock()
        self.url = ""


def completion(content="a nurse", finish="stop", message=None, **other):
    message = {"role": "assistant", "content": content, **(message or {})}
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": "tiny",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14},
        **other,
    }


def question(body):
    return body["messages"][-1]["content"][-1]["text"].splitlines()[-1]


@contextmanager
def serving(script):
    server = Server(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with server.lock:
                before = server.asked.get(question(body), 0)
                server.asked[question(body)] = before + 1
                server.requests.append(body)
                server.headers.append({name.lower(): value for name, value in self.headers.items()})
                server.times.append(time.monotonic())
                server.now += 1
                server.most_at_once = max(server.most_at_once, server.now)
            reply = server.script(question(body), before)
            with server.lock:
                server.now -= 1
            status, headers, content = 200, {}, reply
            if isinstance(reply, tuple):
                status, headers, content = reply
            if content is CUT:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            kind = "text/html" if isinstance(content, str) else "application/json"
            data = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else None
            data = json.dumps(content).encode() if data is None else data
            self.send_response(status)
            for name, value in {"content-type": kind, "content-length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    class Threads(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request, client_address):
            """A client that gave up is no news."""

    http = Threads(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}/v1"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def model_at(server, **settings):
    return EndpointModel(server.url, "tiny", **{"first_wait": 0.01, **settings})


def error(status, message="broken", **headers):
    return status, headers, {"error": {"message": message}}


def answered(*_):
    return completion()


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


def test_requests_are_bounded_and_overlap(make_item, said):
    def script(*_):
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


@pytest.mark.parametrize("concurrency", [1, 20])
def test_what_siblings_share_is_encoded_once(make_item, said, monkeypatch, concurrency):
    encoded = []
    for name in ("picture_uri", "clip_wav"):
        whole = getattr(chat_messages, name)
        monkeypatch.setattr(chat_messages, name, lambda *given, whole=whole: (encoded.append(given), whole(*given))[1])
    with serving(answered) as server:
        said(model_at(server, concurrency=concurrency), siblings(make_item, 20))
    # Four memories with a picture and a clip each, and the picture of the query.
    assert len(encoded) == 20 * 9


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
        (200, {"content-length": "5000"}, b'{"id": "x", "cho'),
        (200, {}, b'{"id": "x", "cho'),
    ],
    ids=["429", "500", "503", "502 in HTML", "408", "cut", "cut in its body", "half a body"],
)
def test_what_passes_is_tried_again(items, said, fault):
    with serving(lambda _, before: fault if before < 2 else completion()) as server:
        outcomes = said(model_at(server, timeout=2), items[:2])
    assert [outcome.text for outcome in outcomes] == ["a nurse", "a nurse"]
    assert set(server.asked.values()) == {3}


def test_a_late_reply_is_tried_again(items, said):
    def script(_, before):
        time.sleep(0 if before else 1.5)
        return completion()

    with serving(script) as server:
        (answer,) = said(model_at(server, timeout=0.5), items[:1])
    assert answer.text == "a nurse"
    assert len(server.requests) == 2


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


def test_without_a_key_the_error_says_where_to_put_one(items, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with serving(lambda *_: error(401)) as server, pytest.raises(LoadError, match=r"\(set MY_KEY\)"):
        list(model_at(server, api_key_env="MY_KEY").answer(items))


def test_an_endpoint_that_is_down_ends_the_run(items):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(LoadError, match=f"no connection to {url}: "):
            list(EndpointModel(url, "tiny", first_wait=0.01, attempts=2).answer(items))


def test_stopping_gives_up_what_is_on_the_way(make_item):
    def script(asked, _):
        time.sleep(0 if "person 0 " in asked else 20)
        return completion()

    with serving(script) as server:
        outcomes = model_at(server, concurrency=3).answer(make_item(index) for index in range(9))
        assert next(outcomes).text == "a nurse"
        start = time.monotonic()
        outcomes.close()
        assert time.monotonic() - start < 15
    assert len(server.requests) <= 4


# ---- replies that are no answers


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (completion(choices=[]), "a reply without choices"),
        ({"id": "x", "object": "chat.completion"}, "a reply without choices"),
        ({}, "a reply without choices"),
        (completion(choices=[{"index": 0, "finish_reason": "stop"}]), "a reply without choices"),
        (completion(None, message={"refusal": "I do not look at faces."}), "refused: I do not look at faces."),
        (completion("", "content_filter"), "stopped by the server's content filter"),
        (completion(""), "an empty answer"),
        (completion(None), "an empty answer"),
        (completion("", "length"), "an empty answer, cut at 256 tokens"),
        (completion("<think>Who", "length"), "the thinking has no end within 256 tokens"),
        (error(400, "the prompt is too long"), "the server replied 400: the prompt is too long"),
    ],
    ids=range(11),
)
def test_a_reply_without_an_answer_is_a_failed_item(dataset, tmp_path, reply, reason):
    with serving(lambda *_: reply) as server:
        assert run(model_at(server), dataset, tmp_path / "run", limit=2) == RunSummary(0, 0, 2)
    lines = read_predictions(tmp_path / "run").values()
    assert {(line.status, line.prediction, line.error) for line in lines} == {("failed", None, reason)}


def test_an_answer_cut_at_its_limit_is_flagged(items, said):
    with serving(lambda *_: completion("a nurse who", "length")) as server:
        (answer,) = said(model_at(server), items[:1])
    assert (answer.text, answer.finish) == ("a nurse who", "length")


def test_a_reply_without_counts_is_an_answer(items, said):
    with serving(lambda *_: completion(usage=None)) as server:
        (answer,) = said(model_at(server), items[:1])
    assert (answer.text, answer.input_tokens, answer.output_tokens) == ("a nurse", None, None)


@pytest.mark.parametrize(
    ("reply", "thinking"),
    [
        (completion("<think>Her voice.</think>a nurse"), "Her voice."),
        (completion("a nurse", message={"reasoning_content": "Her voice."}), "Her voice."),
        (completion("a nurse"), None),
    ],
)
def test_the_answer_is_what_follows_the_thinking(items, said, reply, thinking):
    with serving(lambda *_: reply) as server:
        (answer,) = said(model_at(server, prompt=Prompt(reason=True)), items[:1])
    assert (answer.text, answer.thinking) == ("a nurse", thinking)


def test_thinking_that_the_limit_cuts_is_no_answer(items, said):
    with serving(lambda *_: completion("Her voice is", "length")) as server:
        (failed,) = said(model_at(server, prompt=Prompt(reason=True)), items[:1])
    assert "the thinking has no end within 256 tokens" in failed.message


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


# ---- a real server


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


def test_items_are_answered_where_an_event_loop_runs(items):
    async def notebook(model):
        return [outcome.text for outcome in model.answer(items)]

    with serving(answered) as server:
        assert asyncio.run(notebook(model_at(server))) == ["a nurse"] * len(items)


def test_a_model_that_has_moved_goes_on_where_it_is_told_to_be_the_same(dataset, tmp_path):
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
        with pytest.raises(LoadError) as told:
            run(EndpointModel(url, "tiny"), dataset, tmp_path / "run")
    everything = str(told.value) + "".join(file.read_text() for file in (tmp_path / "run").iterdir() if file.is_file())
    for secret in (KEY, "secretword", "letmein-12345", base64.b64encode(b"me:secretword").decode()):
        assert secret not in everything
