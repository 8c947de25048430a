"""Answering with everything earns nothing, and right answers lose nothing: on datasets as they are built."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import pytest

import omni_persona
from omni_persona_artifacts.references import references
from omni_persona_build.pipeline import build
from omni_persona_build.recipes import load_recipe
from omni_persona_cal import lexical_judge
from omni_persona_people.invent import EMBEDDED_POOL

NATURAL = (
    "It's {}.", "They said it was {}.", "From what I remember, {}.", "That would be {}, as noted in the memory.",
    "I believe it was {}.", "Based on the memories, the answer would be {}.",
    "I recognise them: {}, if I remember it rightly.",
)  # fmt: skip


def shares_of_correct(folder: Path, every: int = 1) -> dict[str, float]:
    """For each way of answering, the share of answers that the lexical judge calls CORRECT; of every n-th item."""
    pairs = list(zip(omni_persona.read(folder), references(folder), strict=True))[::every]
    said: dict[str, list[bool]] = defaultdict(list)
    for item, reference in pairs:
        if not item.answerable:
            continue
        gold, others = item.gold_answer, reference.get("other_answers", [])
        notes = [context.text for context in item.contexts]
        wrong = [context.text for context in item.contexts if context.concept_id != item.target_concept_id]
        values = [gold, *others]
        random.Random(item.augmented_id).shuffle(values)
        numbered = [f"Person {number}: {text}" for number, text in enumerate(notes, start=1)]
        ways = {
            "verbatim": [gold, f"**{gold}**", f"{gold[0].upper()}{gold[1:]}."],
            "natural": [form.format(gold.rstrip(".")) for form in NATURAL],
            "all notes": [" ".join(notes), "\n".join(notes), " ".join(numbered), "\n".join(numbered)],
            "wrong note": wrong,
        }
        if others:
            ways["list"] = [between.join(values) for between in (", ", " / ", "; ", "\n- ", " and ", " or ", " | ")]
            ways["list"].append(" ".join(f"Person {number}: {value}." for number, value in enumerate(values, start=1)))
            ways["other"] = others
        for way, answers in ways.items():
            said[way] += [lexical_judge(gold, answer, others) == "CORRECT" for answer in answers]
    assert len(said["list"]) > 3 * len(pairs) / 2
    return {way: sum(right) / len(right) for way, right in said.items()}


def check(shares: dict[str, float]) -> None:
    assert shares["verbatim"] >= 0.99
    assert shares["natural"] >= 0.9
    for way in ("all notes", "wrong note", "list", "other"):
        assert shares[way] <= 0.02, way


@pytest.mark.slow
def test_everything_earns_nothing_on_invented_people(built):
    check(shares_of_correct(built))


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["balanced", "v2_2"])
def test_everything_earns_nothing_on_recorded_people(shared, tmp_path, recipe):
    build(shared / "real_pool", load_recipe(recipe), tmp_path / "omni-persona", seed=11)
    check(shares_of_correct(tmp_path / "omni-persona", every=4))


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["balanced", "v2_2"])
def test_everything_earns_nothing_on_rendered_people(tmp_path, recipe):
    build(EMBEDDED_POOL, load_recipe(recipe), tmp_path / "omni-persona", seed=7)
    check(shares_of_correct(tmp_path / "omni-persona", every=4))
