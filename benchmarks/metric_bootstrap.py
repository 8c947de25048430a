"""Cost of the metric's intervals: python benchmarks/metric_bootstrap.py

On 750 items of 250 sources, as many as the published evaluation set has:

- the vectorised cluster bootstrap of every score, compared with naive loops that draw sources and count items: one for
  Cal only, and one for every score; their duration, and the ends of the intervals of Cal;
- the whole `compute`, with intervals for every score of every slice, against `import evaluate`.

Then the intervals alone of every score of every slice, of 7,500 and of 75,000 items, and the exact test of McNemar.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

from omni_persona_cal import CANONICAL_ABSTENTION, compute, judged_items
from omni_persona_cal.bootstrap import percentile_intervals, ratio, resampled_totals, source_sums
from omni_persona_cal.comparison import mcnemar
from omni_persona_cal.intervals import Resampling
from omni_persona_cal.intervals import intervals as intervals_of
from omni_persona_cal.scores import COLUMNS, GUARDED, JudgedItem, columns, formulas, rates

N_ITEMS, N_RESAMPLES = 750, 10_000


def made_up_run(n_items: int = N_ITEMS) -> tuple[list[str], list[dict[str, object]], list[str]]:
    """Predictions, references and verdicts of a mediocre model, correlated within a source."""
    rng = random.Random(0)
    predictions, references, verdicts = [], [], []
    for index in range(n_items):
        source = index // 3
        ability = random.Random(source).random()
        absence = ("none", "none", "absent_persona", "none", "absent_attribute")[index % 5]
        abstains = rng.random() < (0.2 if absence == "none" else ability)
        references.append(
            {
                "augmented_id": f"sample_{source}__aug_{index % 3}",
                "source_sample_id": f"sample_{source}",
                "group": ("I2I", "A2A", "T2T", "T2Any")[index % 4],
                "task": f"task_{index % 18}",
                "absence": absence,
                "gold_answer": "A quiet workshop with high windows, near the old harbour",
                "answerable": absence == "none",
            }
        )
        answer = "It was a workshop with high windows, quiet, near the harbour, and we met there on a Tuesday."
        predictions.append(CANONICAL_ABSTENTION if abstains else answer)
        verdicts.append("CORRECT" if rng.random() < ability else "WRONG")
    return predictions, references, verdicts


def vectorised(items: Sequence[JudgedItem]) -> dict[str, tuple[float, float] | None]:
    """The interval of every score, as the metric makes it."""
    sums = source_sums([item.source_sample_id for item in items], np.array([columns(item) for item in items], float))
    totals = np.ascontiguousarray(resampled_totals(sums, N_RESAMPLES, np.random.default_rng(0)).T)
    scores = formulas(dict(zip(COLUMNS, totals, strict=True)), GUARDED, ratio)
    return dict(zip(scores, percentile_intervals(np.stack(list(scores.values()), axis=1), 0.95), strict=True))


def naive(items: Sequence[JudgedItem], n_resamples: int, score: Callable[[list[JudgedItem]], float]) -> list[float]:
    """`score` of the items of sources drawn with replacement, resample by resample."""
    by_source: dict[str, list[JudgedItem]] = {}
    for item in items:
        by_source.setdefault(item.source_sample_id, []).append(item)
    sources, rng = list(by_source), random.Random(0)
    return [
        score([item for source in rng.choices(sources, k=len(sources)) for item in by_source[source]])
        for _ in range(n_resamples)
    ]


def cal_alone(items: list[JudgedItem]) -> float:
    """Cal by counting only."""
    answerable = right = unanswerable = refused = 0
    for item in items:
        if item.answerable:
            answerable += 1
            right += item.verdict == "CORRECT" and not item.abstaining
        else:
            unanswerable += 1
            refused += item.abstaining
    return (right / answerable + refused / unanswerable) / 2


def every_score(items: list[JudgedItem]) -> float:
    """Cal, and all other scores that the vectorised bootstrap makes on the way."""
    return float(rates(items)["cal"])


def import_evaluate() -> float:
    """Seconds of `import evaluate` in a process of its own, the best of two, less those of an empty one."""

    def seconds(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - start

    return min(seconds("import evaluate") for _ in range(2)) - seconds("pass")


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    predictions, references, verdicts = made_up_run()
    items, _ = judged_items(predictions, references, verdicts=verdicts)

    runs = []
    for _ in range(10):
        start = time.perf_counter()
        intervals = vectorised(items)
        runs.append(time.perf_counter() - start)
    ours = intervals["cal"]
    assert ours is not None
    print(f"{N_ITEMS} items of {N_ITEMS // 3} sources, {N_RESAMPLES:,} resamples, interval of Cal x 100")
    print(f"  {'vectorised, every score':32}{min(runs):8.3f} s{100 * ours[0]:9.2f} .. {100 * ours[1]:.2f}")
    for name, score, n_run in (("cal alone", cal_alone, N_RESAMPLES), ("every score", every_score, N_RESAMPLES // 20)):
        start = time.perf_counter()
        values = naive(items, n_run, score)
        seconds = (time.perf_counter() - start) * N_RESAMPLES / n_run
        row = f"  {f'naive loop, {name}':32}{seconds:8.3f} s"
        if n_run == N_RESAMPLES:
            low, high = np.percentile(values, (2.5, 97.5))
            apart = 100 * max(abs(low - ours[0]), abs(high - ours[1]))
            row += f"{100 * low:9.2f} .. {100 * high:.2f}   {apart:.2f} points apart,"
        else:
            row += f"   (from {n_run} resamples)  "
        print(f"{row} {seconds / min(runs):.0f} times as long")

    start = time.perf_counter()
    compute(predictions, references)
    whole = time.perf_counter() - start
    print("The whole metric, every score of 26 slices with intervals, lexical judge")
    print(f"  {'compute':32}{whole:8.3f} s")
    print(f"  {'import evaluate':32}{import_evaluate():8.3f} s")

    print("Intervals of every score of every slice, and of the differences of two runs")
    for n_items in (7_500, 75_000):
        predictions, references, verdicts = made_up_run(n_items)
        items, others = (judged_items(predictions, references, verdicts=said)[0] for said in (verdicts, verdicts[::-1]))
        for name, other_run in (("", None), (", differences", others)):
            start = time.perf_counter()
            intervals_of(items, GUARDED, Resampling(), other_run)
            print(f"  {f'{n_items:,} items{name}':32}{time.perf_counter() - start:8.3f} s")
    start = time.perf_counter()
    mcnemar(5_900, 6_100)
    print(f"  {'McNemar, 12,000 items':32}{time.perf_counter() - start:8.3f} s")


if __name__ == "__main__":
    main()
