"""The dataset's README.md, from the template `dataset_card.md`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import omni_persona
from omni_persona_artifacts.build_record import PEOPLE
from omni_persona_artifacts.check_results import write_check_results
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.file_list import rewrite
from omni_persona_artifacts.json_files import read_text
from omni_persona_artifacts.markdown import code, inline
from omni_persona_build.example import Example
from omni_persona_build.imported import ImportedFacts
from omni_persona_build.leaks import Leak, leak_rows
from omni_persona_build.recipes import Recipe
from omni_persona_build.recipes.errors import BuildError

if TYPE_CHECKING:
    from huggingface_hub import DatasetCardData
    from jinja2 import Template

    from omni_persona_build.checks import Finding

_HERE = Path(__file__).parent
TEMPLATE = next(path for path in (_HERE / "dataset_card.md", _HERE.parents[1] / "dataset_card.md") if path.is_file())
"""Part of the package when installed; in a checkout, a file in the repository root."""

BATCH_ROWS = 12
"""Rows read at once. A row group repeats its media in memory, so more rows would need gigabytes."""


@dataclass(frozen=True)
class GeneratedFacts:
    """Number of texts in a pool that models wrote."""

    models: tuple[str, ...]
    extracted: int
    """Profile fields found in what the people said."""
    invented: int
    """Invented profile fields."""
    clauses: int
    """Clauses that state a field in a note."""
    questions: int
    """Questions that ask for a field."""


@dataclass(frozen=True)
class TraceFacts:
    """Personal metadata in media files: owners, places, titles."""

    media: int
    """Number of distinct files with such metadata."""
    kept: bool
    """Whether it was kept."""


@dataclass(frozen=True)
class BuildFacts:
    """The facts of a build that the card reports."""

    recipe: str
    seed: int | None
    """None for an imported release."""
    contexts: int
    pool: str
    fingerprint: str
    people: int | None
    """None if unknown."""
    samples: int
    license: str
    """A licence identifier of the Hub; `other` if the pool's licence is unknown."""
    content: str
    """A hash of the Parquet files. It is part of each configuration, because `datasets` identifies local folders of the
    same name only by their configurations: without it, a rebuilt folder would be read from the old cache.
    """
    counts: Counter[tuple[str, str]]
    """(task, absence) -> number of items."""
    settings: Recipe | None = None
    """The recipe; None for an imported release."""
    perception: str | None = None
    """The perception that computed how alike people are; None for an imported release."""
    leaks: Sequence[Leak] = ()
    """Leaks in the items of an imported release."""
    generated: GeneratedFacts | None = None
    """None if no model wrote anything."""
    traces: TraceFacts | None = None
    """None if unknown."""
    imported: ImportedFacts | None = None
    """None for a build."""
    split: str = omni_persona.SPLIT
    """The split that the rows are in."""
    equalised: bool = False
    """Whether media were made alike in all but faces and voices, see `equalise`."""
    mixed: tuple[str, ...] = ()
    """How recordings told people apart, which is why media were made alike; empty if that was not looked at."""
    recognised: tuple[str, ...] = ()
    """How well trained recognisers know people before and after media were made alike; empty if not measured."""
    pruned: str | None = None
    """What came of rebuilding items that a shortcut solves; None if that was not asked for."""
    exempt: int = 0
    """Number of sets whose missing person is exempt from rules that everybody else meets."""
    kind: str | None = None
    """What the people are, one of `build_record.PEOPLE`; None if that is not recorded."""


BASELINES = re.compile(r"(<!-- baselines -->\n\n).*?(\n\n<!-- end of baselines -->)", re.DOTALL)
"""The part of the card that `write_baselines` fills."""
CHECKS = re.compile(r"(<!-- checks -->\n\n).*?(\n\n<!-- end of checks -->)", re.DOTALL)
"""The part of the card that `write_findings` fills."""


def render_card(facts: BuildFacts, example: Example | None = None) -> str:
    """Render README.md with its YAML block, whose `configs` define each configuration as a filter on the same files.

    example: the item to show.
    """
    # What `huggingface_hub.DatasetCard.from_template` does, which would import a client of the Hub.
    card = _template().render(
        card_data=_card_data(facts).to_yaml(),
        abstention=omni_persona.ABSTENTION,
        contexts=facts.contexts,
        baselines=_baselines(facts),
        equalised=facts.equalised,
        example=example,
        exempt=facts.exempt,
        counts_table=_counts_table(facts.counts),
        fingerprint=facts.fingerprint,
        generated=facts.generated,
        imported=facts.imported,
        mixed=facts.mixed,
        leaks_table=_table(
            ["", *omni_persona.GROUPS], [[inline(what), *counts] for what, *counts in leak_rows(facts.leaks)]
        ),
        kind=PEOPLE.get(facts.kind or "", "not recorded whether invented, rendered or real"),
        people=facts.people,
        perception=facts.perception,
        code=code,
        inline=inline,
        pool=facts.pool,
        pruned=facts.pruned,
        recipe=facts.recipe,
        recognised=facts.recognised,
        samples=facts.samples,
        seed=facts.seed,
        settings=facts.settings,
        split=facts.split,
        total=facts.counts.total(),
        traces=facts.traces,
        unanswerable=sum(count for (_, absence), count in facts.counts.items() if absence != "none"),
    )
    return card.rstrip() + "\n"


@cache
def _template() -> Template:
    import jinja2

    return jinja2.Template(TEMPLATE.read_text(encoding="utf-8"))


def _card_data(facts: BuildFacts) -> DatasetCardData:
    """The card's YAML block."""
    from huggingface_hub import DatasetCardData

    return DatasetCardData(
        pretty_name=f"Omni-Persona ({facts.recipe})",
        language=["en"],
        license=" ".join(facts.license.split()),
        size_categories=[_size(facts.counts.total())],
        task_categories=["any-to-any", "question-answering"],
        tags=["benchmark", "omnimodal", "personalization", "abstention", "image", "audio", "text"],
        extra_gated_heading="Faces and voices of people: agree before you look",
        extra_gated_prompt="This dataset holds faces and voices, which identify people. By asking for access you agree "
        "to use it to evaluate models only, to identify nobody with it, not to pass it on, and to delete what its "
        "owner asks you to delete.",
        extra_gated_fields={
            "Affiliation": "text",
            "What I will evaluate": "text",
            "I agree to identify nobody and to pass nothing on": "checkbox",
        },
        configs=[_config(name, rows, facts.content, facts.split) for name, rows in omni_persona.CONFIGS.items()],
    )


def write_findings(folder: Path, findings: Sequence[Finding]) -> None:
    """Write the results of the checks into a folder's card and next to it; the rest of the card is not changed.

    A card without a section for them gets one at its end. Raises `BuildError` if there is no card.
    """
    card = _read_card(folder, "to write the results of the checks into")
    if not CHECKS.search(card):
        card += "\n## Checks\n\n<!-- checks -->\n\n\n\n<!-- end of checks -->\n"
    from omni_persona_build.checks.finding import failures, summary, unneeded

    failed, groups = failures(findings), unneeded(findings)
    said = f"**{summary(findings)}.**" if failed else f"{summary(findings)}."
    # What was seen may quote the dataset.
    rows = [
        [inline(one.check), "**FAIL**" if one.passed is False else inline(one.result), inline(one.detail)]
        for one in findings
    ]
    marks = "".join(
        f"\n\n**{inline(group)} does not need its modality**: the right person is found by {', '.join(checks)}."
        for group, checks in groups.items()
    )
    results = f"{said}{marks}\n\n{_table(['check', 'result', 'what was seen'], rows)}"
    card = CHECKS.sub(lambda found: found[1] + results + found[2], card, count=1)
    rewrite(folder, "README.md", card.encode())
    listed = [{"check": one.check, "result": one.result, "seen": one.detail} for one in findings]
    write_check_results(folder, listed, groups)


def write_baselines(folder: Path, rows: Sequence[Sequence[str]]) -> None:
    """Add scores of runs to the card's table of baselines, in place of those of an earlier call.

    rows: name, Ans, Unans, Cal and its interval as they are shown. Raises `BuildError` for a card without that table.
    """
    card = _read_card(folder, "to write the scores of runs into")
    if (place := BASELINES.search(card)) is None:
        raise BuildError(f"{folder}/README.md has no part for baselines; build the dataset anew")
    known = [line for line in card[place.end(1) : place.start(2)].splitlines() if not line.endswith(f"{_MEASURED}|")]
    added = [f"| {' | '.join([inline(name), *figures])} | {_MEASURED}|" for name, *figures in rows]
    table = "\n".join([*known, *added])
    rewrite(folder, "README.md", BASELINES.sub(lambda found: found[1] + table + found[2], card, count=1).encode())


_MEASURED = "measured "
_BASELINE_HEAD = ("answers", "Ans", "Unans", "Cal", "95 % interval of Cal", "known by")


def _baselines(facts: BuildFacts) -> str:
    """The policies whose scores follow from the counts."""
    rows = [["always abstains", "0.0", "100.0", "50.0", "", "arithmetic"]]
    if facts.seed is not None:
        guess = 100 / (facts.contexts - 1)
        label = "guesses among the notes that state what is asked"
        rows.append([label, f"{guess:.1f}", "0.0", f"{guess / 2:.1f}", "", "arithmetic"])
    return _table(_BASELINE_HEAD, rows)


def unchecked(folder: Path) -> str | None:
    """What a folder's card says about failed or missing checks, in one line; None if all of them passed."""
    card = _read_card(folder, "to tell what its checks found")
    if (place := CHECKS.search(card)) is None:
        return "no results of checks."
    said = card[place.end(1) : place.start(2)].strip().partition("\n")[0].strip("*")
    return None if "checks pass" in said else said


def _read_card(folder: Path, what_for: str) -> str:
    try:
        return read_text(folder / "README.md")
    except FileNotFoundError:
        raise BuildError(f"{folder} has no README.md {what_for}") from None
    except ArtifactError as error:
        raise BuildError(str(error)) from None


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table of cells that are Markdown already."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])


def _config(name: str, rows: tuple[str, str] | None, content: str, split: str) -> dict[str, object]:
    config: dict[str, object] = {"config_name": name, "description": f"content {content}"}
    if rows is None:
        config["default"] = True
    else:
        column, value = rows
        config["filters"] = [[[column, "==", value]]]
    return {
        **config,
        "data_files": [{"split": split, "path": f"data/{split}-*.parquet"}],
        "batch_size": BATCH_ROWS,
    }


def _size(total: int) -> str:
    bounds = [(1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")]
    return next((name for bound, name in bounds if total < bound), "1M<n<10M")


def _counts_table(counts: Counter[tuple[str, str]]) -> str:
    lines = ["| group | task | answerable | absent persona | absent attribute |", "|---|---|--:|--:|--:|"]
    for task in omni_persona.TASKS.values():
        cells = [counts[task.name, absence] for absence in omni_persona.ABSENCES]
        if any(cells):
            lines.append(f"| {task.group} | {task.name} | {cells[0]} | {cells[1]} | {cells[2]} |")
    return "\n".join(lines)
