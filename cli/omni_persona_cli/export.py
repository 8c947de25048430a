"""`omni-persona export`: the prompts of a benchmark as JSON lines."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from omni_persona_cli import run_options as options
from omni_persona_cli.console import err, out, progress, tell_if_more

EXAMPLES = """Examples:

omni-persona export --format openai-batch --model gpt-audio --out batch

omni-persona export --format messages --media files --out prompts

omni-persona score batch_output.jsonl --dataset omni-persona"""

_SHOWN = 5
"""Maximum number of failed items that are printed; export.json lists all."""


class Format(str, Enum):
    """Format of the lines."""

    openai_batch = "openai-batch"
    messages = "messages"


class MediaPlace(str, Enum):
    """Where media are stored."""

    inline = "inline"
    files = "files"


def export(
    form: Annotated[
        Format,
        typer.Option(
            "--format",
            help="openai-batch: requests for OpenAI's batch API; `score` reads its output. messages: the prompts "
            "only; `score` reads lines of augmented_id and prediction.",
        ),
    ],
    target: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    dataset: options.Dataset = Path("omni-persona"),
    model: Annotated[str | None, typer.Option(help="Model name; for openai-batch.")] = None,
    media: Annotated[
        MediaPlace,
        typer.Option(help="inline: media embedded in the lines. files: in a folder beside them; for messages."),
    ] = MediaPlace.inline,
    limit: options.Limit = None,
    cues: options.CuesShown = options.Cues.isolated,
    without: options.LeftOut = None,
    prompt: options.PromptFile = None,
    reason: options.Reason = False,
    max_new_tokens: options.MaxNewTokens = None,
    temperature: options.Temperature = 0.0,
    top_p: options.TopP = 1.0,
    seed: options.Seed = 0,
    overwrite: Annotated[bool, typer.Option(help="Replace --out if it exists.")] = False,
) -> None:
    """Write the prompts as JSON lines, for batch APIs and other programs. Exit code 1 if an item is left out."""
    from omni_persona_cli.run_choices import Asked
    from omni_persona_runner.exporting import Request
    from omni_persona_runner.exporting import export as export_prompts

    is_batch = form is Format.openai_batch
    if is_batch != (model is not None):
        raise ValueError("--model names the model of --format openai-batch: expected both, or neither")
    asked = Asked(limit, max_new_tokens, cues, without, prompt, reason, 1, temperature, top_p, seed).settings()
    with progress() as shown:
        done = export_prompts(
            dataset,
            target,
            prompt=asked["prompt"],
            request=Request(model, asked["max_new_tokens"], asked["sampling"]) if model is not None else None,
            limit=limit,
            media_as_files=media is MediaPlace.files,
            overwrite=overwrite,
            progress=lambda number, total: shown("writing prompts", number, total),
        )
    out.print(f"{done.n_items} prompts in {target}: {', '.join(done.files) or 'none'}", soft_wrap=True)
    tell_if_more("--limit", limit, done.n_items + len(done.failed))
    for item_id, why in done.failed[:_SHOWN]:
        err.print(f"not written: {item_id}: {why}", soft_wrap=True)
    if done.failed:
        err.print(f"{len(done.failed)} items were not written: export.json lists them", soft_wrap=True)
        raise typer.Exit(1)
    answers = "what comes back" if is_batch else "lines of augmented_id and prediction"
    out.print(f"Next: omni-persona score FILE --dataset {dataset}, where FILE holds {answers}", soft_wrap=True)
