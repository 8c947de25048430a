"""Make a corpus folder from a `train` dataset and a recipe."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import omni_persona
from omni_persona_artifacts.data_files import dataset_fingerprint
from omni_persona_artifacts.folders import whole_folder
from omni_persona_artifacts.progress import Progress, silent
from omni_persona_training.corpus.assemble import examples
from omni_persona_training.corpus.card import card
from omni_persona_training.corpus.example import Example
from omni_persona_training.corpus.folder import ABOUT, write_examples
from omni_persona_training.corpus.leaks import of_dataset, require_apart
from omni_persona_training.corpus.recipe import CorpusRecipe
from omni_persona_training.corpus.sounds import events_from, synthesised_events
from omni_persona_training.corpus.source import MediaFacts, Source, read_source
from omni_persona_training.corpus.studio import Studio
from omni_persona_training.errors import TrainingError


@dataclass(frozen=True)
class Corpus:
    """The result of `make_corpus`."""

    out: Path
    made: dict[str, int]
    """Task type -> number of examples."""
    absent: int
    """Number of unanswerable examples."""
    people: int
    scenes: int


def make_corpus(
    dataset: Path,
    recipe: CorpusRecipe,
    out: Path,
    *,
    seed: int = 0,
    total: int | None = None,
    absent: float | None = None,
    facts: MediaFacts | None = None,
    events: Path | None = None,
    exclude: Path | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Corpus:
    """Write a corpus; the same arguments give the same bytes.

    total, absent: override the recipe's. facts: the pool's labels of the media (`MediaFacts`). events: a folder of
    custom sounds. exclude: a test dataset that must share no people and no media with `dataset`.
    Raises `TrainingError` and then leaves `out` unchanged.
    """
    if absent is not None and not 0 <= absent <= 0.9:
        raise TrainingError(f"expected the share of examples without an answer to be in 0..0.9, got {absent}")
    holdings = of_dataset(dataset)
    if exclude is not None:
        require_apart(holdings, exclude, dataset)
    source = read_source(dataset, facts)
    rng = np.random.default_rng(seed)
    sounds = synthesised_events(rng) if events is None else events_from(events)
    wanted = recipe.wanted(total)
    whole = sum(wanted.values())
    share = recipe.absent if absent is None else absent
    inputs = [dataset, *filter(None, (events, exclude, None if facts is None else facts.pool))]
    with whole_folder(out, overwrite=overwrite, inputs=inputs) as folder:
        studio = Studio(source, sounds, rng)
        made = examples(studio, wanted, share, lambda done: progress("making examples", done, whole))
        write_examples(made, folder)
        about = _about(recipe, source, made, wanted, seed, share) | {
            "people": sorted(holdings.people),
            "media": sorted(digest.hex() for digest in holdings.media),
            "sounds": "synthesised" if events is None else "given",
        }
        (folder / ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        (folder / "README.md").write_text(card(about, made), encoding="utf-8")
    counts = Counter(one.task for one in made)
    without = sum(one.absence != "none" for one in made)
    return Corpus(out, dict(counts), without, len(source.people), len(source.scenes))


def _about(
    recipe: CorpusRecipe, source: Source, made: Sequence[Example], wanted: dict[str, int], seed: int, absent: float
) -> dict[str, Any]:
    return {
        "recipe": recipe.model_dump(),
        "seed": seed,
        "absent": absent,
        "dataset": {"name": source.path.resolve().name, "fingerprint": dataset_fingerprint(source.path)},
        "contexts": source.n_contexts,
        "wanted": wanted,
        "made": dict(Counter(one.task for one in made)),
        "content": hashlib.sha256("".join(one.content() for one in made).encode()).hexdigest()[:16],
        "version": omni_persona.__version__,
    }
