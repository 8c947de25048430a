"""Facts about a pool's content that a dataset records: its fingerprint, and how much of it a model wrote."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from omni_persona_build.card import GeneratedFacts
from omni_persona_people.persona import Persona
from omni_persona_people.pool_questions import OwnQuestions


def pool_fingerprint(people: Sequence[Persona], questions: OwnQuestions) -> str:
    """A hash of the content of a pool: ids, profiles, media, and its own wording."""
    digest = hashlib.sha256()
    for persona in people:
        digest.update(repr((persona.persona_id, persona.gender, persona.profile)).encode())
        digest.update("".join(medium.digest for medium in persona.media()).encode())
        if persona.statements or persona.generated:
            digest.update(repr((sorted(persona.statements.items()), sorted(persona.generated.items()))).encode())
    if questions.by_field:
        digest.update(repr((sorted(questions.by_field.items()), sorted(questions.generated.items()))).encode())
    return digest.hexdigest()[:16]


def generated_facts(people: Sequence[Persona], questions: OwnQuestions) -> GeneratedFacts | None:
    """Number of texts in a pool that a model wrote, or None if it wrote none."""
    marks = [(key, mark) for persona in people for key, mark in persona.generated.items()]
    marks += questions.generated.items()
    if not marks:
        return None
    values = Counter(mark.how for key, mark in marks if key.startswith("profile."))
    clauses = [
        len(persona.statements[key.removeprefix("statements.")])
        for persona in people
        for key in persona.generated
        if key.startswith("statements.")
    ]
    asked = [len(questions.by_field[key.removeprefix("questions.")]) for key in questions.generated]
    models = tuple(sorted({mark.by for _, mark in marks}))
    return GeneratedFacts(models, values["extracted"], values.total() - values["extracted"], sum(clauses), sum(asked))
