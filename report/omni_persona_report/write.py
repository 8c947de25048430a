"""Write a report: the page, and beside it the figures and tables that go into a paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from omni_persona import Media
from omni_persona_artifacts.files import write_atomically
from omni_persona_artifacts.run_folder import RunFolderError
from omni_persona_report.comparison import comparisons
from omni_persona_report.figures import draw, write_figures
from omni_persona_report.gather import Gathered, gather
from omni_persona_report.media import Size, embed
from omni_persona_report.page import render
from omni_persona_report.page_data import shown_media
from omni_persona_report.published import PublishedRow, for_the_page, published_rows

Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Report:
    """What was written, and what it tells."""

    page: Path
    bytes: int
    gathered: Gathered
    published: tuple[PublishedRow, ...]
    figures: tuple[Path, ...] = ()


def write_report(
    runs: Sequence[str | Path],
    out: str | Path,
    *,
    dataset: str | Path | None = None,
    media: Size = "small",
    figures: str | Path | None = None,
    published: bool = True,
    title: str | None = None,
    advance: Advance = lambda done, total: None,
) -> Report:
    """Write the report of some runs as one HTML file.

    runs: run folders, or files of the release's scripts. dataset: where the dataset is, in place of where the runs say.
    media: how pictures and clips are embedded. figures: a folder for the figures as SVG and PNG.
    published: whether published rows stand beside the runs. advance: called with (media done, media in all).
    Raises `RunFolderError` for a path that is no run and for an `out` that cannot be written, and
    `FileNotFoundError` for a `dataset` that is none.
    """
    if not runs:
        raise ValueError("expected at least one run")
    gathered = gather(runs, dataset=dataset, with_media=media != "none")
    rows = published_rows() if published else ()
    pictures: list[str] = []
    clips: list[str] = []
    store: dict[str, Media] = {}
    for asked in gathered.datasets:
        found = shown_media(asked)
        pictures += found[0]
        clips += found[1]
        store |= asked.media
    total, done = len(set(pictures)) + len(set(clips)), 0

    def one_more() -> None:
        nonlocal done
        done += 1
        advance(done, total)

    embedded, broken = embed(store, media, pictures, clips, one_more)
    gathered.problems.extend(sorted(broken))
    beside = for_the_page(rows)
    drawings = draw(gathered.runs, beside)
    page = render(gathered, drawings, comparisons(gathered.runs), beside, embedded, media, title=title)
    content = page.encode("utf-8", "replace")
    out = Path(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        written = write_figures(drawings, Path(figures)) if figures is not None else []
    except OSError as error:
        raise RunFolderError(f"cannot write the report: {error}") from None
    write_atomically(out, content)
    return Report(out, len(content), gathered, rows, tuple(written))
