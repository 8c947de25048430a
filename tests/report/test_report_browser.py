"""A report in a browser: its tables, comparison and first screen."""

from __future__ import annotations

import json

from omni_persona_report import write_report


def cells(page, row):
    """Column -> (raw value, what is shown) of a table row."""
    script = "cells => cells.map(c => [c.dataset.key, c.dataset.value, c.firstChild.textContent, c.innerText])"
    return page.locator(row).locator("td[data-key]").evaluate_all(script)


def test_the_tables_show_what_scores_json_holds(page_of_two, run, second, open_page):
    page = open_page(page_of_two)
    for place, folder in enumerate((second, run)):  # by falling Cal
        scores = json.loads((folder / "scores.json").read_text())
        shown = cells(page, f"#headline tr[data-run='{place}']")
        assert {key for key, *_ in shown} >= {"cal", "ans", "unans", "one_minus_fa", "abs_f1", "rouge_l"}
        for key, raw, text, whole in shown:
            assert (float(raw) if raw else None) == scores.get(key)
            if raw and scores["intervals"].get(key):
                low, high = (100 * end for end in scores["intervals"][key]) if key != "mean_len" else (0, 0)
                assert text == f"{scores[key] if key == 'mean_len' else 100 * scores[key]:.1f}"
                assert key == "mean_len" or f"{low:.1f}–{high:.1f}" in whole
        groups = cells(page, f"#groups tr[data-run='{place}']")
        expected = [
            scores["by_group"][group][key]
            for group in ("I2I", "A2A", "T2T", "T2Any")
            for key in ("ans", "unans", "cal")
        ]
        assert [float(raw) if raw else None for _, raw, *_ in groups] == expected
        task = page.locator(f"#by-task tr[data-task='visual_to_bio'] td[data-run='{place}']")
        assert [float(raw) for raw in task.evaluate_all("cells => cells.map(c => c.dataset.value)")] == [
            scores["by_task"]["visual_to_bio"][key] for key in ("ans", "unans", "cal")
        ]


def test_the_first_screen_says_which_is_better(page_of_two, open_page):
    page = open_page(page_of_two, viewport={"width": 1440, "height": 900})
    rows = page.locator("#leaderboard tbody tr")
    assert [name.split("\n")[-1] for name in rows.locator("th .text").all_inner_texts()] == ["org/second", "org/first"]
    cals = [float(value) for value in rows.locator("td.key").evaluate_all("all => all.map(one => one.dataset.value)")]
    assert cals == sorted(cals, reverse=True)
    assert "cannot tell" in rows.first.inner_text()
    assert "last" in rows.last.inner_text()
    for part in ("h1", "#leaderboard", "#figure-cal_by_group svg"):
        box = page.locator(part).bounding_box()
        assert box["y"] + box["height"] <= 900, part
    assert "judge lexical, protocol guarded" in page.locator(".head").inner_text()


def test_a_run_alone_says_where_it_is_weak(page_of_one, open_page):
    page = open_page(page_of_one)
    assert "How good is it?" in page.locator("#ranking").inner_text()
    assert "always abstains" in page.locator("#leaderboard tr.reference").inner_text()
    assert "Lowest group: " in page.locator("#differ").inner_text()
    assert page.locator("#compare").count() == 0
    assert page.locator("text=Better than the next?").count() == 0


def test_tables_sort_by_a_column(page_of_two, open_page):
    page = open_page(page_of_two)

    def order():
        return page.locator("#headline tbody tr").evaluate_all("all => all.map(one => one.dataset.run)")

    head = page.locator("#headline th", has_text="Cal").first
    assert order() == ["0", "1"]
    head.locator("button").click()
    assert (order(), head.get_attribute("aria-sort")) == (["0", "1"], "descending")
    head.locator("button").click()
    assert (order(), head.get_attribute("aria-sort")) == (["1", "0"], "ascending")
    page.locator("#headline th button").first.click()
    assert order() == ["1", "0"], "by name: org/first, org/second"
    labels = page.locator("#headline thead th").all_inner_texts()
    assert len(set(labels)) == len(labels), "no column twice"


def test_two_runs_are_compared(page_of_two, run, second, open_page):
    page = open_page(page_of_two)
    first, other = (json.loads((folder / "scores.json").read_text()) for folder in (run, second))
    row = page.locator("#differences tr[data-score='Cal'] td").all_inner_texts()
    assert row[:3] == [
        f"{100 * first['cal']:.1f}",
        f"{100 * other['cal']:.1f}",
        f"{100 * (other['cal'] - first['cal']):+.1f}",
    ]
    assert " to " in row[3]
    assert "org/second cannot be told apart from org/first by Cal" in page.locator("#pair").inner_text()
    assert "0 are right only in the baseline" in page.locator("#pair").inner_text()
    # A link changes the address, and the list follows in its own time.
    from playwright.sync_api import expect

    listed = page.locator("#list .id .text")
    page.locator("#pair a", has_text="3 only in the other run").click()
    expect(listed).to_have_count(3)
    assert page.locator("#item .answer").count() == 2
    page.locator("#pair a", has_text="show all items with different outcomes").click()
    page.wait_for_url("**agree=differ**")
    expect(listed).to_have_count(3)


def test_the_reader_chooses_the_baseline(page_of_two, open_page):
    page = open_page(page_of_two)
    ahead = page.locator("#differences tr[data-score='Cal'] td").nth(2).inner_text()
    page.select_option("#compare select[name=baseline]", "0")
    assert "Choose two different runs" in page.locator("#pair").inner_text()
    page.select_option("#compare select[name=other]", "1")
    behind = page.locator("#differences tr[data-score='Cal'] td").nth(2).inner_text()
    assert (ahead[0], behind[0]) == ("+", "-")
    assert ahead[1:] == behind[1:]
    page.locator("#versus-all summary").click()
    assert page.locator("#against tbody tr").count() == 1
    assert behind in page.locator("#against").inner_text()


def test_runs_over_different_datasets_share_no_page(run, dataset, tools, tmp_path, open_page):
    rows = [tools.make_row(9, number) for number in range(4)]
    elsewhere = tools.write_dataset(tmp_path / "other" / "omni-persona", rows)
    stranger = tools.write_run(tmp_path / "stranger", elsewhere, tools.some_wrong(rows), name="org/stranger")
    page = open_page(write_report([run, stranger], tmp_path / "report.html").page)
    assert "it was run on another dataset" in page.locator("#left-out").inner_text()
    assert page.locator("#leaderboard tbody tr:not(.reference)").count() == 1
    assert page.locator("text=Better than the next?").count() == 0
