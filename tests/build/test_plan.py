"""Dealing items into samples: counts kept, kinds of attribute distinct, positions even."""

import csv
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omni_persona
from omni_persona_build.plan import plan
from omni_persona_build.recipes import Recipe, load_recipe, recipe_names
from omni_persona_build.recipes.errors import BuildError

counts = st.fixed_dictionaries(
    {
        "answerable": st.integers(0, 9),
        "absent_persona": st.integers(0, 9),
        "absent_attribute": st.integers(0, 9),
    }
)
recipes = st.builds(
    lambda tasks, k, size: {"name": "drawn", "contexts": k, "items_per_sample": size, "tasks": tasks},
    st.dictionaries(st.sampled_from(sorted(omni_persona.TASKS)), counts, min_size=1).filter(
        lambda tasks: any(sum(task.values()) for task in tasks.values())
    ),
    st.integers(3, 6),
    st.integers(1, 5),
)


@given(recipes, st.integers(0, 2**32))
def test_a_plan_holds_exactly_the_recipe(fields, seed):
    recipe = Recipe.model_validate(fields)
    samples = plan(recipe, np.random.default_rng(seed))
    planned = Counter((item.task.name, item.absence) for sample in samples for item in sample.items)
    wanted = Counter()
    for name, task in recipe.tasks.items():
        wanted[name, "none"] += task.answerable
        wanted[name, "absent_persona"] += task.absent_persona
        wanted[name, "absent_attribute"] += task.absent_attribute
    assert planned == +wanted
    places = Counter(sample.position for sample in samples)
    outside = places.pop(None, 0)
    assert max(places.values(), default=0) - min((places[k] for k in range(recipe.contexts)), default=0) <= 1
    assert outside == sum(sample.items[0].absence == "absent_persona" for sample in samples)
    for sample in samples:
        asked = [item.task.asked_group for item in sample.items]
        assert len(set(asked)) == len(asked) <= recipe.items_per_sample
        assert (sample.position is None) == all(item.absence == "absent_persona" for item in sample.items)


def test_samples_are_full_where_the_kinds_allow_it():
    samples = plan(load_recipe("tiny"), np.random.default_rng(0))
    assert [len(sample.items) for sample in samples] == [3] * 48


def test_the_tiny_recipe_has_every_task_and_both_absences_half_and_half():
    recipe = load_recipe("tiny")
    assert set(recipe.tasks) == set(omni_persona.TASKS)
    for task in recipe.tasks.values():
        assert task.answerable == task.absent_persona + task.absent_attribute
        assert task.absent_persona > 0
        assert task.absent_attribute > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x\ntasks: {visual_to_bio: {answerable: -1}}", r"tasks\.visual_to_bio\.answerable"),
        ("name: x\ntasks: {visual_to_age: {answerable: 1}}", "unknown tasks visual_to_age"),
        ("name: x\ntasks: {visual_to_bio: {}}", "no items"),
        (
            "name: x\ntasks: {visual_to_bio: {answerable: 1}}\ncontext: 4",
            r"context: no such field; did you mean contexts\?",
        ),
        (
            "name: x\ncontexts: 2\ntasks: {visual_to_bio: {answerable: 1}}",
            "contexts: .*greater than or equal to 3",
        ),
        ("name: [", "not YAML"),
        ("- 1", "the recipe: expected fields with values, got a list"),
        ("name: x", "field 'tasks' is missing"),
        ("name: !!python/object/apply:os.getcwd []", "not YAML"),
    ],
)
def test_a_broken_recipe_is_named(tmp_path, text, message):
    file = tmp_path / "recipe.yaml"
    file.write_text(text)
    with pytest.raises(BuildError, match=message) as caught:
        load_recipe(str(file))
    assert str(file) in str(caught.value)


def test_an_unknown_recipe_lists_the_known_ones():
    with pytest.raises(BuildError, match="tiny"):
        load_recipe("huge")
    assert "tiny" in recipe_names()


def test_the_v2_2_recipe_has_the_published_counts(shared):
    recipe = load_recipe("v2_2")
    tasks = _rows(shared / "facts" / "tasks.csv")
    groups = {row["group"]: Counter() for row in tasks}
    assert list(recipe.tasks) == [row["selected_task"] for row in tasks]
    for row in tasks:
        task = recipe.tasks[row["selected_task"]]
        assert task.answerable == int(row["answerable"])
        assert task.absent_persona + task.absent_attribute == int(row["unanswerable"])
        groups[row["group"]].update(task.model_dump())
    for row in _rows(shared / "facts" / "groups.csv"):
        assert groups[row["group"]] == {kind: int(row[kind]) for kind in groups[row["group"]]}
    samples = plan(recipe, np.random.default_rng(0))
    assert [len(sample.items) for sample in samples] == [3] * 250


def _rows(file):
    with file.open() as lines:
        return list(csv.DictReader(lines))


def test_the_balanced_recipe_is_balanced_in_every_task():
    for task in load_recipe("balanced").tasks.values():
        assert (task.answerable, task.absent_persona, task.absent_attribute) == (20, 10, 10)


def test_the_train_recipe_has_three_contexts():
    assert load_recipe("train").contexts == 3


def test_the_strict_recipe_has_the_counts_of_the_balanced_one_and_no_siblings():
    strict, balanced = load_recipe("balanced-strict"), load_recipe("balanced")
    assert strict.tasks == balanced.tasks
    assert [len(sample.items) for sample in plan(strict, np.random.default_rng(0))] == [1] * 720
