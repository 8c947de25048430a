"""What tests read out of an invented pool."""

import json

SIZE = 24


def read_lines(folder):
    return [json.loads(line) for line in (folder / "personas.jsonl").read_text(encoding="utf-8").splitlines()]


def facts_of(person):
    return {"name": person["name"], **person["profile"]}
