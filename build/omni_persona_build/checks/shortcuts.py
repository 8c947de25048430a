"""Shortcut solvers: what finds the right person without the modality that the question claims to need.

Each takes one of the contexts (reading its note is taken for granted), and may not be right more often than a guess
among the notes that state what is asked. One that is tells of a leak in how the items are made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omni_persona import Item
from omni_persona_artifacts.construction import Construction
from omni_persona_build.checks.finding import Finding
from omni_persona_build.checks.likeness import context_vectors, unlikeness
from omni_persona_people.content_words import content_words, states
from omni_persona_perception import face_vectors, text_vectors, voice_vectors

LIMIT = 3.09
"""Standard errors to each end of an interval: a solver's lies above chance one time in a thousand by chance."""
FOLDS = 5


@dataclass(frozen=True)
class _Items:
    """Answerable items, ready for solvers."""

    items: Sequence[Item]
    targets: NDArray[np.intp]
    """Position of the target, shape (n,)."""
    samples: NDArray[np.str_]
    """Source sample, shape (n,): sibling items are not independent."""
    questions: Sequence[str]
    """The questions with their cue left out."""
    stating: NDArray[np.bool_]
    """Whether each note states what is asked, shape (n, K); all true where it is not known."""
    left_out: NDArray[np.float64]
    """What each note leaves out of what all others state, shape (n, K); zero where it is not known."""

    def chosen(self, scores: NDArray[Any]) -> NDArray[np.float64]:
        """How often the target has the highest score of the notes that state what is asked; shapes (n, K), (n,)."""
        scores = np.where(self.stating, scores, -np.inf)
        highest = scores == scores.max(axis=1, keepdims=True)
        return highest[np.arange(len(scores)), self.targets] / highest.sum(axis=1)


Solver = Callable[[_Items], NDArray[np.float64]]
"""How surely it gets each answerable item right, shape (n,): 0, 1, or a share where it cannot choose."""


def shortcuts(items: Sequence[Item], construction: Construction | None) -> list[Finding]:
    """One finding a solver, over the answerable items whose labels and media are sound."""
    # Where nothing tells which words of a question are its cue, they cannot be left out: the question does not count.
    cue_known = [item for item in items if construction is not None or item.task.group in ("I2I", "A2A")]
    everything = _ready(cue_known, construction)
    spoken = _ready([item for item in items if item.task.group == "T2Any"], construction)
    return [
        *(_finding(name, solve, everything) for name, solve in SOLVERS.items() if everything.items),
        *(_finding(name, solve, spoken) for name, solve in SPOKEN_SOLVERS.items() if spoken.items),
    ]


def _ready(items: Sequence[Item], construction: Construction | None) -> _Items:
    contexts = max((len(item.contexts) for item in items), default=0)
    answerable = [
        item for item in items if item.answerable and len(item.contexts) == contexts and _place(item) is not None
    ]
    places = [_place(item) for item in answerable]
    questions, stating, left_out = [], [], []
    for item in answerable:
        placed = (construction or {}).get(item.augmented_id)
        placed = placed if placed and len(placed) == contexts else None
        cue = placed[0]["cue"] if placed else None
        questions.append(item.query_text.replace(cue.rstrip(" ."), "") if cue else item.query_text)
        stating.append([one["states_asked"] for one in placed] if placed else [True] * len(item.contexts))
        left_out.append(_left_out([one["stated"] or [] for one in placed] if placed else [[]] * len(item.contexts)))
    samples = np.array([item.source_sample_id for item in answerable])
    return _Items(
        answerable,
        np.array(places, dtype=np.intp),
        samples,
        questions,
        np.array(stating, dtype=bool),
        np.array(left_out, dtype=np.float64),
    )


def _left_out(stated: Sequence[Sequence[str]]) -> list[int]:
    """How many fields that all others state each of K notes leaves out."""
    counts = Counter(field for fields in stated for field in fields)
    usual = {field for field, count in counts.items() if count == len(stated) - 1}
    return [len(usual.difference(fields)) for fields in stated]


def _place(item: Item) -> int | None:
    """Where the target stands among the contexts."""
    concepts = [context.concept_id for context in item.contexts]
    return concepts.index(item.target_concept_id) if item.target_concept_id in concepts else None


def _finding(name: str, solve: Solver, ready: _Items) -> Finding:
    right, samples = solve(ready), ready.samples
    chance = float((1 / ready.stating.sum(axis=1)).mean())
    share = float(right.mean())
    # Items of one sample stand or fall together: the error is that of sums over samples.
    sums: Counter[str] = Counter()
    for sample, one in zip(samples.tolist(), right.tolist(), strict=True):
        sums[sample] += one - share
    error = float(np.sqrt(sum(value**2 for value in sums.values()))) / len(right)
    low, high = max(share - LIMIT * error, 0), min(share + LIMIT * error, 1)
    detail = f"right {100 * share:.1f} % [{100 * low:.1f}, {100 * high:.1f}], chance {100 * chance:.1f} %"
    return Finding(f"shortcut: {name}", low <= chance, detail)


def _question_only(ready: _Items) -> NDArray[np.float64]:
    """The answer stands in the question, or is the one most often given to other questions of its kind."""
    asked = [item.asked_subfield for item in ready.items]
    golds = Counter((field, item.gold_answer) for field, item in zip(asked, ready.items, strict=True))
    right = []
    for item, field in zip(ready.items, asked, strict=True):
        others = {gold: count - (gold == item.gold_answer) for (kind, gold), count in golds.items() if kind == field}
        usual = max(others, key=lambda gold: others[gold])
        right.append(states(item.query_text, item.gold_answer) or (others[usual] > 0 and usual == item.gold_answer))
    return np.array(right, dtype=np.float64)


def _usual_position(ready: _Items) -> NDArray[np.float64]:
    """The position at which most targets stand."""
    places = Counter(dict(zip(ready.samples.tolist(), ready.targets.tolist(), strict=True)).values())
    often = [places[place] for place in range(ready.stating.shape[1])]
    return ready.chosen(np.broadcast_to(np.array(often), ready.stating.shape))


def _longest_note(ready: _Items) -> NDArray[np.float64]:
    """The longest note."""
    return ready.chosen(np.array([[len(context.text) for context in item.contexts] for item in ready.items]))


def _notes_without_cue(ready: _Items) -> NDArray[np.float64]:
    """The note that shares most words with the question, its cue left out."""
    return ready.chosen(_overlap(ready))


def _leaves_out_most(ready: _Items) -> NDArray[np.float64]:
    """The note that leaves out most of what all others state, as that of somebody asked for absent attributes does."""
    return ready.chosen(ready.left_out)


def _reading_what_was_said(ready: _Items) -> NDArray[np.float64]:
    """The note that shares most words with the whole question, its cue included."""
    shared = [
        [len(content_words(item.query_text) & content_words(one.text)) for one in item.contexts] for item in ready.items
    ]
    return ready.chosen(np.array(shared))


def _cue_hidden(ready: _Items) -> NDArray[np.float64]:
    """A classifier of contexts that sees all but the query: positions, notes, and who is unlike the others.

    Fitted on some samples and asked about the others.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features = _features(ready)
    number, contexts, width = features.shape
    folds = min(FOLDS, len(set(ready.samples.tolist())))
    if folds < 2:
        return np.zeros(number)
    is_target = np.arange(contexts) == ready.targets[:, None]
    scores = np.zeros((number, contexts))
    for fitted, asked in GroupKFold(folds).split(features, groups=ready.samples):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
        model.fit(features[fitted].reshape(-1, width), is_target[fitted].ravel())
        scores[asked] = model.decision_function(features[asked].reshape(-1, width)).reshape(-1, contexts)
    return ready.chosen(scores)


def _features(ready: _Items) -> NDArray[np.float64]:
    """What is known of each context without the query, shape (n, K, d)."""
    faces, voices = (
        context_vectors(ready.items, "image", face_vectors),
        context_vectors(ready.items, "audio", voice_vectors),
    )
    rows = []
    for item, overlap, left_out in zip(ready.items, _overlap(ready), ready.left_out, strict=True):
        notes = [context.text for context in item.contexts]
        words = text_vectors(notes)
        columns = [
            *np.eye(len(notes)),
            np.array([len(note) for note in notes]),
            np.array([len(context.image.data) for context in item.contexts]),
            np.array([len(context.audio.data) for context in item.contexts]),
            overlap,
            left_out,
            *(
                unlikeness(np.stack(vectors))
                for vectors in (
                    [faces[context.image.data] for context in item.contexts],
                    [voices[context.audio.data] for context in item.contexts],
                    list(words),
                )
            ),
        ]
        # What matters is how a context differs from its neighbours, not how this item differs from others.
        table = np.stack(columns, axis=1).astype(np.float64)
        rows.append(table - table.mean(axis=0))
    return np.stack(rows)


def _overlap(ready: _Items) -> NDArray[np.float64]:
    """Content words that each note shares with the question without its cue, shape (n, K)."""
    return np.array(
        [
            [len(content_words(question) & content_words(context.text)) for context in item.contexts]
            for item, question in zip(ready.items, ready.questions, strict=True)
        ],
        dtype=np.float64,
    )


SOLVERS: dict[str, Solver] = {
    "question only": _question_only,
    "usual position": _usual_position,
    "longest note": _longest_note,
    "notes, cue left out": _notes_without_cue,
    "what notes leave out": _leaves_out_most,
    "all but the query": _cue_hidden,
}
SPOKEN_SOLVERS: dict[str, Solver] = {"T2Any read, not heard": _reading_what_was_said}
"""Those that are fair where the cue is read anyway, and a shortcut where it has to be heard."""
