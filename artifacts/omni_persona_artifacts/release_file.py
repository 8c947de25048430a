"""Read a release: a JSONL file with the field names of v2.2, whose media are paths relative to a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from omni_persona import ABSTENTION, FEATURES, SCENARIOS, TASKS
from omni_persona_artifacts.characters import name_shown
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.json_lines import parse_json, text_lines
from omni_persona_artifacts.release_record import misshapen

Record = dict[str, Any]


def _refuse(problem: str) -> NoReturn:
    raise ArtifactError(problem)


def read_records(file: Path, on_contradiction: Callable[[str], None] = _refuse) -> Iterator[tuple[str, Record]]:
    """The records of a release's JSONL file, each with its `FILE:LINE (ITEM)`.

    on_contradiction: called with a message if a record contradicts itself, the taxonomy or an earlier line; if it
    returns, the record is read as it is. Raises `ArtifactError` at the first line that is no record.
    """
    earlier = _Earlier()
    empty = True
    for number, line in text_lines(file):
        empty = False
        record, where = _record(line, f"{file}:{number}")
        if reason := earlier.contradiction(record, number) or contradiction(record):
            on_contradiction(f"{where}: {reason}")
        yield where, record
    if empty:
        raise ArtifactError(f"{file} contains no records")


def _record(line: str, where: str) -> tuple[Record, str]:
    """Parse a line that stands at `where`; also return the place with the item's ID."""
    try:
        record, flaw = parse_json(line)
    except ValueError as error:
        raise ArtifactError(f"{where}: {error}") from None
    name = record.get("augmented_id") if isinstance(record, dict) else None
    if not isinstance(name, str) or not name.strip():
        raise ArtifactError(f"{where}: expected a record with an augmented_id")
    where = f"{where} ({name_shown(name)})"
    if reason := flaw or misshapen(record):
        raise ArtifactError(f"{where}: {reason}")
    return record, where


class _Earlier:
    """The items and people of the lines read so far."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}
        self._people: dict[str, tuple[int, list[tuple[str, ...]]]] = {}

    def contradiction(self, record: Record, number: int) -> str | None:
        """What in a record contradicts an earlier line, or None."""
        first = self._lines.setdefault(record["augmented_id"], number)
        if first != number:
            return f"is on line {first} already"
        sample = record["source_sample_id"]
        # Notes may be worded differently for each question; the person they belong to may not change.
        those = [tuple(context[key] for key in ("concept_id", "image", "audio")) for context in record["contexts"]]
        first, theirs = self._people.setdefault(sample, (number, those))
        return None if those == theirs else f"other people than in line {first}, of the same sample {sample}"


def contradiction(record: Record) -> str | None:
    """The first contradiction in a record, with itself or the taxonomy, or None. The record must match the schema."""
    task = TASKS.get(record["selected_task"])
    supervision, target = record["answer_supervision"], record["target_concept_id"]
    concepts = [context["concept_id"] for context in record["contexts"]]
    answerable, gold = supervision["answerable_from_context"], supervision["gold_answer"]
    marked = [context["concept_id"] for context in record["contexts"] if context["same_as_query_image_or_audio"]]
    abstain = supervision["abstain_answer"]
    # No answer may be an abstention in any wording; an abstention must be the release's own, word for word.
    abstaining = _folded(gold) in {_folded(abstain), _folded(ABSTENTION)} if answerable else gold == abstain
    asked_group, queried = supervision.get("asked_group"), supervision.get("gt_concept_id_from_metadata")
    if task is None:
        return f"expected one of the 18 tasks, got {record['selected_task']!r}"
    taxonomy = (record["scenario"], record["query_modality"], record["target_modality"])
    if taxonomy != (task.scenario, task.query_modality, task.asked_group):
        return f"{task.name} contradicts scenario, query or target modality {taxonomy}"
    if not gold.strip():
        return f"expected a gold answer, got {gold!r}"
    if len(set(concepts)) < len(concepts) or not concepts:
        return f"expected contexts with an id each, got {concepts}"
    if record["no_GT"] != (target is None):
        return f"no_GT is {str(record['no_GT']).lower()} and the target is {target}"
    if target is not None and target not in concepts:
        return f"the target {target} is in none of the contexts"
    if queried not in (None, target):
        return f"the target is {target} and gt_concept_id_from_metadata is {queried}"
    if marked != ([] if target is None else [target]):
        return f"the target is {target} and same_as_query_image_or_audio is true of {marked}"
    if asked_group not in (None, task.asked_group):
        return f"target_modality is {task.asked_group!r} and asked_group is {asked_group!r}"
    if record["no_GT"] and answerable:
        return "no_GT is true and the answer is in the contexts"
    if answerable == abstaining:
        return f"answerable is {str(answerable).lower()} and the gold answer is {gold!r}"
    if supervision["support_mode"] != ("present" if answerable else "absent"):
        return f"answerable is {str(answerable).lower()} and support_mode is {supervision['support_mode']!r}"
    return None


def _folded(text: str) -> str:
    """A text in lower case, without extra white space and the final stop."""
    return " ".join(text.casefold().split()).rstrip(".!").rstrip()


def release_row(
    record: Mapping[str, Any], contexts: list[dict[str, Any]], query_assets: dict[str, Any]
) -> dict[str, Any]:
    """A dataset row from a release's record and its media, with `group` and `absence` derived.

    Raises `KeyError` for a missing field or an unknown scenario.
    """
    supervision = record["answer_supervision"]
    answerable = supervision["answerable_from_context"]
    return {
        **{key: record[key] for key in FEATURES if key in record},
        "group": SCENARIOS[record["scenario"]],
        "absence": "none" if answerable else "absent_persona" if record["no_GT"] else "absent_attribute",
        "contexts": contexts,
        "query_assets": query_assets,
        "answer_supervision": {key: supervision.get(key) for key in FEATURES["answer_supervision"]},
    }


def release_rows(file: Path, assets: Path) -> Iterator[dict[str, Any]]:
    """Rows of a release's JSONL file, with the media of `assets` as they are, contradicting records included.

    Raises `ValueError`, naming file, line and item, for a line that is no record or a path outside `assets`, and
    likewise `FileNotFoundError` for a missing medium.
    """
    root = assets.resolve()

    def medium(path: str | None, where: str) -> dict[str, Any] | None:
        if path is None:
            return None
        target = (root / path).resolve()
        if not target.is_relative_to(root):
            raise ValueError(f"{where}: media path {path!r} leaves {assets}")
        if not target.is_file():
            raise FileNotFoundError(f"{where}: no media file {path!r} in {assets}")
        return {"bytes": target.read_bytes(), "path": PurePosixPath(path).name}

    for where, record in read_records(file, on_contradiction=lambda problem: None):
        if record["scenario"] not in SCENARIOS:
            raise ArtifactError(f"{where}: expected scenario to be one of {', '.join(SCENARIOS)}, got another")
        contexts = [
            {**context, "image": medium(context["image"], where), "audio": medium(context["audio"], where)}
            for context in record["contexts"]
        ]
        query = {kind: medium(record["query_assets"][kind], where) for kind in ("image", "audio")}
        yield release_row(record, contexts, query)
