"""Schema validation errors, in terms of the input file."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from omni_persona_cal.records import json_type

_MOST = 100


def first_flaw(error: ValidationError, whole: str, fields: Iterable[str] = ()) -> str:
    """The first message of `flaws`."""
    return flaws(error, whole, fields)[0]


def flaws(error: ValidationError, whole: str, fields: Iterable[str] = ()) -> list[str]:
    """The messages of `error`, at most `_MOST`, each with its location.

    whole: name of the input, used for errors that concern all of it. fields: valid names, suggested for an unknown
    field.
    """
    return [_message(one, whole, list(fields)) for one in error.errors(include_url=False)[:_MOST]]


def _message(flaw: ErrorDetails, whole: str, fields: list[str]) -> str:
    place = ".".join(map(str, flaw["loc"])) or whole
    match flaw["type"]:
        case "missing":
            return f"field {place!r} is missing"
        case "extra_forbidden":
            near = get_close_matches(str(flaw["loc"][-1]), fields, 1)
            return f"{place}: no such field" + (f"; did you mean {near[0]}?" if near else "")
        case "model_type":
            return f"{place}: expected fields with values, got {json_type(flaw['input'])}"
    return f"{place}: {flaw['msg'].removeprefix('Value error, ')}"
