"""Figures of a report: files, bytes, names and marks."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from omni_persona_report import write_report
from omni_persona_report.figures import draw, figure_files
from omni_persona_report.gather import gather
from omni_persona_report.runs.published import for_the_page, published_rows

FIGURES = (
    "cal_by_group", "calibration_plane", "outcomes", "tasks", "audio_visual_gap", "length_and_overlap", "confusions",
)  # fmt: skip


@pytest.fixture(scope="module")
def drawn(gathered):
    return draw(gathered.runs, for_the_page(published_rows()), gathered.measure)


@pytest.fixture(scope="module")
def written(drawn, tmp_path_factory):
    """The files of the figures, which are not on a disk yet: path -> content."""
    return figure_files(drawn, tmp_path_factory.mktemp("figures"))


def test_figures_are_written_for_a_page_and_for_a_paper(drawn, written):
    assert [path.name for path in written] == [f"{name}{end}" for name in FIGURES for end in (".svg", ".pdf", ".png")]
    for path, content in written.items():
        path.write_bytes(content)
        if path.suffix == ".svg":
            root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
            assert root.attrib["width"] == "252pt", "a column of print"
            words = " ".join("".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text"))
            assert "org/first" in words, "each figure bears the names of its runs"
        elif path.suffix == ".pdf":
            assert path.read_bytes().startswith(b"%PDF")
        else:
            with Image.open(path) as image:
                assert image.width == 1050
                assert image.convert("L").getextrema() == (pytest.approx(30, abs=30), 255), "ink on white"
    assert all("judge lexical, protocol guarded" in figure.caption for figure in drawn)


@pytest.mark.slow
def test_the_same_runs_make_the_same_figures(gathered, written, tmp_path):
    again = figure_files(draw(gathered.runs, for_the_page(published_rows()), gathered.measure), tmp_path)
    assert [path.name for path in again] == [path.name for path in written]
    for first, second in zip(written.items(), again.items(), strict=True):
        assert first[1] == second[1], first[0].name


@pytest.mark.slow
def test_a_hostile_name_leaves_a_figure_well_formed(tools, dataset, tmp_path):
    answers = {row["augmented_id"]: tools.gold(row) for row in tools.ROWS}
    hostile = tools_hostile()
    folders = [tools.write_run(tmp_path / f"{i}", dataset, answers, name=name) for i, name in enumerate(hostile)]
    gathered = gather(folders)
    assert len(gathered.runs) == len(hostile)
    for figure in draw(gathered.runs, (), gathered.measure):
        ElementTree.fromstring(figure.inline())
        assert figure.files()


def tools_hostile():
    return (
        "<script>",
        '"><img onerror="x">',
        "a\u202eb\u0000\ud83d",
        "x" * 500,
        "",
        "]]>&amp;",
        "$\\frac{1}$",
        "مرحبا 漢字 🎈",
    )


def test_marks_stand_inside_their_axes(gathered):
    for figure in draw(gathered.runs, for_the_page(published_rows()), gathered.measure):
        for axes in figure.drawing.axes:
            (left, right), (low, high) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
            for line in axes.lines:
                if line.get_transform() is axes.transData:
                    xs, ys = (np.asarray(values, float) for values in line.get_data())
                    assert ((xs >= left - 1e-9) & (xs <= right + 1e-9)).all(), figure.key
                    assert ((ys >= low - 1e-9) & (ys <= high + 1e-9)).all(), figure.key


@pytest.mark.slow
def test_figures_of_a_run_without_any_score(tmp_path, tools, dataset):
    folder = tools.write_run(tmp_path / "run", dataset, {row["augmented_id"]: None for row in tools.ROWS})
    made = write_report([folder], tmp_path / "report.html", figures=tmp_path / "figures", media="none")
    assert len(made.figures) == 3 * len(FIGURES)
    assert any("16 failed" in notice for notice in made.gathered.notices)
