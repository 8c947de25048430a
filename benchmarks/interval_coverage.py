"""How often the metric's intervals contain the true score, by simulation.

    python benchmarks/interval_coverage.py [--runs 1000]

Runs of an imaginary model are simulated over the source samples of the recipes tiny, v2_2 and balanced, which ask about
20 or 250 people. Some source samples and some people are harder than others, so results of items that share them are
correlated; the true scores of the model are known. Printed are, for rates of .02 to .98,

- the share of 95 % intervals that contain the true score: of all items, of a group, and of a task;
- how often two models with equal true scores, that find the same items hard, are called different, and how often they
  would be if people were not taken into account;
- the same for `cal` and `cal_weighted` where Ans and TA differ, and for `audio_visual_gap`;
- how often a difference of the size of `detectable_difference` is detected: 80 % of the time is expected.

Some of the hundreds of figures are out of bounds by chance (intervals: .93 to .98, equals that differ: .06). They are
simulated again, with `AGAIN` times as many runs, and these second figures count.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np
from interval_figures import DIFFERING, HOLDING, Figure, line, settle, tabled
from numpy.typing import NDArray

from omni_persona_build.plan import plan
from omni_persona_build.recipes import load_recipe
from omni_persona_cal.bootstrap import ratio
from omni_persona_cal.few import FEWEST, too_few
from omni_persona_cal.intervals import Slice, ends_of
from omni_persona_cal.power import SAME_ITEM, SAME_SOURCE, detectable_difference
from omni_persona_cal.rates import clusters
from omni_persona_cal.scores import COLUMNS, GUARDED, formulas

Array = NDArray[np.float64]

SETS = ("tiny", "v2_2", "balanced")
MORE = "train"
"""The recipe whose tasks have just as many answerable items as intervals need."""
PEOPLE = (20, 250)
RATES = tuple((rate, rate) for rate in (0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98))
"""Ans and TA."""
UNLIKE = (
    *((0.05, 0.95), (0.95, 0.05), (0.05, 0.5), (0.5, 0.05), (0.95, 0.5), (0.5, 0.95), (0.3, 0.9)),
    *((0.02, 0.98), (0.98, 0.02)),
)
"""Ans and TA of models that are better at one of them."""
CONFIDENCE = 0.95
SHOWN = (
    *("ans", "unans", "cal", "cal_weighted", "one_minus_fa", "abstention_avg", "abs_f1", "rouge_l", "bertscore"),
    *("composite", "mean_len", "audio_visual_gap"),
)
BY_SOURCE, BY_PERSON = 1.0, 0.7
"""How much harder some source samples and people are: standard deviations on the logit scale."""
CHUNK = 200
"""Runs drawn at a time."""


@dataclass(frozen=True)
class Items:
    """What a simulated model is asked."""

    answerable: NDArray[np.bool_]
    groups: NDArray[np.str_]
    tasks: NDArray[np.str_]
    sources: NDArray[np.intp]
    people: NDArray[np.intp]

    def of(self, chosen: NDArray[np.bool_]) -> Items:
        """Some of them."""
        return Items(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def slice(self, rows: Array, others: Array | None = None, *, by_person: bool = True) -> Slice:
        """What the metric makes intervals of."""
        people = [str(one) if by_person else None for one in self.people]
        return Slice(rows, others, self.groups, clusters([str(one) for one in self.sources], people))


def drawn_items(recipe: str, n_people: int, rng: np.random.Generator) -> Items:
    """The items of a recipe, each source sample about a person drawn from `n_people`."""
    rows = []
    for source, sample in enumerate(plan(load_recipe(recipe), rng)):
        person = rng.integers(n_people)
        rows += [(item.absence == "none", item.task.group, item.task.name, source, person) for item in sample.items]
    return Items(*(np.array(column) for column in zip(*rows, strict=True)))


def logit_of_mean(rate: float, deviation: float) -> float:
    """The mean of a normal logit with which probabilities have the mean `rate`."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    low, high = -30.0, 30.0
    for _ in range(80):
        middle = (low + high) / 2
        mean = (weights / (1 + np.exp(-(middle + deviation * nodes)))).sum() / weights.sum()
        low, high = (middle, high) if mean < rate else (low, middle)
    return middle


@dataclass(frozen=True)
class Hardness:
    """What runs share that are compared: how hard sources and people are to both. Runs x sources, runs x people."""

    sources: Array
    people: Array

    @classmethod
    def drawn(cls, n_runs: int, items: Items, rng: np.random.Generator) -> Hardness:
        shapes = (n_runs, items.sources.max() + 1), (n_runs, items.people.max() + 1)
        return cls(*(rng.standard_normal(shape) for shape in shapes))


def drawn_runs(items: Items, rates: tuple[float, float], shared: Hardness, rng: np.random.Generator) -> Array:
    """Runs x items x `COLUMNS` of a model that has these Ans and TA over endlessly many items.

    A wrong answer to an answerable item is an abstention half of the time. The hardness of sources and people is in
    half shared between runs.
    """
    own = Hardness.drawn(len(shared.sources), items, rng)
    by_source, by_person = (
        (getattr(shared, name) + getattr(own, name)) / math.sqrt(2) for name in ("sources", "people")
    )
    deviation = math.hypot(BY_SOURCE, BY_PERSON)
    hard = BY_SOURCE * by_source[:, items.sources] + BY_PERSON * by_person[:, items.people]
    easy = np.where(items.answerable, *(logit_of_mean(rate, deviation) for rate in rates))
    right = rng.random(hard.shape) < 1 / (1 + np.exp(-(easy + hard)))
    answerable = np.broadcast_to(items.answerable, right.shape)
    abstains = np.where(answerable, ~right & (rng.random(right.shape) < 0.5), right)
    overlap = np.where(right, 1.0, 0.6 * rng.random(right.shape))
    words = np.exp(2 + 0.3 * by_person[:, items.people] + 0.5 * rng.standard_normal(right.shape))
    values: dict[str, Any] = {
        "n": 1,
        "answerable": answerable,
        "unanswerable": ~answerable,
        "judged": answerable,
        "correct": answerable & right,
        "correct_guarded": answerable & right,
        "answered": answerable & ~abstains,
        "false_abstentions": answerable & abstains,
        "true_abstentions": ~answerable & abstains,
        "hallucinated": ~answerable & ~abstains,
        "correct_judged": answerable & right,
        "true_abstentions_judged": ~answerable & abstains,
        "rouge_l": answerable * overlap,
        "token_f1": answerable * overlap,
        "bertscored": answerable,
        "bertscore": answerable * (0.7 + 0.3 * overlap),
        "words": words,
    }
    return np.stack([np.broadcast_to(values[name], right.shape) for name in COLUMNS], axis=-1).astype(np.float64)


def true_scores(items: Items, rates: tuple[float, float]) -> dict[str, float]:
    """The scores of the model of `drawn_runs` over endlessly many such items."""
    n_a, n_u = float(items.answerable.sum()), float((~items.answerable).sum())
    ans, ta = rates
    overlap = ans + (1 - ans) * 0.3
    totals = {
        "n": n_a + n_u, "answerable": n_a, "unanswerable": n_u, "judged": n_a, "correct": n_a * ans,
        "correct_guarded": n_a * ans, "answered": n_a * (1 + ans) / 2, "false_abstentions": n_a * (1 - ans) / 2,
        "true_abstentions": n_u * ta, "hallucinated": n_u * (1 - ta),
        "correct_judged": n_a * ans, "true_abstentions_judged": n_u * ta, "rouge_l": n_a * overlap,
        "token_f1": n_a * overlap, "bertscored": n_a, "bertscore": n_a * (0.7 + 0.3 * overlap),
        "words": (n_a + n_u) * math.exp(2 + (0.3**2 + 0.5**2) / 2),
    }  # fmt: skip
    found = formulas({name: np.float64(totals[name]) for name in COLUMNS}, GUARDED, ratio)
    return {name: float(value) for name, value in found.items()} | {"audio_visual_gap": 0.0}


def chunks(n_runs: int) -> Iterator[int]:
    """Sizes of at most `CHUNK` that add up to `n_runs`."""
    for start in range(0, n_runs, CHUNK):
        yield min(CHUNK, n_runs - start)


def holding(ends: Array, true: float) -> Array:
    """Whether each interval holds a value; NaN where there is no interval."""
    return np.where(np.isnan(ends[..., 0]), np.nan, (ends[..., 0] <= true) & (true <= ends[..., 1]))


def coverage(
    items: Items, rates: tuple[float, float], n_runs: int, rng: np.random.Generator, names: tuple[str, ...] = SHOWN
) -> dict[str, float]:
    """Score -> the share of intervals that hold its true value."""
    held: dict[str, list[Array]] = {name: [] for name in names}
    true = true_scores(items, rates)
    for size in chunks(n_runs):
        rows = drawn_runs(items, rates, Hardness.drawn(size, items, rng), rng)
        found, ends = ends_of(items.slice(rows), GUARDED, CONFIDENCE, gap=True)
        for name in names:
            held[name].append(holding(ends[:, found.index(name)], true[name]))
    return {name: float(np.nanmean(np.concatenate(parts))) for name, parts in held.items()}


def called_different(
    items: Items,
    rates: tuple[float, float],
    n_runs: int,
    rng: np.random.Generator,
    names: tuple[str, ...] = SHOWN,
    *,
    by_person: bool = True,
) -> dict[str, float]:
    """Score -> the share of comparisons of two such models whose interval leaves out zero."""
    called: dict[str, list[Array]] = {name: [] for name in names}
    for size in chunks(n_runs):
        shared = Hardness.drawn(size, items, rng)
        a, b = (drawn_runs(items, rates, shared, rng) for _ in range(2))
        found, ends = ends_of(items.slice(a, b, by_person=by_person), GUARDED, CONFIDENCE, gap=True)
        for name in names:
            called[name].append(1 - holding(ends[:, found.index(name)], 0.0))
    return {name: float(np.nanmean(np.concatenate(parts))) for name, parts in called.items()}


def power(recipe: str, n_runs: int, rng: np.random.Generator) -> tuple[float, float]:
    """The difference in Cal that a recipe can tell, and how often two models that differ by it are called different.

    Items of one source sample, and the two models on one item, correlate as `omni_persona_cal.power` assumes: two
    values are above their medians together by 1/4 + asin(correlation) / (2 pi), hence the sines.
    """
    items = drawn_items(recipe, 100_000, rng)
    n = items.answerable.sum()
    difference = detectable_difference(int(n), int(len(items.answerable) - n), int(items.sources.max()) + 1)
    assert difference is not None
    by_source, by_item = math.sin(SAME_SOURCE * math.pi / 2), math.sin(SAME_ITEM * math.pi / 2)
    shape = (n_runs, items.sources.max() + 1)
    common, own = rng.standard_normal(shape), rng.standard_normal((2, *shape))
    item_common = rng.standard_normal((n_runs, len(items.sources)))
    rows = []
    for sign, mine in zip((-1, 1), own, strict=True):
        source = math.sqrt(by_item) * common + math.sqrt(1 - by_item) * mine
        item = math.sqrt(by_item) * item_common + math.sqrt(1 - by_item) * rng.standard_normal(item_common.shape)
        latent = math.sqrt(by_source) * source[:, items.sources] + math.sqrt(1 - by_source) * item
        rate = 0.5 + sign * difference / 2
        right = latent < NormalDist().inv_cdf(rate)
        values = np.zeros((*right.shape, len(COLUMNS)))
        for name, column in (
            ("n", True),
            ("answerable", items.answerable),
            ("judged", items.answerable),
            ("unanswerable", ~items.answerable),
            ("correct_guarded", items.answerable & right),
            ("true_abstentions", ~items.answerable & right),
        ):
            values[..., COLUMNS.index(name)] = column
        rows.append(values)
    found, ends = ends_of(items.slice(rows[0], rows[1]), GUARDED, CONFIDENCE, gap=False)
    return difference, float((holding(ends[:, found.index("cal")], 0.0) == 0).mean())


def with_interval(items: Items, *, is_slice: bool) -> tuple[str, ...]:
    """The scores that have an interval in a slice of these items, or if these are all items."""
    n_a, n_u = int(items.answerable.sum()), int((~items.answerable).sum())
    counts = {"n": n_a + n_u, "answerable": n_a, "judged": n_a, "bertscored": n_a, "unanswerable": n_u}
    few = too_few(dict.fromkeys(COLUMNS, 0) | counts) if is_slice else set()
    if is_slice or min((items.answerable & (items.groups == name)).sum() for name in ("I2I", "A2A")) < FEWEST:
        few.add("audio_visual_gap")
    return tuple(name for name in SHOWN if name not in few)


def a_task(items: Items) -> Items:
    """The first task that has an interval of `cal`, or the first one if none has."""
    tasks = [items.of(items.tasks == name) for name in np.unique(items.tasks)]
    return next((task for task in tasks if "cal" in with_interval(task, is_slice=True)), tasks[0])


def tables_of_coverage(
    items: Items, label: str, groups: Sequence[str], n_runs: int, rng: np.random.Generator
) -> list[Figure]:
    """Print the coverage of the intervals shown of all items (""), of groups, and of a task."""
    parts = {f"{name}: " if name else "": items.of(items.groups == name) if name else items for name in groups}
    task = a_task(items)
    parts[f"{task.tasks[0][:15]}: "] = task
    held: list[Figure] = []
    for part, chosen in parts.items():
        shown = with_interval(chosen, is_slice=bool(part))
        again = [partial(coverage, chosen, rates, rng=rng, names=shown) for rates in RATES]
        held += tabled(f"{part}%s holds", f"{label}, {part}", again, RATES, shown, shown, HOLDING, n_runs)
    return held


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000, help="simulated runs for each figure")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began, rng = time.perf_counter(), np.random.default_rng(options.seed)
    held: list[Figure] = []
    differ: list[Figure] = []
    for recipe in SETS:
        for n_people in PEOPLE:
            items = drawn_items(recipe, n_people, rng)
            head = (
                f"{recipe}: {len(items.sources)} items over {items.sources.max() + 1} source samples, {n_people} people"
            )
            print(f"{head}\n{'  rate':26}" + "".join(f"{rate:8.2f}" for rate, _ in RATES))
            label = f"{recipe}, {n_people} people"
            held += tables_of_coverage(items, label, ["", "I2I", "T2T"], options.runs, rng)
            names = with_interval(items, is_slice=False)
            again = [partial(called_different, items, rates, rng=rng, names=names) for rates in RATES]
            some = ("cal", "ans", "abs_f1", "rouge_l")
            differ += tabled("%s of equals differs", label, again, RATES, names, some, DIFFERING, options.runs)
            blind = [called_different(items, rates, options.runs, rng, by_person=False) for rates in RATES]
            print(line("  without people: cal", [table["cal"] for table in blind]))
            print(line("  Ans", [ans for ans, _ in UNLIKE]) + "\n" + line("  TA", [ta for _, ta in UNLIKE]))
            cals, unlike = ("cal", "cal_weighted"), f"{label}, unlike"
            again = [partial(coverage, items, rates, rng=rng, names=cals) for rates in UNLIKE]
            held += tabled("%s holds", unlike, again, UNLIKE, cals, cals, HOLDING, options.runs)
            again = [partial(called_different, items, rates, rng=rng, names=cals) for rates in UNLIKE]
            differ += tabled("%s of equals differs", unlike, again, UNLIKE, cals, cals, DIFFERING, options.runs)
    print(f"\nTasks of {MORE}\n{'  rate':26}" + "".join(f"{rate:8.2f}" for rate, _ in RATES))
    for n_people in PEOPLE:
        held += tables_of_coverage(
            drawn_items(MORE, n_people, rng), f"{MORE}, {n_people} people", [], options.runs, rng
        )
    settle([*held, *differ], options.runs)
    print("\nDifferences of the detectable size that are detected (80 % expected)")
    for recipe in SETS:
        difference, found = power(recipe, options.runs, rng)
        print(f"  {f'{recipe}: {100 * difference:.1f} points of Cal':37}{found:12.3f}")
    shares = [[one.share for one in figures] for figures in (held, differ)]
    error = math.sqrt(0.95 * 0.05 / options.runs)
    print(
        f"\n95 % intervals contain the true score in {min(shares[0]):.3f} to {max(shares[0]):.3f} of cases, "
        f"mean {np.mean(shares[0]):.3f}; equal models differ in at most {max(shares[1]):.3f}, mean "
        f"{np.mean(shares[1]):.3f}. "
        f"A figure is off by {error:.3f} (one standard error). {time.perf_counter() - began:.0f} s."
    )


if __name__ == "__main__":
    main()
