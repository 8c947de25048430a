"""Arrays made without pandas are those that pyarrow makes."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_persona_artifacts.arrow_values import arrow_array, arrow_table

STRUCT = pa.struct({"flag": pa.bool_(), "names": pa.list_(pa.string())})
STRINGS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
FLAGS = st.none() | st.booleans()
VALUES = {
    pa.string(): STRINGS,
    pa.bool_(): FLAGS,
    pa.int32(): st.none() | st.integers(-(1 << 31), (1 << 31) - 1),
    pa.float32(): st.none() | st.floats(width=32, allow_nan=False),
    pa.list_(pa.string()): st.none() | st.lists(STRINGS, max_size=3),
    STRUCT: st.none()
    | st.fixed_dictionaries({"names": st.none() | st.lists(STRINGS, max_size=2)}, optional={"flag": FLAGS}),
}


@pytest.mark.parametrize("kind", VALUES, ids=str)
@given(data=st.data())
def test_an_array_is_that_of_pyarrow(kind, data):
    values = data.draw(st.lists(VALUES[kind], max_size=20))
    made = arrow_array(values, kind)
    made.validate(full=True)
    assert made.type == kind
    assert made.null_count == values.count(None)
    assert made.equals(pa.array(values, kind))


@pytest.mark.parametrize(
    ("kind", "values"), [(pa.string(), ["a", 1]), (pa.int32(), [1 << 31]), (pa.list_(pa.string()), [3])]
)
def test_a_value_of_another_type_is_refused(kind, values):
    with pytest.raises((TypeError, OverflowError)):
        arrow_array(values, kind)


def test_a_table_is_that_of_pyarrow():
    schema = pa.schema([("number", pa.int32()), ("parts", STRUCT)], {"about": "it"})
    rows = [
        {"number": 1, "parts": {"flag": True, "names": ["a", None]}},
        {"parts": None, "beyond": 2},
        {"number": None},
    ]
    assert arrow_table(rows, schema).equals(pa.Table.from_pylist(rows, schema), check_metadata=True)
    assert arrow_table([], schema).equals(schema.empty_table(), check_metadata=True)
