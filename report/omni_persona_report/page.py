"""Lay out a report as one self-contained HTML file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import jinja2
from markupsafe import Markup, escape

import omni_persona
from omni_persona_artifacts import characters
from omni_persona_cal import figure
from omni_persona_cal.audit import findings_in_words
from omni_persona_cal.few import FEWEST, FEWEST_OF_EACH_KIND, MANY
from omni_persona_report.comparison import Comparison, neighbours
from omni_persona_report.figures import Figure
from omni_persona_report.gather import Gathered
from omni_persona_report.media import Embedded, Size
from omni_persona_report.page_data import page_json
from omni_persona_report.references import baselines_beside
from omni_persona_report.runs.analyses import errors, gaps, judge_checks
from omni_persona_report.runs.measures import ABSENCE_NAMES, GROUP_NAMES, shown, signed
from omni_persona_report.runs.published import PublishedRow
from omni_persona_report.views import headline_measures, interval_method, run_view, task_views, weakest

_MEDIA = {
    "small": "compressed: pictures to 256 pixels, clips to 24 or 16 kHz",
    "full": "as they are in the dataset",
    "none": "left out",
}

FULL_TASKS = 2
"""Maximum number of runs for which the table of tasks shows Ans, Unans and Cal; with more, only Cal."""


def render(
    gathered: Gathered,
    drawings: Sequence[Figure],
    pairs: Sequence[Comparison],
    published: Sequence[PublishedRow],
    media: Sequence[Embedded],
    size: Size,
    *,
    title: str | None = None,
) -> str:
    """Render the page. Its security policy forbids all requests and all scripts but its own.

    published: rows to show beside the runs if the items are those that they were measured on, otherwise collapsed.
    """
    css, script = _style_and_script()
    runs = gathered.runs
    beside = published if gathered.is_release else ()
    measures = headline_measures(runs, beside)
    return (
        _environment()
        .get_template("page.html")
        .render(
            policy=Markup(_policy(css, script)),
            css=Markup(css),
            script=Markup(script),
            title=title or _title(gathered),
            heading=title or _heading(gathered),
            about=_about(gathered),
            measure=gathered.measure,
            conditions=gathered.conditions,
            left_out=gathered.left_out,
            notices=gathered.notices,
            problems=gathered.problems,
            measures=measures,
            runs=[run_view(run, measures) for run in runs],
            next_pairs=neighbours(pairs),
            references=baselines_beside(runs[0], gathered.conditions) if len(runs) == 1 else [],
            weakest=weakest(runs[0]) if len(runs) == 1 else None,
            interval_method=interval_method(runs),
            fewest=(FEWEST, FEWEST_OF_EACH_KIND, MANY),
            published=published,
            published_beside=bool(beside),
            published_note=findings_in_words() if published else "",
            groups=GROUP_NAMES,
            unneeded=gathered.dataset.unneeded,
            absences=ABSENCE_NAMES,
            tasks=task_views(runs, full=len(runs) <= FULL_TASKS),
            full_tasks=len(runs) <= FULL_TASKS,
            errors=errors(runs),
            gaps=gaps(runs),
            judge_checks=judge_checks(runs),
            first_figure=drawings[0],
            figures=drawings[1:],
            pairs=bool(pairs),
            data=Markup(page_json(gathered, size, pairs, [one.name for one in media])),
            media=[{"type": one.type, "data": Markup(one.data)} for one in media],
            media_note=_MEDIA[size],
            version=omni_persona.__version__,
        )
    )


def _style_and_script() -> tuple[str, str]:
    here = files("omni_persona_report")
    css = (here / "page.css").read_text("utf-8") + "\n" + figure.style() + "\n"
    return css, "".join((here / name).read_text("utf-8") for name in ("data.js", "page.js", "compare.js"))


@cache
def _environment() -> jinja2.Environment:
    templates = files("omni_persona_report") / "templates"
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=True,
        loader=jinja2.FunctionLoader(lambda name: (templates / name).read_text("utf-8")),
    )
    environment.filters |= {"marked": marked, "plain": characters.visible, "shown": shown, "signed": signed}
    return environment


def marked(text: str) -> Markup:
    """A text for a page: escaped, unseen characters in elements of their own that show their codes."""
    pieces = []
    for piece, code in characters.split(text):
        if code:
            # HTML can hold neither controls nor halves of a character.
            kept = piece if piece.isprintable() or ord(piece) in range(0x200B, 0x2070) else "\ufffd"
            pieces.append(Markup('<span class="ctl" data-code="{}">{}</span>').format(code, kept))
        else:
            pieces.append(escape(piece))
    return Markup("").join(pieces)


def _policy(css: str, script: str) -> str:
    def source(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; script-src {source(script)}; style-src {source(css)}; img-src blob: data:; "
        "media-src blob:; base-uri 'none'; form-action 'none'"
    )


def _title(gathered: Gathered) -> str:
    names = [run.name for run in gathered.runs]
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} other runs"


def _heading(gathered: Gathered) -> str:
    recipe = gathered.dataset.about.recipe
    name = f"Omni-Persona {recipe}" if recipe else "Omni-Persona"
    count = len(gathered.runs)
    return f"{name}: {gathered.runs[0].name}" if count == 1 else f"{name}: {count} runs"


def _about(gathered: Gathered) -> str:
    """What was asked, and about whom, in a sentence or two."""
    dataset = gathered.dataset
    entries = dataset.entries.values()
    samples = {entry.source_sample_id for entry in entries if entry.source_sample_id}
    text = f"{len(entries)} items"
    text += f" over {len(samples)} sets of memories" if samples else ""
    about = dataset.about
    text += f" of {about.people}" if about.people else ""
    text += f", from the pool {about.pool}" if about.pool else ", from an imported release" if about.imported else ""
    unknown = "" if about.kind else " It is not recorded whether the people are invented, rendered or real."
    return f"{text}.{unknown}"
