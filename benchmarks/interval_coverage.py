"""How often the metric's intervals contain the true score, by simulation.

    python benchmarks/interval_coverage.py [--runs 1000]

Runs of an imaginary model are simulated over the source samples of the recipes tiny, v2_2 and balanced, which ask about
20 or 250 people. Some source samples and some people are harder than others, so results of items that share them are
correlated; the true scores of the model are known. Printed are, for rates of .02 to .98,

- the share of 95 % intervals that contain the true score: of all items, of a group, and of a task;
- how often two models with equal true scores, that find the same items hard, are called different, and how often they
  would be if people were not taken into account;
- the same where Ans and TA differ, and for `audio_visual_gap`; the share of runs in which `cal` has an interval (of
  scores with intervals in less than a fifth of the runs, it is not told how often they contain the true score);
- how often a difference of the size of `detectable_difference` is detected: 80 % of the time is expected.

Some of the hundreds of figures are out of bounds by chance (intervals: .93 to .98, equals that differ: .06). They are
simulated again, with `AGAIN` times as many runs, and these second figures count.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from functools import partial
from statistics import NormalDist

import numpy as np
from interval_figures import DIFFERING, HOLDING, Figure, line, settle, tabled
from simulated_runs import Array, Hardness, Items, drawn_items, drawn_runs, true_scores

from omni_persona_cal.few import FEWEST, too_few
from omni_persona_cal.intervals import ends_of
from omni_persona_cal.power import SAME_ITEM, SAME_SOURCE, detectable_difference
from omni_persona_cal.scores import COLUMNS, GUARDED

SETS = ("tiny", "v2_2", "balanced")
MORE = "train"
"""The recipe whose tasks have just as many answerable items as intervals need."""
PEOPLE = (20, 250)
RATES = tuple((rate, rate) for rate in (0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98))
"""Ans and TA."""
UNLIKE = (
    *((0.05, 0.95), (0.95, 0.05), (0.05, 0.5), (0.5, 0.05), (0.95, 0.5), (0.5, 0.95), (0.3, 0.9)),
    *((0.02, 0.98), (0.98, 0.02), (0.98, 0.05)),
)
"""Ans and TA of models that are better at one of them."""
OF_BOTH = ("cal", "cal_weighted", "abstention_avg", "abs_f1", "composite")
"""The scores that depend on both."""
SEEN = 0.2
"""The share of runs that must have an interval for the share of intervals that hold to be told."""
CONFIDENCE = 0.95
SHOWN = (
    *("ans", "unans", "cal", "cal_weighted", "one_minus_fa", "abstention_avg", "abs_f1", "rouge_l", "bertscore"),
    *("composite", "mean_len", "audio_visual_gap"),
)
CHUNK = 200
"""Runs drawn at a time."""


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
    """Score -> the share of intervals that hold its true value, and "SCORE shown" -> the share of runs that have one.

    The share is NaN if too few runs have one.
    """
    held: dict[str, list[Array]] = {name: [] for name in names}
    true = true_scores(items, rates)
    for size in chunks(n_runs):
        rows = drawn_runs(items, rates, Hardness.drawn(size, items, rng), rng)
        found, ends = ends_of(items.slice(rows), GUARDED, CONFIDENCE, gap=True)
        for name in names:
            held[name].append(holding(ends[:, found.index(name)], true[name]))
    shares: dict[str, float] = {}
    for name, parts in held.items():
        found_one = np.concatenate(parts)
        there = ~np.isnan(found_one)
        shares[name] = float(found_one[there].mean()) if there.mean() >= SEEN else math.nan
        shares[f"{name} shown"] = float(there.mean())
    return shares


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
        both = [name for name in OF_BOTH if name in shown]
        if not both:
            continue
        print(line("  Ans", [ans for ans, _ in UNLIKE]) + "\n" + line("  TA", [ta for _, ta in UNLIKE]))
        again = [partial(coverage, chosen, rates, rng=rng, names=tuple(both)) for rates in UNLIKE]
        held += tabled(
            f"{part}%s", f"{label}, {part}unlike", again, UNLIKE, both, [*both, "cal shown"], HOLDING, n_runs
        )
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
            again = [partial(called_different, items, rates, rng=rng, names=OF_BOTH) for rates in UNLIKE]
            differ += tabled(
                "%s of equals differs", f"{label}, unlike", again, UNLIKE, OF_BOTH, OF_BOTH, DIFFERING, options.runs
            )
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
    shares = [[one.share for one in figures if not math.isnan(one.share)] for figures in (held, differ)]
    error = math.sqrt(0.95 * 0.05 / options.runs)
    print(
        f"\n95 % intervals contain the true score in {min(shares[0]):.3f} to {max(shares[0]):.3f} of cases, "
        f"mean {np.mean(shares[0]):.3f}; equal models differ in at most {max(shares[1]):.3f}, mean "
        f"{np.mean(shares[1]):.3f}. "
        f"A figure is off by {error:.3f} (one standard error). {time.perf_counter() - began:.0f} s."
    )


if __name__ == "__main__":
    main()
