"""`omni-persona refine`: let a language model fill gaps in a pool and vary its wording."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omni_persona_cli.console import err, out, progress

if TYPE_CHECKING:
    from omni_persona_people.refine.refine import Refined

EXAMPLES = """Examples:

omni-persona refine --pool people --endpoint http://localhost:8000/v1 --model ORG/MODEL --out refined

omni-persona refine --pool people --endpoint http://localhost:8000/v1 --model ORG/MODEL --only profile --out filled"""

SHOWN = 20
"""Maximum number of refusals that are printed; refine.json lists all."""


class Only(str, Enum):
    """What a model may add."""

    profile = "profile"
    notes = "notes"
    questions = "questions"


class RefineDialect(str, Enum):
    """Request format of the endpoint."""

    openai = "openai"
    stream = "stream"


def refine(
    pool: Annotated[Path, typer.Option(help="Pool folder, with personas.jsonl and its media.")],
    target: Annotated[Path, typer.Option("--out", help="Pool folder to write.")],
    endpoint: Annotated[
        str,
        typer.Option(metavar="URL", help="Base URL of an OpenAI-compatible server, such as http://localhost:8000/v1."),
    ],
    model: Annotated[str, typer.Option(help="The server's name for the model.")],
    only: Annotated[
        list[Only] | None,
        typer.Option(
            help="profile: missing fields. notes: wording of facts. questions: wording of questions. May be "
            "repeated; default: all three."
        ),
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Concurrent requests.")] = 8,
    cache: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File that caches the replies; default: a file beside --out.")
    ] = None,
    api_key_env: Annotated[
        str, typer.Option(metavar="NAME", help="Environment variable with the endpoint's API key.")
    ] = "OPENAI_API_KEY",
    api_dialect: Annotated[
        RefineDialect, typer.Option(help="openai: whole replies. stream: streamed ones.")
    ] = RefineDialect.openai,
    overwrite: Annotated[bool, typer.Option(help="Replace --out if it exists.")] = False,
) -> None:
    """Let a model behind an OpenAI-compatible endpoint fill gaps in profiles and vary notes and questions.

    Existing values never change; additions are validated and marked as generated. Facts are taken from
    `dialogue`, or else from the transcripts, before any are invented. The same command resumes where it was
    stopped. Exit code 1 if something could not be refined; refine.json in --out lists it.
    """
    from omni_persona_artifacts.chat import form_of
    from omni_persona_people.refine.client import ChatClient
    from omni_persona_people.refine.refine import PARTS
    from omni_persona_people.refine.refine import refine as refine_pool

    chosen = {one.value for one in only or ()}
    with progress() as shown:
        refined = refine_pool(
            pool,
            target,
            ChatClient(endpoint, model, api_key_env=api_key_env, form=form_of([api_dialect.value])),
            parts=[part for part in PARTS if not chosen or part in chosen],
            cache=cache,
            concurrency=concurrency,
            overwrite=overwrite,
            progress=shown,
        )
    _print_refined(refined, model)
    if refined.refusals:
        raise typer.Exit(1)
    out.print(f"Next: omni-persona build --pool {refined.out}", soft_wrap=True)


def _print_refined(refined: Refined, model: str) -> None:
    from omni_persona_people.refine.refine import REPORT

    # Model names and replies are plain text: markup and emoji codes are not interpreted.
    out.print(
        f"Refined {refined.people} people in {refined.out} by {model}: {refined.extracted} profile fields "
        f"extracted, {refined.invented} invented, {refined.clauses} clauses, {refined.questions} questions",
        soft_wrap=True,
    )
    for refusal in refined.refusals[:SHOWN]:
        err.print(f"left as it was: {refusal.person or 'the pool'}: {refusal.what}: {refusal.reason}", soft_wrap=True)
    if refined.refusals:
        more = len(refined.refusals) - SHOWN
        err.print(f"{f'and {more} more; ' if more > 0 else ''}{refined.out / REPORT} lists all", soft_wrap=True)
