"""What the metric must know of a dataset's items, read from the columns that hold it: texts, and no media."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from omni_persona_artifacts.construction import FILE as SIDE_FILE
from omni_persona_artifacts.data_files import data_files

_COLUMNS = ("augmented_id", "source_sample_id", "group", "selected_task", "absence", "answer_supervision")
_READ = (*_COLUMNS[:-1], "answer_supervision.gold_answer", "answer_supervision.answerable_from_context")


def references(path: str | Path) -> list[dict[str, Any]]:
    """One reference per item, in the order of the rows, as `omni_persona_cal.compute` takes them.

    Where the folder has its side file, a reference also has the `person` asked about and, for an answerable item,
    `other_answers`: what the notes of other people say of the asked field, without what the gold answer says.
    Raises `FileNotFoundError` where there are no files, and `ValueError` for a file that is no Parquet or lacks a
    column, for files without a row, and for an id that stands there twice.
    """
    rows = [row for file in data_files(path) for row in _rows(file)]
    if not rows:
        raise ValueError(f"{path}: expected a dataset folder with items, got files without any")
    n_repeated = len(rows) - len({row["augmented_id"] for row in rows})
    if n_repeated:
        raise ValueError(f"{path}: expected each augmented_id once, got {n_repeated} repeated")
    people, others = _constructed(Path(path) / SIDE_FILE)
    for row in rows:
        item_id = row["augmented_id"]
        if item_id in people:
            row["person"] = people[item_id]
        if row["answerable"] and item_id in others:
            gold = _folded(row["gold_answer"])
            row["other_answers"] = [answer for answer in others[item_id] if _folded(answer) != gold]
    return rows


def _rows(file: Path) -> list[dict[str, Any]]:
    try:
        # Columns by name: a nested one alone, and never the media beside it.
        table = pq.ParquetFile(file).read(columns=list(_READ))
        missing = [name for name in _COLUMNS if name not in table.column_names]
        if missing:
            raise ValueError(f"{file}: expected a Parquet file of a dataset, got one without column {missing[0]}")
        return [
            {
                "augmented_id": row["augmented_id"],
                "source_sample_id": row["source_sample_id"],
                "group": row["group"],
                "task": row["selected_task"],
                "absence": row["absence"],
                "gold_answer": row["answer_supervision"]["gold_answer"],
                "answerable": row["answer_supervision"]["answerable_from_context"],
            }
            for row in table.to_pylist()
        ]
    except KeyError as error:
        raise ValueError(f"{file}: expected a Parquet file of a dataset, got one without column {error}") from None
    except (pa.ArrowException, TypeError) as error:
        raise ValueError(f"{file}: expected a Parquet file of a dataset, got: {error}") from None


def _constructed(file: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Whom each item asks about, and what the notes of others say of what it asks for; nothing without a side file.

    A side file of an earlier version holds no such answers.
    """
    people: dict[str, str] = {}
    others: dict[str, list[str]] = {}
    if not file.is_file():
        return people, others
    parquet = pq.ParquetFile(file)
    kept = {"augmented_id", "person", "queried_person", "stated_value"} & set(parquet.schema_arrow.names)
    if not {"augmented_id", "person", "queried_person"} <= kept:
        return people, others
    for row in parquet.read(columns=sorted(kept)).to_pylist():
        item_id, queried = row["augmented_id"], row["queried_person"]
        if queried is not None:
            people[item_id] = queried
        if "stated_value" in kept:
            said = others.setdefault(item_id, [])
            answer = row["stated_value"]
            if answer is not None and row["person"] != queried and answer not in said:
                said.append(answer)
    return people, others


def _folded(answer: str) -> str:
    return " ".join(answer.split()).casefold()
