"""Arrow arrays of Python values, without pandas: `pyarrow.array` imports it, to ask whether its argument is of pandas,
which takes a third of the time of importing all else that writes a dataset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_NUMBERS = {pa.int32(): np.int32, pa.float32(): np.float32}


def arrow_array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """`pyarrow.array(values, kind)` for strings, booleans, `int32`, `float32`, and lists and structs of them."""
    if pa.types.is_string(kind):
        strings = pa.lib.StringBuilder()
        strings.append_values(values)
        return strings.finish()
    if pa.types.is_list(kind):
        ends = [0, *accumulate(len(value or ()) for value in values)]
        inside = arrow_array([one for value in values for one in value or ()], kind.value_type)
        return pa.ListArray.from_arrays(arrow_array(ends, pa.int32()), inside, type=kind, mask=_nulls(values))
    if pa.types.is_struct(kind):
        fields = [
            arrow_array([None if value is None else value.get(field.name) for value in values], field.type)
            for field in kind
        ]
        return pa.StructArray.from_arrays(fields, fields=[*kind], mask=_nulls(values))
    filled = [value or 0 for value in values]
    content = _bits(filled) if pa.types.is_boolean(kind) else np.array(filled, _NUMBERS[kind])
    valid = _bits([value is not None for value in values]) if None in values else None
    buffers = [None if part is None else pa.py_buffer(part) for part in (valid, content)]
    return pa.Array.from_buffers(kind, len(values), buffers)


def _bits(flags: Sequence[Any]) -> NDArray[np.uint8]:
    return np.packbits(np.array(flags, np.bool_), bitorder="little")


def arrow_table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """`pyarrow.Table.from_pylist(rows, schema)` for columns of the types that `arrow_array` takes."""
    columns = [arrow_array([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _nulls(values: Sequence[Any]) -> pa.BooleanArray | None:
    """Which values are None; None if none is."""
    return arrow_array([value is None for value in values], pa.bool_()) if None in values else None
