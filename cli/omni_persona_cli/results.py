"""Results that commands print with `--json`, and how they are printed.

Each class lists the keys of one command's result.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

JSON_HELP = "Print the result as JSON instead of text; nothing else goes to standard output."


@dataclass(frozen=True)
class CheckResult:
    """What `check --json` prints."""

    dataset: str
    """The dataset folder."""
    passed: bool
    """Whether no check failed. The exit code is 1 if one did."""
    n_checks: int
    """Number of checks."""
    n_failed: int
    """Number of checks that failed."""
    summary: str
    """The results in one line."""
    does_not_need_its_modality: dict[str, list[str]]
    """Group that can be answered without its pictures or clips -> the shortcuts that work."""
    checks: list[dict[str, Any]]
    """Each check: `check`, its name; `result`, one of `pass`, `FAIL`, `too few to tell` and `skipped`; `seen`, what was
    found; `p`, how probable a shortcut's result is without a leak (not corrected for the number of checks), or null."""
    items: list[dict[str, Any]]
    """With `--items`, those that shortcuts solve most surely: `augmented_id`, `leak` (0 for a guess, 1 for certainty),
    and `by`, the shortcut."""


@dataclass(frozen=True)
class BuildResult:
    """What `build --json` prints."""

    dataset: str
    """The dataset folder."""
    recipe: str
    """Name of the recipe."""
    seed: int
    """Random seed."""
    n_items: int
    """Number of items."""
    n_samples: int
    """Number of source samples, each a set of memories."""
    n_people: int
    """Number of people in the memories."""
    n_excluded: int
    """Number of people of the pool that `--exclude` left out."""
    bytes: int
    """Size of the Parquet files in bytes."""
    fitted: str | None
    """What `--fit` removed from the recipe; null if it was filled unchanged."""
    recognised: dict[str, tuple[float, float]]
    """faces, voices: AUC of trained recognisers before and after media were made alike; empty if not measured."""
    pruned: str | None
    """What `--prune` rebuilt and left; null without it."""
    detectable_cal: float | None
    """Difference in Cal, from 0 to 1, that two runs are told apart by with 80 % power; null if there is none."""
    check: dict[str, Any] | None = None
    """The result of the checks, with the keys of `check --json`; null with `--no-check`."""


@dataclass(frozen=True)
class RunResult:
    """What `run --json` prints."""

    run: str
    """The run folder."""
    model: str
    """Name of the model."""
    dataset: str
    """The dataset folder."""
    complete: bool
    """Whether every asked item has an answer. The exit code is 1 if one has none."""
    n_answered: int
    """Number of items answered by this call, over all repeats."""
    n_answered_before: int
    """Number of items that had an answer before."""
    n_failed: int
    """Number of items that failed; the same command asks them again."""
    n_left: int
    """Number of items not asked because `--max-tokens-total` was reached."""
    not_taken: list[str]
    """Settings that the endpoint does not accept, so that its own defaults were used."""
    repeats: list[str]
    """The run folder of each repeat."""
    usage: dict[str, Any]
    """Tokens, seconds and cost of all answers in the run folder, as in `scores.json`."""
    tracked: str | None = None
    """Where `--track` sent the figures; null without it."""


@dataclass(frozen=True)
class JudgeResult:
    """What `judge --json` prints."""

    run: str
    """The run folder."""
    judge: str
    """Name of the judge."""
    complete: bool
    """Whether every answer has a verdict. The exit code is 1 if one has none."""
    n_judged: int
    """Number of answers to answerable items, over all repeats, with or without a verdict."""
    n_unjudged: int
    """Number of answers without a verdict."""
    verdicts: dict[str, int]
    """Number of answers with each of the verdicts `CORRECT`, `WRONG` and `UNJUDGED`."""


def print_result(result: DataclassInstance | Mapping[str, Any]) -> None:
    """Print a result as JSON to standard output; characters beyond ASCII are escaped, so any encoding will do."""
    content = result if isinstance(result, Mapping) else asdict(result)
    sys.stdout.write(json.dumps(content, indent=2) + "\n")


@contextmanager
def output_kept_for_result(as_json: bool) -> Iterator[None]:
    """With `as_json`, send what the block, its libraries and child processes print to standard error."""
    if not as_json:
        yield
        return
    sys.stdout.flush()
    with contextlib.redirect_stdout(sys.stderr), _descriptor_redirected():
        yield


@contextmanager
def _descriptor_redirected() -> Iterator[None]:
    """Let file descriptor 1 be standard error, for what C code and child processes write."""
    try:
        kept = os.dup(1)
    except OSError:  # standard output is closed
        yield
        return
    try:
        with contextlib.suppress(OSError):
            os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
