"""Check that FLAC, Ogg and MP3 streams are complete, and write the length of an MP3 into its header.

Sources: RFC 9639 (FLAC), RFC 3533 (Ogg), ISO 11172-3 and 13818-3 (MPEG audio), Xing's header of VBR.
"""

from __future__ import annotations

import re
import struct
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

from omni_persona_perception.errors import MediaError
from omni_persona_perception.kinds import id3_bytes, is_mpeg_frame
from omni_persona_perception.mp3_reservoir import FrameBytes, is_cut_between_frames

_MOST_PARTS = 400_000
"""Maximum number of pages or frames that are read; half an hour has 90,000."""

# ---- FLAC

_FLAC_FRAME = re.compile(rb"\xff[\xf8\xf9][\x10-\xff][\x00-\xaf]")
"""The sync pattern of a FLAC frame."""
_FLAC_TAIL = 4 << 20
"""Number of bytes at the end of a FLAC file that are searched for its last frame; no frame is longer."""


_FLAC_SIZES = {
    1: 192,
    **{code: 576 << (code - 2) for code in range(2, 6)},
    **{code: 256 << (code - 8) for code in range(8, 16)},
}
"""Block size code in a frame header -> samples; 6 and 7 mean that the size follows."""


def flac_of_known_length(data: bytes) -> tuple[bytes, int]:
    """A FLAC file whose header states the number of samples per channel, and that number.

    A file written to a pipe lacks it in the header; it is then computed from the last frame. Raises `MediaError` if
    that frame is incomplete.
    """
    if len(data) < 42 or data[4] & 0x7F:
        raise MediaError("the clip is cut off within its header")
    told = int.from_bytes(data[21:26], "big")
    if total := told & 0xFFFFFFFFF:
        return data, total
    total = _last_sample(data)
    return data[:21] + (told | total).to_bytes(5, "big") + data[26:], total


def flac_blocks(data: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """The metadata blocks of a FLAC file, each with its type, and the offset of the first frame."""
    blocks, place, last = [], 4, False
    while not last and place + 4 <= len(data):
        last, size = bool(data[place] & 0x80), int.from_bytes(data[place + 1 : place + 4], "big")
        blocks.append((data[place] & 0x7F, data[place + 4 : place + 4 + size]))
        place += 4 + size
    if not last or place > len(data):
        raise MediaError("the clip is cut off within its header")
    return blocks, place


def _last_sample(data: bytes) -> int:
    """The number of samples per channel of a FLAC file, from the header of its last frame."""
    tail = data[-_FLAC_TAIL:]
    tail = tail[:-128] if tail[-128:-125] == b"TAG" else tail
    checksum = int.from_bytes(tail[-2:], "big")
    starts = [found.start() for found in _FLAC_FRAME.finditer(tail)]
    # Samples may look like a frame header; the real one is among the last few matches.
    for start in reversed(starts[-16:]):
        if _crc16(tail[start:-2]) == checksum:
            return _frame_end(tail[start : start + 16], int.from_bytes(data[10:12], "big"))
    raise MediaError("the clip is cut off within its last frame")


def _frame_end(header: bytes, block: int) -> int:
    """The number of the first sample after a frame. block: samples per earlier frame, if all have the same number."""
    # The frame number, or the number of its first sample, is encoded like a UTF-8 character.
    ones = next(bits for bits in range(8) if not header[4] & 0x80 >> bits)
    follow = max(ones - 1, 0)
    number = header[4] & (0x7F >> ones)
    for byte in header[5 : 5 + follow]:
        number = number << 6 | byte & 0x3F
    code, place = header[2] >> 4, 5 + follow
    size = 1 + int.from_bytes(header[place : place + code - 5], "big") if code in (6, 7) else _FLAC_SIZES[code]
    return (number if header[1] & 1 else number * block) + size


def _crc16_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 8
        for _ in range(8):
            value = value << 1 ^ (0x8005 if value & 0x8000 else 0)
        table.append(value & 0xFFFF)
    return tuple(table)


_CRC16 = _crc16_table()


def _crc16(data: bytes) -> int:
    value = 0
    for byte in data:
        value = value << 8 & 0xFF00 ^ _CRC16[value >> 8 ^ byte]
    return value


# ---- Ogg


@dataclass(frozen=True)
class OggPage:
    """A page of an Ogg stream."""

    start: int
    body: int
    """Offset of the page's content."""
    end: int
    flags: int
    granule: int
    """Number of samples encoded up to the end of the page; -1 if no packet ends on it."""
    serial: int
    number: int


def ogg_pages(data: bytes) -> list[OggPage]:
    """The pages of an Ogg stream. Raises `MediaError` if it is truncated, has a gap, or contains several streams."""
    pages: list[OggPage] = []
    place = 0
    while place < len(data):
        if len(pages) >= _MOST_PARTS:
            raise MediaError(f"the clip has more than {_MOST_PARTS} Ogg pages")
        if data[place : place + 4] != b"OggS":
            if data[place:].strip(b"\0") and data[place : place + 3] != b"TAG":
                raise MediaError(f"the clip is broken: an Ogg page is missing after {len(pages)} pages")
            break
        if place + 27 > len(data) or place + 27 + data[place + 26] > len(data):
            raise MediaError("the clip is cut off: its last Ogg page is not whole")
        flags, granule, serial, number, _, segments = struct.unpack_from("<BqIIIB", data, place + 5)
        body = place + 27 + segments
        end = body + sum(data[place + 27 : body])
        if end > len(data):
            raise MediaError("the clip is cut off: its last Ogg page is not whole")
        pages.append(OggPage(place, body, end, flags, granule, serial, number))
        place = end
    _require_one_stream(pages)
    return pages


def _require_one_stream(pages: list[OggPage]) -> None:
    if len({page.serial for page in pages}) > 1:
        raise MediaError("the clip contains several Ogg streams: convert it to WAV or FLAC")
    for earlier, later in pairwise(pages):
        if later.number != earlier.number + 1:
            raise MediaError(f"the clip is broken: Ogg page {earlier.number + 1} is missing")
    if not pages[-1].flags & 4:
        raise MediaError("the clip is cut off: its last Ogg page has no mark of the end")


# ---- MP3

_BITRATES = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""(MPEG 1 or later, layer) -> bit rates in kbit/s by index, starting at 1."""
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""Version -> sampling rates in Hz by index."""
LAME = b"LAME"
"""The name that this encoder leaves in the frames."""
_LAME_DELAY = 576
"""Samples of silence that LAME puts in front of a clip, besides those that every decoder adds."""
_LAST_FRAMES = 32
"""Number of frames at the end of an MP3 in which data of frames after it are searched for."""
_MOST_ZEROS = 4096
"""Zero bytes with which an MP3 may be padded; more are the rest of a download into a file of reserved size."""


@dataclass(frozen=True)
class Frame:
    """The header of an MPEG audio frame."""

    size: int
    """Size of the whole frame in bytes."""
    samples: int
    """Samples per channel."""
    rate: int
    side: int
    """Bytes of side information after the header, for layer III."""


def mpeg_frame(header: bytes) -> Frame:
    """Parse the four header bytes of a frame. Raises `MediaError` if they do not determine the frame's size."""
    version, layer, padding = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3), header[2] >> 1 & 1
    first = version == 3
    if header[2] >> 4 == 0:
        raise MediaError("an MP3 of free bit rate: convert it to WAV or FLAC")
    bitrate, rate = _BITRATES[first, layer][(header[2] >> 4) - 1] * 1000, _RATES[version][header[2] >> 2 & 3]
    mono = header[3] >> 6 == 3
    side = (17 if mono else 32) if first else (9 if mono else 17)
    if layer == 1:
        return Frame((12 * bitrate // rate + padding) * 4, 384, rate, side)
    samples = 1152 if first or layer == 2 else 576
    return Frame(samples // 8 * bitrate // rate + padding, samples, rate, side)


def mp3_of_known_length(data: bytes) -> bytes:
    """An MP3 without tags and with a header that states its number of frames.

    Without such a header, decoders estimate the length of an MP3 from its first frame. Raises `MediaError` if the MP3
    is truncated or broken.
    """
    start, end = id3_bytes(data), mp3_end(data)
    header = data[start : start + 4]
    if not is_mpeg_frame(header):
        raise MediaError("not a readable clip: no frame of MPEG audio follows its tags")
    first = mpeg_frame(header)
    place, count = start, 0
    last: deque[FrameBytes] = deque(maxlen=_LAST_FRAMES)
    while is_mpeg_frame(data[place : place + 4]) and place + 4 <= end:
        frame = mpeg_frame(data[place : place + 4])
        if frame.size <= 4 or frame.rate != first.rate:
            break
        if place + frame.size > end:
            raise MediaError(f"the clip is cut off: frame {count + 1} of its MPEG audio is not whole")
        last.append(FrameBytes(data[place : place + frame.size], frame.side))
        place, count = place + frame.size, count + 1
        if count > _MOST_PARTS:
            raise MediaError(f"the clip has more than {_MOST_PARTS} frames of MPEG audio")
    rest = data[place:end]
    if rest.strip(b"\0"):
        raise MediaError(f"the clip is broken after {count * first.samples / first.rate:.2f} s of MPEG audio")
    if not _is_layer_3(header):
        return data[start:place]  # its frames are all of one size, and no header states their number
    stated = _stated_header(data[start : start + first.size], first)
    if stated is None or stated.frames is None:
        if len(rest) > _MOST_ZEROS or is_cut_between_frames(last):
            raise MediaError(f"the clip is cut off after {count * first.samples / first.rate:.2f} s of MPEG audio")
        frames = data[start if stated is None else start + first.size : place]
        return _counting_frame(header, count if stated is None else count - 1, LAME in frames) + frames
    if stated.frames > count:
        raise MediaError(f"the clip is cut off: {count - 1} of {stated.frames} frames of MPEG audio are there")
    if stated.frames < count - 1:  # concatenated recordings
        return _counting_frame(header, count - 1, False) + data[start + first.size : place]
    return data[start:place]


def _is_layer_3(header: bytes) -> bool:
    return header[1] >> 1 & 3 == 1


def mp3_end(data: bytes) -> int:
    """The end of an MP3's frames: before its ID3v1, APE and Lyrics3 tags."""
    end = len(data)
    if data[end - 128 : end - 125] == b"TAG":
        end -= 128
    if data[end - 9 : end] == b"LYRICS200" and data[end - 15 : end - 9].isdigit():
        end -= 15 + int(data[end - 15 : end - 9])
    if data[end - 32 : end - 24] == b"APETAGEX":
        size, _, flags = struct.unpack_from("<III", data, end - 20)
        end -= size + (32 if flags & 0x80000000 else 0)
    return max(end, 0)


@dataclass(frozen=True)
class _StatedHeader:
    """A frame that holds no samples but facts about the MP3."""

    frames: int | None
    """Number of frames that follow, if it is stated."""


def _stated_header(frame: bytes, header: Frame) -> _StatedHeader | None:
    """The Xing or Fraunhofer (VBRI) header in the first frame, or None if it holds samples."""
    place = 4 + header.side
    if frame[place : place + 4] in (b"Xing", b"Info"):
        told = int.from_bytes(frame[place + 8 : place + 12], "big")
        return _StatedHeader(told if frame[place + 7] & 1 and 0 < told < 0x7FFFFFFF else None)
    if frame[36:40] == b"VBRI":
        return _StatedHeader(int.from_bytes(frame[50:54], "big"))
    return None


def _counting_frame(header: bytes, count: int, by_lame: bool) -> bytes:
    """A frame without samples that states the number of frames that follow, and what LAME puts in front of a clip.

    header: of any of the frames.
    """
    told = b"Info" + struct.pack(">II", 1, count)
    if by_lame:
        told += LAME.ljust(21, b"\0") + (_LAME_DELAY << 12).to_bytes(3, "big") + bytes(12)
    for bitrate in range(1, 15):
        # If the last bit of the second byte is set, no checksum follows the header.
        head = bytes([header[0], header[1] | 1, bitrate << 4 | header[2] & 0x0C, header[3]])
        frame = mpeg_frame(head)
        whole = head + bytes(frame.side) + told
        if len(whole) <= frame.size:
            return whole.ljust(frame.size, b"\0")
    raise MediaError("an MP3 whose frames are too small: convert it to WAV or FLAC")
