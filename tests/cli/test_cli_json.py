"""`--json` on build, check, run and judge: one document on standard output, and nothing else there."""

import json
import os

import pytest

import omni_persona
from omni_persona_build.checks import Finding, ItemLeak
from omni_persona_cli import results
from omni_persona_runner.baselines import load_baseline
from omni_persona_runner.model import ModelError


@pytest.fixture
def call(command_line):
    """Runs a command; returns its exit code, its result (None if it printed none) and its standard error."""

    def call(*arguments):
        done = command_line(*arguments)
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    return call


def _keys(kind):
    return list(kind.__dataclass_fields__)


FINDINGS = [
    Finding("counts", True, "16 items"),
    Finding("shortcut: A2A by level", False, "é \x1b[2J", group="A2A", p=0.01),
    Finding("shortcut: I2I by size", None, "only 4 items", too_few=True),
]
LEAKS = [ItemLeak("sample_0__aug_0", 0.0, ""), ItemLeak("sample_1__aug_0", 0.9, "A2A by level")]


def test_a_build_prints_what_it_built(call, shared_pool, tmp_path):
    code, built, err = call("build", "--pool", shared_pool.folder, "--out", tmp_path / "omni-persona", "--seed", 3,
                            "--no-check", "--json")  # fmt: skip
    assert code == 0, err
    assert list(built) == _keys(results.BuildResult)
    items = list(omni_persona.read(tmp_path / "omni-persona"))
    files = (tmp_path / "omni-persona").glob(omni_persona.DATA_FILES)
    assert built | {"detectable_cal": None} == {
        "dataset": str(tmp_path / "omni-persona"),
        "recipe": "tiny",
        "seed": 3,
        "n_items": len(items),
        "n_samples": len({item.source_sample_id for item in items}),
        "n_people": built["n_people"],
        "n_excluded": 0,
        "bytes": sum(file.stat().st_size for file in files),
        "fitted": None,
        "recognised": {},
        "pruned": None,
        "detectable_cal": None,
        "check": None,
    }
    assert 0 < built["detectable_cal"] < 1


def test_a_build_with_a_failed_check_prints_both_and_ends_with_one(call, monkeypatch, shared_pool, tmp_path):
    monkeypatch.setattr("omni_persona_build.checks.examine", lambda *_, **__: (FINDINGS, LEAKS))
    code, built, err = call("build", "--pool", shared_pool.folder, "--out", tmp_path / "omni-persona", "--json")
    assert code == 1
    assert list(built["check"]) == _keys(results.CheckResult)
    assert (built["check"]["passed"], built["check"]["n_failed"]) == (False, 1)
    assert "A check failed" in err


@pytest.mark.parametrize(("findings", "expected"), [(FINDINGS, 1), (FINDINGS[:1], 0)])
def test_check_prints_every_finding(call, monkeypatch, findings, expected):
    monkeypatch.setattr("omni_persona_build.checks.examine", lambda *_, **__: (findings, LEAKS))
    code, checked, err = call("check", "mine", "--json")
    assert code == expected, err
    assert list(checked) == _keys(results.CheckResult)
    assert checked["passed"] is (expected == 0)
    assert (checked["dataset"], checked["n_checks"], checked["n_failed"]) == ("mine", len(findings), expected)
    assert checked["does_not_need_its_modality"] == ({"A2A": ["level"]} if expected else {})
    assert [one["result"] for one in checked["checks"]] == ["pass", "FAIL", "too few to tell"][: len(findings)]
    assert [(one["check"], one["seen"], one["p"]) for one in checked["checks"]] == [
        (one.check, one.detail, one.p) for one in findings
    ]


def test_check_lists_the_items_that_are_solved_most_surely_on_request(call, monkeypatch):
    monkeypatch.setattr("omni_persona_build.checks.examine", lambda *_, **__: (FINDINGS[:1], LEAKS))
    assert call("check", "mine", "--json")[1]["items"] == []
    code, checked, _ = call("check", "mine", "--items", "--json")
    assert code == 0
    assert checked["items"] == [
        {"augmented_id": "sample_1__aug_0", "leak": 0.9, "by": "A2A by level"},
        {"augmented_id": "sample_0__aug_0", "leak": 0.0, "by": None},
    ]


def test_a_run_tells_what_was_answered_now_and_before(call, dataset, tmp_path):
    arguments = ("run", "--model", "baseline:random", "--dataset", dataset, "--out", tmp_path / "r", "--json")
    code, first, err = call(*arguments, "--limit", 4)
    assert code == 0, err
    assert list(first) == _keys(results.RunResult)
    assert first["usage"].pop("seconds") >= 0
    assert first == {
        "run": str(tmp_path / "r"),
        "model": "baseline:random",
        "dataset": str(dataset),
        "complete": True,
        "n_answered": 4,
        "n_answered_before": 0,
        "n_failed": 0,
        "n_left": 0,
        "not_taken": [],
        "repeats": [str(tmp_path / "r")],
        "usage": {"input_tokens": 0, "output_tokens": 0, "n_counted": 0, "n_answers": 4, "cost": None},
        "tracked": None,
    }
    code, second, err = call(*arguments, "--repeats", 2)
    assert code == 0, err
    assert (second["n_answered"], second["n_answered_before"]) == (28, 4)
    assert second["repeats"] == [str(tmp_path / "r"), str(tmp_path / "r" / "repeats" / "2")]
    assert second["usage"]["n_answers"] == 32


class Loud:
    """A baseline that prints, as checkpoints with code of their own do, and fails on its first item."""

    def __init__(self):
        self.inner = load_baseline("baseline:abstain")
        self.name, self.check, self.describe = self.inner.name, self.inner.check, self.inner.describe

    def answer(self, items):
        print("printed by a library")
        os.write(1, b"written by C code\n")
        for place, outcome in enumerate(self.inner.answer(items)):
            yield outcome if place else ModelError(outcome.item_id, "no reply")


def test_what_libraries_print_is_kept_apart_and_failed_items_end_with_one(call, monkeypatch, dataset, tmp_path):
    monkeypatch.setattr("omni_persona_runner.baselines.load_baseline", lambda *_, **__: Loud())
    code, done, err = call(
        "run", "--model", "baseline:abstain", "--dataset", dataset, "--out", tmp_path / "r", "--json"
    )
    assert code == 1
    assert (done["complete"], done["n_failed"], done["n_answered"]) == (False, 1, 15)
    for said in ("printed by a library", "written by C code", "1 items failed"):
        assert said in err


def test_judge_counts_verdicts(call, dataset, tmp_path):
    call("run", "--model", "baseline:random", "--dataset", dataset, "--out", tmp_path / "r", "--json")
    code, judged, err = call("judge", tmp_path / "r", "--json")
    assert code == 0, err
    assert list(judged) == _keys(results.JudgeResult)
    lines = [json.loads(line)["verdict"] for line in (tmp_path / "r" / "verdicts.jsonl").read_text().splitlines()]
    assert judged == {
        "run": str(tmp_path / "r"),
        "judge": "lexical",
        "complete": True,
        "n_judged": len(lines),
        "n_unjudged": 0,
        "verdicts": {name: lines.count(name) for name in ("CORRECT", "WRONG", "UNJUDGED")},
    }
    assert len(lines) == 8


@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "--pool", "nowhere"),
        ("check", "nowhere"),
        ("run", "--model", "baseline:best", "--out", "r"),
        ("judge", "nowhere"),
        ("score", "nowhere"),
        ("compare", "nowhere", "elsewhere"),
    ],
)
def test_bad_input_prints_no_result(call, monkeypatch, tmp_path, arguments):
    monkeypatch.chdir(tmp_path)
    code, result, err = call(*arguments, "--json")
    assert (code, result) == (2, None)
    assert err.startswith("error: ")
