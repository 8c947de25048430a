"""The contract of Omni-Persona: its taxonomy, the schema of a dataset row, and how to read a dataset.

Every other package imports this module and it imports none of them; of third-party libraries it needs `datasets`
only. Media stay encoded (bytes of a PNG, a WAV, a FLAC...): a picture is decoded by `datasets` when a row is read
through `load`, a clip never, because decoding clips there would need a system FFmpeg.

    import omni_persona

    dataset = omni_persona.load("omni-persona")              # the folder that `omni-persona build` writes
    for item in omni_persona.items(dataset):                  # typed, media as bytes
        print(item.augmented_id, item.task.name, item.query_text)

Source: arXiv 2605.09996 for the taxonomy, the v2.2 release for the field names.
"""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal, TypedDict

import datasets

__version__ = "0.1.0"

Group = Literal["I2I", "A2A", "T2T", "T2Any"]
Absence = Literal["none", "absent_persona", "absent_attribute"]

ABSTENTION = "I cannot determine that from the provided context."
"""The canonical abstention, word for word: the gold answer of every unanswerable item."""

GROUPS: tuple[Group, ...] = ("I2I", "A2A", "T2T", "T2Any")
"""How a query identifies a person: by face, by voice, by a text description, or by what a voice said."""

ABSENCES: tuple[Absence, ...] = ("none", "absent_persona", "absent_attribute")
"""Why an item cannot be answered; `none` if it can."""

SCENARIOS: dict[str, Group] = {
    "visual_identity": "I2I",
    "voice_identity": "A2A",
    "same_modal_semantic": "T2T",
    "cross_modal_semantic_bridge": "T2Any",
}

SUBFIELDS: dict[str, tuple[str, ...]] = {
    "bio": ("name", "occupation", "job", "role", "affiliation", "major", "hobby", "interest", "MBTI"),
    "dialogue": ("quote", "topic"),
    "image": ("appearance", "clothing", "hairstyle"),
    "emotion": ("emotion",),
    "environment": ("location", "environment"),
}
"""Asked group -> the sub-fields a question of that group may ask for."""


@dataclass(frozen=True)
class Task:
    """One of the 18 tasks: a query modality paired with what is asked for."""

    name: str
    """The `selected_task` of a row, such as `visual_to_bio`."""
    paper_id: str
    """The paper's number, such as `1-a`."""
    group: Group
    scenario: str
    query_modality: str
    """`visual`, `voice`, `text_semantic` or `dialogue_semantic`."""
    asked_group: str
    """What is asked for (the `target_modality` of a row): a key of `SUBFIELDS`."""


def _task(paper_id: str, scenario: str, query_modality: str, name: str, asked_group: str) -> Task:
    return Task(name, paper_id, SCENARIOS[scenario], scenario, query_modality, asked_group)


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        _task("1-a", "visual_identity", "visual", "visual_to_bio", "bio"),
        _task("1-b", "visual_identity", "visual", "visual_to_dialogue", "dialogue"),
        _task("1-c", "visual_identity", "visual", "visual_to_appearance", "image"),
        _task("1-d", "visual_identity", "visual", "visual_to_emotion", "emotion"),
        _task("1-e", "visual_identity", "visual", "visual_to_environment", "environment"),
        _task("2-a", "voice_identity", "voice", "voice_to_bio", "bio"),
        _task("2-b", "voice_identity", "voice", "voice_to_dialogue", "dialogue"),
        _task("2-c", "voice_identity", "voice", "voice_to_image", "image"),
        _task("2-d", "voice_identity", "voice", "voice_to_emotion", "emotion"),
        _task("2-e", "voice_identity", "voice", "voice_to_environment", "environment"),
        _task("3-a", "same_modal_semantic", "text_semantic", "semantic_to_bio", "bio"),
        _task("3-b", "same_modal_semantic", "text_semantic", "semantic_to_appearance", "image"),
        _task("3-c", "same_modal_semantic", "text_semantic", "semantic_to_emotion", "emotion"),
        _task("3-d", "same_modal_semantic", "text_semantic", "semantic_to_environment", "environment"),
        _task("4-a", "cross_modal_semantic_bridge", "dialogue_semantic", "dialogue_to_bio", "bio"),
        _task("4-b", "cross_modal_semantic_bridge", "dialogue_semantic", "dialogue_to_image", "image"),
        _task("4-c", "cross_modal_semantic_bridge", "dialogue_semantic", "dialogue_to_emotion", "emotion"),
        _task(
            "4-d",
            "cross_modal_semantic_bridge",
            "dialogue_semantic",
            "dialogue_to_environment",
            "environment",
        ),
    )
}

CONFIGS: dict[str, tuple[str, str] | None] = {
    "default": None,
    **{group: ("group", group) for group in GROUPS},
    "answerable": ("absence", "none"),
    "absent_persona": ("absence", "absent_persona"),
    "absent_attribute": ("absence", "absent_attribute"),
}
"""Name of a dataset configuration -> the (column, value) its rows have, or None for all rows."""

LEADERBOARDS: dict[str, tuple[str, str]] = {
    "cal": ("default", "cal"),
    "ans": ("default", "ans"),
    "unans": ("default", "unans"),
    "cal_i2i": ("I2I", "cal"),
    "cal_a2a": ("A2A", "cal"),
    "cal_t2t": ("T2T", "cal"),
    "cal_t2any": ("T2Any", "cal"),
}
"""Task ID in the dataset's `eval.yaml` and a model's `.eval_results` -> (configuration, score)."""

SPLIT = "test"
DATA_FILES = "data/test-*.parquet"
"""Where a dataset folder keeps its rows; other files beside them are not rows."""


def features(audio: datasets.Audio | None = None) -> datasets.Features:
    """A new copy of the row schema (`FEATURES`), because `datasets` may modify the one it is given."""
    string, boolean = datasets.Value("string"), datasets.Value("bool")
    image, audio = datasets.Image(), audio or datasets.Audio(decode=False)
    return datasets.Features(
        {
            "augmented_id": string,
            "source_sample_id": string,
            "group": string,
            "scenario": string,
            "selected_task": string,
            "query_modality": string,
            "target_modality": string,
            "no_GT": boolean,
            "absence": string,
            "target_concept_id": string,
            "contexts": datasets.List(
                {
                    "concept_id": string,
                    "image": image,
                    "audio": audio,
                    "text": string,
                    "same_as_query_image_or_audio": boolean,
                }
            ),
            "query_assets": {"image": image, "audio": audio},
            "query_text": string,
            "answer_supervision": {
                "answerable_from_context": boolean,
                "gold_answer": string,
                "abstain_answer": string,
                "support_mode": string,
                "asked_group": string,
                "asked_subfield": string,
                "gt_concept_id_from_metadata": string,
            },
        }
    )


FEATURES = features()
"""The schema of a row: v2.2's field names, plus `group` and `absence`."""


@dataclass(frozen=True)
class Media:
    """An encoded picture or clip."""

    data: bytes = field(repr=False)
    """The encoded bytes of the file."""
    name: str
    """The file name, whose extension gives the format; never a path out of a folder."""


@dataclass(frozen=True)
class Context:
    """The memory of one person: picture, clip and note."""

    concept_id: str
    image: Media
    audio: Media
    text: str
    same_as_query: bool
    """Supervision: whether this is the queried person. Never shown to a model."""


@dataclass(frozen=True)
class Item:
    """One question over K memories. `gold_answer`, `absence` and `target_concept_id` are supervision."""

    augmented_id: str
    source_sample_id: str
    """Items with the same value share their contexts; confidence intervals resample these, not items."""
    task: Task
    absence: Absence
    target_concept_id: str | None
    """The concept asked about, or None if the person is in none of the contexts."""
    contexts: tuple[Context, ...]
    query_image: Media | None
    query_audio: Media | None
    query_text: str
    gold_answer: str
    asked_subfield: str | None

    @property
    def answerable(self) -> bool:
        return self.absence == "none"


class _Reference(TypedDict):
    augmented_id: str
    source_sample_id: str
    group: str
    task: str
    absence: str
    gold_answer: str
    answerable: bool


class Reference(_Reference, total=False):
    """What the metric needs to know about an item, plus optional information."""

    other_answers: list[str]
    """Values of the asked field in the other people's notes."""
    person: str
    """The person whom the item asks about."""


def reference(
    item: Item | Mapping[str, Any], *, other_answers: Sequence[str] = (), person: str | None = None
) -> Reference:
    """The metric's reference for an item, or for a row as `datasets` returns it (its media are not needed).

    other_answers: Values of the asked field in the other people's notes, from the builder's side file.
    person: The person whom the item asks about.
    """
    result = _reference(item)
    if other_answers:
        result["other_answers"] = list(other_answers)
    if person is not None:
        result["person"] = person
    return result


def _reference(item: Item | Mapping[str, Any]) -> Reference:
    if isinstance(item, Mapping):
        supervision = item["answer_supervision"]
        return Reference(
            augmented_id=item["augmented_id"],
            source_sample_id=item["source_sample_id"],
            group=item["group"],
            task=item["selected_task"],
            absence=item["absence"],
            gold_answer=supervision["gold_answer"],
            answerable=supervision["answerable_from_context"],
        )
    return Reference(
        augmented_id=item.augmented_id,
        source_sample_id=item.source_sample_id,
        group=item.task.group,
        task=item.task.name,
        absence=item.absence,
        gold_answer=item.gold_answer,
        answerable=item.answerable,
    )


def _media(value: Mapping[str, Any] | None) -> Media | None:
    return None if value is None else Media(value["bytes"], PurePosixPath(value["path"] or "media").name)


def item_from_row(row: Mapping[str, Any]) -> Item:
    """Turn a row whose media are `{"bytes", "path"}` into an `Item`.

    Raises `ValueError`, naming the item, if its task is not one of the 18, a context lacks a medium, or a text field
    is not a string.
    """
    try:
        return _item_from_row(row)
    except KeyError as error:
        raise ValueError(f"item {row.get('augmented_id')}: expected {error}, got none") from None
    except (TypeError, AttributeError) as error:
        raise ValueError(f"item {row.get('augmented_id')}: a value is null or of another type: {error}") from None


def _item_from_row(row: Mapping[str, Any]) -> Item:
    item_id = row["augmented_id"]
    task = TASKS.get(row["selected_task"])
    if task is None:
        raise ValueError(f"item {item_id}: expected one of the 18 tasks, got selected_task {row['selected_task']!r}")
    contexts = []
    for context in row["contexts"]:
        image, audio = _media(context["image"]), _media(context["audio"])
        if image is None or audio is None:
            raise ValueError(f"item {item_id}: context {context['concept_id']} has no picture or no clip")
        same = context["same_as_query_image_or_audio"]
        contexts.append(Context(context["concept_id"], image, audio, context["text"], same))
    supervision = row["answer_supervision"]
    texts = {name: row[name] for name in ("augmented_id", "source_sample_id", "absence", "query_text")}
    texts |= {f"text of context {number}": context.text for number, context in enumerate(contexts, start=1)}
    if row["absence"] == "none":
        texts["gold_answer"] = supervision["gold_answer"]
    for name, value in texts.items():
        if not isinstance(value, str):
            raise ValueError(f"item {item_id}: expected a text as {name}, got {value!r}")
    if row["absence"] not in ABSENCES:
        raise ValueError(f"item {item_id}: expected absence to be one of {', '.join(ABSENCES)}, got {row['absence']!r}")
    return Item(
        augmented_id=item_id,
        source_sample_id=row["source_sample_id"],
        task=task,
        absence=row["absence"],
        target_concept_id=row["target_concept_id"],
        contexts=tuple(contexts),
        query_image=_media(row["query_assets"]["image"]),
        query_audio=_media(row["query_assets"]["audio"]),
        query_text=row["query_text"],
        gold_answer=supervision["gold_answer"],
        asked_subfield=supervision["asked_subfield"],
    )


def items(dataset: datasets.Dataset | datasets.IterableDataset) -> Iterator[Item]:
    """The items of a dataset in its order, one at a time, media still encoded."""
    if isinstance(dataset, datasets.IterableDataset):
        yield from map(item_from_row, dataset.decode(False))
        return
    # The Arrow format returns the stored bytes; the default format would decode every picture.
    arrow = dataset.with_format("arrow")
    for index in range(len(dataset)):
        yield item_from_row(arrow[index : index + 1].to_pylist()[0])


# ---------------------------------------------------------------------------------------------------- reading


def read(path: str | Path) -> Iterator[Item]:
    """The items of a dataset folder on this machine, in order, straight from its Parquet files.

    Unlike `load`, it leaves no copy in the cache of `datasets`, and holds a medium once where items share it.
    Raises `FileNotFoundError` if there are no files, and `ValueError`, naming file and row, for anything but a Parquet
    file of a dataset.
    """
    import pyarrow as pa  # a dependency of `datasets`
    import pyarrow.parquet as pq

    files = sorted(Path(path).glob(DATA_FILES))
    if not files:
        raise FileNotFoundError(f"{path} has no {DATA_FILES}: expected a folder written by `omni-persona build`")
    for file in files:
        try:
            yield from _read_file(file, pq)
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{file}: expected a Parquet file of a dataset, got: {error}") from None


def _read_file(file: Path, pq: Any) -> Iterator[Item]:
    schema = pq.ParquetFile(file).schema
    # Keep media dictionary-encoded, so that repetitions are not unpacked.
    encoded = [column.path for column in map(schema.column, range(len(schema))) if column.path.endswith(".bytes")]
    parquet = pq.ParquetFile(file, read_dictionary=encoded)
    number = 0
    for row_group in range(parquet.num_row_groups):
        table = parquet.read_row_group(row_group)
        media: dict[Media, Media] = {}
        for place in range(table.num_rows):
            number += 1
            try:
                item = item_from_row(table.slice(place, 1).to_pylist()[0])
            except ValueError as error:
                raise ValueError(f"{file}: row {number}: {error}") from None
            yield sharing(item, media)


def sharing(item: Item, media: dict[Media, Media]) -> Item:
    """Replace the item's media by equal ones in `media`, to which new ones are added."""

    def known(medium: Media) -> Media:
        return media.setdefault(medium, medium)

    contexts = tuple(replace(one, image=known(one.image), audio=known(one.audio)) for one in item.contexts)
    image, audio = item.query_image and known(item.query_image), item.query_audio and known(item.query_audio)
    return replace(item, contexts=contexts, query_image=image, query_audio=audio)


def load(
    path: str | Path, name: str = "default", *, assets: str | Path | None = None, streaming: bool = False
) -> datasets.Dataset | datasets.IterableDataset:
    """Read a dataset folder, or a release's JSONL file with its folder of media.

    path: the folder that `omni-persona build` writes (or its Hub name), or a release's `.jsonl` file.
    name: a key of `CONFIGS`. assets: the release's media folder; only with a `.jsonl` file.
    streaming: read a folder row by row, with no copy in the cache of `datasets`.
    Raises `FileNotFoundError` or `ValueError` that says what is wrong and where.
    """
    if name not in CONFIGS:
        raise ValueError(f"expected a configuration among {', '.join(CONFIGS)}, got {name!r}")
    if str(path).endswith(".jsonl"):
        if assets is None:
            raise ValueError(f"{path} is a release: pass assets=, the folder of its pictures and clips")
        if streaming:
            raise ValueError(f"{path} is a release, which cannot be streamed")
        builder = OmniPersona(config_name=name, release=str(path), assets=str(assets))
        builder.download_and_prepare()
        return builder.as_dataset(split=SPLIT)
    if Path(path).exists() and not list(Path(path).glob(DATA_FILES)):
        raise FileNotFoundError(f"{path} has no {DATA_FILES}: expected a folder written by `omni-persona build`")
    if Path(path).exists() and glob.has_magic(str(path)):
        # `datasets` interprets brackets, stars and question marks in a path as a glob pattern.
        files = {SPLIT: sorted(glob.escape(str(file)) for file in Path(path).glob(DATA_FILES))}
        rows = CONFIGS[name]
        filters = None if rows is None else [[(rows[0], "==", rows[1])]]
        return datasets.load_dataset("parquet", data_files=files, split=SPLIT, streaming=streaming, filters=filters)
    return datasets.load_dataset(str(path), name, split=SPLIT, streaming=streaming)


@dataclass
class OmniPersonaConfig(datasets.BuilderConfig):
    """The source of `OmniPersona`: `data_dir` (a dataset folder), or `release` with `assets`."""

    release: str | None = None
    """A release's JSONL file."""
    assets: str | None = None
    """The folder that its media paths are relative to."""


class _EncodedAudio(datasets.Audio):
    """`Audio` for clips that are already encoded: the original requires torchcodec even if it has nothing to encode."""

    def encode_example(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


class OmniPersona(datasets.GeneratorBasedBuilder):
    """Reads a dataset folder or a release into one split, `test`, with the schema `FEATURES`.

    Used as a class, since `datasets` no longer supports loading scripts:

        builder = OmniPersona(config_name="I2I", data_dir="omni-persona")
        builder.download_and_prepare()
        dataset = builder.as_dataset(split="test")
    """

    VERSION = datasets.Version(__version__)
    BUILDER_CONFIG_CLASS = OmniPersonaConfig
    BUILDER_CONFIGS: ClassVar[list[OmniPersonaConfig]] = [OmniPersonaConfig(name=name) for name in CONFIGS]
    DEFAULT_CONFIG_NAME = "default"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # `datasets` caches by path: without the files' fingerprint, a rebuilt folder would be read from the cache.
        kwargs.setdefault("hash", _marks(kwargs.get("data_dir"), kwargs.get("release"), kwargs.get("assets")))
        super().__init__(*args, **kwargs)

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=features(_EncodedAudio(decode=False)))

    def as_dataset(self, *args: Any, **kwargs: Any) -> Any:
        self.info.features = features()
        return super().as_dataset(*args, **kwargs)

    def _split_generators(self, dl_manager: datasets.DownloadManager) -> list[datasets.SplitGenerator]:
        config = self.config
        if (config.release is None) == (config.data_dir is None):
            raise ValueError("expected either data_dir (a dataset folder) or release and assets")
        if config.release is not None and config.assets is None:
            raise ValueError("expected assets, the folder of the release's media")
        return [datasets.SplitGenerator(name=SPLIT)]

    def _generate_examples(self) -> Iterator[tuple[int, dict[str, Any]]]:
        config = self.config
        rows: Iterable[dict[str, Any]]
        if config.release is not None:
            rows = release_rows(Path(config.release), Path(config.assets))
        else:
            files = sorted(glob.escape(str(path)) for path in Path(config.data_dir).glob(DATA_FILES))
            if not files:
                raise FileNotFoundError(f"{config.data_dir} has no {DATA_FILES}")
            stream = datasets.load_dataset("parquet", data_files=files, split="train", streaming=True)
            rows = stream.decode(False)
        selected = CONFIGS[config.name]
        for index, row in enumerate(rows):
            if selected is None or row[selected[0]] == selected[1]:
                yield index, row


def _marks(*paths: str | None) -> str:
    """A hash of the names, sizes and modification times of the files under some paths."""
    marks = []
    for path in (Path(path) for path in paths if path is not None):
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        marks += [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()]
    return hashlib.sha256(json.dumps(marks).encode()).hexdigest()[:16]


def release_rows(file: Path, assets: Path) -> Iterator[dict[str, Any]]:
    """Rows of a release's JSONL file, media read from `assets`, with `group` and `absence` derived.

    Raises `ValueError`, naming file, line and item, for a broken line or a path outside `assets`, and
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

    # Some editors write a byte order mark before the first line and blank lines after the last.
    with file.open(encoding="utf-8-sig") as text:
        lines = list(enumerate(text, start=1))
        while lines and not lines[-1][1].strip():
            lines.pop()
        for number, line in lines:
            where = f"{file}:{number}"
            try:
                record = json.loads(line)
                where = f"{where} ({record['augmented_id']})"
                contexts = [
                    {**context, "image": medium(context["image"], where), "audio": medium(context["audio"], where)}
                    for context in record["contexts"]
                ]
                query = {kind: medium(record["query_assets"][kind], where) for kind in ("image", "audio")}
                yield release_row(record, contexts, query)
            except json.JSONDecodeError as error:
                raise ValueError(f"{where}: not a JSON record: {error}") from None
            except KeyError as error:
                raise ValueError(f"{where}: field {error} is missing or has an unknown value") from None


def release_row(
    record: Mapping[str, Any], contexts: list[dict[str, Any]], query_assets: dict[str, Any]
) -> dict[str, Any]:
    """A row from a release's record and its media, with `group` and `absence` derived.

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
