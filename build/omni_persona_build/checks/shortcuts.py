"""Shortcut solvers, which try to find the right person without the modality that the question should need.

Each solver picks one of the contexts (it may read the notes), except for one that guesses the answer from the question.
If it is right more often than a guess among the notes that state the asked attribute, the items leak.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item
from omni_persona_artifacts.construction import Construction
from omni_persona_build.checks.evidence import share_finding
from omni_persona_build.checks.finding import Finding
from omni_persona_build.checks.fitted import fitted_scores
from omni_persona_build.checks.ready import Ready
from omni_persona_build.checks.solvers import Picked
from omni_persona_people.rules.content_words import content_words, states

Solver = Callable[[Ready], NDArray[np.float64]]
"""A score for each context of the answerable items, shape (n, K); the highest is picked."""


def shortcuts(everything: Ready, picked: Sequence[Picked]) -> list[Finding]:
    """One finding per solver, over the answerable items with valid labels and media.

    everything: those of `items_with_known_cues` that are answerable. picked: those of `pickers`.
    """
    findings = [one.finding() for one in picked]
    if everything.items:
        right = _question_only(everything)
        findings.insert(0, share_finding("shortcut: question only", right, everything.chances, everything.clusters))
    return findings


def pickers(everything: Ready, spoken: Ready) -> Iterator[Picked]:
    """Every solver that picks a context, with what it says of the items that it applies to.

    everything: those of `items_with_known_cues` that are answerable. spoken: the answerable items of T2Any.
    """
    if everything.items:
        yield from (Picked(name, everything, solve(everything)) for name, solve in SOLVERS.items())
    if spoken.items:
        yield from (Picked(name, spoken, solve(spoken), "T2Any") for name, solve in SPOKEN_SOLVERS.items())


def items_with_known_cues(items: Sequence[Item], construction: Construction | None) -> Sequence[Item]:
    """Those items whose cue is no unknown words, which cannot be removed from the question."""
    return items if construction is not None else [item for item in items if item.task.group in ("I2I", "A2A")]


def _question_only(items: Ready) -> NDArray[np.float64]:
    """The answer occurs in the question, or is the most frequent answer to other questions of its kind."""
    golds: dict[str, Counter[str]] = {}
    for item in items.items:
        golds.setdefault(str(item.asked_subfield), Counter())[item.gold_answer] += 1
    right = []
    for item in items.items:
        given = golds[str(item.asked_subfield)]
        own = given[item.gold_answer] - 1
        # The guess is another answer that is more frequent, or equally frequent and earlier.
        usual = own > 0 and _commonest(given, item.gold_answer) == item.gold_answer
        right.append(states(item.query_text, item.gold_answer) or usual)
    return np.array(right, dtype=np.float64)


def _commonest(given: Counter[str], own: str) -> str:
    """The most frequent answer when an item's own answer is left out; the first one among ties."""
    counts = dict(given.most_common(2)) | {own: given[own] - 1}
    order = {gold: place for place, gold in enumerate(given)}
    return min(counts, key=lambda gold: (-counts[gold], order[gold]))


def _usual_position(items: Ready) -> NDArray[np.float64]:
    """The position that holds the most targets."""
    places = Counter(dict(zip(items.samples.tolist(), items.targets.tolist(), strict=True)).values())
    often = [places[place] for place in range(items.stating.shape[1])]
    return np.broadcast_to(np.array(often), items.stating.shape)


def _longest_note(items: Ready) -> NDArray[np.float64]:
    """The longest note."""
    return np.array([[len(context.text) for context in item.contexts] for item in items.items])


def _notes_without_cue(items: Ready) -> NDArray[np.float64]:
    """The note that shares the most words with the question without its cue."""
    return items.overlap


def _leaves_out_most(items: Ready) -> NDArray[np.float64]:
    """The note that omits the most fields stated by all others, as notes of people asked for absent attributes do."""
    return items.left_out


def _usually_asked(items: Ready) -> NDArray[np.float64]:
    """The person who is asked about most often, relative to appearances, in the other source samples."""
    asked: Counter[str] = Counter()
    stood: Counter[str] = Counter()
    own: dict[str, set[tuple[str, bool]]] = {}
    for sample, standing, target in zip(items.samples.tolist(), items.standing, items.targets.tolist(), strict=True):
        own.setdefault(sample, set()).update((person, place == target) for place, person in enumerate(standing))
    for people in own.values():
        stood.update(person for person, _ in people)
        asked.update(person for person, is_target in people if is_target)
    rows = [
        [
            # A person without other appearances gets the rate of a random guess.
            (asked[person] - ((person, True) in own[sample]) + 1) / (stood[person] - 1 + len(standing))
            for person in standing
        ]
        for sample, standing in zip(items.samples.tolist(), items.standing, strict=True)
    ]
    return np.array(rows)


def _reading_what_was_said(items: Ready) -> NDArray[np.float64]:
    """The note that shares the most words with the whole question, including its cue."""
    shared = [
        [len(content_words(item.query_text) & content_words(one.text)) for one in item.contexts] for item in items.items
    ]
    return np.array(shared)


def _cue_hidden(items: Ready) -> NDArray[np.float64]:
    """A classifier of contexts that sees everything but the query: positions, notes, and how unlike the others each
    person is.

    It is fitted on some samples and applied to others.
    """
    scores = fitted_scores(_features(items), items.targets, items.samples)
    return np.zeros(items.stating.shape) if scores is None else scores


def _features(items: Ready) -> NDArray[np.float64]:
    """Features of each context that do not depend on the query, shape (n, K, d)."""
    rows = []
    for item, overlap, left_out in zip(items.items, items.overlap, items.left_out, strict=True):
        notes = [context.text for context in item.contexts]
        columns = [
            *np.eye(len(notes)),
            np.array([len(note) for note in notes]),
            np.array([len(context.image.data) for context in item.contexts]),
            np.array([len(context.audio.data) for context in item.contexts]),
            overlap,
            left_out,
            *items.memories.of(item).unlikeness,
        ]
        rows.append(np.stack(columns, axis=1).astype(np.float64))
    return np.stack(rows)


SOLVERS: dict[str, Solver] = {
    "usual position": _usual_position,
    "usual person": _usually_asked,
    "longest note": _longest_note,
    "notes, cue left out": _notes_without_cue,
    "what notes leave out": _leaves_out_most,
    "all but the query": _cue_hidden,
}
SPOKEN_SOLVERS: dict[str, Solver] = {"T2Any read, not heard": _reading_what_was_said}
"""Solvers that are legitimate where the cue is text, and a shortcut where the cue has to be heard."""
