"""Tables and entries for the Hub hold what scores.json holds."""

from __future__ import annotations

import copy
import csv
import io
import itertools
import json
import shutil
from dataclasses import replace

import pytest
import yaml

import omni_persona
from omni_persona_artifacts.check_results import write_check_results
from omni_persona_cal.published import PAPER_TABLE_2, PAPER_TABLE_S2, RELEASED
from omni_persona_report import write_report
from omni_persona_report.exports import tables
from omni_persona_report.figures import draw
from omni_persona_report.gather import gather
from omni_persona_report.hub import ModelRepository, Source, entries, entry_file
from omni_persona_report.reproduction import line
from omni_persona_report.runs.analyses import checkpoints, gaps, judge_checks
from omni_persona_report.runs.report_dataset import View
from omni_persona_report.tables import Column, Number, Table, as_csv, as_latex, as_markdown, table_files


@pytest.fixture(scope="module")
def runs(gathered):
    return gathered.runs


@pytest.mark.parametrize(("name", "printed"), [("table_2", PAPER_TABLE_2), ("table_s2", PAPER_TABLE_S2)])
def test_csv_has_the_columns_and_the_figures_of_the_published_table(made, runs, name, printed):
    rows = list(csv.DictReader(io.StringIO(as_csv(made[name]))))
    own = list(printed.rows[0])
    assert list(rows[0])[: len(own) + 4] == [*own, "source", "n", "judge", "protocol"]
    found = [{key: row[key] for key in own} for row in rows if row["source"].startswith("published: arXiv")]
    assert found == [dict(row) for row in printed.rows]
    scores = runs[0].scores
    assert rows[0]["model"] == "org/second"
    assert rows[0]["cal"] == f"{100 * scores['cal']:.1f}"
    assert [rows[0][f"cal_{end}"] for end in ("low", "high")] == [
        f"{100 * end:.1f}" for end in scores["intervals"]["cal"]
    ]
    assert (rows[0]["n"], rows[0]["judge"], rows[0]["protocol"]) == ("16", "lexical", "guarded")
    if "i2i_cal" in rows[0]:
        assert rows[0]["i2i_cal"] == f"{100 * scores['by_group']['I2I']['cal']:.1f}"


def test_latex_and_markdown_hold_the_same_figures(made, runs):
    table = made["table_2"]
    latex, markdown = as_latex(table), as_markdown(table)
    n_rows = len(table.rows) + len(table.published)
    assert latex.count(r"\\") >= n_rows + len(table.rows) + 1, "a line of intervals below each run's"
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len(lines) == n_rows + 2
    assert len({line.count("|") for line in lines}) == 1
    assert f"\\textbf{{{100 * runs[0].scores['cal']:.1f}}}" in latex
    low, high = (100 * end for end in runs[1].scores["intervals"]["cal"])
    for text in (latex, markdown):
        assert f"[{low:.1f}, {high:.1f}]" in text
        assert "judge lexical, protocol guarded" in text
    for command in ("toprule", "midrule", "bottomrule"):
        assert f"\\{command}" in latex
    assert "Published rows" in latex


def test_tables_are_complete_by_task_and_by_slice(made, runs):
    by_task = list(csv.DictReader(io.StringIO(as_csv(made["tasks"]))))
    assert len(by_task) == 2 * 4, "of each run the four tasks that were asked"
    row = next(one for one in by_task if one["task"] == "1-a visual_to_bio" and one["run"] == "org/first")
    assert row["n"] == "4"
    scores = list(csv.DictReader(io.StringIO(as_csv(made["scores"]))))
    found = next(one for one in scores if (one["run"], one["slice"], one["score"]) == ("org/first", "group I2I", "cal"))
    assert float(found["value"]) == pytest.approx(runs[1].scores["by_group"]["I2I"]["cal"], abs=1e-4)
    assert found["n"] == "4"


def test_the_papers_analyses_are_tables(made, runs):
    first = next(row for row in csv.DictReader(io.StringIO(as_csv(made["errors"]))) if row["run"] == "org/first")
    # One answer names another person's job, one abstains without need, one makes something up.
    assert [first[key] for key in ("n_answerable", "wrong", "false_abstentions")] == ["8", "1", "1"]
    made_up = int(first["hallucinated_persona"]) + int(first["hallucinated_attribute"])
    assert (made_up, first["hallucination_rate"]) == (1, "12.5")
    gap = next(
        row for row in csv.DictReader(io.StringIO(as_csv(made["audio_visual_gap"]))) if row["run"] == "org/first"
    )
    assert gap["gap"] == f"{100 * runs[1].scores['audio_visual_gap']:.1f}"
    assert (gap["n_face"], gap["n_voice"]) == ("2", "2")
    assert runs[1].scores["intervals"]["audio_visual_gap"] is None  # of so few items
    assert "gap_low" not in gap
    assert not {"face_low", "face_high", "voice_low", "voice_high"} & gap.keys(), "groups of so few have no intervals"
    scores = copy.deepcopy(runs[1].scores)
    for name, known in (("I2I", [0.25, 0.75]), ("A2A", [0.125, 0.5])):
        scores["by_group"][name]["intervals"]["ans"] = known
    (with_ends,) = gaps([replace(runs[1], scores=scores)])
    assert [(side.low, side.high) for side in (with_ends.face, with_ends.voice)] == [(0.25, 0.75), (0.125, 0.5)]
    low, high = runs[1].scores["intervals"]["hallucination_rate"]
    ends = [first["hallucination_rate_low"], first["hallucination_rate_high"]]
    assert ends == [f"{100 * low:.1f}", f"{100 * high:.1f}"]
    judge = next(row for row in csv.DictReader(io.StringIO(as_csv(made["judge_check"]))) if row["run"] == "org/first")
    assert (judge["judge"], judge["agreement"]) == ("lexical", ""), "the lexical judge is not checked against itself"
    assert float(judge["rouge_correct"]) > float(judge["rouge_wrong"])
    (pair,) = csv.DictReader(io.StringIO(as_csv(made["pairs"])))
    assert (pair["first"], pair["second"]) == ("org/second", "org/first")
    assert float(pair["difference"]) == pytest.approx(100 * (runs[0].scores["cal"] - runs[1].scores["cal"]), abs=0.051)


def test_every_table_says_which_judge_and_protocol_scored_it(made):
    assert len(made) == 8
    for table in made.values():
        rows = list(csv.DictReader(io.StringIO(as_csv(table))))
        own = [row for row in rows if not row.get("source", "").startswith("published")]
        assert {(row["judge"], row["protocol"]) for row in own} == {("lexical", "guarded")}, table.name


def test_exports_mark_groups_that_do_not_need_their_modality(run, dataset, tmp_path):
    checked = shutil.copytree(dataset, tmp_path / "omni-persona")
    write_check_results(checked, [], {"I2I": ["corners"]})
    gathered = gather([run], dataset=checked)
    marked = {table.name: table for table in tables(gathered, (), [])}
    key = "does_not_need_its_modality"
    rows = {name: list(csv.DictReader(io.StringIO(as_csv(table)))) for name, table in marked.items()}
    assert {row["group"]: row[key] for row in rows["tasks"]} == {"I2I": "yes", "A2A": "", "T2T": "", "T2Any": ""}
    assert {row["slice"] for row in rows["scores"] if row[key] == "yes"} == {"group I2I", "task visual_to_bio"}
    assert [rows[name][0][key] for name in ("table_2", "audio_visual_gap")] == ["I2I", "I2I"]
    for name in ("table_2", "tasks", "scores", "audio_visual_gap"):
        for text in (as_latex(marked[name]), as_markdown(marked[name])):
            assert "I2I does not need its modality (shortcuts that work: corners)" in text
    # Where the dataset is gone, the scores that were made with it still say so.
    moved = shutil.copytree(run, tmp_path / "moved")
    scores = json.loads((moved / "scores.json").read_text())
    assert scores[key] == {}
    (moved / "scores.json").write_text(json.dumps(scores | {key: {"I2I": ["corners"], "x": 1, "A2A": 7}}))
    manifest = json.loads((moved / "run.json").read_text())
    manifest["dataset"]["path"] = str(tmp_path / "gone")
    (moved / "run.json").write_text(json.dumps(manifest))
    assert list(gather([moved]).dataset.unneeded) == ["I2I"]


def test_columns_without_any_text_are_left_out_for_readers(run):
    table = {one.name: one for one in tables(gather([run]), (), [])}["table_2"]
    assert "regime" in as_csv(table).splitlines()[0]
    for text in (as_latex(table), as_markdown(table)):
        assert "Regime" not in text
        assert "Does not need" not in text


def test_a_judge_is_checked_against_the_lexical_one(dataset, tools, tmp_path):
    answers = {row["augmented_id"]: tools.gold(row) for row in tools.ROWS}
    names = [row["augmented_id"] for row in tools.ROWS if row["absence"] == "none"]
    verdicts = {name: ("WRONG" if place < 2 else "CORRECT", None) for place, name in enumerate(names)}
    (check,) = judge_checks(gather([tools.write_run(tmp_path / "run", dataset, answers, verdicts=verdicts)]).runs)
    assert (check.judge, check.n, check.agreement) == ("org/judge", 8, 6 / 8)


def test_checkpoints_of_a_training_run_are_put_in_order(dataset, tools, tmp_path):
    right = {row["augmented_id"]: tools.gold(row) for row in tools.ROWS}
    runs = []
    for step in (200, 50, 1000):
        said = {
            name: "I cannot determine that from the provided context." if step == 50 else text
            for name, text in right.items()
        }
        runs.append(tools.write_run(tmp_path / f"run{step}", dataset, said, name=f"out/sft/checkpoint-{step}"))
    runs.append(tools.write_run(tmp_path / "base", dataset, right, name="org/base"))
    runs.append(tools.write_run(tmp_path / "lone", dataset, right, name="other/step_7"))
    gathered = gather(runs)
    found = checkpoints(gathered.runs)
    assert [(one.training, one.step) for one in found] == [("sft", 50), ("sft", 200), ("sft", 1000)]
    assert [one.values["one_minus_fa"].value for one in found] == [0.0, 1.0, 1.0]
    drawn = draw(gathered.runs, (), gathered.measure)
    assert drawn[-1].key == "dynamics"
    assert "step 50 0.0" in drawn[-1].alt
    table = {one.name: one for one in tables(gathered, (), [])}["dynamics"]
    assert [row[1].value for row in table.rows] == [50, 200, 1000]
    row = list(csv.DictReader(io.StringIO(as_csv(table))))[1]
    assert (row["n"], row["judge"], row["protocol"]) == ("16", "lexical", "guarded")
    scores = next(run.scores for run in gathered.runs if run.name.endswith("checkpoint-200"))
    for key in ("one_minus_fa", "ta", "cal"):
        ends = [row[key], row[f"{key}_low"], row[f"{key}_high"]]
        assert ends == [f"{100 * one:.1f}" for one in (scores[key], *scores["intervals"][key])]


def test_names_are_harmless_in_each_kind_of_table():
    columns = (Column("model", "Model"), Column("cal", "Cal", 1))
    rows = (("=cmd|' /C calc'!A0", Number(0.0)), ("a_b & 5% $x$ \\x {y}\n|`<b>", Number(None)))
    table = Table("names", "Caption", columns, rows)
    assert as_csv(table).splitlines()[1].startswith("'=cmd")
    assert r"a\_b \& 5\% \$x\$ \textbackslash{}x \{y\} \textbar{}`\textless{}b\textgreater{}" in as_latex(table)
    assert r"a_b &amp; 5% \$x\$ \\x {y} \|\`&lt;b&gt;" in as_markdown(table)
    with pytest.raises(ValueError, match="expected 2 cells, got 1"):
        Table("odd", "", columns, (("a",),))
    starts = ("=1", "\uff1d1", "+1", "\uff0b1", "-1", "\uff0d1", "@a", "\uff20a", "\t=1")
    table = replace(table, rows=tuple((start, Number(0.0)) for start in starts))
    assert all(line.startswith("'") for line in as_csv(table).splitlines()[1:])
    # LaTeX would take the start of a row for an argument of the command in front of it.
    table = replace(table, rows=tuple((start, Number(0.0)) for start in ("[3cm] x", "*x", "(lr)x")))
    rows = [line for line in as_latex(table).splitlines() if line.endswith("0.0 \\\\")]
    assert [row[:5] for row in rows] == ["{[}3c", "{*}x ", "{(}lr"]
    made = as_markdown(replace(table, made=(("# a", "1"), ("1. b", "2"), ("- c", "3"), ("https://d.e", "4"))))
    starts = [line.removeprefix("- ")[:4] for line in made.splitlines() if line.startswith("- ")]
    assert starts == [r"\# a", r"1\. ", r"\- c", "http"] and "https<!-- -->:" in made


def test_tables_are_files_of_a_folder(made, tmp_path):
    for kind, ending in {"latex": "tex", "csv": "csv", "markdown": "md"}.items():
        files = table_files(kind, list(made.values()), tmp_path / "tables")
        assert list(files) == [tmp_path / "tables" / f"{name}.{ending}" for name in made]
        assert all("org/" in content.decode() for content in files.values())


@pytest.mark.slow
def test_published_rows_stand_beside_the_released_items_alone(run, tools, tmp_path):
    elsewhere = write_report([run], tmp_path / "report.html", media="none")
    assert elsewhere.published == ()
    assert not any(table.published for table in elsewhere.tables())
    page = elsewhere.page.read_text(encoding="utf-8")
    assert "Published results on other items" in page
    assert 'tbody class="published"' not in page
    assert "published rows" not in "".join(figure.inline() for figure in draw(elsewhere.gathered.runs, (), ""))
    assert (
        "other items" not in write_report([run], tmp_path / "bare.html", media="none", published=False).page.read_text()
    )
    lines = list(released(tools))
    file = tmp_path / "judge_results.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    beside = write_report([file], tmp_path / "released.html")
    assert beside.gathered.is_release
    assert len(beside.published) > 20
    assert beside.tables()[0].published
    assert 'tbody class="published"' in beside.page.read_text(encoding="utf-8")
    file.write_text("".join(json.dumps(line) + "\n" for line in lines[1:]))
    assert not write_report([file], tmp_path / "released.html").gathered.is_release


def released(tools):
    """Lines as the release's scripts write them, as many of each kind as the release has."""
    tasks = {"I2I": "visual_to_bio", "A2A": "voice_to_bio", "T2T": "semantic_to_bio", "T2Any": "dialogue_to_bio"}
    places = itertools.count()
    for (group, absence), count in RELEASED.items():
        for place in itertools.islice(places, count):
            yield {
                "augmented_id": f"sample_{place // 3}__aug_{place % 3}",
                "source_sample_id": f"sample_{place // 3}",
                "selected_task": tasks[group],
                "no_GT": absence == "absent_persona",
                "query_text": "Who?",
                "model_prediction": "a baker",
                "gold_answer": "a baker",
                "answerable_from_context": absence == "none",
            }


def test_entries_for_the_hub_are_read_back_by_its_own_helpers(runs, tmp_path):
    from huggingface_hub import parse_eval_result_entries

    file, content = entry_file(runs[0], ModelRepository(tmp_path / "model", "org/omni-persona", "abc"))
    assert file == tmp_path / "model" / ".eval_results" / "omni-persona.yaml"
    found = parse_eval_result_entries(yaml.safe_load(content))
    assert [entry.task_id for entry in found] == list(omni_persona.LEADERBOARDS)
    assert {entry.dataset_id for entry in found} == {"org/omni-persona"}
    assert {entry.dataset_revision for entry in found} == {"abc"}
    assert found[0].value == round(100 * runs[0].scores["cal"], 2)
    assert found[0].date == "2026-01-02T03:04:05+00:00"
    assert found[0].notes.startswith("judge lexical, protocol guarded, ")
    assert found[0].notes == line(runs[0])
    assert (found[0].source_url, found[0].source_name, found[0].source_user) == (None, None, None)
    source = Source("https://example.org/logs?a=1", "Logs", "somebody")
    again, content = entry_file(runs[0], ModelRepository(tmp_path / "model", "org/omni-persona", "abc", source))
    assert again == file
    (one, *_) = parse_eval_result_entries(yaml.safe_load(content))
    assert (one.source_url, one.source_name, one.source_user) == ("https://example.org/logs?a=1", "Logs", "somebody")
    for wrong in ({"name": "Logs"}, {"user": "somebody"}, {"url": "javascript:x"}, {"url": "https://x y"}):
        with pytest.raises(ValueError, match="--source-url"):
            Source(**wrong)


def test_each_variant_has_a_file_of_entries_of_its_own(runs, tmp_path):
    run = runs[0]
    manifest = dict(run.files.manifest)

    def named(view=run.view, scores=None, **more):
        other = replace(run, files=replace(run.files, manifest=manifest | more), view=view)
        other.scores = run.scores | (scores or {})
        file, content = entry_file(other, ModelRepository(tmp_path, "org/data"))
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        return file.name

    assert named() == "omni-persona.yaml"
    assert named(View("as-released")) == "omni-persona-as-released.yaml"
    assert named(View("isolated", ("image", "query"))) == "omni-persona-no-image-no-query.yaml"
    assert named(prompt={"reason": True}) == "omni-persona-reason.yaml"
    assert named(scores={"protocol": "v2.2"}) == "omni-persona-v2-2.yaml"
    assert named(scores={"judge": "../Org/Judge \x1b"}) == "omni-persona-judge-org-judge.yaml"
    assert len(list((tmp_path / ".eval_results").iterdir())) == 6


def test_every_export_has_a_line_of_reproduction(made, runs):
    more = {
        "model": {"name": "org/second", "max_pixels": 1048576, "versions": {"vllm": "0.20.1"}},
        "prompt": {"hash": "ab" * 32, "reason": False},
        "cues": "isolated",
        "versions": {"omni-persona": "0.1.0", "transformers": "5.23.0", "numpy": "2.4.6"},
    }
    files = replace(runs[0].files, manifest={**runs[0].files.manifest, **more})
    assert line(replace(runs[0], files=files)) == (
        "judge lexical, protocol guarded, cues isolated, prompt abababababab, pixels 1048576, "
        f"dataset {runs[0].files.manifest['dataset']['fingerprint'][:12]}, omni-persona 0.1.0, transformers 5.23.0, "
        "vllm 0.20.1"
    )
    expected = line(runs[0])
    for table in made.values():
        for text in (as_latex(table), as_markdown(table)):
            assert sum(row.startswith(("% org/second: ", "- org/second: ")) for row in text.splitlines()) == 1, (
                table.name
            )
        rows = list(csv.DictReader(io.StringIO(as_csv(table))))
        by_run = {row["reproduction"] for row in rows if next(iter(row.values())) == "org/second"}
        assert by_run <= {expected}, table.name
    assert next(csv.DictReader(io.StringIO(as_csv(made["table_2"]))))["reproduction"] == expected


def test_incomplete_scores_and_odd_ids_are_not_for_the_hub(runs, tools, dataset, tmp_path):
    with pytest.raises(ValueError, match="such as ORG/omni-persona, got 'omni-persona'"):
        entries(runs[0], "omni-persona")
    answers = {row["augmented_id"]: tools.gold(row) for row in tools.ROWS} | {"sample_0__aug_0": None}
    (partial,) = gather([tools.write_run(tmp_path / "partial", dataset, answers)]).runs
    with pytest.raises(ValueError, match="expected complete scores"):
        entries(partial, "org/omni-persona")
