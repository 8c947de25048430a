"""The tasks for other harnesses, run by the harnesses themselves: the prompts and scores of `omni-persona run`.

OMNI_PERSONA_INSPECT and OMNI_PERSONA_LMMS_EVAL name the Pythons that have them, in environments of their own.
"""

from __future__ import annotations

import base64
import json
import os
import re
import zipfile
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
from asked_peers import EXPECTED, ROWS, reply, run_inspect, run_lmms_eval
from faulty_server import completion, error, serving, texts

from omni_persona import ABSTENTION
from omni_persona_artifacts import inspect_log
from omni_persona_artifacts.run_reader import read_predictions
from omni_persona_perception import decode_audio, decode_image
from omni_persona_runner.endpoint import EndpointModel
from omni_persona_runner.run_loop import run
from omni_persona_runner.scoring import score_file, score_run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LOGS = Path(__file__).parents[1] / "artifacts" / "logs"


@pytest.fixture(scope="module")
def python():
    def python(name):
        path = os.environ.get(name)
        if not path:
            if os.environ.get("OMNI_PERSONA_REQUIRE_EXTRAS"):
                pytest.fail(f"OMNI_PERSONA_REQUIRE_EXTRAS is set, and {name} is not")
            pytest.skip(f"needs {name}, the Python of an environment with that harness")
        return path

    return python


def said_to(_, body):
    """An answer that depends on the question alone; some requests fail."""
    question = texts(body).splitlines()[-1]
    kind = sha256(question.encode()).digest()[0] % 8
    answers = ("a pilot", ABSTENTION, "<think>A face.</think>Boston", "calm", "I do not know.", "", "cheerful")
    return error(400, "no memory left") if kind == 7 else completion(answers[kind])


def shown(body):
    """What a request shows: roles and parts in order, with media as the pixels and samples that they decode to."""
    parts = []
    for message in body["messages"]:
        content = message["content"]
        content = [{"type": "text", "text": content}] if isinstance(content, str) else content
        parts += [(message["role"], *_part(part)) for part in content]
    return tuple(parts)


def _part(part):
    if part["type"] == "text":
        return "text", part["text"]
    held = part[part["type"]]
    data = base64.b64decode((held.get("url") or held["data"]).rpartition(",")[2])
    if part["type"] == "image_url":
        picture = decode_image(data)
        return "image", picture.size, sha256(picture.tobytes()).hexdigest()
    samples, rate = decode_audio(data)
    return "audio", rate, sha256(samples.tobytes()).hexdigest()


@pytest.fixture(scope="module")
def ours(built, tmp_path_factory):
    """What `run` shows of the 144 items, and its scores."""
    folder = tmp_path_factory.mktemp("ours") / "run"
    with serving(said_to) as server:
        run(EndpointModel(server.url, "m", attempts=1), built, folder)
    assert len(server.requests) == 144
    return Counter(map(shown, server.requests)), score_run(folder)


@pytest.fixture(scope="module")
def by_inspect(built, python, tmp_path_factory):
    work = tmp_path_factory.mktemp("inspect")
    with serving(said_to) as server:
        output, log = run_inspect(python("OMNI_PERSONA_INSPECT"), built, server.url, work, "--no-log-images")
    assert log is not None, output
    return server.requests, output, log


@pytest.fixture(scope="module")
def by_lmms_eval(built, python, tmp_path_factory):
    work = tmp_path_factory.mktemp("lmms")
    with serving(said_to) as server:
        output, results, samples = run_lmms_eval(python("OMNI_PERSONA_LMMS_EVAL"), built, server.url, work)
    assert results is not None, output
    return server.requests, output, results, samples


def entries(log):
    """The contents of a log's entries."""
    with zipfile.ZipFile(log) as archive, log.open("rb") as raw:
        return {entry.filename: inspect_log._content(raw, entry, entry.filename) for entry in archive.infolist()}


def shown_figures(scores):
    """The figures that the harnesses are given, under the names that they show."""
    found = {f"cal_{group}": part["cal"] for group, part in scores["by_group"].items()}
    for name in ("cal", "ans", "unans"):
        low, high = scores["intervals"][name]
        found |= {name: scores[name], f"{name}_low": low, f"{name}_high": high}
    return found


def test_inspect_ai_shows_what_run_shows(ours, by_inspect):
    assert Counter(map(shown, by_inspect[0])) == ours[0]
    assert {body["temperature"] for body in by_inspect[0]} == {0.0}
    assert {body["max_tokens"] for body in by_inspect[0]} == {256}


def test_lmms_eval_shows_what_run_shows(ours, by_lmms_eval):
    assert Counter(map(shown, by_lmms_eval[0])) == ours[0]
    assert {(body["temperature"], body["max_tokens"]) for body in by_lmms_eval[0]} == {(0, 256)}


def test_inspect_ai_gives_the_scores_of_score(ours, by_inspect, built):
    _, scores = ours
    assert scores["n_failed"] > 0
    log = by_inspect[2]
    results = json.loads(entries(log)["header.json"])["results"]["scores"][0]
    assert {name: value["value"] for name, value in results["metrics"].items()} == shown_figures(scores)
    assert (results["scored_samples"], results["unscored_samples"]) == (scores["n"], scores["n_failed"])
    again = score_file(log, built)
    assert {key: again[key] for key in ("cal", "intervals", "n", "n_failed", "by_group")} == {
        key: scores[key] for key in ("cal", "intervals", "n", "n_failed", "by_group")
    }


def test_lmms_eval_gives_the_scores_of_score(ours, by_lmms_eval, built):
    _, scores = ours
    _, _, results, samples = by_lmms_eval
    found = json.loads(results.read_text())["results"]["omni_persona"]
    named = shown_figures(scores)
    assert {name: found[f"{name},none"] for name in named} == named
    assert found["n_failed,none"] == scores["n_failed"]
    again = score_file(samples, built)
    assert {key: again[key] for key in ("cal", "intervals", "n", "n_failed", "by_group")} == {
        key: scores[key] for key in ("cal", "intervals", "n", "n_failed", "by_group")
    }


LONG_BASE64 = re.compile(rb"[A-Za-z0-9+/]{400}")


def test_no_face_or_voice_is_in_their_logs(by_inspect, by_lmms_eval):
    held = entries(by_inspect[2])
    assert sum(name.startswith("samples/") for name in held) == 144
    others = [
        path for work in (by_inspect[2], by_lmms_eval[2]) for path in work.parents[1].rglob("*") if path.is_file()
    ]
    contents = [*held.values(), *(path.read_bytes() for path in others if path.suffix != ".eval")]
    assert len(contents) > 144
    assert not any(LONG_BASE64.search(content) for content in contents)
    assert sum(map(len, contents)) < 40_000_000


def test_inspect_ai_is_refused_where_it_would_log_faces_and_voices(python, write_dataset, tmp_path):
    data = write_dataset(tmp_path / "omni-persona", ROWS)
    with serving(reply) as server:
        output, log = run_inspect(python("OMNI_PERSONA_INSPECT"), data, server.url, tmp_path)
    assert server.requests == []
    assert "expected --no-log-images" in " ".join(output.split())
    assert not any(LONG_BASE64.search(content) for content in entries(log).values())


@pytest.mark.parametrize("name", ["inspect.eval", "lmms_eval.jsonl"])
def test_logs_that_the_tests_keep_are_what_the_harnesses_write(python, write_dataset, tmp_path, name):
    data = write_dataset(tmp_path / "omni-persona", ROWS)
    with serving(reply) as server:
        if name == "inspect.eval":
            output, log = run_inspect(python("OMNI_PERSONA_INSPECT"), data, server.url, tmp_path, "--no-log-images")
        else:
            output, _, log = run_lmms_eval(python("OMNI_PERSONA_LMMS_EVAL"), data, server.url, tmp_path)
    assert log is not None, output
    now, kept = (
        {
            item: (line.prediction, line.status, line.record.get("target"))
            for item, line in read_predictions(file).items()
        }
        for file in (log, LOGS / name)
    )
    assert now == kept
    assert score_file(log, data)["cal"] == EXPECTED["cal"]
