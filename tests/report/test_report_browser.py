"""The page in a browser: what it shows, and what it does."""

from __future__ import annotations

import json

import pytest

from omni_persona_report import write_report


@pytest.fixture(scope="module")
def page_of_one(run, tmp_path_factory):
    return write_report([run], tmp_path_factory.mktemp("page") / "report.html").page


@pytest.fixture(scope="module")
def page_of_two(run, second, tmp_path_factory):
    return write_report([run, second], tmp_path_factory.mktemp("page") / "report.html").page


def ids(page):
    return page.locator("#list .id .text").all_inner_texts()


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


@pytest.mark.parametrize(
    ("field", "value", "belongs"),
    [
        ("group", "A2A", lambda row: row["group"] == "A2A"),
        ("task", "dialogue_to_environment", lambda row: row["selected_task"] == "dialogue_to_environment"),
        ("absence", "absent_persona", lambda row: row["absence"] == "absent_persona"),
    ],
)
def test_a_filter_leaves_the_items_that_it_says(page_of_one, open_page, tools, field, value, belongs):
    page = open_page(page_of_one)
    assert len(ids(page)) == 16
    page.select_option(f"select[name={field}]", value)
    expected = [row["augmented_id"] for row in tools.ROWS if belongs(row)]
    assert ids(page) == expected
    assert page.locator("#count").inner_text() == f"{len(expected)} of 16 items"
    assert page.locator("#item h3").inner_text() == expected[0]
    page.click("button[type=reset]")
    assert len(ids(page)) == 16


def test_outcomes_are_told_apart(page_of_one, open_page, tools):
    page = open_page(page_of_one)
    answerable = [row["augmented_id"] for row in tools.ROWS if row["absence"] == "none"]
    absent = next(row["augmented_id"] for row in tools.ROWS if row["absence"] != "none")
    for outcome, expected in {
        "wrong_person": [answerable[0]],
        "wrong": [answerable[0]],
        "false_abstention": [answerable[1]],
        "hallucinated": [absent],
        "failed": [],
    }.items():
        page.select_option("select[name=outcome]", outcome)
        if expected:
            assert ids(page) == expected
        else:
            assert "No item passes" in page.locator("#list").inner_text()
            assert "Loosen the filters" in page.locator("#item").inner_text()
    page.select_option("select[name=outcome]", "wrong_person")
    assert page.locator("#item .memory", has_text="quoted in the answer").count() == 1
    assert page.locator("#item .memory", has_text="asked about").count() == 1


def test_search_finds_words_of_notes_answers_and_ids(page_of_one, open_page):
    page = open_page(page_of_one)
    page.fill("input[name=q]", "Person 2.1 PILOT")
    assert ids(page) == [f"sample_2__aug_{number}" for number in range(4)]
    page.fill("input[name=q]", "sample_3__aug_1")
    assert ids(page) == ["sample_3__aug_1"]
    page.fill("input[name=q]", "earn money as")
    assert len(ids(page)) == 1


def test_an_item_shows_its_people_and_a_clip_plays(page_of_one, open_page, tools):
    page = open_page(page_of_one, fragment="#item=sample_1__aug_1")
    pictures = page.locator("#item .memories img")
    assert pictures.count() == 4
    assert all(pictures.evaluate_all("all => all.map(one => one.complete && one.naturalWidth > 0)"))
    assert max(pictures.evaluate_all("all => all.map(one => Math.max(one.naturalWidth, one.naturalHeight))")) == 256
    assert page.locator("#item .query audio").count() == 1, "a query by voice plays its clip"
    assert page.locator("#item .query img").count() == 0, "and shows no face"
    assert page.locator("#item audio").count() == 5
    length = page.evaluate(
        """async () => {
            const audio = document.querySelector("#item .memories audio");
            await audio.play();
            await new Promise((done) => audio.addEventListener("timeupdate", () => audio.currentTime > 0 && done()));
            audio.pause();
            return audio.duration;
        }"""
    )
    assert abs(length - tools.SECONDS) < 0.15
    assert all(page.locator("#item audio").evaluate_all("all => all.map(one => !!one.getAttribute('aria-label'))"))


def test_arrows_step_through_what_the_filters_leave(page_of_one, open_page):
    page = open_page(page_of_one)
    page.select_option("select[name=group]", "I2I")
    left = ids(page)
    page.locator("#items-title").click()
    seen = [page.locator("#item h3").inner_text()]
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        seen.append(page.locator("#item h3").inner_text())
    assert seen == left
    page.keyboard.press("ArrowRight")
    assert page.locator("#item h3").inner_text() == left[-1], "the last one is the last"
    assert page.locator("button[aria-label='Next item']").is_disabled()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("k")
    assert page.locator("#item h3").inner_text() == left[1]


def test_a_keyboard_is_enough(page_of_one, open_page):
    page = open_page(page_of_one)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("aug_2")
    assert len(ids(page)) == 4
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('#list')"):
            break
    assert page.evaluate("document.activeElement.getAttribute('aria-current')") == "true"
    page.keyboard.press("ArrowDown")
    assert page.locator("#item h3").inner_text() == "sample_1__aug_2"
    assert page.evaluate("document.activeElement.innerText").startswith("sample_1__aug_2")


def test_a_link_leads_to_an_item_and_its_filters(page_of_two, open_page):
    page = open_page(page_of_two)
    page.select_option("select[name=run]", "1")
    page.select_option("select[name=group]", "T2T")
    page.keyboard.press("Escape")
    page.locator("#items-title").click()
    page.keyboard.press("j")
    address = page.evaluate("location.hash")
    shown = page.locator("#item h3").inner_text()
    again = open_page(page_of_two, fragment=address)
    assert again.locator("#item h3").inner_text() == shown
    assert again.locator("select[name=run]").input_value() == "1"
    assert len(ids(again)) == 4
    assert again.locator("#item h3 a").get_attribute("href") == address


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
    assert "org/second cannot be told from org/first by Cal" in page.locator("#pair").inner_text()
    assert "0 only the baseline has right" in page.locator("#pair").inner_text()
    # A link changes the address, and the list follows in its own time.
    from playwright.sync_api import expect

    listed = page.locator("#list .id .text")
    page.locator("#pair a", has_text="3 only the other").click()
    expect(listed).to_have_count(3)
    assert page.locator("#item .answer").count() == 2
    page.locator("#pair a", has_text="all with another outcome").click()
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


WIDTHS = {"desk": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("screen", WIDTHS)
def test_an_item_opens_with_its_question_and_answers(page_of_two, open_page, screen, look):
    width, height = WIDTHS[screen]
    page = open_page(
        page_of_two,
        fragment="#item=sample_1__aug_0",
        viewport={"width": width, "height": height},
        color_scheme=look,
    )
    page.wait_for_load_state("load")
    parts = ["#item h3", "#item .words", "#item .gold", *(f"#item .answer >> nth={place}" for place in (0, 1))]
    boxes = [page.locator(part).bounding_box() for part in parts]
    top = page.locator("nav.top").bounding_box()
    for part, box in zip(parts, boxes, strict=True):
        assert box["y"] >= top["y"] + top["height"] - 1, f"{part} is below the bar at the top"
        assert box["y"] + box["height"] <= height, f"{part} ends on the screen"
    assert [box["y"] for box in boxes] == sorted(box["y"] for box in boxes)
    assert page.locator("#item .memories").bounding_box()["y"] > boxes[-1]["y"], "then the memories"
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_click_in_the_list_brings_the_item_on_screen(page_of_two, open_page):
    page = open_page(page_of_two, viewport={"width": 1440, "height": 900})
    page.locator("#list a").nth(3).click()
    box = page.locator("#item .words").bounding_box()
    assert 0 <= box["y"] <= 500


def test_runs_over_different_datasets_share_no_page(run, dataset, tools, tmp_path, open_page):
    rows = [tools.make_row(9, number) for number in range(4)]
    elsewhere = tools.write_dataset(tmp_path / "other" / "omni-persona", rows)
    stranger = tools.write_run(tmp_path / "stranger", elsewhere, tools.some_wrong(rows), name="org/stranger")
    page = open_page(write_report([run, stranger], tmp_path / "report.html").page)
    assert "it was asked another dataset" in page.locator("#left-out").inner_text()
    assert page.locator("#leaderboard tbody tr:not(.reference)").count() == 1
    assert page.locator("text=Better than the next?").count() == 0


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


def test_failed_and_unjudged_items_come_first(dataset, tools, tmp_path, open_page):
    answers = {row["augmented_id"]: tools.gold(row) for row in tools.ROWS}
    answerable = [row["augmented_id"] for row in tools.ROWS if row["absence"] == "none"]
    answers["sample_3__aug_3"] = None
    verdicts = {name: ("UNJUDGED" if name == answerable[-1] else "CORRECT", "It said: so what?") for name in answerable}
    verdicts.pop("sample_3__aug_3", None)
    run = tools.write_run(tmp_path / "run", dataset, answers, verdicts=verdicts)
    tools.score(run, dataset)
    page = open_page(write_report([run], tmp_path / "report.html").page)
    unjudged = next(name for name in reversed(answerable) if name != "sample_3__aug_3")
    assert ids(page)[:2] == ["sample_3__aug_3", unjudged]
    assert "out of memory" in page.locator("#item").inner_text()
    assert "1 failed, 1 unjudged" in page.locator("#notices").inner_text()
    assert page.locator("#headline .tag", has_text="incomplete").count() == 1
    page.locator("#list a").nth(1).click()
    page.locator("#item .transcript summary").click()
    assert "It said: so what?" in page.locator("#item .transcript").inner_text()
    assert "judged UNJUDGED by org/judge" in page.locator("#item .answer").inner_text()


def test_no_media_is_a_choice(run, tmp_path, open_page):
    made = write_report([run], tmp_path / "report.html", media="none")
    page = open_page(made.page)
    assert page.locator("#item img, #item audio").count() == 0
    assert "left out of this page" in page.locator("#item .memory").first.inner_text()
    assert made.bytes < 400_000


def test_full_media_are_the_bytes_of_the_dataset(run, tmp_path, open_page):
    page = open_page(write_report([run], tmp_path / "report.html", media="full").page)
    sizes = page.locator("#item .memories img").evaluate_all("all => all.map(one => one.naturalHeight)")
    assert sizes == [400] * 4


AXE = {"light": {}, "dark": {"color_scheme": "dark"}, "phone": {"viewport": {"width": 390, "height": 844}}}


@pytest.mark.parametrize("look", AXE)
def test_axe_finds_no_violation(page_of_two, open_page, look):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = open_page(page_of_two, **AXE[look])
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.locator("#list a").first.click()
    result = axe.Axe().run(page)
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in result.response["violations"]] == []


@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1270, 1440])
def test_nothing_is_wider_than_the_window(page_of_two, open_page, width):
    page = open_page(page_of_two, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for part in ("#item", "#list", "#headline", ".filters"):
        assert page.locator(part).first.is_visible()


def test_dark_and_light_differ(page_of_one, open_page):
    def paper(scheme):
        return open_page(page_of_one, color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")

    assert paper("dark") != paper("light")


def test_no_table_is_cut_off_on_a_laptop(page_of_two, open_page):
    page = open_page(page_of_two, viewport={"width": 1270, "height": 800})
    cut = page.locator(".scroll").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.getAttribute('aria-label'))"
    )
    assert cut == []


@pytest.mark.parametrize("screen", WIDTHS)
def test_every_figure_says_what_it_shows_and_keeps_its_marks_inside(page_of_two, open_page, screen):
    width, height = WIDTHS[screen]
    page = open_page(page_of_two, viewport={"width": width, "height": height})
    labels = page.locator("figure svg").evaluate_all(
        "all => all.map(one => [one.getAttribute('role'), one.getAttribute('aria-label')])"
    )
    assert len(labels) == 7
    assert all(role == "img" and "org/first" in label for role, label in labels)
    assert page.locator("figure svg text").count() > 100
    outside = page.locator("figure svg").evaluate_all(
        """all => all.flatMap((svg) => {
            const box = svg.getBoundingClientRect();
            const marks = [...svg.querySelectorAll("path, use, text, rect")].filter((one) => !one.closest("defs"));
            return marks.map((one) => {
                const mark = one.getBoundingClientRect();
                const beside = Math.max(box.left - mark.left, mark.right - box.right);
                const out = Math.max(beside, box.top - mark.top, mark.bottom - box.bottom);
                return out > 1 ? [svg.closest("figure").id, one.textContent.trim() || one.outerHTML, out] : null;
            }).filter(Boolean);
        })"""
    )
    assert outside == []
    sizes = page.locator("figure svg text").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert min(sizes) >= 7, "letters can be read on a phone"


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
    from omni_persona_build.recipe import load_recipe
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
