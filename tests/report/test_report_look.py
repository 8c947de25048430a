"""Accessibility, widths and colours of a report, and its figures."""

from __future__ import annotations

import pytest
from report_page import WIDTHS

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
