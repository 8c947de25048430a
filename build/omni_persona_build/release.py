"""Import a release (a JSONL file and a media folder) as a dataset folder; no field is lost.

What has no column in the dataset is stored in `data/release.parquet`: the original path of each medium, and unknown
fields as JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import omni_persona
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import read_regular
from omni_persona_artifacts.folders import whole_folder
from omni_persona_artifacts.json_lines import parse_json, text_lines
from omni_persona_build.card import BuildFacts, TraceFacts
from omni_persona_build.errors import BuildError
from omni_persona_build.hub import write_hub_files
from omni_persona_build.leaks import Leak, count_leaks
from omni_persona_build.recipe import load_recipe
from omni_persona_build.record import misshapen, unknown_fields
from omni_persona_build.write import Row, write_parquet
from omni_persona_people.media_files import MediaFile, MediaKind, MediaReader, is_folder, is_plain_file
from omni_persona_people.pool_cache import PoolCache
from omni_persona_perception import MediaError

FILE = "data/release.parquet"
PUBLISHED = "v2_2"
"""The recipe with the published release's counts."""

Record = dict[str, Any]


@dataclass(frozen=True)
class Imported:
    """The result of an import."""

    out: Path
    items: int
    samples: int
    published_counts: bool
    """Whether the counts of each task, and of each kind of absence by group, equal those of the v2.2 release."""
    leaks: Sequence[Leak]
    """Leaks in its items."""


def import_release(
    file: Path,
    assets: Path,
    out: Path,
    *,
    overwrite: bool = False,
    keep_metadata: bool = False,
    progress: Callable[[str, int], None] = lambda stage, done: None,
) -> Imported:
    """Write `out` from a release; K may be any number of contexts.

    keep_metadata: keep personal metadata, such as owners and places, in media files; by default it is removed.
    progress: called with (stage, records done). Raises `BuildError` that names line and item; `out` is then unchanged.
    """
    if not is_folder(assets):
        raise BuildError(f"{assets} is no folder of media: there is no such folder")
    if not is_plain_file(file):
        raise BuildError(f"cannot read {file}: there is no such file")
    with whole_folder(out, overwrite=overwrite, inputs=[file, assets]) as folder:
        extra: list[Record] = []
        samples: list[str] = []
        contexts: Counter[int] = Counter()
        media = _Assets(assets, keep_metadata)

        def rows() -> Iterator[list[Row]]:
            records = read_records(file)
            for sample, part in groupby(records, lambda located: located[1]["source_sample_id"]):
                samples.append(sample)
                ready = []
                for where, record in part:
                    row = media.row(record, where)
                    contexts[len(row["contexts"])] += 1
                    extra.append(_extra(record))
                    ready.append(row)
                    progress("reading records", len(extra))
                yield ready

        about = {"release": file.name, "version": omni_persona.__version__}
        written = write_parquet([rows()], folder, about)
        pq.write_table(pa.Table.from_pylist(extra), folder / FILE)
        leaks = count_leaks(omni_persona.read(folder), lambda done: progress("looking for leaks", done))
        facts = BuildFacts(
            recipe=file.stem,
            seed=None,
            contexts=contexts.most_common(1)[0][0],
            pool=file.name,
            fingerprint=hashlib.sha256(read_regular(file)).hexdigest()[:16],
            people=None,
            samples=len(set(samples)),
            license="other",
            content=written.content,
            counts=written.counts,
            leaks=leaks,
            traces=TraceFacts(media.traced, keep_metadata),
        )
        write_hub_files(folder, facts)
    counts = written.counts
    return Imported(out, counts.total(), len(set(samples)), _has_published_counts(counts), leaks)


def _has_published_counts(counts: Counter[tuple[str, str]]) -> bool:
    """Compare the two published sets of counts: tasks by answerability, and groups by kind of absence."""

    def published(table: Counter[tuple[str, str]]) -> tuple[Counter[tuple[str, bool]], Counter[tuple[str, str]]]:
        tasks: Counter[tuple[str, bool]] = Counter()
        groups: Counter[tuple[str, str]] = Counter()
        for (task, absence), count in table.items():
            tasks[task, absence == "none"] += count
            groups[omni_persona.TASKS[task].group, absence] += count
        return +tasks, +groups

    wanted = Counter(
        {(task, str(absence)): count for (task, absence), count in load_recipe(PUBLISHED).counts().items()}
    )
    return published(counts) == published(wanted)


def read_records(file: Path) -> Iterator[tuple[str, Record]]:
    """The records of a release's JSONL file, each with its `FILE:LINE (ITEM)`, checked for contradictions.

    Raises `BuildError` at the first invalid line.
    """
    seen: dict[str, int] = {}
    people: dict[str, tuple[int, list[tuple[str, ...]]]] = {}
    try:
        for number, line in text_lines(file):
            where = f"{file}:{number}"
            try:
                record, flaw = parse_json(line)
            except ValueError as error:
                raise BuildError(f"{where}: {error}") from None
            name = record.get("augmented_id") if isinstance(record, dict) else None
            if not isinstance(name, str) or not name.strip():
                raise BuildError(f"{where}: expected a record with an augmented_id")
            where = f"{where} ({name.encode(errors='backslashreplace').decode()})"
            if name in seen:
                raise BuildError(f"{where}: stands on line {seen[name]} already")
            seen[name] = number
            if reason := flaw or misshapen(record) or contradiction(record):
                raise BuildError(f"{where}: {reason}")
            sample = record["source_sample_id"]
            # Notes may be worded differently for each question; the person they belong to may not change.
            those = [tuple(context[key] for key in ("concept_id", "image", "audio")) for context in record["contexts"]]
            first, theirs = people.setdefault(sample, (number, those))
            if those != theirs:
                raise BuildError(f"{where}: other people than in line {first}, of the same sample {sample}")
            yield where, record
    except ArtifactError as error:
        raise BuildError(str(error)) from None
    if not seen:
        raise BuildError(f"{file} holds no records")


def contradiction(record: Record) -> str | None:
    """The first contradiction in a record, with itself or the taxonomy, or None. The record must match the schema."""
    task = omni_persona.TASKS.get(record["selected_task"])
    supervision, target = record["answer_supervision"], record["target_concept_id"]
    concepts = [context["concept_id"] for context in record["contexts"]]
    answerable, gold = supervision["answerable_from_context"], supervision["gold_answer"]
    marked = [context["concept_id"] for context in record["contexts"] if context["same_as_query_image_or_audio"]]
    abstain = supervision["abstain_answer"]
    # No answer may be an abstention in any wording; an abstention must be the release's own, word for word.
    abstaining = (
        _folded(gold) in {_folded(abstain), _folded(omni_persona.ABSTENTION)} if answerable else gold == abstain
    )
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


class _Assets:
    """The media of a release; each is read once, as the picture or clip that a record says it is."""

    def __init__(self, folder: Path, keep_metadata: bool) -> None:
        self._reader = MediaReader(folder.resolve(), PoolCache(None), keep_metadata)
        self._known: dict[tuple[str, MediaKind], MediaFile] = {}

    def row(self, record: Record, where: str) -> Row:
        """The row of a record. Raises `BuildError` if one of its media cannot be used."""

        def asset(path: str | None, kind: MediaKind) -> MediaFile | None:
            if path is None:
                return None
            if (path, kind) not in self._known:
                try:
                    self._known[path, kind] = self._reader.read(path, kind)[1]
                except MediaError as error:
                    raise BuildError(f"{where}: {error}") from None
            return self._known[path, kind]

        contexts = [
            {**context, "image": asset(context["image"], "picture"), "audio": asset(context["audio"], "clip")}
            for context in record["contexts"]
        ]
        asked = record["query_assets"]
        query = {"image": asset(asked["image"], "picture"), "audio": asset(asked["audio"], "clip")}
        return omni_persona.release_row(record, contexts, query)

    @property
    def traced(self) -> int:
        """Number of distinct media with personal metadata."""
        return len({medium.stored for medium in self._known.values() if medium.traced})


def _extra(record: Record) -> Record:
    """Paths of media, and fields without a column."""
    contexts, query, unknown = record["contexts"], record["query_assets"], unknown_fields(record)
    return {
        "augmented_id": record["augmented_id"],
        "context_images": [context["image"] for context in contexts],
        "context_audios": [context["audio"] for context in contexts],
        "query_image": query["image"],
        "query_audio": query["audio"],
        "unknown_fields": json.dumps(unknown, ensure_ascii=False) if unknown else None,
    }
