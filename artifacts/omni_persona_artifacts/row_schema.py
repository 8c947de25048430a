"""The Arrow schema of a dataset's rows, with the features that `datasets` reads from a file's footer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pyarrow as pa

from omni_persona import ROW

_VALUES = {"string": pa.string(), "bool": pa.bool_()}


@cache
def row_schema() -> pa.Schema:
    """`omni_persona.features().arrow_schema`, without importing `datasets`."""
    metadata = {"huggingface": json.dumps({"info": {"features": ROW}})}
    return pa.schema([(name, _arrow_type(kind)) for name, kind in ROW.items()], metadata)


def _arrow_type(kind: Mapping[str, Any]) -> pa.DataType:
    if kind.get("_type") == "Value":
        return _VALUES[kind["dtype"]]
    if kind.get("_type") in ("Image", "Audio"):
        return pa.struct({"bytes": pa.binary(), "path": pa.string()})
    if kind.get("_type") == "List":
        return pa.list_(_arrow_type(kind["feature"]))
    return pa.struct({name: _arrow_type(part) for name, part in kind.items()})
