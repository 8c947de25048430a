"""Texts and names of others, whatever they hold, are shown as text."""

from __future__ import annotations

import pytest
from report_page import WIDTHS, ids

from omni_persona_report import write_report

HOSTILE = (
    "<script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked=2">',
    "</script><script>window.hacked = 3</script>",
    "<!-- <script>",
    "]]> &lt;b&gt; ${1} {{ 7*7 }}",
    "right\u202eto\u202cleft \u200f\u2067mark\u2069",
    "nul\u0000 and \u001b[31m",
    "half \ud83d a pair",
)


def test_whatever_a_text_holds_it_is_shown_as_text(tools, tmp_path, open_page):
    rows = [
        tools.make_row(0, number % 4, augmented_id=f"item {number} {words}".encode("utf-8", "replace").decode())
        for number, words in enumerate(HOSTILE)
    ]
    for row, words in zip(rows, HOSTILE, strict=True):
        words = words.encode("utf-8", "replace").decode()
        row["query_text"] = f"Q {words}"
        row["contexts"] = [context | {"text": f"N {words}"} for context in row["contexts"]]
    folder = tmp_path / '"><img src=x onerror=window.hacked=4>'
    dataset = tools.write_dataset(folder, rows)
    answers = {row["augmented_id"]: f"P {words}" for row, words in zip(rows, HOSTILE, strict=True)}
    verdicts = {name: ("WRONG", f"R {words}") for name, words in zip(answers, HOSTILE, strict=True)}
    answers[rows[1]["augmented_id"]] = None
    run = tools.write_run(
        tmp_path / "<script>window.hacked = 5<script>\u202e", dataset, answers, name=HOSTILE[2], verdicts=verdicts
    )
    with (run / "predictions.jsonl").open("a") as file:
        file.write(
            '{"augmented_id": "<img src=x onerror=window.hacked=6>", "status": "</script><script>window.hacked=7"}\n'
        )
    figures = tmp_path / "figures"
    made = write_report([run], tmp_path / "report.html", figures=figures, title=HOSTILE[1])
    page = open_page(made.page)
    assert page.locator("h1").inner_text() == HOSTILE[1]
    assert page.locator("#leaderboard tbody th .text").first.inner_text() == HOSTILE[2]
    assert "'</script><script>window.hacked=7'" in page.locator("#problems").inner_text()
    assert "onerror=window.hacked=4" in page.locator("#runs").inner_text()
    assert "window.hacked = 5" in page.locator("#runs").inner_text()
    assert len(ids(page)) == len(HOSTILE)
    for row, words in zip(rows, HOSTILE, strict=True):
        page.locator("#list a", has_text=row["augmented_id"][:7]).click()
        known = words.encode("utf-8", "replace").decode()
        assert page.locator("#item h3").evaluate("one => one.textContent") == row["augmented_id"]
        assert page.locator("#item .words").evaluate("one => one.textContent") == f"Q {known}"
        assert page.locator("#item .memory > p").first.evaluate("one => one.textContent") == f"N {known}"
        if row is not rows[1]:
            said = page.locator("#item .said").evaluate("one => one.textContent.toWellFormed()")
            assert said == f"P {words}".replace("\ud83d", "\ufffd")
        if page.locator("#item .transcript").count():
            page.locator("#item .transcript summary").click()
            raw = page.locator("#item .transcript pre").evaluate("one => one.textContent.toWellFormed()")
            assert raw == f"R {words}".replace("\ud83d", "\ufffd")
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == page.locator("img.face").count()
    assert page.locator("script:not([type])").count() == 1


def test_direction_marks_are_seen_and_turn_nothing_around(tools, tmp_path, open_page):
    rows = [tools.make_row(0, 0)]
    dataset = tools.write_dataset(tmp_path / "omni-persona", rows)
    run = tools.write_run(tmp_path / "run", dataset, {"sample_0__aug_0": "a\u202eTHGIR"})
    page = open_page(write_report([run], tmp_path / "report.html").page)
    mark = page.locator("#item .said .ctl")
    assert mark.get_attribute("data-code") == "U+202E"
    assert mark.evaluate("one => getComputedStyle(one).unicodeBidi") == "isolate"
    # What follows the mark runs on to the right of it, as it is written.
    left, right = page.locator("#item .said").evaluate(
        """one => [0, 4].map((place) => {
            const range = document.createRange();
            range.setStart(one.lastChild, place);
            range.setEnd(one.lastChild, place + 1);
            return range.getBoundingClientRect().x;
        })"""
    )
    assert left < right


NAMES = ["x" * 200, "org/" + "long-name-" * 20, "نموذج عربي", "\u05de\u05d5\u05d3\u05dc", "same", "same"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_forty_runs_make_a_leaderboard(dataset, tools, tmp_path, open_page):
    right = {row["augmented_id"]: tools.gold(row) for row in tools.ROWS}
    names = [*NAMES, *(f"org/model-{place}" for place in range(40 - len(NAMES)))]
    runs = []
    for place, name in enumerate(names):
        said = right | dict.fromkeys(list(right)[: place % 12], "x")
        runs.append(tools.write_run(tmp_path / f"run{place}", dataset, said, name=name))
    made = write_report(runs, tmp_path / "report.html", media="none")
    assert len(made.pairs) == 40 * 39 // 2
    assert len({run.name for run in made.gathered.runs}) == 40
    for width, height in WIDTHS.values():
        page = open_page(made.page, viewport={"width": width, "height": height}, fragment="#item=sample_0__aug_0")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.locator("#leaderboard tbody tr").count() == 40
        box = page.locator("#item .words").bounding_box()
        assert 0 <= box["y"] <= height
        assert page.locator("#against tbody tr").count() == 39
        assert page.locator("#item .answer").count() == 40
        cals = [
            float(one) for one in page.locator("#leaderboard td.key").evaluate_all("a => a.map(o => o.dataset.value)")
        ]
        assert cals == sorted(cals, reverse=True)
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(page)
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found.response["violations"]] == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_report_of_the_releases_size_stays_light(tmp_path, open_page):
    """750 items; `benchmarks/report_size.py` says how long it takes to open."""
    from omni_persona_build.pipeline import build
    from omni_persona_build.recipes import load_recipe
    from omni_persona_people.invent import generate_pool
    from omni_persona_runner.baselines import load_baseline
    from omni_persona_runner.run_loop import run as run_model

    generate_pool(tmp_path / "people", 100, 0)
    build(tmp_path / "people", load_recipe("v2_2"), tmp_path / "omni-persona")
    run_model(load_baseline("baseline:random"), tmp_path / "omni-persona", tmp_path / "run")
    made = write_report([tmp_path / "run"], tmp_path / "report.html")
    assert made.bytes < 60_000_000
    page = open_page(made.page)
    assert page.locator("#count").inner_text() == "750 items"
    assert len(ids(page)) == 300, "the list grows as it is scrolled"
    page.locator(".list").evaluate("one => one.scrollTo(0, one.scrollHeight)")
    page.wait_for_function("document.querySelectorAll('#list a').length > 300")
    page.select_option("select[name=group]", "A2A")
    assert page.locator("#count").inner_text() == "247 of 750 items"
    assert page.locator("#item audio").count() == 5
