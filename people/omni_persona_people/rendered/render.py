"""Render a picture of a person with Blender: a maintainers' tool (`pip install "omni-persona[render]"`)."""

from __future__ import annotations

import importlib.util
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omni_persona_artifacts.folders import scratch_folder
from omni_persona_people.rendered.looks import Identity
from omni_persona_people.rendered.makehuman import AssetError, MakeHuman
from omni_persona_people.rendered.shots import Shot

SIZE = 320
"""Width and height of a picture in pixels."""
SAMPLES = 4
"""Light paths per pixel before denoising. Ten look hardly better and take twice as long."""
QUALITIES = range(76, 95)
"""JPEG quality, chosen by the picture's seed: otherwise file sizes would reveal who has much hair."""


# For the same reason, the seed also chooses a blur of 0 to 1.4 pixels.


def require_blender() -> None:
    """Raise `AssetError` if Blender is not installed as a Python module."""
    # Found, not imported: bpy adds folders of its own to sys.path, and in a worker process that inherits them it cannot
    # be imported.
    if importlib.util.find_spec("bpy") is None:
        raise AssetError(
            'rendered faces need Blender as a Python module (Python 3.11): pip install "omni-persona[render]"'
        )


def render(
    identity: Identity, shot: Shot, human: MakeHuman, size: int = SIZE, samples: int = SAMPLES, threads: int = 1
) -> bytes:
    """A picture as JPEG without metadata; the same arguments give the same bytes on one machine."""
    import bpy
    from PIL import Image, ImageFilter

    from omni_persona_people.rendered import body, studio

    bpy.ops.wm.read_factory_settings(use_empty=True)
    studio.light(shot, body.add_person(identity, shot, human))
    with scratch_folder() as folder:
        with _quiet():
            studio.expose(shot, size, samples, threads, folder / "picture.png")
        with Image.open(folder / "picture.png") as picture:
            out = io.BytesIO()
            blurred = picture.convert("RGB").filter(ImageFilter.GaussianBlur(shot.seed // 19 % 15 / 10))
            blurred.save(out, format="JPEG", quality=QUALITIES[shot.seed % len(QUALITIES)], optimize=True)
    return out.getvalue()


@contextmanager
def _quiet() -> Iterator[None]:
    """Discard what Blender writes, some hundred lines a picture, to file descriptor 1."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
