"""Which parts of an item a run showed to its model, as recorded in `run.json`."""

from __future__ import annotations

from typing import Literal, TypeAlias

from omni_persona import Item, Media

Cues: TypeAlias = Literal["isolated", "as-released"]
"""Which query media a model sees.

`isolated`: only the medium of the query's modality (a picture for I2I, a clip for A2A, none for T2T and T2Any).
`as-released`: all query media that the item has, but no picture for voice queries. The v2.2 release attaches a face
and a voice to every query, so that its text queries can be answered by comparing faces.
"""

Ablation: TypeAlias = Literal["image", "audio", "text", "query"]
"""What a run can leave out, to test whether a model uses it (ablation).

`image`: every picture. `audio`: every clip. `text`: the notes. `query`: the query's picture and clip.
"""


def query_media(item: Item, cues: Cues, without: frozenset[Ablation]) -> tuple[Media | None, Media | None]:
    """The picture and the clip of the query that a model is shown.

    Raises `ValueError` if the item lacks the medium that its query is about.
    """
    group = item.task.group
    if group == "I2I" and item.query_image is None:
        raise ValueError("a query by face has no query picture")
    if group == "A2A" and item.query_audio is None:
        raise ValueError("a query by voice has no query clip")
    shows_picture = group == "I2I" if cues == "isolated" else group != "A2A"
    shows_clip = group == "A2A" or cues == "as-released"
    hidden = {"image", "audio"} if "query" in without else without
    return (
        item.query_image if shows_picture and "image" not in hidden else None,
        item.query_audio if shows_clip and "audio" not in hidden else None,
    )
