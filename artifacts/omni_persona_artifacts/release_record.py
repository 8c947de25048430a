"""The schema of a release's record: its fields and their types."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from omni_persona_artifacts.schema_errors import first_flaw

_Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Shape(BaseModel):
    # Strict: a number is not accepted as text. Unknown fields are stored elsewhere.
    model_config = ConfigDict(strict=True, extra="allow")


class _Context(_Shape):
    concept_id: str
    image: str
    audio: str
    text: str
    same_as_query_image_or_audio: bool


class _Query(_Shape):
    image: str | None
    audio: str | None


class _Supervision(_Shape):
    answerable_from_context: bool
    gold_answer: str
    abstain_answer: str
    support_mode: str
    asked_group: str | None = None
    asked_subfield: str | None = None
    gt_concept_id_from_metadata: str | None = None


class _Record(_Shape):
    augmented_id: _Id
    source_sample_id: _Id
    scenario: str
    selected_task: str
    query_modality: str
    target_modality: str
    no_GT: bool  # noqa: N815 (the release's own name)
    target_concept_id: str | None
    contexts: list[_Context]
    query_assets: _Query
    query_text: str
    answer_supervision: _Supervision


def misshapen(record: dict[str, Any]) -> str | None:
    """The first field of a record that is missing or has the wrong type, in words, or None."""
    try:
        _Record.model_validate(record)
    except ValidationError as error:
        return first_flaw(error, "the record")
    return None


def unknown_fields(record: dict[str, Any]) -> dict[str, Any]:
    """The fields of a record that the schema does not name, nested as in the record; contexts without any are empty."""
    parts: dict[str, type[_Shape]] = {"query_assets": _Query, "answer_supervision": _Supervision}
    unknown = _rest(record, _Record)
    unknown |= {name: rest for name, shape in parts.items() if (rest := _rest(record[name], shape))}
    contexts = [_rest(context, _Context) for context in record["contexts"]]
    return unknown | ({"contexts": contexts} if any(contexts) else {})


def _rest(part: dict[str, Any], shape: type[_Shape]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key not in shape.model_fields}
