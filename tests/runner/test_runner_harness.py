"""What other harnesses are given: the prompts of a run, and the scores of its answers."""

from __future__ import annotations

import base64

import pytest

import omni_persona
import omni_persona_cal
from omni_persona import ABSTENTION
from omni_persona_artifacts.references import references
from omni_persona_runner.chat_messages import ChatMessages
from omni_persona_runner.harness import HarnessDataset, answer_in, headline_scores, is_right, scores_of
from omni_persona_runner.prompt import Prompt


@pytest.mark.parametrize("prompt", [Prompt(), Prompt(cues="as-released", reason=True)])
def test_a_conversation_is_what_a_run_sends(dataset, prompt):
    shown = HarnessDataset(dataset, prompt)
    for item in omni_persona.read(dataset):
        system, user = ChatMessages(prompt).of(item)
        rules, turn = shown.conversation(item.augmented_id)
        assert (rules.role, rules.parts) == ("system", (("text", system["content"]),))
        expected = []
        for part in user["content"]:
            held = part[part["type"]]
            if part["type"] == "text":
                expected.append(("text", held))
            elif part["type"] == "image_url":
                expected.append(("image", held["url"]))
            else:
                expected.append(("audio", f"data:audio/wav;base64,{held['data']}"))
        assert turn.parts == tuple(expected)
        assert shown.question(item.augmented_id) == item.query_text
    assert list(shown.references) == [one["augmented_id"] for one in references(dataset)]
    with pytest.raises(KeyError):
        shown.conversation("nobody")


def test_an_item_that_cannot_be_shown_is_an_error_of_its_own(make_row, write_dataset, tmp_path):
    row = make_row(0)
    row["contexts"][2]["image"]["bytes"] = base64.b64decode("bm90aGluZw==")
    shown = HarnessDataset(write_dataset(tmp_path / "omni-persona", [row, make_row(1)]))
    with pytest.raises(ValueError, match=r"picture picture_2\.png"):
        shown.conversation("sample_0__aug_0")
    assert shown.conversation("sample_1__aug_0")


def test_scores_are_those_of_the_metric(dataset):
    known = references(dataset)
    said = ["a beekeeper" if number % 3 else ABSTENTION for number in range(len(known))]
    expected = omni_persona_cal.compute(said, known)
    scores = scores_of(list(zip(known, said, strict=True)))
    assert scores == expected
    figures = headline_scores(scores)
    assert figures["cal"] == expected["cal"]
    assert [figures["cal_low"], figures["cal_high"]] == expected["intervals"]["cal"]
    assert figures["cal_I2I"] == expected["by_group"]["I2I"]["cal"]
    right = [is_right(reference, answer) for reference, answer in zip(known, said, strict=True)]
    by_hand = [
        answer == ABSTENTION if not reference["answerable"] else answer != ABSTENTION
        for reference, answer in zip(known, said, strict=True)
    ]
    assert right == by_hand
    with pytest.raises(ValueError, match="every item failed"):
        scores_of([])


def test_groups_without_a_cal_are_left_out(dataset):
    known = [one for one in references(dataset) if one["group"] == "I2I" and one["answerable"]]
    figures = headline_scores(scores_of([(one, "a beekeeper") for one in known]))
    assert figures == {"ans": 1.0, "ans_low": figures["ans_low"], "ans_high": figures["ans_high"]}


@pytest.mark.parametrize("text", [None, "", "  \n", "<think>Whose face", "<think>A face.</think>  "])
def test_what_holds_no_answer_is_a_failure(text):
    with pytest.raises(ValueError, match=r"empty answer|no end"):
        answer_in(text)


def test_thoughts_are_no_part_of_an_answer():
    assert answer_in("<think>A uniform...</think>A nurse.") == "A nurse."
