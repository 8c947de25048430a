"""Read the metric's references for a dataset's items from the text columns, without media."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from omni_persona_artifacts.construction import FILE, SIDE_FILE
from omni_persona_artifacts.data_files import data_files
from omni_persona_artifacts.parquet_files import open_parquet, read_columns, unpacked_rows

_COLUMNS = ("augmented_id", "source_sample_id", "group", "selected_task", "absence", "answer_supervision")
_READ = (*_COLUMNS[:-1], "answer_supervision.gold_answer", "answer_supervision.answerable_from_context")

_LONGEST_SHOWN = 80


def references(path: str | Path) -> list[dict[str, Any]]:
    """One reference per item, in row order, in the form that `omni_persona_cal.compute` takes.

    If the folder has its side file, a reference also has the `person` asked about and, for an answerable item,
    `other_answers`: the values of the asked field in other people's notes, except those equal to the gold answer.
    Raises `FileNotFoundError` where there are no files, and `ValueError` for a file that is no Parquet or lacks a
    column, for files without rows, and for a duplicate id.
    """
    rows = [row for file in data_files(path) for row in _rows(file)]
    if not rows:
        raise ValueError(f"{path}: expected a dataset folder with items, got files without any")
    n_repeated = len(rows) - len({row["augmented_id"] for row in rows})
    if n_repeated:
        raise ValueError(f"{path}: expected each augmented_id once, got {n_repeated} repeated")
    people, others = _constructed(Path(path) / FILE)
    for row in rows:
        item_id = row["augmented_id"]
        if item_id in people:
            row["person"] = people[item_id]
        if row["answerable"] and item_id in others:
            gold = _folded(row["gold_answer"])
            row["other_answers"] = [answer for answer in others[item_id] if _folded(answer) != gold]
    return rows


def questions(path: str | Path) -> dict[str, str]:
    """Item ID -> the text of its query, in row order. Raises what `references` raises."""
    found: dict[str, str] = {}
    for file in data_files(path):
        try:
            rows = unpacked_rows(read_columns(open_parquet(file), ["augmented_id", "query_text"]), file)
            found |= {row["augmented_id"]: row["query_text"] for row in rows}
        except (KeyError, pa.ArrowException, OSError) as error:
            raise ValueError(f"{file}: expected a Parquet file of a dataset, got: {_shown(error)}") from None
    return found


def _rows(file: Path) -> list[dict[str, Any]]:
    try:
        # Select columns by name, including nested ones, so that the media beside them are not read.
        parquet = open_parquet(file)
        table = read_columns(parquet, _READ)
        missing = [name for name in _COLUMNS if name not in table.column_names]
        if missing:
            raise ValueError(f"{file}: expected a Parquet file of a dataset, got one without column {missing[0]}")
        return [
            _reference(row, f"{file}: row {number}") for number, row in enumerate(unpacked_rows(table, file), start=1)
        ]
    except KeyError as error:
        raise ValueError(f"{file}: expected a Parquet file of a dataset, got one without column {error}") from None
    except (pa.ArrowException, TypeError, OSError) as error:
        raise ValueError(f"{file}: expected a Parquet file of a dataset, got: {_shown(error)}") from None


def _reference(row: dict[str, Any], where: str) -> dict[str, Any]:
    """What the metric knows of a row. Raises `ValueError` that names the row and the column that is not as expected."""
    supervision = row["answer_supervision"]
    found = {
        "augmented_id": row["augmented_id"],
        "source_sample_id": row["source_sample_id"],
        "group": row["group"],
        "task": row["selected_task"],
        "absence": row["absence"],
    }
    for name, value in found.items():
        if not isinstance(value, str):
            column = "selected_task" if name == "task" else name
            raise ValueError(f"{where}: expected a text as {column}, got {_shown(value)}")
    if not isinstance(supervision, dict):
        raise ValueError(f"{where}: expected an answer_supervision with its fields, got {_shown(supervision)}")
    gold, answerable = supervision["gold_answer"], supervision["answerable_from_context"]
    if not isinstance(answerable, bool):
        raise ValueError(f"{where}: expected true or false as answerable_from_context, got {_shown(answerable)}")
    if not isinstance(gold, str) and (answerable or gold is not None):
        raise ValueError(f"{where}: expected a text as gold_answer, got {_shown(gold)}")
    return {**found, "gold_answer": gold, "answerable": answerable}


def _shown(value: object) -> str:
    text = "null" if value is None else " ".join(str(value).split())
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _constructed(file: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The person each item asks about, and other notes' values of the asked field; empty without a side file.

    Side files of earlier versions do not contain these values.
    """
    people: dict[str, str] = {}
    others: dict[str, dict[str, None]] = {}
    if not file.is_file():
        return people, {}
    try:
        rows = _side_rows(file)
    except (pa.ArrowException, TypeError, OSError) as error:
        raise ValueError(f"{file}: expected {SIDE_FILE}, got: {_shown(error)}") from None
    for number, row in enumerate(rows, start=1):
        values = {name: row.get(name) for name in ("augmented_id", "person", "queried_person", "stated_value")}
        for name, value in values.items():
            if not (isinstance(value, str) or (value is None and name != "augmented_id")):
                raise ValueError(f"{file}: row {number}: expected a text as {name}, got {_shown(value)}")
        item_id, queried, answer = str(values["augmented_id"]), values["queried_person"], values["stated_value"]
        if queried is not None:
            people[item_id] = queried
        if "stated_value" in row:
            said = others.setdefault(item_id, {})
            if answer is not None and values["person"] != queried:
                said[answer] = None
    return people, {item_id: list(said) for item_id, said in others.items()}


def _side_rows(file: Path) -> list[dict[str, Any]]:
    """The columns of the side file that are read; no rows where it lacks one that is needed."""
    parquet = open_parquet(file, SIDE_FILE)
    kept = {"augmented_id", "person", "queried_person", "stated_value"} & set(parquet.schema_arrow.names)
    if not {"augmented_id", "person", "queried_person"} <= kept:
        return []
    return unpacked_rows(read_columns(parquet, sorted(kept)), file)


def _folded(answer: str) -> str:
    return " ".join(answer.split()).casefold()
