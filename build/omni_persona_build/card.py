"""The dataset's README.md, from the template `dataset_card.md`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import omni_persona
from omni_persona_artifacts.check_results import write_check_results
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.folders import rewrite
from omni_persona_artifacts.json_files import read_text
from omni_persona_artifacts.markdown import code, inline
from omni_persona_build.errors import BuildError
from omni_persona_build.leaks import Leak, leak_rows
from omni_persona_build.recipe import Recipe

if TYPE_CHECKING:
    from omni_persona_build.checks import Finding

_HERE = Path(__file__).parent
TEMPLATE = next(path for path in (_HERE / "dataset_card.md", _HERE.parents[1] / "dataset_card.md") if path.is_file())
"""Inside the package where it is installed, at the top of a checkout."""

BATCH_ROWS = 12
"""Rows read at once: a row group repeats its media in memory, so that more would need gigabytes."""


@dataclass(frozen=True)
class GeneratedFacts:
    """What models wrote of a pool."""

    models: tuple[str, ...]
    extracted: int
    """Profile fields found in what the people said."""
    invented: int
    """Profile fields made up."""
    clauses: int
    """Ways to state a field in a note."""
    questions: int
    """Ways to ask for a field."""


@dataclass(frozen=True)
class TraceFacts:
    """What media told of people besides what they show: owners, places, titles."""

    media: int
    """Distinct files that did."""
    kept: bool
    """Whether it was left in them."""


@dataclass(frozen=True)
class BuildFacts:
    """What the card says of a build."""

    recipe: str
    seed: int | None
    """None for an imported release."""
    contexts: int
    pool: str
    fingerprint: str
    people: int | None
    """None where it is not known."""
    samples: int
    license: str
    """A licence identifier of the Hub, `other` where the pool's is not known."""
    content: str
    """A hash of the Parquet files. It goes into each configuration, because `datasets` tells local folders of one
    name apart by their configurations alone: without it, a rebuilt folder would be read from the cache of the old."""
    counts: Counter[tuple[str, str]]
    """(task, absence) -> items."""
    settings: Recipe | None = None
    """What it was built by; None for an imported release."""
    perception: str | None = None
    """What told who is like whom; None for an imported release."""
    leaks: Sequence[Leak] = ()
    """What the items of an imported release leak."""
    generated: GeneratedFacts | None = None
    """None where everything was given, and no model wrote anything."""
    traces: TraceFacts | None = None
    """None where it is not known."""
    equalised: bool = False
    """Whether media were made alike in all but faces and voices, see `equalise`."""


CHECKS = re.compile(r"(<!-- checks -->\n\n).*?(\n\n<!-- end of checks -->)", re.DOTALL)
"""The part of the card that `write_findings` fills."""


def render_card(facts: BuildFacts) -> str:
    """README.md with its YAML block, whose `configs` make every configuration a filter over the same files."""
    from huggingface_hub import DatasetCard, DatasetCardData

    total = facts.counts.total()
    data = DatasetCardData(
        pretty_name=f"Omni-Persona ({facts.recipe})",
        language=["en"],
        license=" ".join(facts.license.split()),
        size_categories=[_size(total)],
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
        configs=[_config(name, rows, facts.content) for name, rows in omni_persona.CONFIGS.items()],
    )
    card = DatasetCard.from_template(
        data,
        template_path=str(TEMPLATE),
        abstention=omni_persona.ABSTENTION,
        contexts=facts.contexts,
        equalised=facts.equalised,
        counts_table=_counts_table(facts.counts),
        fingerprint=facts.fingerprint,
        generated=facts.generated,
        leaks_table=_table(["", *omni_persona.GROUPS], leak_rows(facts.leaks)),
        people=facts.people,
        perception=facts.perception,
        code=code,
        inline=inline,
        pool=facts.pool,
        recipe=facts.recipe,
        samples=facts.samples,
        seed=facts.seed,
        settings=facts.settings,
        total=total,
        traces=facts.traces,
        unanswerable=sum(count for (_, absence), count in facts.counts.items() if absence != "none"),
    )
    return str(card).rstrip() + "\n"


def write_findings(folder: Path, findings: Sequence[Finding]) -> None:
    """Put the results of the checks into a folder's card, whose YAML and other words stay as they are, and beside it.

    A card without a place for them gets one at its end. Raises `BuildError` where there is no card.
    """
    card = _read_card(folder, "to write the results of the checks into")
    if not CHECKS.search(card):
        card += "\n## Checks\n\n<!-- checks -->\n\n\n\n<!-- end of checks -->\n"
    from omni_persona_build.checks.finding import failures, summary, unneeded

    failed, groups = failures(findings), unneeded(findings)
    said = f"**{summary(findings)}.**" if failed else f"{summary(findings)}."
    rows = [[one.check, one.result if one.passed is not False else "**FAIL**", one.detail] for one in findings]
    marks = "".join(
        f"\n\n**{group} does not need its modality**: the right person is found by {', '.join(checks)}."
        for group, checks in groups.items()
    )
    results = f"{said}{marks}\n\n{_table(['check', 'result', 'what was seen'], rows)}"
    card = CHECKS.sub(lambda found: found[1] + results + found[2], card, count=1)
    rewrite(folder, "README.md", card.encode())
    listed = [{"check": one.check, "result": one.result, "seen": one.detail} for one in findings]
    write_check_results(folder, listed, groups)


def unchecked(folder: Path) -> str | None:
    """What a folder's card says of its checks where they failed or were not made, in one line; None where they pass."""
    card = _read_card(folder, "to tell what its checks found")
    if (place := CHECKS.search(card)) is None:
        return "nothing of any checks."
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
    """A Markdown table; what stands in a cell is shown as it is."""

    def line(cells: Sequence[str]) -> str:
        shown = (" ".join(cell.split()).replace("|", "\\|").replace("<", "&lt;") for cell in cells)
        return f"| {' | '.join(shown)} |"

    return "\n".join([line(head), "|---" * len(head) + "|", *map(line, rows)])


def _config(name: str, rows: tuple[str, str] | None, content: str) -> dict[str, object]:
    config: dict[str, object] = {"config_name": name, "description": f"content {content}"}
    if rows is None:
        config["default"] = True
    else:
        column, value = rows
        config["filters"] = [[[column, "==", value]]]
    return {
        **config,
        "data_files": [{"split": omni_persona.SPLIT, "path": omni_persona.DATA_FILES}],
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
