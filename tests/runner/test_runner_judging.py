from __future__ import annotations

import json

import pytest

import omni_persona
import omni_persona_cal
from omni_persona_artifacts.run_folder import RunFolderError
from omni_persona_runner.judging import judge_run, run_items
from omni_persona_runner.model import Answer, ModelError
from omni_persona_runner.run_loop import run
from omni_persona_runner.scoring import score_run


class Oracle:
    """Answers with the gold answer, but for what `said` and `broken` say of an item."""

    name = "fake:oracle"

    def __init__(self, said=None, broken=()):
        self.said, self.broken = said or {}, set(broken)

    def describe(self):
        return {}

    def check(self, items):
        pass

    def answer(self, items):
        return map(self.one, items)

    def one(self, item):
        if item.augmented_id in self.broken:
            return ModelError(item.augmented_id, "broken")
        return Answer(item.augmented_id, self.said.get(item.augmented_id, item.gold_answer), None, None, 0.0)


ANSWERABLE = [f"sample_{index}__aug_0" for index in (0, 1, 2, 3, 8, 9, 10, 11)]


@pytest.fixture
def judged(dataset, tmp_path):
    """Runs a model and judges it: (run folder, dataset, verdicts)."""

    def judged(**model):
        folder = tmp_path / "run"
        run(Oracle(**model), dataset, folder)
        rows = list(run_items(folder))
        judgements = judge_run(folder, rows, omni_persona_cal.make_judge("lexical"))
        return folder, rows, {item_id: one.verdict for item_id, one in judgements.items()}

    return judged


def lines(run):
    return [json.loads(row) for row in (run / "verdicts.jsonl").read_text().splitlines()]


def test_answers_to_answerable_items_are_judged(judged):
    folder, _, verdicts = judged(said={ANSWERABLE[1]: "a plumber"})
    assert verdicts == {name: "WRONG" if name == ANSWERABLE[1] else "CORRECT" for name in ANSWERABLE}
    assert lines(folder)[1] == {"augmented_id": ANSWERABLE[1], "verdict": "WRONG", "judge": "lexical", "raw": None}


class Silent:
    """A judge whose endpoint is down."""

    name = "openai:m"

    def judge(self, pairs):
        return [omni_persona_cal.Judgement("UNJUDGED", "no reply:\nAPIConnectionError") for _ in pairs]


def test_a_judge_that_says_nothing_takes_no_verdicts_away(judged):
    folder, rows, _ = judged()
    before = lines(folder)
    with pytest.raises(omni_persona_cal.JudgeError, match=r"openai:m judged none of 8 answers.*: no reply: APIConn"):
        judge_run(folder, rows, Silent())
    assert lines(folder) == before


def test_a_perfect_run_scores_one(judged):
    folder, rows, _ = judged()
    scores = score_run(folder, rows)
    assert (scores["ans"], scores["ta"], scores["cal"]) == (1.0, 1.0, 1.0)
    assert (scores["n_items"], scores["n_missing"], scores["n_failed"], scores["complete"]) == (16, 0, 0, True)
    assert scores["judge"] == "lexical"
    assert json.loads((folder / "scores.json").read_text()) == scores


def test_scores_do_not_need_verdicts(judged):
    folder, rows, _ = judged(said={ANSWERABLE[1]: "a plumber"})
    scores = score_run(folder, rows)
    (folder / "verdicts.jsonl").unlink()
    assert score_run(folder, rows) == scores
    assert scores["ans"] == 7 / 8


def test_a_failed_item_is_missing_and_never_wrong(judged):
    folder, rows, verdicts = judged(broken=[ANSWERABLE[0]])
    assert ANSWERABLE[0] not in verdicts
    scores = score_run(folder, rows)
    assert (scores["ans"], scores["n_answerable"]) == (1.0, 7)
    assert (scores["n_missing"], scores["n_failed"], scores["complete"]) == (1, 1, False)


def test_an_empty_answer_is_an_answer(judged):
    folder, rows, verdicts = judged(said={ANSWERABLE[0]: ""})
    assert verdicts[ANSWERABLE[0]] == "WRONG"
    scores = score_run(folder, rows)
    assert (scores["ans"], scores["n_missing"], scores["complete"]) == (7 / 8, 0, True)


def test_a_slice_is_scored_but_not_complete(dataset, tmp_path):
    folder = tmp_path / "run"
    run(Oracle(), dataset, folder, limit=12)
    scores = score_run(folder, run_items(folder))
    assert (scores["cal"], scores["n"], scores["n_missing"], scores["n_failed"]) == (1.0, 12, 4, 0)
    assert scores["complete"] is False


def test_an_answer_without_a_models_verdict_is_unjudged(judged):
    folder, rows, _ = judged()
    rest = [{**row, "judge": "ORG/JUDGE"} for row in lines(folder) if row["augmented_id"] != ANSWERABLE[2]]
    (folder / "verdicts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rest))
    scores = score_run(folder, rows)
    assert (scores["n_unjudged"], scores["ans"], scores["complete"]) == (1, 1.0, False)


def test_lexical_verdicts_are_completed_after_a_run_was_resumed(dataset, tmp_path):
    folder = tmp_path / "run"
    said = {ANSWERABLE[-1]: "a plumber"}
    run(Oracle(said=said), dataset, folder, limit=4)
    first = judge_run(folder, run_items(folder), omni_persona_cal.make_judge("lexical"))
    run(Oracle(said=said), dataset, folder)
    scores = score_run(folder)
    assert len(first) < len(ANSWERABLE)
    assert scores["n_unjudged"] == 0
    assert scores["ans"] == pytest.approx(7 / 8)
    assert scores["judge"] == "lexical"
    assert scores["complete"]


def test_the_judge_is_named(judged):
    folder, rows, _ = judged()
    others = [{**row, "judge": "ORG/JUDGE"} for row in lines(folder)]
    (folder / "verdicts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in others))
    assert score_run(folder, rows)["judge"] == "ORG/JUDGE"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"augmented_id": "a", "verdict": "MAYBE"}', r"\(a\): expected a verdict among .*, got 'MAYBE'"),
        ('{"verdict": "WRONG"}', "expected augmented_id to be a string"),
        ("nonsense", "not a JSON record"),
    ],
)
def test_a_corrupt_verdict_is_named_by_file_and_line(judged, row, reason):
    folder, rows, _ = judged()
    with (folder / "verdicts.jsonl").open("a") as file:
        file.write(row + "\n")
    with pytest.raises(RunFolderError, match=rf"verdicts\.jsonl:9.*{reason}"):
        score_run(folder, rows)


def test_a_run_without_answers_cannot_be_scored(dataset, tmp_path):
    names = [f"sample_{index}__aug_0" for index in range(16)]
    run(Oracle(broken=names), dataset, tmp_path / "run")
    with pytest.raises(RunFolderError, match="no answer to any item"):
        score_run(tmp_path / "run", omni_persona.read(dataset))


def test_the_dataset_of_a_run_must_be_as_it_was(write_dataset, make_row, tmp_path):
    folder = write_dataset(tmp_path / "omni-persona", [make_row(0)])
    run(Oracle(), folder, tmp_path / "run")
    assert len(list(run_items(tmp_path / "run"))) == 1
    file = folder / "data" / "test-0.parquet"
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(RunFolderError, match="another dataset than what"):
        run_items(tmp_path / "run")
    file.unlink()
    with pytest.raises(RunFolderError, match="dataset that is missing"):
        run_items(tmp_path / "run")
