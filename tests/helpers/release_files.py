"""A release as its authors publish it: a file of records, and a folder of media."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rows import TASKS, make_row


def write_release(folder: Path) -> None:
    """A release: rows with media in files."""
    assets, records = folder / "assets", []
    assets.mkdir()

    def stored(medium: dict[str, Any]) -> str:
        (assets / medium["path"]).write_bytes(medium["bytes"])
        return str(medium["path"])

    for index in range(12):
        row = make_row(index, TASKS[index % 4])
        for holder in (*row["contexts"], row["query_assets"]):
            holder |= {"image": stored(holder["image"]), "audio": stored(holder["audio"])}
        records.append({key: value for key, value in row.items() if key not in ("group", "absence")})
    (folder / "release.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
