"""`omni-persona judge` and what it leaves in a run folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from omni_persona_cal import Judgement
from omni_persona_cli import judge

app = typer.Typer()
app.command()(judge.judge)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run over five items: right, wrong, failed, unanswerable, and never asked."""
    folder = tmp_path / "run"
    folder.mkdir()
    items = [
        SimpleNamespace(augmented_id=f"item_{i}", answerable=i != 3, gold_answer="harbour pilot") for i in range(5)
    ]
    said = ["a harbour pilot", "a [red]baker[/red]", None, "a baker"]
    lines = [{"augmented_id": f"item_{i}", "prediction": text} for i, text in enumerate(said)]
    (folder / "predictions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    monkeypatch.setattr("omni_persona_runner.judging.run_items", lambda run: items)
    return folder


def call(*arguments: Any) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def verdicts(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "verdicts.jsonl").read_text().splitlines()]


def test_answers_to_answerable_items_get_a_verdict(run: Path) -> None:
    done = call(run)
    assert done.exit_code == 0, done.output
    assert verdicts(run) == [
        {"augmented_id": "item_0", "verdict": "CORRECT", "judge": "lexical", "raw": None},
        {"augmented_id": "item_1", "verdict": "WRONG", "judge": "lexical", "raw": None},
    ]
    assert "2 answers judged by lexical: 1 CORRECT, 1 WRONG" in done.output
    assert "omni-persona score" in done.output


class Stub:
    """A model judge that returns the judgements a test gives it."""

    name = "openai:m"

    def __init__(self, *says: Judgement) -> None:
        self.says = says
        self.asked: list[Any] = []

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
        self.asked = list(pairs)
        return list(self.says)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What judges were made of."""
    made: list[tuple[str, dict[str, Any]]] = []
    stub = Stub(Judgement("CORRECT", "Same.\nCORRECT"), Judgement("UNJUDGED", "no reply: HTTP 500: [bold]busy"))

    def make(name: str, options: dict[str, Any] | None = None) -> Stub:
        made.append((name, options or {}))
        return stub

    monkeypatch.setattr("omni_persona_cal.make_judge", make)
    return made


def test_a_model_judge_is_made_as_asked_and_silence_is_exit_code_one(run: Path, made: list) -> None:
    done = call(run, "--judge", "openai", "--judge-url", "http://x/v1", "--judge-model", "m", "--at-once", 3)
    assert done.exit_code == 1
    name, options = made[0]
    assert name == "openai"
    options.pop("on_judged")()
    assert options == {"model": "m", "base_url": "http://x/v1", "concurrency": 3, "cache_dir": run / "judge"}
    assert [line["verdict"] for line in verdicts(run)] == ["CORRECT", "UNJUDGED"]
    assert verdicts(run)[0]["raw"] == "Same.\nCORRECT"
    assert "2 answers judged by openai:m: 1 CORRECT, 1 UNJUDGED" in done.output
    assert "1 answers have no verdict" in done.output
    assert "HTTP 500: [bold]busy" in done.output


def test_verdicts_that_were_there_already_are_counted(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says = (Judgement("CORRECT", "CORRECT", kept=True), Judgement("WRONG", "WRONG"))
    monkeypatch.setattr("omni_persona_cal.make_judge", lambda name, options: Stub(*says))
    done = call(run, "--judge", "openai", "--judge-model", "m")
    assert f"1 verdicts are from replies kept in {run / 'judge'}; remove it" in " ".join(done.output.split())


def test_a_local_model_is_made_as_asked(run: Path, made: list) -> None:
    call(run, "--judge", "transformers", "--judge-model", "folder", "--at-once", 4)
    name, options = made[0]
    del options["on_judged"]
    assert (name, options) == ("transformers", {"model": "folder", "cache_dir": run / "judge", "batch_size": 4})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--judge", "openai", "--judge-url", "http://x"), "--judge openai needs --judge-model"),
        (("--judge-model", "m"), "are for --judge openai or transformers"),
        (("--judge", "transformers", "--judge-model", "m", "--judge-url", "u"), "--judge-url is for --judge openai"),
    ],
)
def test_bad_usage_is_refused_before_anything_is_written(run: Path, arguments: tuple, message: str) -> None:
    assert message in str(call(run, *arguments).exception)
    assert not (run / "verdicts.jsonl").exists()
