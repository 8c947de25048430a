"""Export a corpus to the formats of other trainers, with checks that their loaders lack.

    ms-swift      ms-swift.jsonl                               `swift sft --dataset ms-swift.jsonl`, `swift rlhf`
    llamafactory  llamafactory.json and dataset_info.json      `dataset_dir: CORPUS`, `dataset: omni_persona`
    verl          verl.parquet                                 `data.train_files=verl.parquet`
    trl           trl.jsonl                                    `load_dataset("json", data_files="trl.jsonl")`

A file is checked before it is saved: media match the tags in each text, in number and order; no tag within a text;
every medium exists. `check_export` repeats this after a folder was moved or edited.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from omni_persona_artifacts.json_files import read_json
from omni_persona_artifacts.json_lines import parse_json, text_lines
from omni_persona_artifacts.output_files import OutputFiles
from omni_persona_artifacts.parquet_files import as_parquet, open_parquet, unpacked_rows
from omni_persona_training.corpus.folder import CorpusFolder
from omni_persona_training.corpus.recipe import MOST_EXAMPLES
from omni_persona_training.errors import TrainingError

TAGS = {"image": "<image>", "audio": "<audio>"}
_TAG = re.compile("|".join(TAGS.values()))
_RESERVED = re.compile(r"<(?:image|audio|video)>|<\|[^|>]{1,40}\|>|<(?:start|end)_of_\w{1,20}>")
"""Markers that trainers and chat templates interpret."""

DATA_SOURCE = "omni-persona"

Row = dict[str, Any]


def _texts(record: Mapping[str, Any]) -> list[dict[str, str]]:
    """The messages as text, with a tag in place of each medium."""
    return [
        {
            "role": message["role"],
            "content": "".join(part.get("text") or TAGS[part["type"]] for part in message["content"]),
        }
        for message in record["messages"]
    ]


def _paths(record: Mapping[str, Any], kind: str, root: str) -> list[str]:
    return [
        f"{root}{part['path']}" for message in record["messages"] for part in message["content"] if part["type"] == kind
    ]


def _supervision(record: Mapping[str, Any]) -> Row:
    return {name: record[name] for name in ("example_id", "task", "kind", "absence", "context")}


def _swift(record: Mapping[str, Any], root: str) -> Row:
    said = {"role": "assistant", "content": record["answer"]}
    media = {"images": _paths(record, "image", root), "audios": _paths(record, "audio", root)}
    # `answer` and the rest reach a reward function as columns of its own.
    return {"messages": [*_texts(record), said], **media, "answer": record["answer"], **_supervision(record)}


def _llamafactory(record: Mapping[str, Any], root: str) -> Row:
    said = {"role": "assistant", "content": record["answer"]}
    return {
        "messages": [*_texts(record), said],
        "images": _paths(record, "image", ""),
        "audios": _paths(record, "audio", ""),
    }


def _verl(record: Mapping[str, Any], root: str) -> Row:
    return {
        "data_source": DATA_SOURCE,
        "prompt": _texts(record),
        "images": [{"image": path} for path in _paths(record, "image", root)],
        "audios": [{"audio": path} for path in _paths(record, "audio", root)],
        "ability": record["task"],
        "reward_model": {"style": "rule", "ground_truth": record["answer"]},
        "extra_info": _supervision(record),
    }


def _trl(record: Mapping[str, Any], root: str) -> Row:
    media = {"images": _paths(record, "image", root), "audios": _paths(record, "audio", root)}
    said = [{"role": "assistant", "content": record["answer"]}]
    return {"prompt": _texts(record), "completion": said, **media, "answer": record["answer"], **_supervision(record)}


_ROWS: dict[str, tuple[str, Callable[[Mapping[str, Any], str], Row]]] = {
    "ms-swift": ("ms-swift.jsonl", _swift),
    "llamafactory": ("llamafactory.json", _llamafactory),
    "verl": ("verl.parquet", _verl),
    "trl": ("trl.jsonl", _trl),
}

FORMATS = tuple(_ROWS)


def export_corpus(folder: Path, form: str, *, overwrite: bool = False) -> Path:
    """Export a corpus to a format, a key of `FORMATS`, within the corpus folder; return the file.

    Media paths are absolute, or relative for LLaMA-Factory, whose loader resolves them against the file. Raises
    `TrainingError`, and writes nothing, for an unknown format or an example that the format cannot represent, and
    `ArtifactError` for a file of the same name that was not written here, unless `overwrite` is set.
    """
    name, row = _of(form)
    corpus = CorpusFolder(folder)
    root = f"{folder.resolve()}/"
    rows = []
    for record in corpus.records:
        _require_plain(record)
        rows.append(row(record, root))
        _require_whole(rows[-1], folder, record["example_id"])
    files = OutputFiles(overwrite=overwrite)
    for file, content in _files(form, name, rows).items():
        files.add(folder / file, content)
    files.write()
    return folder / name


def check_export(folder: Path, form: str) -> int:
    """Check an existing export; return its number of rows.

    Raises `TrainingError`, naming file and row, for tags and media that do not match, a missing medium, a
    tag in a text, and a file that does not have this format.
    """
    name, _ = _of(form)
    rows = list(_read(folder / name))
    n_corpus = len(CorpusFolder(folder))
    if len(rows) != n_corpus:
        raise TrainingError(f"{folder / name}: expected the {n_corpus} examples of the corpus, got {len(rows)}")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise TrainingError(f"{folder / name}, row {number}: expected an example, got {str(row)[:60]}")
        _require_whole(row, folder, f"{folder / name}, row {number}")
    return len(rows)


def exports_of(folder: Path) -> list[str]:
    """The formats to which a corpus folder has been exported."""
    return [form for form, (name, _) in _ROWS.items() if (folder / name).is_file()]


def _of(form: str) -> tuple[str, Callable[[Mapping[str, Any], str], Row]]:
    if form not in _ROWS:
        raise TrainingError(f"expected a format among {', '.join(FORMATS)}, got {form!r}")
    return _ROWS[form]


def _require_plain(record: Mapping[str, Any]) -> None:
    """Raise if a text contains a marker that trainers interpret as a medium or as the end of a turn."""
    texts = [part["text"] for message in record["messages"] for part in message["content"] if part["type"] == "text"]
    for text in (*texts, record["answer"]):
        if found := _RESERVED.search(text):
            raise TrainingError(
                f"example {record['example_id']}: a text holds {found[0]}, which trainers read as a tag"
            )


def _require_whole(row: Mapping[str, Any], folder: Path, where: str) -> None:
    """Raise unless media match the tags in number, tags are only in user turns, and every file exists."""
    messages = row.get("messages", row.get("prompt"))
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise TrainingError(f"{where}: expected messages")
    texts = {True: "", False: ""}
    for message in messages:
        texts[message.get("role") == "user"] += str(message.get("content"))
    if _TAG.search(texts[False] + str(row.get("answer", ""))):
        raise TrainingError(f"{where}: a text that shows no medium contains a media tag")
    for kind, tag in TAGS.items():
        media = row.get(f"{kind}s")
        media = [] if media is None else list(media)
        if texts[True].count(tag) != len(media):
            raise TrainingError(f"{where}: {texts[True].count(tag)} tags {tag} and {len(media)} {kind}s")
        for medium in media:
            path = Path(medium[kind] if isinstance(medium, dict) else str(medium))
            if not (path if path.is_absolute() else folder / path).is_file():
                raise TrainingError(f"{where}: there is no file {path}")


def _files(form: str, name: str, rows: list[Row]) -> dict[str, bytes]:
    """The files of an export and their contents."""
    if form == "verl":
        return {name: _parquet(rows)}
    if form == "llamafactory":
        about = json.dumps(_dataset_info(name), indent=2)
        return {name: json.dumps(rows, ensure_ascii=False, indent=1).encode(), "dataset_info.json": about.encode()}
    return {name: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()}


def _parquet(rows: Iterable[Row]) -> bytes:
    import pyarrow as pa

    text = pa.string()
    schema = pa.schema(
        [
            ("data_source", text),
            ("prompt", pa.list_(pa.struct([("role", text), ("content", text)]))),
            ("images", pa.list_(pa.struct([("image", text)]))),
            ("audios", pa.list_(pa.struct([("audio", text)]))),
            ("ability", text),
            ("reward_model", pa.struct([("style", text), ("ground_truth", text)])),
            (
                "extra_info",
                pa.struct(
                    [*((name, text) for name in ("example_id", "task", "kind", "absence")), ("context", pa.int32())]
                ),
            ),
        ]
    )
    return as_parquet(pa.Table.from_pylist(list(rows), schema=schema))


def _dataset_info(name: str) -> Row:
    roles = {"role_tag": "role", "content_tag": "content"}
    turns = {"user_tag": "user", "assistant_tag": "assistant", "system_tag": "system"}
    columns = {"messages": "messages", "images": "images", "audios": "audios"}
    return {"omni_persona": {"file_name": name, "formatting": "sharegpt", "columns": columns, "tags": roles | turns}}


def _read(file: Path) -> Iterator[Any]:
    try:
        if file.suffix == ".parquet":
            parquet = open_parquet(file, "an export for verl", most_rows=MOST_EXAMPLES)
            for index in range(parquet.num_row_groups):
                yield from unpacked_rows(parquet.read_row_group(index), file)
        elif file.suffix == ".json":
            yield from read_json(file, 1 << 30)
        else:
            yield from (parse_json(line)[0] for _, line in text_lines(file))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise TrainingError(f"{file}: cannot be read: {' '.join(str(error).split())[:200]}") from None
