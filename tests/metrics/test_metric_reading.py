"""The one parser of prediction lines and verdict lines, strict and lenient."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omni_persona_cal.reading import (
    PredictionLine,
    ReadingError,
    VerdictLine,
    by_item,
    read_predictions,
    read_records,
    read_verdicts,
)


def ok(item_id: str = "a", text: str = "a baker", **more: Any) -> PredictionLine:
    return PredictionLine(item_id, text, "ok", **more)


def failed(item_id: str = "a", error: str | None = None) -> PredictionLine:
    return PredictionLine(item_id, None, "failed", error)


def verdict(word: str, **more: Any) -> VerdictLine:
    return VerdictLine("a", word, **more)


X = '{"augmented_id": "a", "prediction": "x", '

# (what a line says, what is read)
GOOD_LINES: list[tuple[str, PredictionLine]] = [
    ('{"augmented_id": "a", "prediction": "a baker"}', ok()),
    ('{"augmented_id": "a", "prediction": "a baker", "status": "ok", "error": null}', ok()),
    ('{"augmented_id": "a", "prediction": ""}', ok(text="")),
    ('{"augmented_id": "a", "model_prediction": "a baker", "gold_answer": "baker"}', ok()),
    ('{"augmented_id": "a", "prediction": "a baker", "model_prediction": "other"}', ok()),
    ('{"augmented_id": "a", "prediction": null}', failed()),
    ('{"augmented_id": "a", "status": "failed", "error": "too long"}', failed(error="too long")),
    # A failed item has no answer, whatever else its line holds.
    ('{"augmented_id": "a", "prediction": "half an ans", "status": "failed", "error": "cut"}', failed(error="cut")),
    # What the release's scripts write for a refused request ...
    ('{"augmented_id": "a", "model_prediction": "[SKIP] 400 Error"}', failed(error="400 Error")),
    ('{"augmented_id": "a", "prediction": "[SKIP] 400 Error"}', failed(error="400 Error")),
    ('{"augmented_id": "a", "model_prediction": "[SKIP] 400 Error", "status": "ok"}', failed(error="400 Error")),
    ('{"augmented_id": "a", "model_prediction": "[SKIP]"}', failed()),
    # ... is an answer where one of our runs says so: a model must not leave the mean by writing it.
    ('{"augmented_id": "a", "prediction": "[SKIP] no", "status": "ok"}', ok(text="[SKIP] no")),
    ('{"augmented_id": "a", "model_prediction": "[SKIPPING] stones"}', ok(text="[SKIPPING] stones")),
    ('{"augmented_id": "a", "prediction": "half \\ud83d a pair"}', ok(text="half \ud83d a pair")),
    ('{"augmented_id": "\\ud83d", "prediction": "x"}', ok("\ud83d", "x")),
    (X + '"confidence": 1}', ok(text="x", confidence=1.0)),
    (X + '"confidence": 0.25}', ok(text="x", confidence=0.25)),
    (
        X + '"input_tokens": 3.0, "output_tokens": 0, "seconds": 2, '
        '"finish": "stop", "thinking": "hm", "dropped": ["audio"]}',
        ok(
            text="x", input_tokens=3, output_tokens=0, seconds=2.0, finish="stop", thinking="hm", dropped=("audio",)
        ),
    ),
    (
        '{"augmented_id": "a", "model_prediction": "x", "judge_verdict": " incorrect ", "judge_model": "j", '
        '"judge_raw": "INCORRECT"}',
        ok(text="x", verdict=verdict("WRONG", judge="j", raw="INCORRECT")),
    ),
    (X + '"verdict": null}', ok(text="x")),
]  # fmt: skip

# (what a line says, what the message says, what a lenient reader makes of it)
BAD_LINES: list[tuple[str, str, PredictionLine | None]] = [
    ("{", "not a JSON record: Expecting property name", None),
    ("nothing", "not a JSON record: Expecting value at column 1", None),
    ("3", "expected a JSON object, got a number", None),
    ("[1]", "expected a JSON object, got a list", None),
    ('"a"', "expected a JSON object, got a text", None),
    ("[" * 100_000, "not a JSON record: nested too deeply", None),
    ('{"augmented_id": "a", "prediction": ' + '{"x":' * 100_000, "nested too deeply", None),
    ('{"augmented_id": "a", "prediction": NaN}', "NaN is not a JSON value", None),
    (X + '"seconds": Infinity}', "Infinity is not a JSON value", None),
    ('{"augmented_id": "a", "augmented_id": "b", "prediction": "x"}', "the key 'augmented_id' occurs twice", None),
    ('{"augmented_id": "a", "seconds": ' + "1" * 5000 + "}", "not a JSON record", None),
    ('{"prediction": "x"}', "expected augmented_id to be a string, got None", None),
    ('{"augmented_id": 7, "prediction": "x"}', "expected augmented_id to be a string, got 7", None),
    ('{"augmented_id": " ", "prediction": "x"}', "expected augmented_id to be a string, got ' '", None),
    ('{"augmented_id": ["a"], "prediction": "x"}', "expected augmented_id to be a string", None),
    ('{"augmented_id": "a"}', "(a): expected a prediction (or model_prediction), got none", None),
    ('{"augmented_id": "a", "prediction": 3}', "(a): expected prediction to be a string, got 3", None),
    ('{"augmented_id": "a", "prediction": ["x"]}', "expected prediction to be a string, got ['x']", None),
    ('{"augmented_id": "a", "prediction": null, "status": "ok"}', "expected prediction to be a string, got None", None),
    (X + '"status": "done"}', "expected status ok or failed, got 'done'", None),
    (X + '"status": ["ok"]}', "expected status ok or failed, got ['ok']", None),
    (X + '"confidence": 1.5}', "expected confidence to be a number from 0 to 1, got 1.5", ok(text="x")),
    (X + '"confidence": true}', "expected confidence to be a number from 0 to 1", ok(text="x")),
    (X + '"confidence": "high"}', "got 'high'", ok(text="x")),
    (X + f'"input_tokens": {10**400}}}', "expected input_tokens to be a whole number, got 1000", ok(text="x")),
    (X + '"seconds": 1e999}', "expected seconds to be a number, got inf", ok(text="x")),
    (X + '"output_tokens": -1}', "expected output_tokens to be a whole number", ok(text="x")),
    (X + '"input_tokens": 1.5}', "expected input_tokens to be a whole number", ok(text="x")),
    (X + '"error": 5}', "expected error to be a string, got 5", ok(text="x")),
    (X + '"dropped": "audio"}', "expected dropped to be a list of strings", ok(text="x")),
    (
        X + '"judge_verdict": "NOT CORRECT"}',
        "expected a verdict among CORRECT, WRONG, INCORRECT, UNJUDGED, got 'NOT CORRECT'",
        ok(text="x", verdict=verdict("UNJUDGED", reason="its line has 'NOT CORRECT' for a verdict")),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), GOOD_LINES)
def test_a_good_line(text: str, expected: PredictionLine, tmp_path: Path) -> None:
    file = tmp_path / "predictions.jsonl"
    file.write_text(f"{text}\n", encoding="utf-8")
    ways = [
        list(read_predictions(text)),
        list(read_predictions(text.encode())),
        list(read_predictions(f"\ufeff\n  \r\n{text}\r\n\n")),
        list(read_predictions(f" [{text}]")),
        list(read_predictions(file)),
    ]
    assert ways == [[expected]] * len(ways)
    assert ways[-1][0].where == f"{file}:1"


@pytest.mark.parametrize(("text", "message", "lenient"), BAD_LINES)
def test_a_bad_line(text: str, message: str, lenient: PredictionLine | None, tmp_path: Path) -> None:
    file = tmp_path / "predictions.jsonl"
    good = '{"augmented_id": "z", "prediction": "x"}'
    file.write_text(f"{good}\n\n{text}\n{good}\n", encoding="utf-8")
    with pytest.raises(ReadingError) as error:
        list(read_predictions(file))
    assert str(error.value).startswith(f"{file}:3")
    assert message in str(error.value)
    assert len(str(error.value)) < len(str(file)) + 200
    problems: list[str] = []
    found = list(read_predictions(file, on_problem=problems.append))
    assert [line for line in found if line.augmented_id != "z"] == ([lenient] if lenient else [])
    assert len(found) == 2 + (lenient is not None)
    assert problems == [str(error.value)]


def test_bytes_that_are_no_text_are_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(b"\x89PNG\xff\n")
    with pytest.raises(ReadingError, match=r"picture\.png:1: not a JSON record: expected UTF-8"):
        list(read_predictions(file))
    with pytest.raises(ReadingError, match=r"nowhere: cannot be read: No such file"):
        list(read_predictions(tmp_path / "nowhere"))
    with pytest.raises(ReadingError, match="cannot be read"):
        list(read_predictions(tmp_path))


@pytest.mark.parametrize("content", ["[1", "[{]", "[" * 100_000, "[NaN]"])
def test_a_broken_list_is_one_problem(content: str) -> None:
    problems: list[str] = []
    assert list(read_predictions(content, "said", on_problem=problems.append)) == []
    assert len(problems) == 1
    assert problems[0].startswith("said: not a JSON list: ")


def test_an_element_of_a_list_is_named_by_its_index() -> None:
    with pytest.raises(ReadingError, match=r"^said\[1\]: expected a JSON object, got a number$"):
        list(read_predictions('[{"augmented_id": "a", "prediction": "x"}, 3]', "said"))


@pytest.mark.parametrize("content", ["", "\n", " \n\t\n", "[]", "\ufeff"])
def test_nothing_is_nothing(content: str) -> None:
    assert list(read_predictions(content)) == []


@pytest.mark.parametrize("cut", range(1, 39))
def test_a_half_written_last_line_is_left_out_where_that_is_asked_for(cut: int) -> None:
    whole = '{"augmented_id": "a", "prediction": "x"}'
    text = f"{whole}\n{whole[:-cut]}"
    assert [line.augmented_id for line in read_predictions(text, drop_half_line=True)] == ["a"]
    with pytest.raises(ReadingError, match="line 2: not a JSON record"):
        list(read_predictions(text))
    # A line that ended was written whole, and one that is whole needs no end.
    with pytest.raises(ReadingError, match="line 2: not a JSON record"):
        list(read_predictions(f"{text}\n", drop_half_line=True))
    assert len(list(read_predictions(f"{whole}\n{whole}", drop_half_line=True))) == 2


def test_a_failed_item_makes_room_and_a_second_answer_is_a_problem() -> None:
    lines = [failed("a"), failed("b"), ok("a", "one"), failed("b"), ok("c")]
    assert list(by_item(lines).values()) == [ok("a", "one"), failed("b"), ok("c")]
    problems: list[str] = []
    found = by_item([*lines, ok("a", "two")], on_problem=problems.append)
    assert found["a"].prediction == "two"
    assert problems == [": expected each augmented_id once, got 'a' again"]
    text = '{"augmented_id": "a", "prediction": "x"}\n' * 2
    with pytest.raises(ReadingError, match=r"said, line 2: expected each augmented_id once, got 'a' again, as in said"):
        by_item(read_predictions(text, "said"))
    text = '{"augmented_id": "a", "verdict": "CORRECT"}\n' * 2
    with pytest.raises(ReadingError, match="line 2: expected each augmented_id once"):
        by_item(read_verdicts(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"augmented_id": "a", "verdict": "CORRECT", "judge": "j", "raw": "x"}',
         verdict("CORRECT", judge="j", raw="x")),
        ('{"augmented_id": "a", "verdict": "INCORRECT"}', verdict("WRONG")),
        ('{"augmented_id": "a", "judge_verdict": "Wrong", "judge_response": "no"}', verdict("WRONG", raw="no")),
        ('{"augmented_id": "a", "verdict": "UNJUDGED", "reason": "cut"}', verdict("UNJUDGED", reason="cut")),
        ('{"augmented_id": "a", "verdict": "WRONG", "margin": -2.5}', verdict("WRONG", margin=-2.5)),
        ('{"augmented_id": "a", "verdict": "WRONG", "raw": {"x": 1}}', verdict("WRONG", raw='{\n  "x": 1\n}')),
    ],
)  # fmt: skip
def test_a_good_verdict_line(text: str, expected: VerdictLine) -> None:
    assert list(read_verdicts(text)) == [expected]


@pytest.mark.parametrize("word", ["NOT CORRECT", "CORRECT?", "", "yes", 1, None, True, ["CORRECT"], {}])
def test_a_verdict_that_is_none(word: Any) -> None:
    text = json.dumps({"augmented_id": "a", "verdict": word})
    with pytest.raises(ReadingError, match=r"^v, line 1 \(a\): expected a verdict among CORRECT, WRONG"):
        list(read_verdicts(text, "v"))
    problems: list[str] = []
    (line,) = read_verdicts(text, on_problem=problems.append)
    assert line.verdict == "UNJUDGED"
    assert len(problems) == 1
    assert list(read_verdicts('{"verdict": "CORRECT"}', on_problem=problems.append)) == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_KEYS = [
    "augmented_id", "prediction", "model_prediction", "status", "error", "input_tokens", "seconds", "finish", "dropped",
    "confidence", "verdict", "raw",
]  # fmt: skip


_RECORD = st.dictionaries(st.sampled_from(_KEYS), _JSON | st.sampled_from(["ok", "failed", "a", "CORRECT"]), max_size=6)


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(_RECORD, max_size=4))
def test_any_record_is_a_line_or_a_problem(records: list[dict[str, Any]]) -> None:
    text = "\n".join(json.dumps(record) for record in records)
    problems: list[str] = []
    for line in read_predictions(text, on_problem=problems.append):
        assert (line.prediction is None) == (line.status == "failed")
        assert line.confidence is None or 0 <= line.confidence <= 1
    for found in read_verdicts(text, on_problem=problems.append):
        assert found.verdict in ("CORRECT", "WRONG", "UNJUDGED")
    for problem in problems:
        assert problem.isprintable()


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_a_problem(content: bytes, drop: bool) -> None:
    problems: list[str] = []
    records = list(read_records(content, on_problem=problems.append, drop_half_line=drop))
    assert all(isinstance(record, dict) for record, _ in records)


def test_a_file_is_read_as_a_stream(tmp_path: Path) -> None:
    file = tmp_path / "predictions.jsonl"
    file.write_text('{"augmented_id": "a", "prediction": "x"}\nnot yet read\n')
    lines = read_predictions(file)
    assert next(lines).augmented_id == "a"
    with pytest.raises(ReadingError, match=r"predictions\.jsonl:2"):
        next(lines)
