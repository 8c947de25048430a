"""Models for tests of a run, and the contents of its folder."""

from __future__ import annotations

import json

from omni_persona_runner.model import Answer, ModelError


class Echo:
    """Answers with the question; fails on the items in `broken`; records what it was asked."""

    name = "fake:echo"

    def __init__(self, broken=(), **description):
        self.broken, self.description, self.asked = set(broken), description, []

    def describe(self):
        return {"revision": "abc", "device": "cpu", **self.description}

    def check(self, items):
        self.checked = list(items)

    def answer(self, items):
        for item in items:
            self.asked.append(item.augmented_id)
            yield self.one(item)

    def one(self, item):
        if item.augmented_id in self.broken:
            return ModelError(item.augmented_id, "broken")
        return Answer(item.augmented_id, f"to {item.query_text}", 7, 3, 0.25, "stop")


IDS = [f"sample_{index}__aug_0" for index in range(16)]


def content(folder):
    """What a run holds, without the times."""
    rows = [json.loads(row) for row in (folder / "predictions.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]
