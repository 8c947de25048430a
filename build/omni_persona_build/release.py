"""Import a release (a JSONL file and a media folder) as a dataset folder; no field is lost.

What has no column in the dataset is stored in `data/release.parquet`: the original path of each medium, and unknown
fields as JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyarrow as pa

import omni_persona
from omni_persona_artifacts.data_files import RELEASE_FILE
from omni_persona_artifacts.dataset_rows import read
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import read_regular
from omni_persona_artifacts.folders import whole_folder
from omni_persona_artifacts.parquet_files import as_parquet
from omni_persona_artifacts.progress import Progress, silent
from omni_persona_artifacts.release_file import Record, read_records, release_row
from omni_persona_artifacts.release_record import unknown_fields
from omni_persona_build.card import BuildFacts, TraceFacts
from omni_persona_build.hub import write_hub_files
from omni_persona_build.imported import imported_facts
from omni_persona_build.leaks import Leak, count_leaks
from omni_persona_build.recipes import load_recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_build.row_group import Row
from omni_persona_build.write import write_parquet
from omni_persona_people.media_files import MediaFile, MediaKind, MediaReader, is_folder, is_plain_file
from omni_persona_people.pool_cache import PoolCache
from omni_persona_perception import MediaError

PUBLISHED = "v2_2"
"""The recipe with the published release's counts."""


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
    progress: Progress = silent,
) -> Imported:
    """Write `out` from a release; K may be any number of contexts.

    keep_metadata: keep personal metadata, such as owners and places, in media files; by default it is removed.
    progress: called with (stage, records done). Raises `BuildError` that names line and item; `out` is then unchanged.
    """
    if not is_folder(assets):
        raise BuildError(f"{assets} is not a folder of media: there is no such folder")
    if not is_plain_file(file):
        raise BuildError(f"cannot read {file}: there is no such file")
    with whole_folder(out, overwrite=overwrite, inputs=[file, assets]) as folder:
        extra: list[Record] = []
        samples: list[str] = []
        contexts: Counter[int] = Counter()
        media = _Assets(assets, keep_metadata)

        def rows() -> Iterator[list[Row]]:
            records = _records(file)
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
        (folder / RELEASE_FILE).write_bytes(as_parquet(pa.Table.from_pylist(extra)))
        leaks = count_leaks(read(folder), lambda done: progress("looking for leaks", done))
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
            imported=imported_facts(folder),
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


def _records(file: Path) -> Iterator[tuple[str, Record]]:
    try:
        yield from read_records(file)
    except ArtifactError as error:
        raise BuildError(str(error)) from None


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
        return release_row(record, contexts, query)

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
