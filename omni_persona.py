"""The contract of Omni-Persona: its taxonomy, the schema of a dataset row, and the item.

Every other package imports this module; of third-party libraries it needs `datasets` only, and only for the schema. The
readers that it offers (`load`, `read`, the builder class) are those of `omni_persona_artifacts`. Both are imported on
first access. Media stay encoded (bytes of a PNG, a WAV, a FLAC...): a picture is decoded by `datasets` when a row is
read through `load`, a clip never, because decoding clips there would need a system FFmpeg.

    import omni_persona

    dataset = omni_persona.load("omni-persona")              # the folder that `omni-persona build` writes
    for item in omni_persona.items(dataset):                  # typed, media as bytes
        print(item.augmented_id, item.task.name, item.query_text)

Source: arXiv 2605.09996 for the taxonomy, the v2.2 release for the field names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    import datasets

    from omni_persona_artifacts.dataset_loading import OmniPersona as OmniPersona
    from omni_persona_artifacts.dataset_loading import OmniPersonaConfig as OmniPersonaConfig
    from omni_persona_artifacts.dataset_loading import items as items
    from omni_persona_artifacts.dataset_loading import load as load
    from omni_persona_artifacts.dataset_rows import read as read
    from omni_persona_artifacts.dataset_rows import sharing as sharing
    from omni_persona_artifacts.release_file import release_row as release_row
    from omni_persona_artifacts.release_file import release_rows as release_rows

    FEATURES: datasets.Features  # the schema of a row: v2.2's field names, plus `group` and `absence`

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
        _task("4-d", "cross_modal_semantic_bridge", "dialogue_semantic", "dialogue_to_environment", "environment"),
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
    **{score: ("default", score) for score in ("cal", "ans", "unans")},
    **{f"cal_{group.lower()}": (group, "cal") for group in GROUPS},
}
"""Task ID in the dataset's `eval.yaml` and a model's `.eval_results` -> (configuration, score)."""

SPLIT = "test"
"""The split of a benchmark."""
SPLITS = (SPLIT, "train")
"""The splits that a dataset folder may hold, one at a time: `train` for people that no test asks about."""
DATA_FILES = "data/test-*.parquet"
"""Where a dataset folder keeps its rows; other files beside them are not rows."""


_TEXT, _FLAG = {"dtype": "string", "_type": "Value"}, {"dtype": "bool", "_type": "Value"}
_MEDIA = {"image": {"_type": "Image"}, "audio": {"decode": False, "_type": "Audio"}}

ROW: dict[str, Any] = {
    **dict.fromkeys(("augmented_id", "source_sample_id", "group", "scenario", "selected_task"), _TEXT),
    **dict.fromkeys(("query_modality", "target_modality"), _TEXT),
    "no_GT": _FLAG,
    "absence": _TEXT,
    "target_concept_id": _TEXT,
    "contexts": {
        "feature": {"concept_id": _TEXT, **_MEDIA, "text": _TEXT, "same_as_query_image_or_audio": _FLAG},
        "_type": "List",
    },
    "query_assets": _MEDIA,
    "query_text": _TEXT,
    "answer_supervision": {
        "answerable_from_context": _FLAG,
        **dict.fromkeys(("gold_answer", "abstain_answer", "support_mode"), _TEXT),
        **dict.fromkeys(("asked_group", "asked_subfield", "gt_concept_id_from_metadata"), _TEXT),
    },
}
"""The schema of a row, as `datasets` stores it in files; `FEATURES` without the cost of importing `datasets`."""


def features(audio: datasets.Audio | None = None) -> datasets.Features:
    """A new copy of the row schema (`FEATURES`), because `datasets` may modify the one it is given."""
    import datasets

    made = datasets.Features.from_dict(ROW)
    made["contexts"].feature["audio"] = made["query_assets"]["audio"] = audio or datasets.Audio(decode=False)
    return made


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
    result |= {"other_answers": list(other_answers)} if other_answers else {}
    return result if person is None else result | {"person": person}


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

    Raises `ValueError`, naming the item, if its task is unknown, a context lacks a medium, or a text field is no text.
    """
    try:
        return _item_from_row(row)
    except KeyError as error:
        raise ValueError(f"item {row.get('augmented_id')}: expected {error}, got none") from None
    except (TypeError, AttributeError):
        raise ValueError(f"item {row.get('augmented_id')}: {_misshapen(row)}") from None


def _misshapen(row: Mapping[str, Any]) -> str:
    """What of a row is null or of another type than expected."""
    shapes: dict[str, tuple[type, str]] = {"selected_task": (str, "a text"), "contexts": (list, "a list")}
    shapes |= dict.fromkeys(("query_assets", "answer_supervision"), (Mapping, "fields with values"))
    for name, (kind, words) in shapes.items():
        if not isinstance(row[name], kind):
            return f"expected {name} to be {words}, got {'null' if row[name] is None else 'another value'}"
    return "a value in its contexts or its query_assets is null or of another type than expected"


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
        text, same = context["text"], context["same_as_query_image_or_audio"]
        contexts.append(Context(context["concept_id"], image, audio, text, same))
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


_READERS = {
    "dataset_loading": ("OmniPersona", "OmniPersonaConfig", "items", "load"),
    "dataset_rows": ("read", "sharing"),
    "release_file": ("release_row", "release_rows"),
}
"""Module of `omni_persona_artifacts` -> its names that are offered here."""

if not TYPE_CHECKING:  # A type checker that saw this function would accept any name.

    def __getattr__(name: str) -> Any:
        """Import a reader on first access: the readers import this module, which imports none of them."""
        if name == "FEATURES":  # made on first access: importing `datasets` takes most of a second
            return globals().setdefault(name, features())
        for module, names in _READERS.items():
            if name in names:
                return getattr(import_module(f"omni_persona_artifacts.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
