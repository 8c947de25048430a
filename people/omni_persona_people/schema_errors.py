"""What a schema says against outside input, in the words of whoever wrote the input."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from pydantic import ValidationError


def first_flaw(error: ValidationError, whole: str, fields: Iterable[str] = ()) -> str:
    """The first thing that `error` tells, with its place.

    whole: what the input is called where no part of it is at fault. fields: what could have been meant by a field
    that there is not.
    """
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"])) or whole
    match first["type"]:
        case "missing":
            return f"field {place!r} is missing"
        case "extra_forbidden":
            near = get_close_matches(str(first["loc"][-1]), list(fields), 1)
            return f"{place}: no such field" + (f"; did you mean {near[0]}?" if near else "")
        case "model_type":
            got = "null" if first["input"] is None else type(first["input"]).__name__
            return f"{place}: expected fields with values, got {got}"
    return f"{place}: {first['msg']}"
