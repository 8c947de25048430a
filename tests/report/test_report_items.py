"""The list of items and an opened item: filters, search, keys, links, clips."""

from __future__ import annotations

import pytest
from report_page import WIDTHS, ids

from omni_persona_report import write_report


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
            assert "No item matches" in page.locator("#list").inner_text()
            assert "No item matches these filters." in page.locator("#item").inner_text()
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
    page.wait_for_url("**#items")
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
