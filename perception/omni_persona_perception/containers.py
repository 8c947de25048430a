"""Find the samples in WAV, W64, AIFF, AU and CAF files, and write a correct header in front of them.

Headers are often wrong: a file written to a pipe has a placeholder as its length, and a truncated file still states its
full length. The length is determined here, once; decoders then get a correct header.

Sources: RIFF MCI (1991), EBU Tech 3306 (RF64), Sony's W64, Apple's AIFF-C and CAF specifications, Sun's AU.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from omni_persona_perception.errors import MediaError
from omni_persona_perception.kinds import AIFF, AU, CAF, W64, Kind

PLACEHOLDER = 1_000_000_000
"""Sizes in bytes from here on are placeholders of programs that did not know the length; no clip is that long."""
SLACK = 64
"""Bytes by which a stated size may be too large: some programs include the header."""

MPEG_TAGS = (0x50, 0x55)
"""The codecs of WAVs that hold MPEG audio: layer I or II, and MP3."""
_MOST_PARTS = 10_000
"""Maximum number of container parts that are read."""
_NAME = re.compile(rb"[A-Za-z0-9 _()]{4}")
"""Names of parts."""
_EXTENSIBLE = 0xFFFE
_PLAIN_TAGS = (1, 3, 6, 7)
"""WAV codecs that store each sample separately: integers, floats, A-law, mu-law."""
_BLOCK_TAGS = (0x02, 0x11, 0x31, 0x38)
"""WAV codecs whose header gives the number of samples in a block: two kinds of ADPCM, GSM, NMS ADPCM."""
_G721_TAG = 0x40
_AU_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}
"""AU encodings that store each sample separately -> bytes per sample."""


Part = tuple[str, bytes]
"""The name of a container part, such as `LIST`, and its content."""


@dataclass(frozen=True)
class Contained:
    """The samples of a container, with a correct header."""

    data: bytes
    """The file, without parts that do not describe its samples."""
    frames: int | None
    """Expected number of samples per channel; None if only the decoder knows."""
    dropped: tuple[Part, ...]
    """The parts that were removed."""
    mpeg: bytes | None = None
    """The MPEG audio frames in a WAV, which have to be decoded like an MP3."""


def contained(data: bytes, kind: Kind) -> Contained:
    """Extract the samples of a container. Raises `MediaError` if it is truncated or its header is unusable."""
    try:
        if kind == W64:
            return _w64(data)
        if kind == AIFF:
            return _aiff(data)
        if kind == AU:
            return _au(data)
        return _caf(data) if kind == CAF else _wav(data)
    except struct.error:
        raise MediaError("the clip is cut off within its header") from None


def _is_placeholder(told: int) -> bool:
    """Whether a size was written by a program that did not know it."""
    return not 0 < told < PLACEHOLDER


def _settled(told: int, there: int) -> int:
    """The number of available bytes that are samples, according to the header.

    Raises `MediaError` if the header states more than there are.
    """
    if _is_placeholder(told):
        return there
    if told > there + SLACK:
        raise MediaError(f"the clip is cut off: its header declares {told} bytes of samples, and {there} are there")
    return min(told, there)


def _whole_blocks(told: int, samples: bytes, block: int) -> int:
    """The number of blocks in samples that reach to the end of the file. block: bytes of one, for all channels.

    Raises `MediaError` if a part of a block follows: no program writes one.
    """
    count, rest = divmod(len(samples), block)
    # Parts of odd size are padded to even ones, with a zero.
    is_padded = rest == 1 and len(samples) % 2 == 0 and samples[-1:] == b"\0"
    if rest and not is_padded and (_is_placeholder(told) or told > len(samples)):
        raise MediaError(f"the clip is cut off: {rest} of the {block} bytes of its last samples are there")
    return count


def _parts(
    data: bytes, place: int, layout: str, multiple: int = 2, counted: int = 0
) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and stated size of each part of a container, to the end of the data.

    layout: of a part's name and size. multiple: alignment of parts in bytes. counted: bytes of the header that are
    included in sizes. A part of unknown length, marked by a size below 0, is the last.
    """
    reader = struct.Struct(layout)
    for _ in range(_MOST_PARTS):
        if place + reader.size > len(data):
            return
        name, size = reader.unpack_from(data, place)
        start, size = place + reader.size, size - counted
        yield name, start, size
        if size < 0:
            return
        place = start + size
        # Some programs omit the padding byte after an odd size.
        if multiple > 2 or place % 2 == 0 or data[place : place + 1] == b"\0" or not _NAME.match(data, place):
            place += -place % multiple
    raise MediaError(f"the clip has more than {_MOST_PARTS} parts")


# ---- WAV, RIFX, RF64


def _wav(data: bytes) -> Contained:
    order = ">" if data[:4] == b"RIFX" else "<"
    form, fact, large = b"", b"", 0
    dropped: list[Part] = []
    for name, start, size in _parts(data, 12, f"{order}4sI"):
        body = data[start : start + size]
        if name == b"data":
            told = large if size == 0xFFFFFFFF and large else size
            length = _data_length(data, start, told, order)
            _require_form_size(data, told, order)
            dropped += _following(data, start + length, order)
            return _rebuilt_wav(told, data[start : start + length], form, fact, order, dropped)
        if name == b"fmt ":
            form = body
        elif name == b"fact":
            fact = body
        elif name == b"ds64":
            large = struct.unpack_from("<Q", body, 8)[0]
        else:
            dropped.append(_part(name, body))
    raise MediaError("the clip is cut off before its samples begin")


def _part(name: bytes, body: bytes) -> Part:
    return name.decode("latin-1").strip(), body


def _following(data: bytes, end: int, order: str) -> Iterator[Part]:
    """The parts after a WAV's samples."""
    rest = data[end:]
    if rest[:3] in (b"ID3", b"TAG"):
        yield "ID3", rest
    elif rest.strip(b"\0"):
        for name, start, size in _parts(data, end if _are_chunks(data, end, order) else end + 1, f"{order}4sI"):
            yield _part(name, data[start : start + size])


def _data_length(data: bytes, start: int, told: int, order: str) -> int:
    there = len(data) - start
    if told == 0 and _are_chunks(data, start, order):
        return 0
    length = _settled(told, there)
    end = start + length
    rest = data[end : end + SLACK + 1]
    known = rest[:3] in (b"ID3", b"TAG") or _are_chunks(data, end + length % 2, order) or _are_chunks(data, end, order)
    if len(rest) > SLACK and not known and data[end:].strip(b"\0"):
        raise MediaError(
            f"its header declares {length} bytes of samples, and {there - length} unknown ones follow them"
        )
    return length


def _require_form_size(data: bytes, told: int, order: str) -> None:
    """Raise `MediaError` if only the size of the whole file is stated, and more than there is."""
    whole = 8 + struct.unpack_from(f"{order}I", data, 4)[0]
    if _is_placeholder(told) and len(data) + SLACK < whole < PLACEHOLDER:
        raise MediaError(f"the clip is cut off: its header declares {whole} bytes, and {len(data)} are there")


def _are_chunks(data: bytes, place: int, order: str) -> bool:
    """Whether the bytes at an offset are a sequence of complete chunks."""
    end = place
    for name, start, size in _parts(data, place, f"{order}4sI"):
        if not _NAME.fullmatch(name):
            return False
        end = start + size
    return place < end and end <= len(data) < end + 8 + SLACK


def _rebuilt_wav(told: int, samples: bytes, form: bytes, fact: bytes, order: str, dropped: Sequence[Part]) -> Contained:
    if len(form) < 16:
        raise MediaError("the clip's header does not say how its samples are stored")
    tag, channels, _, _, align, _ = struct.unpack_from(f"{order}HHIIHH", form)
    if tag == _EXTENSIBLE and len(form) >= 26:
        (tag,) = struct.unpack_from(f"{order}H", form, 24)
    if tag in MPEG_TAGS:
        return Contained(samples, None, tuple(dropped), samples)
    if tag not in (*_PLAIN_TAGS, *_BLOCK_TAGS, _G721_TAG):
        raise MediaError(f"a WAV of a codec that is not read (number {tag}): convert it to a WAV of 16-bit samples")
    stated = _stated_frames(told, fact, channels, order)
    frames = stated
    if tag in _PLAIN_TAGS and align:
        frames = _whole_blocks(told, samples, align)
        samples = samples[: frames * align]
    elif tag in _BLOCK_TAGS and align and len(form) >= 20:
        frames = _whole_blocks(told, samples, align) * struct.unpack_from(f"{order}H", form, 18)[0]
        if stated is not None and frames < stated:
            raise MediaError(f"the clip is cut off: {frames} of {stated} samples are there")
    parts = [(b"fmt ", form), *([(b"fact", fact)] if fact else []), (b"data", samples)]
    body = b"".join(name + struct.pack(f"{order}I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in parts)
    magic = b"RIFX" if order == ">" else b"RIFF"
    return Contained(magic + struct.pack(f"{order}I", 4 + len(body)) + b"WAVE" + body, frames, tuple(dropped))


def _stated_frames(told: int, fact: bytes, channels: int, order: str) -> int | None:
    """The least number of samples per channel that a `fact` part states, if the size of the samples is not stated."""
    if not _is_placeholder(told) or len(fact) < 4:
        return None
    (stated,) = struct.unpack_from(f"{order}I", fact)
    # Some programs count the samples of all channels together.
    return None if _is_placeholder(stated) else int(stated) // max(channels, 1)


def _w64(data: bytes) -> Contained:
    """W64 chunks have 16-byte names, four bytes of which are the WAV name, and sizes that include the header."""
    form, fact = b"", b""
    dropped: list[Part] = []
    for name, start, size in _parts(data, 40, "<4s12xQ", 8, 24):
        if name == b"data":
            length = _settled(size, len(data) - start)
            end = start + length
            if rest := data[end + -end % 8 :].strip(b"\0"):
                dropped.append(("parts after its samples", rest))
            return _rebuilt_wav(size, data[start:end], form, fact, "<", dropped)
        if name == b"fmt ":
            form = data[start : start + size]
        elif name == b"fact":
            fact = data[start : start + 4]
        else:
            dropped.append(_part(name, data[start : start + size]))
    raise MediaError("the clip is cut off before its samples begin")


# ---- AIFF, AU, CAF


def _aiff(data: bytes) -> Contained:
    form = version = b""
    samples: bytes | None = None
    told_samples = 0
    dropped: list[Part] = []
    for name, start, size in _parts(data, 12, ">4sI"):
        if name == b"SSND":
            skipped = 8 + struct.unpack_from(">I", data, start)[0]
            told_samples, there = size - skipped, len(data) - start - skipped
            samples = data[start + skipped :]
            if _is_placeholder(told_samples):
                break  # nothing can follow samples of unknown length
            samples = samples[: _settled(told_samples, there)]
        elif name == b"COMM":
            form = data[start : start + size]
        elif name == b"FVER":
            version = data[start : start + size]
        else:
            dropped.append(_part(name, data[start : start + size]))
    if samples is None or len(form) < 18:
        raise MediaError("the clip is cut off before its samples begin")
    channels, frames, bits = struct.unpack_from(">hIh", form)
    codec = form[18:22] if data[8:12] == b"AIFC" else b"NONE"
    plain = codec in (b"NONE", b"twos", b"sowt", b"fl32", b"FL32", b"fl64", b"FL64", b"raw ", b"in24", b"in32")
    width = channels * ((bits + 7) // 8) if plain else channels * (codec in (b"ulaw", b"ULAW", b"alaw", b"ALAW"))
    expected = None
    if width > 0:
        if _is_placeholder(told_samples):
            told_samples = frames * width
            samples = samples[: _settled(told_samples, len(samples))]
        expected = _whole_blocks(told_samples, samples, width)
        samples = samples[: expected * width]
        form = form[:2] + struct.pack(">I", expected) + form[6:]
    parts = [*([(b"FVER", version)] if version else []), (b"COMM", form), (b"SSND", bytes(8) + samples)]
    body = b"".join(name + struct.pack(">I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in parts)
    whole = b"FORM" + struct.pack(">I", 4 + len(body)) + data[8:12] + body
    return Contained(whole, expected, tuple(dropped))


def _au(data: bytes) -> Contained:
    order = "<" if data[:4] == b"dns." else ">"
    offset, told, encoding, rate, channels = struct.unpack_from(f"{order}5I", data, 4)
    if not 24 <= offset <= len(data):
        raise MediaError("the clip is cut off before its samples begin")
    samples = data[offset : offset + _settled(told, len(data) - offset)]
    width = _AU_WIDTHS.get(encoding, 0) * channels
    expected = _whole_blocks(told, samples, width) if width else None
    header = data[:4] + struct.pack(f"{order}5I", 24, len(samples), encoding, rate, channels)
    noted = (("annotation", data[24:offset]),) if any(data[24:offset]) else ()
    return Contained(header + samples, expected, noted)


def _caf(data: bytes) -> Contained:
    kept: list[tuple[bytes, bytes]] = []
    dropped: list[Part] = []
    samples: bytes | None = None
    told = 0
    for name, start, size in _parts(data, 8, ">4sq", 1):
        if name == b"data":
            told = size - 4 if size > 0 else size
            # Four bytes hold an edit count. A size of -1 means that samples extend to the end of the file.
            length = _settled(told, len(data) - start - 4)
            samples = data[start + 4 : start + 4 + length]
        elif size < 0 or start + size > len(data) + SLACK:
            raise MediaError(f"the clip is cut off: {len(data) - start} of {size} bytes of a part are there")
        elif name in (b"desc", b"chan", b"kuki", b"pakt"):
            kept.append((name, data[start : start + size]))
        elif name != b"free":
            dropped.append(_part(name, data[start : start + size]))
    described = dict(kept).get(b"desc", b"")
    if samples is None or len(described) < 32:
        raise MediaError("the clip is cut off before its samples begin")
    _, codec, _, packet, per_packet, _, _ = struct.unpack_from(">d4s5I", described)
    is_plain = codec in (b"lpcm", b"ulaw", b"alaw") and packet > 0
    expected = _whole_blocks(told, samples, packet) * per_packet if is_plain else None
    parts = [*kept, (b"data", bytes(4) + samples)]
    body = b"".join(name + struct.pack(">q", len(part)) + part for name, part in parts)
    return Contained(data[:8] + body, expected, tuple(dropped))
