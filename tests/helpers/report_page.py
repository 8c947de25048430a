"""What tests read out of an open report."""

from __future__ import annotations


def ids(page):
    return page.locator("#list .id .text").all_inner_texts()


WIDTHS = {"desk": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}
