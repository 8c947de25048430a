"""`omni-persona power`: how many source samples a difference needs, or what difference a dataset can detect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from omni_persona_cli.console import out

EXAMPLES = """Examples:

omni-persona power

omni-persona power --difference 5 --people 40

omni-persona power --dataset omni-persona"""

SHOWN = (2.0, 3.0, 5.0, 7.0, 10.0, 15.0)
"""Differences in the table, in points of Cal."""


def power(
    difference: Annotated[
        float | None,
        typer.Option(
            min=0.1, max=99.0, metavar="POINTS", help="Difference in Cal to detect, in points; a table if omitted."
        ),
    ] = None,
    dataset: Annotated[
        Path | None, typer.Option(help="Dataset folder: print the difference that it can detect instead.")
    ] = None,
    people: Annotated[
        int | None,
        typer.Option(min=2, help="Number of people asked about, at most one per source sample, the default."),
    ] = None,
    items_per_sample: Annotated[int, typer.Option(min=1, help="Questions per source sample.")] = 3,
    answerable: Annotated[float, typer.Option(min=0.01, max=0.99, help="Fraction of answerable items.")] = 0.5,
    chance: Annotated[
        float, typer.Option("--power", min=0.5, max=0.999, help="Probability of detecting the difference.")
    ] = 0.8,
) -> None:
    """Compute how many source samples it takes to detect a difference of some points of Cal between two models.

    Both models answer the same items, and they differ if the 95 % interval of the difference excludes zero. Assumed
    are rates of one half, a correlation of .25 between items of one source
    sample, and of .5 between the two models on the same item.
    """
    if dataset is not None:
        if difference is not None or people is not None:
            raise ValueError("expected --dataset alone, or --difference and --people: a dataset has its own people")
        _tell_dataset(dataset, chance)
        return
    from omni_persona_cal import source_samples_needed

    table = Table()
    for name in ("points of Cal", "source samples", "items"):
        table.add_column(name, justify="right")
    for points in SHOWN if difference is None else (difference,):
        try:
            needed = source_samples_needed(
                points / 100, people, items_per_sample=items_per_sample, answerable=answerable, power=chance
            )
        except ValueError:
            if difference is not None:
                raise
            table.add_row(f"{points:g}", "needs more people", "-")
            continue
        table.add_row(f"{points:g}", f"{needed:,}", f"{needed * items_per_sample:,}")
    out.print(table)
    who = "as many people as source samples" if people is None else f"{people} people"
    out.print(
        f"For {who}, {items_per_sample} items a source sample, {100 * answerable:g} % of them answerable, and a "
        f"difference that is found in {100 * chance:g} % of comparisons.",
        soft_wrap=True,
    )


def _tell_dataset(dataset: Path, chance: float) -> None:
    from omni_persona_artifacts.references import references
    from omni_persona_cal import detectable_difference

    items = references(dataset)
    people = {item.get("person") for item in items}
    n_people = None if None in people else len(people)
    n_answerable = sum(item["answerable"] for item in items)
    n_sources = len({item["source_sample_id"] for item in items})
    smallest = detectable_difference(n_answerable, len(items) - n_answerable, n_sources, n_people, power=chance)
    size = f"{len(items)} items over {n_sources} source samples"
    who = "" if n_people is None else f" about {n_people} people"
    if smallest is None:
        raise ValueError(
            f"{dataset}: no difference in Cal can be told by {size}{who}: it needs answerable and "
            "unanswerable items of at least two source samples and about two people"
        )
    out.print(
        f"{size}{who} tell two models apart from about {100 * smallest:.1f} points of Cal on, in {100 * chance:g} % of "
        "comparisons.",
        soft_wrap=True,
    )
