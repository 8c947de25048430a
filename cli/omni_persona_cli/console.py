"""What every command prints with: errors, progress and tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def errors(debug: bool) -> Iterator[None]:
    """Turn an exception into one or two lines and exit code 2; with `debug`, let it through with its traceback."""
    try:
        yield
    except KeyboardInterrupt:
        err.print("stopped; what was done is kept")
        sys.exit(130)
    except Exception as error:
        if debug:
            raise
        known = isinstance(error, (ValueError, OSError)) or type(error).__module__.startswith("omni_persona")
        message = str(error) if known else f"{type(error).__name__}: {error} (--debug shows where)"
        # The message may hold somebody else's text: no markup is read from it.
        err.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)
        sys.exit(2)


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress display on standard error that vanishes when it is done; silent where that is no terminal."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    ) as display:
        yield display


ROWS = {
    "cal": "Cal",
    "ans": "Ans",
    "ta": "Unans (TA)",
    "one_minus_fa": "1-FA",
    "abs_f1": "Abs-F1",
    "rouge_l": "ROUGE-L",
    "n": "items",
}
"""Score -> its name in a table, in the order of rows."""


def score_table(title: str, scores: Mapping[str, Any]) -> Table:
    """A run's scores x 100, with the groups beside each other; a rate over no items shows as a dash."""
    columns = {"all": scores, **scores["by_group"]}
    table = Table(title=Text(title), title_justify="left")
    table.add_column("x 100")
    for name in columns:
        table.add_column(name, justify="right")
    for key, label in ROWS.items():
        table.add_row(label, *(_cell(key, column.get(key)) for column in columns.values()))
    return table


def _cell(key: str, value: float | int | None) -> str:
    if value is None:
        return "-"
    return str(value) if key == "n" else f"{100 * value:.1f}"
