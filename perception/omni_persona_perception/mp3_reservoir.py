"""Whether an MP3 without a stated length was cut off between two frames.

A frame of layer III stores a part of the frames after it where it has room: its bit reservoir. After the last frame
an encoder leaves no such data, but filling: zeros, alternating bits, or its own name.

Source: ISO 11172-3 and 13818-3, section 2.4.1.7 (side information).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_FILLING = b"LAME"
"""What an encoder fills its last frame with; others repeat a byte or two."""
_LEAST = 12
"""Bytes at the end of a frame that tell samples from filling."""


@dataclass(frozen=True)
class FrameBytes:
    """A frame of layer III."""

    data: bytes
    """The whole frame."""
    side: int
    """Bytes of side information."""


def is_cut_between_frames(last: Sequence[FrameBytes]) -> bool:
    """Whether the last frames of an MP3, in order, store a part of frames that are missing.

    False where this cannot be told: if nothing was stored ahead, or if programs stored data of their own in between.
    At least the 20 last frames are needed, or all.
    """
    stored, spans = bytearray(), []
    for frame in last:
        before, length, content = _sizes(frame)
        start = len(stored) - before
        spans.append((start, start + length))
        stored += frame.data[content:]
    between = sum(later > end for (_, end), (later, _) in pairwise(spans))
    rest = bytes(stored[max(spans[-1][1], 0) :]) if spans else b""
    looks_like_samples = len(set(rest[-_LEAST:])) > _LEAST // 2 and _FILLING not in rest
    return looks_like_samples and between <= len(spans) // 4


def _sizes(frame: FrameBytes) -> tuple[int, int, int]:
    """Bytes of a frame's samples that precede the frame, their number, and where the frame's own bytes begin."""
    header = frame.data[:4]
    is_first, is_mono = header[1] >> 3 & 3 == 3, header[3] >> 6 == 3
    start = 4 if header[1] & 1 else 6  # a checksum may follow the header
    bits = int.from_bytes(frame.data[start : start + frame.side], "big")
    n_bits = 8 * frame.side

    def number(place: int, width: int) -> int:
        return bits >> (n_bits - place - width) & ((1 << width) - 1)

    channels = 1 if is_mono else 2
    if is_first:
        before, place, parts, width = number(0, 9), 9 + (5 if is_mono else 3) + 4 * channels, 2 * channels, 59
    else:
        before, place, parts, width = number(0, 8), 8 + channels, channels, 63
    length = sum(number(place + width * part, 12) for part in range(parts))
    return before, (length + 7) // 8, start + frame.side
