"""Cost of the metric's intervals: python benchmarks/metric_intervals.py

The whole `compute`, with intervals for every score of every slice, of 750 items of 250 sources, as many as the
published evaluation set has, against `import evaluate`. Then the intervals alone, of 7,500 and of 75,000 items, and the
exact test of McNemar.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time

from omni_persona_cal import CANONICAL_ABSTENTION, compute, judged_items
from omni_persona_cal.comparison import mcnemar
from omni_persona_cal.intervals import intervals as intervals_of
from omni_persona_cal.scores import GUARDED

N_ITEMS = 750


def made_up_run(n_items: int = N_ITEMS) -> tuple[list[str], list[dict[str, bool | str]], list[str]]:
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
            intervals_of(items, GUARDED, 0.95, other_run)
            print(f"  {f'{n_items:,} items{name}':32}{time.perf_counter() - start:8.3f} s")
    start = time.perf_counter()
    mcnemar(5_900, 6_100)
    print(f"  {'McNemar, 12,000 items':32}{time.perf_counter() - start:8.3f} s")


if __name__ == "__main__":
    main()
