"""What the specialists distinguish that light vectors do not, and their cost.

    python benchmarks/perception.py --pool people         # a pool folder, see docs/build.md

Verification: the area under the ROC curve of the similarity of two media, for all pairs of one person against all
pairs of two people, or of two people of the same gender. Finding: given a medium, how often the right person's other
medium is more similar to it than one medium each of three other people of the same gender; ten draws per medium.
Words: the word error rate of the packaged Whisper against the pool's transcripts, letters and digits alone, in lower
case.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score

from omni_persona_perception import PERCEPTIONS, Vectors, transcribe

CHOICES = 4
DRAWS = 10


@dataclass(frozen=True)
class Medium:
    """A picture or a clip of a person."""

    owner: int
    gender: str | None
    data: bytes
    transcript: str | None


def read(pool: Path, kind: str) -> list[Medium]:
    """All media of a kind, `images` or `audios`."""
    lines = (pool / "personas.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Medium(owner, person.get("gender"), (pool / medium["path"]).read_bytes(), medium.get("transcript"))
        for owner, person in enumerate(map(json.loads, lines))
        for medium in person[kind]
    ]


def verification(media: Sequence[Medium], vectors: Vectors, *, same_gender: bool) -> float:
    """AUC over all pairs; with `same_gender`, over those of one gender."""
    pairs = [
        (one, other)
        for one, other in combinations(range(len(media)), 2)
        if not same_gender or media[one].gender == media[other].gender
    ]
    same = [media[one].owner == media[other].owner for one, other in pairs]
    return float(roc_auc_score(same, [vectors[one] @ vectors[other] for one, other in pairs]))


def finding(media: Sequence[Medium], vectors: Vectors, rng: np.random.Generator) -> float:
    """Share of draws in which the right one of `CHOICES` is the most alike."""
    found = []
    for query, medium in enumerate(media):
        own = [place for place, one in enumerate(media) if one.owner == medium.owner and place != query]
        others = sorted({one.owner for one in media if one.gender == medium.gender} - {medium.owner})
        if not own or len(others) < CHOICES - 1:
            continue
        for _ in range(DRAWS):
            drawn = [int(rng.choice(own))]
            for owner in rng.choice(others, CHOICES - 1, replace=False):
                drawn.append(int(rng.choice([place for place, one in enumerate(media) if one.owner == owner])))
            found.append(int(np.argmax(vectors[drawn] @ vectors[query])) == 0)
    return float(np.mean(found))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower().replace("'", ""))


def edits(expected: Sequence[str], heard: Sequence[str]) -> int:
    """Levenshtein distance in words."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(expected, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


def timed(perceive: Callable[[Sequence[bytes]], Vectors], media: Sequence[Medium]) -> tuple[Vectors, float]:
    """Vectors, and seconds per medium, excluding loading."""
    perceive([media[0].data])
    start = time.perf_counter()
    vectors = perceive([medium.data for medium in media])
    return vectors, (time.perf_counter() - start) / len(media)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=Path, required=True, help="a folder with personas.jsonl and the media it names")
    parser.add_argument("--seed", type=int, default=0, help="of the draws of finding")
    arguments = parser.parse_args()

    table = Table(title=f"Who is who in {arguments.pool}", title_justify="left")
    for column in ("", "media", "AUC", "AUC, same gender", f"right of {CHOICES}, %", "ms each"):
        table.add_column(column, justify="right" if column else "left")
    for kind, sense in (("images", "faces"), ("audios", "voices")):
        media = read(arguments.pool, kind)
        for name, perception in PERCEPTIONS.items():
            vectors, seconds = timed(getattr(perception, sense), media)
            table.add_row(
                f"{sense}, {name}",
                str(len(media)),
                f"{verification(media, vectors, same_gender=False):.4f}",
                f"{verification(media, vectors, same_gender=True):.4f}",
                f"{100 * finding(media, vectors, np.random.default_rng(arguments.seed)):.1f}",
                f"{1000 * seconds:.1f}",
            )
    spoken = [medium for medium in read(arguments.pool, "audios") if medium.transcript]
    transcribe([spoken[0].data])
    start = time.perf_counter()
    heard = transcribe([medium.data for medium in spoken])
    seconds = (time.perf_counter() - start) / len(spoken)
    expected = [words(medium.transcript or "") for medium in spoken]
    wrong = sum(edits(one, words(other)) for one, other in zip(expected, heard, strict=True))
    total = sum(map(len, expected))
    console = Console(width=110)
    console.print(table)
    console.print(
        f"words, Whisper: {100 * wrong / total:.1f} % word error rate over {total} words of {len(spoken)} clips, "
        f"{1000 * seconds:.0f} ms each"
    )


if __name__ == "__main__":
    main()
