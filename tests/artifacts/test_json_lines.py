"""Lines of JSON by others: what editors add is read over, what JSON does not know is an error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_persona_artifacts import json_lines
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.json_lines import parse_json, text_lines
from omni_persona_cal.records import ReadingError, read_records


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"\n \r\n\n", []),
        (b"a\nb\n", [(1, "a"), (2, "b")]),
        (b"\xef\xbb\xbfa\r\nb", [(1, "a"), (2, "b")]),
        (b"a\n\n \nb\n\n\n", [(1, "a"), (2, ""), (3, ""), (4, "b")]),
        ("a\u2028b\x85c\n".encode(), [(1, "a\u2028b\x85c")]),
    ],
)
def test_lines_come_with_their_numbers(tmp_path, content, lines):
    (tmp_path / "a.jsonl").write_bytes(content)
    assert list(text_lines(tmp_path / "a.jsonl")) == lines


def test_what_cannot_be_read_is_named(tmp_path, monkeypatch):
    file = tmp_path / "a.jsonl"
    with pytest.raises(ArtifactError, match=r"cannot read .*a\.jsonl: No such file"):
        list(text_lines(file))
    with pytest.raises(ArtifactError, match="cannot read"):
        list(text_lines(tmp_path / "a\0b"))
    file.write_bytes(b"good\nb\xff\n")
    with pytest.raises(ArtifactError, match=r"a\.jsonl:2: expected UTF-8, got byte 0xff at 1"):
        list(text_lines(file))
    monkeypatch.setattr(json_lines, "LINE_BYTES", 1 << 20)
    file.write_bytes(b"x" * (1 << 21))
    with pytest.raises(ArtifactError, match=r"a\.jsonl:1: a line of more than 1 MiB"):
        list(text_lines(file))


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ('{"a": 1, "a": 1}', "the key 'a' occurs twice"),
        ('{"a": {"b": 1, "b": 2}}', "the key 'b' occurs twice"),
        ("[NaN]", "NaN is not a JSON value"),
        ("[-Infinity]", "-Infinity is not a JSON value"),
        ("[1e999]", "1e999 is out of range"),
        ("[" + "1" * 5000 + "]", "a number of 5000 digits"),
        (r'["\ud800"]', r"unpaired surrogate '\ud800'"),
        (r'{"\udc00": 1}', r"unpaired surrogate '\udc00'"),
        (r'["\ud83d\ude00", "ZoË"]', None),
    ],
)
def test_what_only_python_takes_for_json_is_reported(text, flaw):
    assert parse_json(text)[1] == flaw


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the line is empty"),
        ('{"a": ', "it ends in the middle of a person, which must stand on one line"),
        ('{"a": "b', "it ends in the middle of a person, which must stand on one line"),
        ("{'a': 1}", "Expecting property name enclosed in double quotes at column 2"),
        ('{"a": 1} x', "Extra data at column 10"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_reported(text, reason):
    with pytest.raises(ValueError, match=r"^not a JSON record: ") as caught:
        parse_json(text, "person")
    assert reason in str(caught.value)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(held=_JSON, ascii=st.booleans())
def test_json_comes_back_as_it_was(held, ascii):
    assert parse_json(json.dumps(held, ensure_ascii=ascii)) == (held, None)


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 1}', '{"a": NaN}', "{'a': 1}", '{"a": 1} x', '{"a": ]}', "[" * 100_000 + '{"a"']
)
def test_the_metric_which_travels_alone_tells_the_same(text):
    with pytest.raises(ReadingError) as metric:
        list(read_records(text, "lines"))
    try:
        reason = parse_json(text)[1]
    except ValueError as error:
        reason = str(error).removeprefix("not a JSON record: ")
    # The metric reads a whole list, too.
    assert str(metric.value).partition(": ")[2].partition(": ")[2] == reason
