"""Prompts as JSON lines, and answers that come back from elsewhere."""

from __future__ import annotations

import base64
import json

import pytest
from typer.testing import CliRunner

import omni_persona_cal
from omni_persona import ABSTENTION
from omni_persona_artifacts.chat import Messages
from omni_persona_artifacts.references import references
from omni_persona_artifacts.run_folder import RunFolderError
from omni_persona_cli.app import app
from omni_persona_runner.chat_messages import ChatMessages
from omni_persona_runner.exporting import Request, export
from omni_persona_runner.prompt import Prompt
from omni_persona_runner.sampling import Sampling
from omni_persona_runner.scoring import score_file


def call(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def lines_of(*files):
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


REQUEST = Request("gpt-audio", 99, Sampling())


def test_a_batch_holds_the_requests_that_an_endpoint_is_sent(dataset, items, tmp_path):
    done = export(dataset, tmp_path / "batch", request=REQUEST)
    assert (done.n_items, done.files, done.failed) == (16, ("requests-001.jsonl",), ())
    lines = {line["custom_id"]: line for line in lines_of(tmp_path / "batch" / "requests-001.jsonl")}
    assert len(lines) == 16
    for item in items:
        line = lines[item.augmented_id]
        assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
        expected: Messages = ChatMessages(Prompt()).of(item)
        assert line["body"] == {"model": "gpt-audio", "messages": expected, "temperature": 0, "max_tokens": 99}
    manifest = json.loads((tmp_path / "batch" / "export.json").read_text())
    assert manifest["prompt"]["hash"] == Prompt().hash()
    assert (manifest["request"]["model"], manifest["n_items"]) == ("gpt-audio", 16)


def test_files_of_requests_stay_below_their_limit(dataset, tmp_path):
    done = export(dataset, tmp_path / "batch", request=REQUEST, most_bytes=2_500_000)
    files = [tmp_path / "batch" / name for name in done.files]
    assert len(files) > 1
    assert all(file.stat().st_size <= 2_500_000 for file in files)
    assert len({line["custom_id"] for line in lines_of(*files)}) == 16


def test_media_may_lie_beside_the_lines_each_once(dataset, items, tmp_path):
    inline, beside = tmp_path / "inline", tmp_path / "beside"
    export(dataset, inline)
    export(dataset, beside, media_as_files=True)
    held = {line["augmented_id"]: line["messages"] for line in lines_of(inline / "messages-001.jsonl")}
    named = {line["augmented_id"]: line["messages"] for line in lines_of(beside / "messages-001.jsonl")}
    assert held.keys() == named.keys()
    for item in items:
        parts = zip(held[item.augmented_id][1]["content"], named[item.augmented_id][1]["content"], strict=True)
        for one, other in parts:
            if one["type"] == "text":
                assert one == other
            elif one["type"] == "image_url":
                content = base64.b64decode(one["image_url"]["url"].partition(",")[2])
                assert (beside / other["image_url"]["url"]).read_bytes() == content
            else:
                content = base64.b64decode(one["input_audio"]["data"])
                assert (beside / other["audio_url"]["url"]).read_bytes() == content
    with pytest.raises(ValueError, match="reads no files"):
        export(dataset, tmp_path / "batch", request=REQUEST, media_as_files=True)


def test_an_item_that_cannot_be_written_is_listed(make_row, write_dataset, tmp_path):
    broken = make_row(1)
    broken["contexts"][0]["image"]["bytes"] = b"no picture"
    data = write_dataset(tmp_path / "omni-persona", [make_row(0), broken])
    done = call("export", "--format", "messages", "--dataset", data, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "not written: sample_1__aug_0: picture picture_100.png" in " ".join(done.output.split())
    assert len(lines_of(tmp_path / "out" / "messages-001.jsonl")) == 1


def test_the_command_takes_the_options_of_a_run(dataset, tmp_path):
    done = call(
        *("export", "--format", "openai-batch", "--model", "m", "--dataset", dataset, "--out", tmp_path / "out"),
        *("--limit", 3, "--without", "image", "--temperature", 0.5, "--seed", 9, "--max-new-tokens", 7),
    )
    assert done.exit_code == 0, done.output
    lines = lines_of(tmp_path / "out" / "requests-001.jsonl")
    assert len(lines) == 3
    assert {name: value for name, value in lines[0]["body"].items() if name != "messages"} == {
        "model": "m",
        "temperature": 0.5,
        "top_p": 1.0,
        "seed": 9,
        "max_tokens": 7,
    }
    assert not any(part["type"] == "image_url" for part in lines[0]["body"]["messages"][1]["content"])
    assert "--model" in str(call("export", "--format", "openai-batch", "--out", tmp_path / "x").exception)
    assert "--model" in str(call("export", "--format", "messages", "--model", "m", "--out", tmp_path / "x").exception)


# ---- what comes back


def came_back(item_id, content, status=200, **body):
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    usage = {"prompt_tokens": 50, "completion_tokens": 5}
    response = {"status_code": status, "request_id": "r", "body": {"choices": [choice], "usage": usage, **body}}
    return {"id": "b", "custom_id": item_id, "response": response, "error": None}


def test_a_batch_that_comes_back_is_scored_as_its_texts_are(dataset, tmp_path):
    known = references(dataset)
    texts = ["a beekeeper" if number % 3 else f"<think>Hm.</think>{ABSTENTION}" for number in range(16)]
    lines = [came_back(one["augmented_id"], text) for one, text in zip(known, texts, strict=True)]
    lines[2] = came_back(known[2]["augmented_id"], None, 429, error={"message": "slow down"})
    lines[5] |= {"response": None, "error": {"code": "batch_expired", "message": "expired"}}
    lines[7] = came_back(known[7]["augmented_id"], "")
    file = tmp_path / "output.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in reversed(lines)))
    scores = score_file(file, dataset)
    kept = [number for number in range(16) if number not in (2, 5, 7)]
    expected = omni_persona_cal.compute(
        [texts[number].rpartition(">")[2] for number in kept], [known[number] for number in kept]
    )
    assert scores["cal"] == expected["cal"]
    assert (scores["n_items"], scores["n_missing"], scores["n_failed"], scores["complete"]) == (16, 3, 3, False)
    assert scores["usage"]["input_tokens"] == 13 * 50
    result = call("score", file, "--dataset", dataset)
    assert result.exit_code == 1
    assert "3 of 16 items have no answer" in " ".join(result.output.split())


def test_plain_lines_are_scored(dataset, tmp_path):
    file = tmp_path / "answers.jsonl"
    lines = [{"augmented_id": one["augmented_id"], "prediction": ABSTENTION} for one in references(dataset)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = call("score", file, "--dataset", dataset, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["ta"] == 1.0
    assert list(tmp_path.iterdir()) == [file]


def test_answers_that_are_not_the_datasets_are_refused_with_counts(dataset, tmp_path):
    file = tmp_path / "answers.jsonl"
    lines = [{"augmented_id": one["augmented_id"], "prediction": "x"} for one in references(dataset)]
    file.write_text("".join(json.dumps(line | {"augmented_id": f"other_{n}"}) + "\n" for n, line in enumerate(lines)))
    with pytest.raises(RunFolderError, match="got 16 of 16 to other items, such as 'other_0'"):
        score_file(file, dataset)
    file.write_text("".join(json.dumps(line) + "\n" for line in [*lines, lines[3]]))
    with pytest.raises(ValueError, match=r"answers.jsonl:17: expected each augmented_id once"):
        score_file(file, dataset)
    assert "--dataset" in str(call("score", file).exception)
    (tmp_path / "run").mkdir()
    assert "leave out --dataset" in str(call("score", tmp_path / "run", "--dataset", dataset).exception)
