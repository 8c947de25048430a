"""Figures and tables as files, and entries for the Hub."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree

import pytest
import yaml
from PIL import Image

import omni_persona
from omni_persona_artifacts.characters import split, visible
from omni_persona_cal.published import PAPER_TABLE_2, PAPER_TABLE_S2
from omni_persona_report import write_report
from omni_persona_report.figures import draw, write_figures
from omni_persona_report.gather import gather
from omni_persona_report.hub import entries, write_entries
from omni_persona_report.page import marked
from omni_persona_report.page_data import safe_json
from omni_persona_report.published import for_the_page, published_rows
from omni_persona_report.tables import FORMS, Line, as_csv, as_latex, as_markdown, lines, write_tables


@pytest.fixture(scope="module")
def runs(run, second):
    return gather([run, second]).runs


def test_figures_are_written_as_svg_and_png(runs, tmp_path):
    written = write_figures(draw(runs, for_the_page(published_rows())), tmp_path / "new" / "figures")
    names = ("cal_by_group", "calibration_plane", "audio_visual_gap", "tasks", "length_and_overlap", "confusions")
    assert [path.name for path in written] == [f"{name}{end}" for name in names for end in (".svg", ".png")]
    for path in written:
        if path.suffix == ".svg":
            root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
            width = int(root.attrib["width"])
        else:
            with Image.open(path) as image:
                assert image.width == 2 * width
                assert image.convert("L").getextrema() == (pytest.approx(30, abs=30), 255), "ink on white"


def test_a_hostile_name_leaves_a_figure_well_formed(runs, tools, dataset, tmp_path):
    for words in tools_hostile():
        answers = {row["augmented_id"]: tools.gold(row) for row in tools.ROWS}
        folder = tools.write_run(tmp_path / str(len(list(tmp_path.iterdir()))), dataset, answers, name=words)
        for figure in draw(gather([folder]).runs, ()):
            ElementTree.fromstring(figure.file())
            ElementTree.fromstring(figure.inline())


def tools_hostile():
    return ("<script>", '"><img onerror="x">', "a\u202eb\u0000\ud83d", "x" * 500, "", "]]>&amp;")


def test_figures_of_a_run_without_any_score(tmp_path, tools, dataset):
    folder = tools.write_run(tmp_path / "run", dataset, {row["augmented_id"]: None for row in tools.ROWS})
    made = write_report([folder], tmp_path / "report.html", figures=tmp_path / "figures", media="none")
    assert len(made.figures) == 12
    assert any("16 failed" in notice for notice in made.gathered.notices)


@pytest.mark.parametrize(("form", "table"), [(FORMS[0], PAPER_TABLE_2), (FORMS[1], PAPER_TABLE_S2)])
def test_csv_has_the_columns_and_the_figures_of_the_published_table(runs, form, table):
    rows = list(csv.DictReader(io.StringIO(as_csv(form, lines(form, runs, published_rows())))))
    assert list(rows[0]) == [*table.rows[0], "source"]
    printed = [{key: row[key] for key in table.rows[0]} for row in rows if row["source"].startswith("published: arXiv")]
    assert printed == [dict(row) for row in table.rows]
    scores = runs[0].scores
    assert rows[0]["model"] == "org/first"
    assert rows[0]["cal"] == f"{100 * scores['cal']:.1f}"
    if "i2i_cal" in rows[0]:
        assert rows[0]["i2i_cal"] == f"{100 * scores['by_group']['I2I']['cal']:.1f}"


def test_latex_and_markdown_hold_the_same_figures(runs):
    form = FORMS[0]
    rows = lines(form, runs, published_rows())
    latex, markdown = as_latex(form, rows), as_markdown(form, rows)
    assert latex.count(r"\\") >= len(rows) + 1
    assert markdown.count("\n") == len(rows) + 2
    assert len({line.count("|") for line in markdown.splitlines()}) == 1
    assert f"\\textbf{{{100 * runs[1].scores['cal']:.1f}}}" in latex
    assert "Published rows" in latex
    for figure in rows[5].figures:
        assert f"{figure:.1f}" in latex
        assert f"{figure:.1f}" in markdown


def test_names_are_harmless_in_each_kind_of_table():
    form = FORMS[1]
    figures = (0.0,) * len(form.columns)
    rows = [
        Line("=cmd|' /C calc'!A0", "", "this report", figures),
        Line("a_b & 5% $x$ \\x {y}\n|`<b>", "", "x", figures),
    ]
    assert as_csv(form, rows).splitlines()[1].startswith("'=cmd")
    latex = as_latex(form, rows)
    assert r"a\_b \& 5\% \$x\$ \textbackslash{}x \{y\} \textbar{}`\textless{}b\textgreater{}" in latex
    assert r"a\_b &amp; 5% $x$ \\x {y} \|\`&lt;b&gt;" in as_markdown(form, rows)


def test_tables_are_written_into_a_folder(runs, tmp_path):
    for kind, ending in {"latex": "tex", "csv": "csv", "markdown": "md"}.items():
        written = write_tables(kind, runs, (), tmp_path / "tables")
        assert [path.name for path in written] == [f"table_2.{ending}", f"table_s2.{ending}"]
        assert all("org/" in path.read_text(encoding="utf-8") for path in written)


def test_entries_for_the_hub_are_read_back_by_its_own_helpers(runs, tmp_path):
    from huggingface_hub import parse_eval_result_entries

    file = write_entries(runs[0], "org/omni-persona", "abc", tmp_path / "model")
    assert file == tmp_path / "model" / ".eval_results" / "omni-persona.yaml"
    found = parse_eval_result_entries(yaml.safe_load(file.read_text(encoding="utf-8")))
    assert [entry.task_id for entry in found] == list(omni_persona.LEADERBOARDS)
    assert {entry.dataset_id for entry in found} == {"org/omni-persona"}
    assert {entry.dataset_revision for entry in found} == {"abc"}
    assert found[0].value == round(100 * runs[0].scores["cal"], 2)
    assert found[0].date == "2026-01-02T03:04:05+00:00"
    assert found[0].notes == "judge lexical, protocol guarded"


def test_incomplete_scores_and_odd_ids_are_not_for_the_hub(runs, tools, dataset, tmp_path):
    with pytest.raises(ValueError, match="such as ORG/omni-persona, got 'omni-persona'"):
        entries(runs[0], "omni-persona")
    answers = {row["augmented_id"]: tools.gold(row) for row in tools.ROWS} | {"sample_0__aug_0": None}
    (partial,) = gather([tools.write_run(tmp_path / "partial", dataset, answers)]).runs
    with pytest.raises(ValueError, match="expected complete scores"):
        entries(partial, "org/omni-persona")


def test_json_in_a_script_element_ends_nothing():
    value = {"</script>": ["<!--", "&lt;", "\u2028", "\ud83d", "\u0000"]}
    text = safe_json(value)
    assert not set("<>&") & set(text)
    assert text.isascii()
    assert json.loads(text) == value


def test_unseen_characters_are_marked():
    assert visible("a\u202eb\u200b\n\t\ud83d é 漢 🎈") == "a[U+202E]b[U+200B]\n\t[U+D83D] é 漢 🎈"
    assert "".join(piece for piece, _ in split("a\u202eb")) == "a\u202eb"
    assert marked("<b>\u202e") == '&lt;b&gt;<span class="ctl" data-code="U+202E">\u202e</span>'
    assert marked("\u0000") == '<span class="ctl" data-code="U+0000">\ufffd</span>'


def test_the_page_forbids_itself_the_network(run, tmp_path):
    made = write_report([run], tmp_path / "report.html", media="none")
    text = made.page.read_text(encoding="utf-8")
    head = text[: text.index("<title>")]
    assert "default-src 'none'" in head
    assert "unsafe" not in head
    for outside in ("http://", "https://", "@import", "url("):
        assert outside not in text.replace("http://www.w3.org/2000/svg", ""), outside


def test_the_same_runs_make_the_same_page(run, tmp_path):
    one, two = (write_report([run], tmp_path / f"{name}.html").page.read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_medium_that_cannot_be_read_is_listed_and_not_fatal(tools, tmp_path):
    row = tools.make_row(0, 0)
    row["contexts"][1] = row["contexts"][1] | {"image": {"bytes": b"no picture", "path": "x.png"}}
    row["contexts"][2] = row["contexts"][2] | {"audio": {"bytes": b"no clip", "path": "x.wav"}}
    folder = tools.write_dataset(tmp_path / "omni-persona", [row])
    run = tools.write_run(tmp_path / "run", folder, {"sample_0__aug_0": "x"})
    made = write_report([run], tmp_path / "report.html")
    assert [problem.split(":")[0] for problem in made.gathered.problems] == ["x.png", "x.wav"]
    full = write_report([run], tmp_path / "full.html", media="full")
    assert len(full.gathered.problems) == 2


def test_a_page_that_cannot_be_written_is_an_error(run, tmp_path):
    from omni_persona_artifacts.run_folder import RunFolderError

    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="cannot write"):
        write_report([run], tmp_path / "file" / "report.html", media="none")
    with pytest.raises(ValueError, match="at least one run"):
        write_report([], tmp_path / "report.html")
