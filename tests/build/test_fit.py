"""`build --fit`: the nearest recipe that a pool fills, and what is said where it is not asked for."""

import json

import numpy as np
import pytest
from pool_folder import PoolFolder

import omni_persona
from omni_persona_build import assemble as assemble_module
from omni_persona_build.assemble import assemble
from omni_persona_build.checks import built_with, check
from omni_persona_build.fit import described, fit_to_graph, fit_to_people
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.pipeline import build
from omni_persona_build.plan import plan
from omni_persona_build.recipes import Recipe, load_recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_people.pool import read_pool

SENTENCES = ["Kids are talking by the door.", "Dogs are sitting by the door."]
TINY = load_recipe("tiny")


def says_the_same(pool):
    """Everybody says the same two sentences, as in recordings of acted moods."""
    for line in pool.lines:
        for number, audio in enumerate(line["audios"]):
            audio["transcript"] = SENTENCES[number % 2]
    pool.save()
    return pool.folder


@pytest.fixture(scope="module", autouse=True)
def fewer_draws():
    """What these people cannot be drawn for is not found in a hundred attempts, either."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assemble_module, "ATTEMPTS", 20)
        yield


@pytest.fixture(scope="module")
def few_sentences(tmp_path_factory):
    """A pool that tests only read."""
    return says_the_same(PoolFolder(tmp_path_factory.mktemp("few") / "pool"))


@pytest.fixture(scope="module")
def graph(few_sentences):
    return PersonaGraph.of(read_pool(few_sentences))


@pytest.fixture(scope="module")
def fitted(graph):
    """What the recipe is fitted to with seed 4."""
    return fit_to_graph(graph, TINY, 4)


@pytest.fixture(scope="module")
def built(few_sentences, tmp_path_factory):
    """A benchmark of the fitted recipe, with seed 3."""
    return build(few_sentences, TINY, tmp_path_factory.mktemp("built") / "omni-persona", seed=3, fit=True)


def test_a_recipe_that_is_filled_stays_as_it_is(pool):
    pool.save()
    people = read_pool(pool.folder)
    assert fit_to_people(people, TINY).recipe == TINY
    fitted = fit_to_graph(PersonaGraph.of(people), TINY, 0)
    assert (fitted.recipe, fitted.changed, dict(fitted.reasons)) == (TINY, [], {})
    assert described(fitted) == TINY


def test_cells_that_need_different_words_are_the_cause(fitted):
    heard = {name for name in TINY.tasks if omni_persona.TASKS[name].group == "T2Any"}
    assert {task for task, _ in fitted.reasons} >= heard
    assert set(fitted.changed) >= heard
    assert not heard & set(fitted.recipe.tasks)
    assert fitted.recipe.total > 0
    assert "two clips say the same" in fitted.because()
    assert "dialogue_to_bio: {answerable: 0, absent_persona: 0, absent_attribute: 0}" in fitted.instead()


def test_the_fitted_recipe_is_filled_and_asks_for_no_more_than_asked(graph, fitted):
    recipe, rng = fitted.recipe, np.random.default_rng(4)
    samples = list(assemble(graph, recipe, plan(recipe, rng), rng))
    assert sum(len(sample.questions) for sample in samples) == recipe.total
    assert all(count <= TINY.counts()[cell] for cell, count in recipe.counts().items())


def test_without_fit_the_error_says_what_to_write_instead(few_sentences, tmp_path):
    with pytest.raises(BuildError) as caught:
        build(few_sentences, TINY, tmp_path / "out")
    message = str(caught.value)
    assert "cannot fill recipe tiny" in message
    assert "Write instead: " in message and "dialogue_to_bio: {answerable: 0" in message
    assert message.endswith("build with --fit")
    assert len(message) < 1200
    assert not (tmp_path / "out").exists()


def test_with_fit_it_is_built_and_the_card_says_so(built):
    assert built.items == built.recipe.total < TINY.total
    assert f"of {TINY.total} items of recipe tiny left out" in built.fitted
    recipe = built_with(built.out)
    assert recipe == built.recipe
    card = (built.out / "README.md").read_text(encoding="utf-8")
    assert f"Fitted to the pool: {built.fitted}." in card
    checked = {finding.check: finding.passed for finding in check(built.out)}
    assert checked["counts"] and checked["balance"]


def test_what_people_lack_is_left_out_as_well(pool, tmp_path):
    for line in pool.lines:
        # One picture each: nobody can be asked about by another one.
        line["images"] = line["images"][:1]
        line["profile"]["emotion"] = None
    pool.save()
    built = build(pool.folder, TINY, tmp_path / "omni-persona", fit=True)
    left = {omni_persona.TASKS[name] for name in built.recipe.tasks}
    assert "I2I" not in {task.group for task in left}
    assert "emotion" not in {task.asked_group for task in left}
    assert {task.group for task in left} == {"A2A", "T2T", "T2Any"}


def test_where_nothing_fits_the_reason_is_reported(pool, tmp_path):
    pool.lines = pool.lines[:2]
    pool.save()
    with pytest.raises(BuildError, match="more of one gender are missing"):
        build(pool.folder, TINY, tmp_path / "out", fit=True)


def test_a_recipe_of_one_impossible_cell_is_refused(few_sentences, tmp_path):
    recipe = Recipe.model_validate({"name": "heard", "tasks": {"dialogue_to_bio": {"answerable": 2}}})
    with pytest.raises(BuildError, match="two clips say the same"):
        build(few_sentences, recipe, tmp_path / "out", fit=True)


@pytest.mark.slow
def test_equal_seeds_fit_alike(few_sentences, built, tmp_path):
    again = build(few_sentences, TINY, tmp_path / "omni-persona", seed=3, fit=True)
    assert json.dumps(again.recipe.model_dump()) == json.dumps(built.recipe.model_dump())
