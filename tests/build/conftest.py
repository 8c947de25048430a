"""A pool, its graph and samples drawn from it."""

import numpy as np
import pytest

from omni_persona_build.assemble import assemble
from omni_persona_build.graph import PersonaGraph
from omni_persona_build.plan import plan
from omni_persona_build.recipes import load_recipe
from omni_persona_people.pool import read_pool


@pytest.fixture(scope="module")
def people(shared_pool):
    return read_pool(shared_pool.folder)


@pytest.fixture(scope="module")
def graph(people):
    return PersonaGraph.of(people)


@pytest.fixture(scope="module")
def samples(graph):
    recipe, rng = load_recipe("tiny"), np.random.default_rng(3)
    return list(assemble(graph, recipe, plan(recipe, rng), rng))
