"""A local model as the judge: how much faster is a verdict that is read out than one that is written?

    python benchmarks/judging.py --model ORG/MODEL            # a folder or a name on the Hub
    python benchmarks/judging.py --model ORG/MODEL --dtype bfloat16 --pairs 64

Both ways judge the same made-up answers. CPU seconds, because they do not depend on what else the machine does; on a
GPU, seconds of the clock. Loading is not counted.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence

from omni_persona_cal.transformers_judge import TransformersJudge

JOBS = ("harbour pilot", "baker", "bee keeper", "night nurse", "piano tuner", "map maker", "goalkeeper", "florist")
ASKED = 20
"""How many times as fast a verdict that is read out should be."""
FORMS = (
    "They work as a {}, and we met in Trondheim.",
    "From the note I remember that it is a {}.",
    "A {}.",
    "I believe the person in the picture is a {}, who likes long walks along the river.",
)


def made_up(n_pairs: int) -> list[tuple[str, str]]:
    """Pairs of a gold answer and an answer, about half of them right, each different."""
    rng = random.Random(0)
    return [
        (gold, f"{rng.choice(FORMS).format(rng.choice([gold, rng.choice(JOBS)]))} ({number})")
        for number, gold in enumerate(rng.choices(JOBS, k=n_pairs))
    ]


def seconds(judge: TransformersJudge, pairs: Sequence[tuple[str, str]]) -> tuple[float, list[str]]:
    """Seconds of judging, and the verdicts."""
    import torch

    judge.judge([("a pilot", "a baker"), ("a pilot", "a pilot")])  # loads the model
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    start = clock()
    verdicts = [one.verdict for one in judge.judge(pairs)]
    return clock() - start, verdicts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="A verdict read out of likelihoods against a written one.")
    parser.add_argument("--model", required=True, help="folder or name on the Hub")
    parser.add_argument("--pairs", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--dtype", default="auto")
    options = parser.parse_args()
    pairs = made_up(options.pairs)
    taken = {}
    for name, reason in (("read out", False), ("written", True)):
        judge = TransformersJudge(options.model, batch_size=options.batch_size, reason=reason, dtype=options.dtype)
        taken[name], verdicts = seconds(judge, pairs)
        print(
            f"{name:10}{taken[name]:9.2f} s of {len(pairs)} pairs{1000 * taken[name] / len(pairs):9.0f} ms each, "
            f"{verdicts.count('UNJUDGED')} UNJUDGED"
        )
    ratio = taken["written"] / taken["read out"]
    print(f"read out: {ratio:.1f} times as fast as written; at least {ASKED}: {'yes' if ratio >= ASKED else 'missed'}")


if __name__ == "__main__":
    main()
