"""`omni-persona compare` of run folders."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from omni_persona_artifacts.data_files import dataset_fingerprint
from omni_persona_cli import compare

app = typer.Typer()
app.command()(compare.compare)

ABSTENTION = "I cannot determine that from the provided context."


def item(i: int) -> dict[str, Any]:
    """Row i of the dataset: every third is unanswerable, three share their memories. Of the media, none can be read."""
    return {
        "augmented_id": f"item_{i}",
        "source_sample_id": f"sample_{i // 3}",
        "group": "I2I" if i % 2 else "A2A",
        "selected_task": "task",
        "absence": "absent_persona" if i % 3 == 2 else "none",
        "contexts": [{"image": {"bytes": b"none", "path": "face.png"}}],
        "answer_supervision": {"answerable_from_context": i % 3 != 2, "gold_answer": "harbour pilot"},
    }


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Makes a run over a dataset of 30 items; None is a failed item."""
    dataset = tmp_path / "dataset"
    (dataset / "data").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist([item(i) for i in range(30)]), dataset / "data" / "test-00000.parquet")
    fingerprint = dataset_fingerprint(dataset)

    def make(name: str, said: list[str | None], judge: str | None = None, verdict: str = "CORRECT") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        manifest = {"model": {"name": name}, "dataset": {"path": str(dataset), "fingerprint": fingerprint}}
        (folder / "run.json").write_text(json.dumps(manifest))
        lines = [{"augmented_id": f"item_{i}", "prediction": text} for i, text in enumerate(said)]
        (folder / "predictions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        if judge:
            lines = [{"augmented_id": f"item_{i}", "verdict": verdict, "judge": judge} for i in range(len(said))]
            (folder / "verdicts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return folder

    return make


def call(*arguments: Any) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "120"})


PERFECT = ["harbour pilot" if i % 3 != 2 else ABSTENTION for i in range(30)]


def test_the_table_and_the_json(make_run: Callable[..., Path]) -> None:
    a, b = make_run("a", [ABSTENTION] * 30), make_run("b", PERFECT)
    done = call(a, b)
    assert done.exit_code == 0, done.output
    assert "b minus a, judged by lexical" in done.output
    row = next(line for line in done.output.splitlines() if line.startswith("Cal "))
    # No rate but 0 and 1 was seen. Of those, the likeliest to differ are the ones over fewest items, abstentions gained
    # and lost of 10: by 33.8 at most, of which Cal has half.
    assert row.split() == ["Cal", "50.0", "100.0", "+50.0", "+33.1", "..", "+66.9", "30"]
    assert "answerable items: 0 right in a alone, 20 in b alone, McNemar p = 1.91e-06" in done.output
    result = json.loads(call(a, b, "--json").output)
    assert result["scores"]["ans"]["difference"] == 1.0
    assert result["scores"]["ta"]["difference"] == 0.0
    assert result["scores"]["ta"]["interval"] == pytest.approx([-0.338, 0.338], abs=0.001)
    assert (result["n_left_out"], result["interval"]["confidence"]) == (0, 0.95)


def test_items_without_an_answer_or_a_verdict_are_left_out_of_both(make_run: Callable[..., Path]) -> None:
    done = call(make_run("a", [None, *PERFECT[1:]]), make_run("b", PERFECT), "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["n"] == 29
    assert "1 of 30 items have no answer" in done.stderr
    unjudged = call(make_run("c", PERFECT, "m", "UNJUDGED"), make_run("d", PERFECT, "m"))
    assert unjudged.exit_code == 1
    assert "20 no verdict" in unjudged.stderr


def test_runs_that_cannot_be_compared_are_refused(make_run: Callable[..., Path]) -> None:
    a = make_run("a", PERFECT)
    assert "got 2 only in" in str(call(a, make_run("b", PERFECT[:28])).exception)
    assert "judged by one judge, got lexical in" in str(call(a, make_run("c", PERFECT, "openai:m")).exception)
    assert "nowhere is not a run folder" in str(call(a, "nowhere").exception)


def test_several_runs_are_ranked_and_ties_marked(make_run: Callable[..., Path]) -> None:
    worst = make_run("worst", ["baker"] * 30)
    good = [make_run(name, ["baker", *PERFECT[1:]] if name == "second" else PERFECT) for name in ("first", "second")]
    done = call(worst, *good)
    assert done.exit_code == 0, done.output
    rows = [line.split() for line in done.output.splitlines() if re.match(r" *[123] ", line)]
    assert [rows[i][-2:] for i in range(3)] == [["100.0", "2"], ["97.5", "1"], ["0.0", "none"]]
    assert [row[-1] for row in rows[3:]] == ["tied", "differ", "differ"]
    assert rows[4][:4] == ["1", "over", "3", "+100.0"]
    assert "-0.0" not in call(*good, make_run("third", PERFECT)).output
    several = json.loads(call(worst, *good, "--json").output)["several"]
    assert [run["name"] for run in several["ranking"]] == [str(good[0]), str(good[1]), str(worst)]
    assert all(pair["p_holm"] >= pair["p"] for pair in several["pairs"])


def test_runs_over_another_dataset_or_named_twice_are_refused(make_run: Callable[..., Path], tmp_path: Path) -> None:
    a, b = make_run("a", PERFECT), make_run("b", PERFECT)
    assert "each named once" in str(call(a, a).exception)
    assert "at least two runs" in str(call(a).exception)
    rows = pa.Table.from_pylist([{**item(i), "group": "T2T"} for i in range(30)])
    pq.write_table(rows, tmp_path / "dataset" / "data" / "test-00000.parquet")
    assert "made with another dataset than what" in str(call(a, b).exception)
