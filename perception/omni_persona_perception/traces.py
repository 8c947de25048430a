"""Find and remove personal metadata in pictures and clips, without changing pixels or samples.

Owners, artists, serial numbers, places, titles and comments are stored inside files, out of sight. Pixels and samples
are never re-encoded here: the parts of a file that hold such metadata are removed, and the others stay as they are.
"""

from __future__ import annotations

from omni_persona_perception.clip_traces import clip_parts
from omni_persona_perception.errors import MediaError
from omni_persona_perception.kinds import PICTURES, kind_of
from omni_persona_perception.picture_traces import picture_parts


def traces(data: bytes) -> tuple[str, ...]:
    """Names of the personal metadata in a file, such as `EXIF Artist`, sorted; empty if there is none.

    The program that wrote a file, and how to show or play it, are not personal metadata. Raises `MediaError` for a file
    that cannot be decoded.
    """
    return _found(data)[0]


def without_traces(data: bytes) -> bytes:
    """The file without personal metadata; the same bytes if it contains none.

    It decodes to exactly the same pixels or samples. Raises `MediaError` for a file that cannot be decoded.
    """
    found, bare = _found(data)
    return bare if found else data


def _found(data: bytes) -> tuple[tuple[str, ...], bytes]:
    kind = kind_of(data)
    if kind is None:
        raise MediaError("not a readable picture or clip: a file of no known kind")
    try:
        names, bare = (picture_parts if kind in PICTURES else clip_parts)(data, kind)
    except (IndexError, ValueError, OverflowError) as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"this {kind.name} is broken") from None
    shown = ("".join(sign if sign.isprintable() else "?" for sign in name) for name in names)
    return tuple(sorted(set(shown))), bare
