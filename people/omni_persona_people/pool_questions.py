"""A pool's own questions: the optional file `wording.json` next to `personas.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import read_regular
from omni_persona_artifacts.json_files import MOST_BYTES
from omni_persona_artifacts.schema_errors import first_flaw
from omni_persona_people.errors import PoolError
from omni_persona_people.persona import Persona
from omni_persona_people.persona_line import Mark
from omni_persona_people.rules.questions import MOST_QUESTIONS, content_of, question_flaw

FILE = "wording.json"


class WordingFile(BaseModel):
    """The schema of `wording.json`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    questions: dict[str, list[str]] = Field(default_factory=dict)
    """Asked field -> questions; `{who}` is replaced by the pointer to a person."""
    generated: dict[str, Mark] = Field(default_factory=dict)
    """`questions.FIELD` -> the model that wrote them, if any."""


@dataclass(frozen=True)
class OwnQuestions:
    """A pool's own questions."""

    by_field: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Asked field -> questions."""
    generated: Mapping[str, Mark] = field(default_factory=dict)
    """`questions.FIELD` -> the model that wrote them, if any."""


def read_questions(folder: Path, people: Sequence[Persona]) -> OwnQuestions:
    """The questions of the pool in `folder`; empty if it has no such file.

    people: the pool's people, for the rules about names and answers. Raises `PoolError` that names the invalid
    question.
    """
    file = folder / FILE
    try:
        read = WordingFile.model_validate_json(read_regular(file, MOST_BYTES))
    except FileNotFoundError:
        return OwnQuestions()
    except ArtifactError as error:
        raise PoolError(str(error)) from None
    except ValidationError as error:
        raise PoolError(f"{file}: {first_flaw(error, 'the file', WordingFile.model_fields)}") from None
    names = content_of(persona.name for persona in people)
    for asked, questions in read.questions.items():
        if not 1 <= len(questions) <= MOST_QUESTIONS:
            raise PoolError(f"{file}: questions.{asked}: expected 1 to {MOST_QUESTIONS}, got {len(questions)}")
        held = (getattr(persona.profile, asked, None) for persona in people)
        answers = content_of(str(value) for value in held if value is not None)
        for question in questions:
            if reason := question_flaw(question, asked, answers, names):
                raise PoolError(f"{file}: questions.{asked}: {question!r} {reason}")
    for key, mark in read.generated.items():
        part, _, asked = key.partition(".")
        if part != "questions" or asked not in read.questions:
            raise PoolError(f"{file}: generated: expected questions.FIELD of something that is there, got {key!r}")
        if mark.how != "written":
            raise PoolError(f"{file}: generated: {key}: questions are written, got {mark.how}")
    return OwnQuestions({asked: tuple(questions) for asked, questions in read.questions.items()}, read.generated)
