from __future__ import annotations

import pytest

from omni_persona_runner.model import Answer, ModelError, outcomes


class Scripted:
    """Answers each item with its id, but for those in `broken`."""

    name, batch_size = "scripted", 4

    def __init__(self, broken=(), raises=False):
        self.broken, self.raises, self.asked = set(broken), raises, []

    def describe(self):
        return {}

    def answer(self, items):
        self.asked.append([item.augmented_id for item in items])
        said = [self.one(item.augmented_id) for item in items]
        if self.raises:
            for answer in said:
                if isinstance(answer, ModelError):
                    raise answer
        return said

    def one(self, item_id):
        return ModelError(item_id, "broken") if item_id in self.broken else Answer(item_id, None, None, 0.0)


@pytest.mark.parametrize("raises", [False, True])
def test_failed_items_do_not_cost_their_neighbours(items, raises):
    ids = [item.augmented_id for item in items]
    said = outcomes(Scripted({ids[0], ids[2]}, raises), items)
    assert [isinstance(answer, ModelError) for answer in said] == [True, False, True, False]
    assert (said[1].text, said[3].text) == (ids[1], ids[3])


@pytest.mark.parametrize("raises", [False, True])
def test_all_items_may_fail(items, raises):
    said = outcomes(Scripted({item.augmented_id for item in items}, raises), items)
    assert all(isinstance(answer, ModelError) for answer in said)


def test_no_items_ask_nothing():
    model = Scripted()
    assert outcomes(model, []) == []
    assert model.asked == []


def test_a_model_that_answers_too_little_is_an_error(items):
    model = Scripted()
    model.answer = lambda items: []
    with pytest.raises(ValueError, match="scripted gave 0 answers to 4 items"):
        outcomes(model, items)


def test_a_model_that_fails_on_what_it_was_not_asked_is_an_error(items):
    def answer(items):
        raise ModelError("elsewhere", "broken")

    model = Scripted()
    model.answer = answer
    with pytest.raises(ValueError, match="failed on elsewhere"):
        outcomes(model, items)


def test_the_error_names_its_item():
    assert str(ModelError("sample_3", "no sound")) == "item sample_3: no sound"
