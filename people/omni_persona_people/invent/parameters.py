"""Read `parameters.jsonl`, in which a generated pool records how each person's pictures and clips were made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from omni_persona_artifacts.build_record import PeopleKind
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.json_lines import parse_json, text_lines
from omni_persona_people.errors import PoolError
from omni_persona_people.natural.speakers import Mixture

FILE = "parameters.jsonl"


def recorded_kind(pool: Path, persona_ids: Iterable[str]) -> PeopleKind | None:
    """The kind of a pool's people: `rendered` if all faces were rendered, `invented` if some were drawn.

    None if the pool does not record how the faces of all these people were made, as for people of your own.
    """
    try:
        faces = {key: face for _, text in text_lines(pool / FILE) for key, face in _face(text)}
    except (ArtifactError, ValueError):
        return None
    made = {faces.get(one) for one in persona_ids}
    if not made or None in made:
        return None
    return "rendered" if made == {"rendered"} else "invented"


def voice_mixtures(pool: Path) -> set[Mixture]:
    """The mixtures of voices that a generated pool used; none if it records none.

    Raises `PoolError` if its file is no JSON lines.
    """
    if not (pool / FILE).is_file():
        return set()
    mixtures: set[Mixture] = set()
    try:
        for _, text in text_lines(pool / FILE):
            line, _ = parse_json(text, "person")
            speaker = line.get("speaker") if isinstance(line, dict) else None
            if isinstance(speaker, dict) and "packs" in speaker:
                mixtures.add((*speaker["packs"], speaker["share"]))
    except ValueError as error:
        raise PoolError(f"{pool / FILE}: {error}") from None
    return mixtures


def _face(text: str) -> Iterable[tuple[str, str]]:
    """A person's id and how their face was made, from a line; nothing for a line of another form."""
    line, flaw = parse_json(text, "person")
    face: Any = line.get("face") if isinstance(line, dict) and not flaw else None
    if isinstance(face, dict) and isinstance(line.get("persona_id"), str):
        # A rendered face has shares of ancestries, a drawn one a colour of skin.
        for part, kind in (("ancestry", "rendered"), ("skin", "drawn")):
            if part in face:
                yield line["persona_id"], kind
                return
