"""Write a report: the page and, optionally, figures and tables for a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from omni_persona_artifacts.output_files import OutputFiles
from omni_persona_artifacts.progress import Steps
from omni_persona_cal.scores import GUARDED
from omni_persona_report.comparison import Comparison, comparisons
from omni_persona_report.exports import tables
from omni_persona_report.figures import Figure, draw, figure_files
from omni_persona_report.gather import Gathered, gather
from omni_persona_report.hub import FOLDER, MARK, ModelRepository, entry_file
from omni_persona_report.media import Embedded, Size, embed
from omni_persona_report.page import render
from omni_persona_report.page_data import shown_media
from omni_persona_report.runs.published import PublishedRow, for_the_page, published_rows
from omni_persona_report.tables import KINDS, Table, table_files


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
    """The files of figures that were written."""
    table_files: tuple[Path, ...] = ()
    """The files of tables that were written."""
    results: Path | None = None
    """The file of results in a model's repository."""

    @property
    def beside(self) -> tuple[Path, ...]:
        """All files that were written besides the page."""
        return (*self.figures, *self.table_files, *([] if self.results is None else [self.results]))

    def tables(self) -> list[Table]:
        """The exported tables."""
        return tables(self.gathered, self.published, self.pairs)


def _embedded(gathered: Gathered, media: Size, advance: Steps) -> list[Embedded]:
    """The pictures and clips that the page shows; those that cannot be read are added to the problems."""
    pictures, clips = shown_media(gathered.dataset)
    total, done = len(set(pictures)) + len(set(clips)), count(1)
    embedded, broken = embed(gathered.dataset.media, media, pictures, clips, lambda: advance(next(done), total))
    gathered.problems.extend(sorted(broken))
    return embedded


GENERATOR = b'<meta name="generator" content="Omni-Persona">'
"""Near the start of every page."""


@dataclass(frozen=True)
class _Places:
    """Where the files of a report go."""

    page: Path
    figures: Path | None
    tables: Mapping[str, Path]
    model: ModelRepository | None
    overwrite: bool

    def require_free(self, runs: Sequence[Path], dataset: str | Path | None) -> None:
        """Raise `ArtifactError` if a place cannot be used: before the work, which takes a while."""
        if self.model is not None and len(runs) != 1:
            raise ValueError(f"expected one run for a model's repository, got {len(runs)}")
        if unknown := sorted(self.tables.keys() - KINDS.keys()):
            raise ValueError(f"expected formats among {', '.join(KINDS)}, got {unknown[0]!r}")
        inputs = [*runs, *([] if dataset is None else [Path(dataset)])]
        files = OutputFiles(overwrite=self.overwrite, inputs=inputs)
        files.require_file(_followed(self.page), GENERATOR, runs)
        if self.figures is not None:
            files.require_folder(self.figures)
        for folder in self.tables.values():
            files.require_folder(folder)
        if self.model is not None:
            files.require_folder(self.model.folder / FOLDER)

    def write(self, made: Report, content: bytes, drawings: Sequence[Figure], runs: Sequence[Path]) -> Report:
        """Write all files, or none if one of them may not be written."""
        dataset = [Path(made.gathered.dataset.label)] if made.gathered.dataset.fingerprint else []
        files = OutputFiles(overwrite=self.overwrite, inputs=[*runs, *dataset])
        files.add(_followed(self.page), content, GENERATOR, runs)
        drawn = {} if self.figures is None else figure_files(drawings, self.figures)
        tables = made.tables() if self.tables else []
        formatted: dict[Path, bytes] = {}
        for kind, folder in self.tables.items():
            formatted |= table_files(kind, tables, folder)
        for file, data in (*drawn.items(), *formatted.items()):
            files.add(file, data)
        results = None
        if self.model is not None:
            results, data = entry_file(made.gathered.runs[0], self.model)
            files.add(results, data, MARK)
        files.write()
        return replace(made, figures=tuple(drawn), table_files=tuple(formatted), results=results)


def _followed(page: Path) -> Path:
    """The page in the folder that it is named in, which may be a link."""
    return page.parent.resolve() / page.name if page.parent.is_dir() else page


def write_report(
    runs: Sequence[str | Path],
    out: str | Path,
    *,
    dataset: str | Path | None = None,
    protocol: str = GUARDED,
    judge: str | None = None,
    media: Size = "small",
    figures: str | Path | None = None,
    table_folders: Mapping[str, str | Path] | None = None,
    model: ModelRepository | None = None,
    overwrite: bool = False,
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
        table_folders: Format (`csv`, `latex`, `markdown`) -> folder for the tables in that format.
        model: The repository of the only run's model, for its results on the Hub.
        overwrite: Replace files of the same names that were not written here.
        published: Whether the page has published rows; they appear beside the runs, and in figures and tables, only
            if the items are those that they were measured on.
        advance: Called with (media done, total media).

    Raises:
        RunFolderError: nothing is left to show.
        ArtifactError: a file cannot be written, lies in an input (only the page may lie in a run folder), or exists and
            was not written here; then none is written.
        FileNotFoundError: no dataset at `dataset`.
        ValueError: `model` for several runs, or for one without complete scores; an unknown format of tables.

    Examples:
        >>> write_report(["runs/abstain", "runs/nearest"], "report.html").page.name
        'report.html'
    """
    if not runs:
        raise ValueError("expected at least one run")
    read = [Path(run) for run in runs]
    tables = {kind: Path(folder) for kind, folder in (table_folders or {}).items()}
    places = _Places(Path(out), None if figures is None else Path(figures), tables, model, overwrite)
    places.require_free(read, dataset)
    gathered = gather(runs, dataset=dataset, protocol=protocol, judge=judge, with_media=media != "none")
    rows = published_rows() if published else ()
    beside = rows if gathered.is_release else ()
    embedded = _embedded(gathered, media, advance)
    pairs = comparisons(gathered.runs)
    drawings = draw(gathered.runs, for_the_page(beside), gathered.measure)
    content = render(gathered, drawings, pairs, for_the_page(rows), embedded, media, title=title).encode(
        "utf-8", "replace"
    )
    made = Report(Path(out), len(content), gathered, tuple(pairs), tuple(beside))
    return places.write(made, content, drawings, read)
