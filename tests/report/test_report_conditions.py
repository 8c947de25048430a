"""Runs that were scored by another measure, or asked something else, are never ranked together."""

from __future__ import annotations

import json
import shutil

import pytest
from slow_cases import slow_but

from omni_persona_artifacts.run_reader import RunFolderError
from omni_persona_cal import abstains
from omni_persona_report import write_report
from omni_persona_report.gather import gather
from omni_persona_runner.scoring import score_run

PROMPT = {"version": 2, "hash": "a" * 64, "without": [], "reason": False}
GENERATION = {"do_sample": False, "max_new_tokens": 256}


@pytest.fixture
def settings():
    return {"prompt": PROMPT, "cues": "isolated", "generation": GENERATION}


@pytest.fixture
def write(dataset, tools, tmp_path, settings):
    answers = {row["augmented_id"]: tools.gold(row) for row in tools.ROWS}

    def write(name, judge=None, said=None, **changes):
        verdicts = None
        if judge is not None:
            verdicts = dict.fromkeys(answers, ("CORRECT", None))
        run = tools.write_run(
            tmp_path / name, dataset, said or answers, name=f"org/{name}", verdicts=verdicts, **(settings | changes)
        )
        if judge is not None:
            lines = [json.loads(line) | {"judge": judge} for line in (run / "verdicts.jsonl").read_text().splitlines()]
            (run / "verdicts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return run

    return write


CHANGES = {
    "prompt": {"prompt": PROMPT | {"version": None, "hash": "b" * 64}},
    "thinking": {"prompt": PROMPT | {"reason": True, "hash": "c" * 64}},
    "query media": {"cues": "as-released"},
    "without": {"prompt": PROMPT | {"without": ["image"]}},
    "generation settings": {"generation": GENERATION | {"max_new_tokens": 64}},
    "sampled": {"generation": {"do_sample": True, "temperature": 0.7, "max_new_tokens": 256}},
    "judge": {"judge": "org/judge"},
}


@pytest.mark.parametrize("name", slow_but(["prompt", "query media", "sampled", "judge"], CHANGES))
def test_two_runs_of_two_measures_are_not_ranked(write, tmp_path, name):
    first, other = write("first"), write("other", **CHANGES[name])
    made = write_report([first, other], tmp_path / "report.html", media="none")
    assert [run.name for run in made.gathered.runs] == ["org/first"]
    (left,) = made.gathered.left_out
    assert left.name == str(other)
    assert made.pairs == ()
    page = made.page.read_text(encoding="utf-8")
    assert 'id="left-out"' in page
    assert "Better than the next?" not in page


def test_most_runs_decide_what_is_shown(write):
    odd = write("odd", judge="org/judge")
    gathered = gather([odd, write("one"), write("two")])
    assert {run.name for run in gathered.runs} == {"org/one", "org/two"}
    assert "different judge: org/judge; in this report: lexical" in gathered.left_out[0].reason
    assert gathered.measure == "judge lexical, protocol guarded"


def test_a_judge_is_chosen_or_judges_anew(write, tools):
    one = write("one")
    said = {row["augmented_id"]: "nobody knows" for row in tools.ROWS}
    judged = write("judged", judge="org/judge", said=said)
    assert gather([one, judged]).runs[0].name == "org/one", "of two measures the first run's"
    by_model = gather([one, judged], judge="org/judge")
    assert [run.name for run in by_model.runs] == ["org/judged"]
    assert by_model.runs[0].scores["ans"] == 1.0
    anew = gather([one, judged], judge="lexical")
    assert [run.name for run in anew.runs] == ["org/one", "org/judged"], "by falling Cal"
    assert anew.left_out == []
    assert anew.runs[1].scores["ans"] == 0.0
    with pytest.raises(RunFolderError, match="different judge: lexical; in this report: org/nobody"):
        gather([one], judge="org/nobody")


def test_a_protocol_scores_all_runs_whatever_their_scores_say(write, dataset, tools):
    answerable = next(row for row in tools.ROWS if row["absence"] == "none")
    gold = tools.gold(answerable)
    said = {row["augmented_id"]: tools.gold(row) for row in tools.ROWS}
    # An answer that abstains and names the gold is right by the paper's rule alone.
    said[answerable["augmented_id"]] = f"A {gold}. I cannot determine that from the provided context."
    assert abstains(said[answerable["augmented_id"]])
    run, other = write("run", said=said, judge="org/judge"), write("other", judge="org/judge")
    score_run(run, protocol="paper")
    score_run(other)
    for protocol, ans in (("guarded", 7 / 8), ("paper", 1.0), ("v2.2", 7 / 8)):
        gathered = gather([run, other], protocol=protocol)
        assert len(gathered.runs) == 2
        assert {one.scores["protocol"] for one in gathered.runs} == {protocol}
        found = next(one for one in gathered.runs if one.name == "org/run")
        assert found.scores["ans"] == ans
    with pytest.raises(ValueError, match=r"expected a protocol among guarded, paper, v2\.2, got 'best'"):
        gather([run], protocol="best")


def test_scores_of_another_protocol_are_no_scores_without_the_dataset(write, tmp_path):
    run = write("run")
    score_run(run, protocol="paper")
    manifest = json.loads((run / "run.json").read_text())
    manifest["dataset"]["path"] = str(tmp_path / "gone")
    (run / "run.json").write_text(json.dumps(manifest))
    assert gather([run], protocol="paper").runs[0].scores["cal"] == 1.0
    with pytest.raises(RunFolderError, match="no scores by protocol guarded"):
        gather([run])


def test_other_items_and_other_datasets_are_left_out(write, tools, tmp_path):
    whole = write("whole")
    part = write("part", said={row["augmented_id"]: "x" for row in tools.ROWS[:8]}, limit=8)
    gathered = gather([whole, part])
    assert "different items asked: 8 items" in gathered.left_out[0].reason
    rows = [tools.make_row(9, number) for number in range(4)]
    elsewhere = tools.write_dataset(tmp_path / "elsewhere" / "omni-persona", rows)
    stranger = tools.write_run(tmp_path / "stranger", elsewhere, tools.some_wrong(rows))
    gathered = gather([stranger, whole, write("again")])
    assert [one.reason for one in gathered.left_out] == ["it was run on another dataset"]


def test_a_baseline_stands_beside_any_model(write, dataset, tools, tmp_path):
    answers = {row["augmented_id"]: "x" for row in tools.ROWS}
    baseline = tools.write_run(tmp_path / "baseline", dataset, answers, name="baseline:nearest")
    assert len(gather([baseline, write("model")]).runs) == 2
    greedy = {"max_new_tokens": 256, "temperature": 0}
    assert len(gather([write("local"), write("served", generation=greedy)]).runs) == 2


def test_what_cannot_be_read_is_left_out_with_the_reason(write, tmp_path):
    run = write("run")
    empty = shutil.copytree(run, tmp_path / "empty")
    (empty / "predictions.jsonl").write_text("")
    (tmp_path / "notes.txt").write_text("hello")
    gathered = gather([run, tmp_path / "nowhere", empty, tmp_path / "notes.txt"])
    reasons = {one.name.rpartition("/")[2]: one.reason for one in gathered.left_out}
    assert reasons["nowhere"] == "no such run folder or file"
    assert reasons["empty"] == "contains no predictions"
    assert reasons["notes.txt"].startswith("contains no predictions: ")
    with pytest.raises(RunFolderError, match="empty: contains no predictions"):
        gather([empty])


def test_one_run_stands_beside_the_baselines_of_its_folder(write, dataset, tools, tmp_path):
    from omni_persona_report.references import baselines_beside

    run = write("model")
    answers = {row["augmented_id"]: "x" for row in tools.ROWS}
    for name, changes in {"nearest": {}, "other": {"prompt": PROMPT | {"hash": "z"}}}.items():
        score_run(tools.write_run(tmp_path / name, dataset, answers, name=f"baseline:{name}", **changes))
    score_run(write("another model"))
    gathered = gather([run])
    assert [one.name for one in baselines_beside(gathered.runs[0], gathered.conditions)] == [
        "always abstains",
        "baseline:nearest",
    ]
