"""The parts of JPEG and WebP files, and whether a file ends before its pixels do.

A download that stopped in a file of reserved size leaves zero bytes at its end. JPEG and WebP have no checksums, and
decoders fill up what is missing with grey. PNG has checksums, which Pillow verifies.

Sources: ITU-T T.81 (JPEG), RFC 9649 (WebP).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from omni_persona_perception.errors import MediaError
from omni_persona_perception.kinds import JPEG, PNG, WEBP, Kind

SCAN, END, COMMENT = 0xDA, 0xD9, 0xFE
"""JPEG markers."""
_ALONE = {0x01, *range(0xD0, 0xDA)}
"""JPEG markers without a length field or content."""
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
"""The end of a scan: a marker that is neither a stuffed byte nor a restart."""
_MARKER = re.compile(rb"\xff[^\xff]")
_MOST_SCANS = 100
"""Scans of a JPEG. Encoders write about ten; each costs the time of decoding the whole picture."""
_MOST_PARTS = 100_000
"""Segments of a JPEG, chunks of a PNG. Encoders write up to 30,000, for the largest PNGs that are decoded."""
_WEBP_PIXELS = (b"VP8 ", b"VP8L")
_MOST_ZEROS = 256
"""Bytes of zeros with which compressed pixels may end; encoders write a few."""


def require_whole(data: bytes, kind: Kind) -> None:
    """Raise `MediaError` if a JPEG has no end, or if zero bytes stand where a WebP should have pixels."""
    if kind == JPEG and not any(marker == END for marker, _, _ in jpeg_segments(data)):
        raise MediaError("the picture is cut off: this JPEG has no end")
    if kind == WEBP:
        for name, start, end in webp_chunks(data):
            if name in _WEBP_PIXELS and not data[max(start, end - _MOST_ZEROS) : end].strip(b"\0"):
                raise MediaError("the picture is cut off: this WebP ends in zero bytes")


def require_few_parts(data: bytes, kind: Kind) -> None:
    """Raise `MediaError` for a JPEG or PNG of so many parts that a small file would take minutes to decode."""
    scans = 0
    for number, part in enumerate(_parts(data, kind), start=1):
        scans += kind == JPEG and part == SCAN
        if scans > _MOST_SCANS:
            raise MediaError(f"the picture has more than {_MOST_SCANS} scans: save it anew")
        if number > _MOST_PARTS:
            raise MediaError(f"the picture has more than {_MOST_PARTS:,} parts: save it anew")


def _parts(data: bytes, kind: Kind) -> Iterator[int]:
    """A JPEG's markers, or the sizes of a PNG's chunks."""
    if kind == JPEG:
        yield from (marker for marker, _, _ in jpeg_segments(data))
    place = 8
    while kind == PNG and place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        yield size
        place += 12 + size


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment up to the end of the picture, which may be missing.

    A scan's segment includes its pixels. Bytes between segments are skipped, as by decoders.
    """
    place = 2
    while found := _MARKER.search(data, place):
        place, marker = found.start(), found[0][1]
        length = 0 if marker in _ALONE else max(2, int.from_bytes(data[place + 2 : place + 4], "big"))
        end = place + 2 + length
        if marker == SCAN:
            following = _NEXT_MARKER.search(data, end)
            end = following.start() if following else len(data)
        yield marker, place, end
        if marker == END:
            return
        place = end


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name of each chunk, and where its content starts and ends."""
    place, end = 12, webp_end(data)
    while place + 8 <= end:
        name, size = struct.unpack_from("<4sI", data, place)
        yield name, place + 8, min(place + 8 + size, len(data))
        place += 8 + size + size % 2


def webp_end(data: bytes) -> int:
    """Where a WebP ends according to its header, or the end of the data if that comes first."""
    return min(len(data), 8 + int.from_bytes(data[4:8], "little"))
