"""What a picture or a clip tells of people besides what it shows: found by name, and taken out to the bit.

Owners, artists, serial numbers, places, titles and comments travel inside of files, unseen. Pixels and samples are
never encoded anew here: the parts of a file that hold such things are left out, and the others stay as they are.
"""

from __future__ import annotations

from omni_persona_perception.clip_traces import clip_parts
from omni_persona_perception.errors import MediaError
from omni_persona_perception.kinds import PICTURES, kind_of
from omni_persona_perception.picture_traces import picture_parts


def traces(data: bytes) -> tuple[str, ...]:
    """Names of what a file tells of people, such as `EXIF Artist`, sorted; none where it tells nothing.

    Which program wrote it, and how it is to be shown or played, are no traces. Raises `MediaError` for a file that
    cannot be decoded.
    """
    return _found(data)[0]


def without_traces(data: bytes) -> bytes:
    """The file with nothing left in it but what it shows, or the same bytes where nothing else is in it.

    It decodes to the same pixels or samples, to the bit. Raises `MediaError` for a file that cannot be decoded.
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
