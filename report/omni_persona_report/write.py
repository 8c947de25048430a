"""Write a report: the page and, optionally, figures and tables for a paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from omni_persona_artifacts.errors import ArtifactError
from omni_persona_artifacts.files import open_regular, require_writable_target, write_atomically
from omni_persona_artifacts.progress import Steps
from omni_persona_artifacts.run_reader import RunFolderError
from omni_persona_cal.scores import GUARDED
from omni_persona_report.comparison import Comparison, comparisons
from omni_persona_report.exports import tables
from omni_persona_report.figures import draw, write_figures
from omni_persona_report.gather import Gathered, gather
from omni_persona_report.media import Size, embed
from omni_persona_report.page import render
from omni_persona_report.page_data import shown_media
from omni_persona_report.published import PublishedRow, for_the_page, published_rows
from omni_persona_report.tables import Table


@dataclass(frozen=True)
class Report:
    """The result of writing a report."""

    page: Path
    bytes: int
    gathered: Gathered
    pairs: tuple[Comparison, ...]
    published: tuple[PublishedRow, ...]
    """The published rows shown beside the runs: none if they are for other items."""
    figures: tuple[Path, ...] = ()

    def tables(self) -> list[Table]:
        """The exported tables."""
        return tables(self.gathered, self.published, self.pairs)


def write_report(
    runs: Sequence[str | Path],
    out: str | Path,
    *,
    dataset: str | Path | None = None,
    protocol: str = GUARDED,
    judge: str | None = None,
    media: Size = "small",
    figures: str | Path | None = None,
    published: bool = True,
    title: str | None = None,
    advance: Steps = lambda done, total: None,
) -> Report:
    """Write a report on some runs as one HTML file.

    Args:
        runs: Run folders, or files of the release's scripts. Those that cannot be compared are left out and listed.
        dataset: Folder of the dataset, instead of the one recorded by the runs.
        protocol: Scoring rules for all runs, as for `gather.gather`.
        judge: Judge of all runs, as for `gather.gather`.
        media: How pictures and clips are embedded.
        figures: Folder for the figures as SVG, PDF and PNG.
        published: Whether the page has published rows; they appear beside the runs, and in figures and tables, only
            if the items are those that they were measured on.
        advance: Called with (media done, total media).

    Raises:
        RunFolderError: nothing is left to show, `out` cannot be written, or is a file that is no report.
        FileNotFoundError: no dataset at `dataset`.

    Examples:
        >>> write_report(["runs/abstain", "runs/nearest"], "report.html").page.name
        'report.html'
    """
    if not runs:
        raise ValueError("expected at least one run")
    _require_report(Path(out))
    gathered = gather(runs, dataset=dataset, protocol=protocol, judge=judge, with_media=media != "none")
    rows = published_rows() if published else ()
    beside = rows if gathered.is_release else ()
    pictures, clips = shown_media(gathered.dataset)
    total, done = len(set(pictures)) + len(set(clips)), count(1)
    embedded, broken = embed(gathered.dataset.media, media, pictures, clips, lambda: advance(next(done), total))
    gathered.problems.extend(sorted(broken))
    pairs = comparisons(gathered.runs)
    drawings = draw(gathered.runs, for_the_page(beside), gathered.measure)
    content = render(gathered, drawings, pairs, for_the_page(rows), embedded, media, title=title).encode(
        "utf-8", "replace"
    )
    out = Path(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        written = write_figures(drawings, Path(figures)) if figures is not None else []
    except OSError as error:
        raise RunFolderError(f"cannot write the report: {error}") from None
    write_atomically(out, content)
    return Report(out, len(content), gathered, tuple(pairs), tuple(beside), tuple(written))


_GENERATOR = b'<meta name="generator" content="Omni-Persona">'


def _require_report(file: Path) -> None:
    """Raise `RunFolderError` if a file exists that is neither empty nor a report, so that it would be lost."""
    try:
        require_writable_target(file)
        with open_regular(file) as old:
            start = old.read(1000)
    except FileNotFoundError:
        return
    except ArtifactError as error:
        raise RunFolderError(f"cannot write the report: {error}") from None
    if start and _GENERATOR not in start:
        raise RunFolderError(f"{file} exists and is no report of omni-persona; choose another --out")
