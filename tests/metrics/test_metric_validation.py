from __future__ import annotations

import re
from typing import Any

import pytest

from omni_persona_cal import compute

NAN = float("nan")


def test_good_input_passes(reference) -> None:
    references = [reference(0), reference(1, "absent_persona"), reference(2, "absent_attribute")]
    assert compute(["", "a", "b"], references)["n"] == 3
    assert compute(("", "a", "b"), tuple(references), verdicts=("WRONG", None, "CORRECT"))["n"] == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"augmented_id": None}, "references[1]: augmented_id: expected a string, got None"),
        ({"augmented_id": 7}, "references[1]: augmented_id: expected a string, got 7 (int)"),
        (
            {"augmented_id": " "},
            "references[1] (item  ): augmented_id: expected a string that is not blank, got ' '",
        ),
        (
            {"augmented_id": "sample_0__aug_0"},
            "references[1]: expected each augmented_id once, got 'sample_0__aug_0' in references[0], too",
        ),
        (
            {"source_sample_id": None},
            "references[1] (item sample_0__aug_1): source_sample_id: expected a string",
        ),
        ({"group": "V2V"}, "group: expected one of 'I2I', 'A2A', 'T2T', 'T2Any', got 'V2V'"),
        ({"group": "i2i"}, "group: expected one of 'I2I', 'A2A', 'T2T', 'T2Any', got 'i2i'"),
        ({"group": None}, "group: expected a string, got None"),
        ({"task": ""}, "task: expected a string that is not blank, got ''"),
        ({"task": 3.5}, "task: expected a string, got 3.5 (float)"),
        ({"absence": "absent"}, "absence: expected one of 'none', 'absent_persona', 'absent_attribute'"),
        ({"absence": None}, "absence: expected a string, got None"),
        ({"absence": "absent_persona"}, "answerable: expected False with absence 'absent_persona', got True"),
        ({"answerable": False}, "answerable: expected True with absence 'none', got False"),
        ({"answerable": 1}, "answerable: expected True or False, got 1 (int)"),
        ({"answerable": None}, "answerable: expected True or False, got None"),
        ({"answerable": "true"}, "answerable: expected True or False, got 'true'"),
        ({"gold_answer": None}, "gold_answer: expected a string, got None"),
        ({"gold_answer": NAN}, "gold_answer: expected a string, got nan (float)"),
        ({"gold_answer": ["pilot"]}, "gold_answer: expected a string, got ['pilot'] (list)"),
        ({"gold_answer": "\n"}, "gold_answer: expected"),
        ({"extra": 1}, "got an unknown extra"),
        ({"person": " "}, "(item sample_0__aug_1): person: expected a string that is not blank, or None, got ' '"),
        ({"person": 3}, "person: expected a string that is not blank, or None, got 3 (int)"),
        ({"other_answers": "a pilot"}, "(item sample_0__aug_1): other_answers: expected a list of strings, or None"),
        ({"other_answers": [None]}, "other_answers: expected a list of strings, or None, got [None] (list)"),
        ({"other_answers": ["a", " Harbour  PILOT"]}, "(item sample_0__aug_1): other_answers: expected answers other"),
    ],
)
def test_a_bad_reference_is_named(reference, changes: dict[str, Any], message: str) -> None:
    references = [reference(0), reference(1) | changes]
    with pytest.raises(ValueError, match=re.escape(message)):
        compute(["a", "b"], references)


def test_optional_keys_may_be_none(reference) -> None:
    references = [reference(0) | {"person": None, "other_answers": None}, reference(1) | {"other_answers": ["a baker"]}]
    assert compute(["a", "b"], references)["n"] == 2


@pytest.mark.parametrize("key", ["augmented_id", "source_sample_id", "group", "task", "absence", "answerable"])
def test_a_missing_key_is_named(reference, key: str) -> None:
    broken = reference(1)
    del broken[key]
    with pytest.raises(ValueError, match=rf"references\[1\].*got no {key}"):
        compute(["a", "b"], [reference(0), broken])


@pytest.mark.parametrize("bad", [None, "sample_0", 3, NAN, ["x"]])
def test_a_reference_that_is_no_dict_is_named(reference, bad: object) -> None:
    with pytest.raises(ValueError, match=r"references\[1\]: expected a dict with the keys"):
        compute(["a", "b"], [reference(0), bad])


@pytest.mark.parametrize("bad", [None, NAN, 3, b"pilot", ["pilot"], {"text": "pilot"}])
@pytest.mark.parametrize("index", [0, 1])
def test_a_bad_prediction_is_named_wherever_it_stands(reference, bad: object, index: int) -> None:
    predictions: list[Any] = ["a", "b"]
    predictions[index] = bad
    expected = rf"predictions\[{index}\] \(item sample_0__aug_{index}\): expected a string, got "
    with pytest.raises(ValueError, match=expected):
        compute(predictions, [reference(0), reference(1)])


@pytest.mark.parametrize(
    ("predictions", "n_references", "message"),
    [
        ([], 0, "expected at least one prediction"),
        (["a"], 2, "expected one prediction per reference, got 1 predictions and 2 references"),
        (["a", "b"], 1, "expected one prediction per reference, got 2 predictions and 1 references"),
        ("ab", 2, "predictions: expected a list of strings, got 'ab'"),
        (None, 2, "predictions: expected a list of strings, got None"),
        ({"a", "b"}, 2, "predictions: expected a list of strings, got "),
    ],
)
def test_lists_must_be_lists_of_one_length(reference, predictions: Any, n_references: int, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        compute(predictions, [reference(i) for i in range(n_references)])


@pytest.mark.parametrize("bad", [None, {"augmented_id": "x"}, "references"])
def test_references_must_be_a_list(bad: Any) -> None:
    with pytest.raises(ValueError, match="references: expected a list of dicts, got "):
        compute(["a"], bad)


@pytest.mark.parametrize(
    ("verdicts", "message"),
    [
        (["CORRECT"], "expected one verdict per item, 3, got 1"),
        ([], "expected one verdict per item, 3, got 0"),
        ("CORRECT", "verdicts: expected a list of verdicts, each one of 'CORRECT', 'WRONG', 'UNJUDGED'"),
        (
            ["CORRECT", "INCORRECT", None],
            "verdicts[1] (item sample_0__aug_1): expected one of 'CORRECT', 'WRONG'",
        ),
        (["CORRECT", "correct", None], "verdicts[1] (item sample_0__aug_1): expected one of"),
        (["CORRECT", None, None], "verdicts[1] (item sample_0__aug_1): expected one of"),
        (["CORRECT", True, None], "got True (bool)"),
        (["CORRECT", "WRONG", "NO"], "verdicts[2] (item sample_0__aug_2): expected one of"),
    ],
)
def test_bad_verdicts_are_named(reference, verdicts: Any, message: str) -> None:
    references = [reference(0), reference(1), reference(2, "absent_persona")]
    with pytest.raises(ValueError, match=re.escape(message)):
        compute(["a", "b", "c"], references, verdicts=verdicts)


@pytest.mark.parametrize("judge", ["llm", "", None, ["lexical"]])
def test_an_unknown_judge_is_named(reference, judge: Any) -> None:
    with pytest.raises(ValueError, match="judge: expected one of 'lexical', 'openai', 'transformers', got "):
        compute(["a"], [reference(0)], judge=judge)


def test_long_values_are_cut_in_errors(reference) -> None:
    with pytest.raises(ValueError) as error:
        compute([["x" * 10_000]], [reference(0)])
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"protocol": "v2"}, "protocol: expected one of 'guarded', 'paper', 'v2.2', got 'v2'"),
        ({"protocol": None}, "protocol: expected one of"),
        ({"n_resamples": -1}, "n_resamples: expected a whole number, 0 or more, got -1 (int)"),
        ({"n_resamples": 1e4}, "n_resamples: expected a whole number"),
        ({"n_resamples": True}, "n_resamples: expected a whole number"),
        ({"seed": None}, "seed: expected a whole number, 0 or more, got None"),
        ({"confidence": 95}, "confidence: expected a number between 0 and 1, such as 0.95, got 95 (int)"),
        ({"confidence": NAN}, "confidence: expected a number between 0 and 1"),
        ({"judge": "openai", "judge_options": {"modell": "x"}}, "judge_options for 'openai': "),
        ({"judge": "lexical", "judge_options": {"model": "x"}}, "judge_options for 'lexical': "),
    ],
)
def test_bad_options_are_named(reference, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        compute(["a"], [reference(0)], **options)
