"""Reading runs: ours, the release's, incomplete and broken ones."""

from __future__ import annotations

import json
import shutil

import pytest
from slow_cases import slow_but

import omni_persona
from omni_persona_artifacts.run_folder import RunFolderError
from omni_persona_report.gather import gather


def test_a_run_is_joined_with_its_items(run, tools):
    gathered = gather([run])
    (one,) = gathered.runs
    assert (gathered.notices, gathered.problems) == ([], [])
    assert one.name == "org/first"
    assert one.scores == json.loads((run / "scores.json").read_text())
    assert not one.scored_here
    assert [one.dataset.reference(item_id) for item_id in one.dataset.entries] == [
        omni_persona.reference(omni_persona.item_from_row(row)) for row in tools.ROWS
    ]
    # 4 samples with 4 faces and a query face each; 4 voices that all samples share, and 4 query voices.
    assert len(one.dataset.media) == 4 * 5 + 4 + 4


def test_right_items_are_those_that_the_metric_counts(run):
    (one,) = gather([run]).runs
    answerable = [name for name, entry in one.dataset.entries.items() if entry.answerable]
    assert sum(one.outcomes[name] == "right" for name in answerable) / len(answerable) == one.scores["ans"]
    others = [name for name in one.outcomes if name not in answerable]
    assert sum(one.outcomes[name] == "right" for name in others) / len(others) == one.scores["ta"]


def test_a_run_without_scores_is_scored_on_the_way(run, tmp_path):
    bare = shutil.copytree(run, tmp_path / "bare")
    expected = json.loads((bare / "scores.json").read_text())
    for key in ("subset", "usage", "does_not_need_its_modality"):  # what the runner alone knows
        expected.pop(key)
    (bare / "scores.json").unlink()
    (one,) = gather([bare]).runs
    assert one.scored_here
    assert one.scores == expected
    assert not (bare / "scores.json").exists(), "the run stays as it is"


def test_scores_that_belong_to_other_lines_are_reported(run, tools, tmp_path):
    stale = shutil.copytree(run, tmp_path / "stale")
    lines = (stale / "predictions.jsonl").read_text().splitlines()
    right = next(place for place, line in enumerate(lines) if json.loads(line)["prediction"] in tools.JOBS)
    lines[right] = json.dumps(json.loads(lines[right]) | {"prediction": "a plumber"})
    (stale / "predictions.jsonl").write_text("\n".join(lines) + "\n")
    gathered = gather([stale])
    assert any("does not match the run's answers" in notice for notice in gathered.notices)
    (one,) = gathered.runs
    assert one.scored_here
    assert one.scores["ans"] < json.loads((stale / "scores.json").read_text())["ans"]


def test_a_missing_dataset_is_reported_and_not_fatal(run, tmp_path):
    moved = shutil.copytree(run, tmp_path / "moved")
    manifest = json.loads((moved / "run.json").read_text())
    manifest["dataset"]["path"] = str(tmp_path / "gone")
    (moved / "run.json").write_text(json.dumps(manifest))
    gathered = gather([moved])
    assert "a dataset that is no longer at" in gathered.notices[0]
    assert "Media and notes are not shown" in gathered.notices[0]
    (one,) = gathered.runs
    assert one.scores["cal"] == json.loads((run / "scores.json").read_text())["cal"]
    assert set(one.outcomes.values()) == {"unknown"}
    (moved / "scores.json").unlink()
    with pytest.raises(RunFolderError, match=r"moved: .*scoring it needs its dataset, named with --dataset"):
        gather([moved])
    # Beside a run with the same dataset, it is found there.
    assert len(gather([moved, run]).runs) == 2
    assert not gather([moved, run]).notices


def test_a_dataset_that_moved_can_be_named(run, dataset, tmp_path):
    moved = shutil.copytree(run, tmp_path / "moved")
    manifest = json.loads((moved / "run.json").read_text())
    manifest["dataset"]["path"] = str(tmp_path / "gone")
    (moved / "run.json").write_text(json.dumps(manifest))
    gathered = gather([moved], dataset=dataset)
    assert gathered.notices == []
    assert gathered.runs[0].outcomes == gather([run]).runs[0].outcomes
    with pytest.raises(FileNotFoundError, match="expected a dataset folder"):
        gather([moved], dataset=tmp_path)


def test_another_dataset_in_its_place_is_not_taken_for_it(run, tools, tmp_path):
    other = tools.write_dataset(tmp_path / "omni-persona", [tools.make_row(5, 0)])
    gathered = gather([run], dataset=other)
    assert "made with another dataset" in gathered.notices[0]
    assert not gathered.dataset.media


def test_corrupt_lines_are_listed_by_file_and_line(run, tmp_path):
    broken = shutil.copytree(run, tmp_path / "broken")
    with (broken / "predictions.jsonl").open("a") as file:
        file.write('nonsense\n[1]\n{"augmented_id": 3}\n{"augmented_id": "a", "prediction": 4}\n{"augmented_id": "half')
    (broken / "verdicts.jsonl").write_text('{"augmented_id": "sample_0__aug_0", "verdict": "MAYBE"}\n')
    gathered = gather([broken])
    assert len(gathered.problems) == 5, "the half line at the end is what a killed run leaves"
    for number, reason in {
        17: "not a JSON record",
        18: "expected a JSON object, got a list",
        19: "expected augmented_id to be a string, got 3",
        20: "(a): expected prediction to be a string, got 4",
    }.items():
        assert any(f"predictions.jsonl:{number}" in one and reason in one for one in gathered.problems), number
    assert any(
        "verdicts.jsonl:1 (sample_0__aug_0): expected a verdict among CORRECT" in problem
        for problem in gathered.problems
    )
    assert gathered.runs[0].outcomes["sample_0__aug_0"] == "unjudged"
    assert len(gathered.runs[0].answers) == 16


@pytest.mark.parametrize("name", ["run.json", "scores.json"])
@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_a_corrupt_manifest_or_scores_file_is_listed(run, dataset, tmp_path, name, content):
    broken = shutil.copytree(run, tmp_path / "broken")
    (broken / name).write_bytes(content)
    gathered = gather([broken], dataset=dataset)
    assert len(gathered.problems) == 1
    assert name in gathered.problems[0]
    assert gathered.runs[0].scores["n"] == 16


@pytest.mark.parametrize(
    "scores",
    slow_but(
        [{"cal": "high", "by_group": 3, "intervals": [1]}],
        [{}, {"cal": "high", "by_group": 3, "intervals": [1]}, {"cal": 1e999, "by_group": {"I2I": None}, "n": "many"}],
    ),
)
def test_scores_of_any_shape_make_a_page(run, tmp_path, scores):
    from omni_persona_report import write_report

    odd = shutil.copytree(run, tmp_path / "odd")
    (odd / "scores.json").write_text(json.dumps(scores))
    assert write_report([odd], tmp_path / "report.html", media="none").bytes > 10_000


def test_what_is_no_run_is_an_error(tmp_path):
    with pytest.raises(RunFolderError, match="no such run"):
        gather([tmp_path / "nowhere"])
    with pytest.raises(RunFolderError, match="is not a run folder"):
        gather([tmp_path])
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(RunFolderError, match=r"contains no predictions.*notes\.txt:1"):
        gather([tmp_path / "notes.txt"])


def upstream(rows, verdict="CORRECT", **more):
    """Lines as the release's scripts write them."""
    for row in rows:
        supervision = row["answer_supervision"]
        yield {
            **{key: row[key] for key in ("augmented_id", "source_sample_id", "scenario", "selected_task", "no_GT")},
            "model_name": "their-model",
            "query_text": row["query_text"],
            "model_prediction": supervision["gold_answer"],
            "gold_answer": supervision["gold_answer"],
            "answerable_from_context": supervision["answerable_from_context"],
            "judge_verdict": verdict,
        } | more


@pytest.mark.parametrize("as_list", [False, True])
def test_result_files_of_the_release_are_read_without_media(tools, tmp_path, as_list):
    records = list(upstream(tools.ROWS))
    records[1]["model_prediction"] = "[SKIP] 400 Error: too long"
    answerable = next(place for place, one in enumerate(records) if one["answerable_from_context"])
    records[answerable]["judge_verdict"] = "INCORRECT"
    file = tmp_path / "judge_results.jsonl"
    lines = "".join(json.dumps(record) + "\n" for record in records)
    file.write_text(json.dumps(records) if as_list else lines)
    gathered = gather([file])
    (one,) = gathered.runs
    assert one.name == "their-model"
    assert any("Media and notes are not shown" in notice for notice in gathered.notices)
    assert one.scores["n"] == 15
    assert one.count("failed") == 1
    assert one.outcomes[records[answerable]["augmented_id"]] == "wrong_unclear"
    assert one.scores["ta"] == 1.0
    folder = tmp_path / "results"
    folder.mkdir()
    shutil.copy(file, folder)
    assert gather([folder]).runs[0].scores == one.scores


def test_result_files_of_the_release_meet_their_dataset(tools, dataset, tmp_path):
    file = tmp_path / "predictions.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in upstream(tools.ROWS, verdict=None)))
    gathered = gather([file], dataset=dataset)
    assert gathered.notices == []
    assert gathered.runs[0].scores["cal"] == 1.0
    assert gathered.runs[0].scores["judge"] == "lexical"
    assert gathered.dataset.media


def test_two_files_over_the_same_items_share_them(tools, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.jsonl").write_text(
            "".join(json.dumps(record) + "\n" for record in upstream(tools.ROWS, model_name=name))
        )
    gathered = gather([tmp_path / "one.jsonl", tmp_path / "two.jsonl"])
    assert [run.name for run in gathered.runs] == ["one", "two"]


def test_runs_of_one_model_get_names_that_differ(run, tmp_path):
    again = shutil.copytree(run, tmp_path / "again")
    elsewhere = shutil.copytree(run, tmp_path / "elsewhere" / "again")
    names = [one.name for one in gather([run, again, elsewhere]).runs]
    assert names == ["org/first (first)", "org/first (again)", "org/first (again) #2"]


def test_what_the_model_saw_decides_what_is_shown_beside_the_question(dataset, tools, tmp_path):
    answers = {row["augmented_id"]: tools.gold(row) for row in tools.ROWS}
    prompt = {"version": 2, "hash": "x", "without": ["query"], "reason": False}
    plain = tools.write_run(tmp_path / "plain", dataset, answers, cues="isolated")
    blind = tools.write_run(tmp_path / "blind", dataset, answers, cues="isolated", prompt=prompt)
    ((image, audio),) = gather([plain]).dataset.entries["sample_0__aug_1"].query_media
    assert image is None
    assert audio is not None
    assert gather([blind]).dataset.entries["sample_0__aug_1"].query_media == ((None, None),)


def test_the_builders_side_file_is_read_where_there_is_one(tools, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from omni_persona_report.figures import draw

    folder = tools.write_dataset(tmp_path / "omni-persona", tools.ROWS)
    memories = [
        {
            "augmented_id": row["augmented_id"],
            "concept_id": f"concept_{place}",
            "person": f"p{place}",
            "face_similarity": 0.2 * place,
            "voice_similarity": None,
            "transcript": f"I said {place}.",
        }
        for row in tools.ROWS
        for place in range(4)
    ]
    pq.write_table(pa.Table.from_pylist(memories), folder / "data" / "construction.parquet")
    answers = {row["augmented_id"]: f"a {tools.JOBS[3]}" for row in tools.ROWS}
    gathered = gather([tools.write_run(tmp_path / "run", folder, answers)])
    memory = gathered.dataset.entries["sample_0__aug_0"].memories[2]
    assert (dict(memory.similarity), memory.transcript) == ({"face": pytest.approx(0.4)}, "I said 2.")
    figure = draw(gathered.runs, (), gathered.measure)[-1]
    assert "quoted distractors 0.60" in figure.alt
    (folder / "data" / "construction.parquet").write_bytes(b"no parquet")
    assert any(
        "construction.parquet: expected the side file of a dataset" in notice
        for notice in gather([tmp_path / "run"]).notices
    )


def test_the_command_that_repeats_a_run_is_reported(dataset, tools, tmp_path, monkeypatch):
    from omni_persona_report.reproduction import command_note, commands, facts, manifest_text

    answers = {row["augmented_id"]: tools.gold(row) for row in tools.ROWS}
    settings = {
        "model": {"name": "org/a model", "endpoint": "http://here/v1", "dtype": "bfloat16", "drop_unsupported": True},
        "prompt": {"version": None, "hash": "abc", "without": ["image"], "reason": True},
        "cues": "as-released",
        "generation": {"max_new_tokens": 64},
        "seed": 3,
        "limit": 16,
    }
    verdicts = dict.fromkeys(answers, ("CORRECT", None))
    folder = tools.write_run(tmp_path / "run", dataset, answers, verdicts=verdicts, **settings)
    (run,) = gather([folder]).runs
    first, score = commands(run).splitlines()
    assert first == (
        f"omni-persona run --model 'org/a model' --endpoint http://here/v1 --dataset {dataset.name} --out run "
        "--limit 16 --cues as-released --max-new-tokens 64 --dtype bfloat16 --seed 3 --without image --reason "
        "--drop-unsupported"
    )
    assert score == "omni-persona score run"
    assert "--prompt" in command_note(run)
    assert "judge it with org/judge" in command_note(run)
    assert dict(facts(run))["Left out"] == "image"
    assert "only the last part of the path" in command_note(run)
    # From a folder near the run, the command works as it stands.
    monkeypatch.chdir(tmp_path)
    assert "--out run --limit" in commands(run)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert "--out ../run --limit" in commands(run)
    # The page is shared; where things lie on this machine is nobody's business.
    assert str(tmp_path) not in commands(run) + manifest_text(run) + str(facts(run))


@pytest.mark.usefixtures("figures_once")
def test_the_page_says_what_the_people_are_only_if_that_is_recorded(dataset, tools, tmp_path):
    import pyarrow.parquet as pq

    from omni_persona_report import write_report

    def page(folder):
        run = tools.write_run(folder.parent / "run", folder, {"sample_0__aug_0": "x"})
        return write_report([run], tmp_path / "report.html", media="none").page.read_text("utf-8")

    card = "# Omni-Persona: mine\n\n16 items over 4 sets of memories of 12 people\nfrom the pool `real-rendered`\n"
    unknown = "It is not recorded whether the people are invented, rendered or real."
    for record, words in (
        (None, f"4 sets of memories of 12 people, from the pool real-rendered. {unknown}"),
        ("{}", unknown),
        ("[", unknown),
        ('{"people": "aliens"}', unknown),
        ('{"people": ["real"]}', unknown),
        ('{"people": "real"}', "4 sets of memories of 12 real people, from the pool real-rendered."),
        ('{"people": "rendered"}', "of 12 invented people with rendered faces, from the pool real-rendered."),
        ('{"people": "invented"}', "of 12 invented people, from the pool real-rendered."),
    ):
        folder = tmp_path / str(len(list(tmp_path.iterdir()))) / "omni-persona"
        shutil.copytree(dataset, folder)
        (folder / "README.md").write_text(card)
        file = folder / "data" / "test-00000-of-00001.parquet"
        table = pq.read_table(file)
        if record is not None:
            table = table.replace_schema_metadata({b"omni_persona": record.encode()})
        pq.write_table(table, file)
        text = page(folder)
        assert words in text
        assert ("not recorded" in text) == words.endswith(unknown)
