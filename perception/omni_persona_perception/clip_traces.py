"""The parts of clips that are not audio: titles, artists, comments, pictures and notes written by programs.

Sources: those of `containers` and `streams`, ID3v2.4, the Vorbis comment specification, RFC 7845 (Opus in Ogg).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from omni_persona_perception.containers import Part, contained
from omni_persona_perception.errors import MediaError
from omni_persona_perception.kinds import FLAC, MP3, OGG, Kind, id3_bytes
from omni_persona_perception.streams import OggPage, flac_blocks, mp3_end, ogg_pages

_HARMLESS_PARTS = {
    "PEAK",
    "JUNK",
    "PAD",
    "FLLR",
    "levl",
    "fact",
    "smpl",
    "inst",
    "minf",
    "elm1",
    "regn",
    "umid",
    "free",
}
"""Container parts that describe loudness or loops, or are padding."""
_HARMLESS_KEYS = {"ENCODER", "ENCODING", "ENCODERSETTINGS", "ENCODER_OPTIONS", "ENCODING APPLICATION"}
"""Keys of comments that describe the encoder."""
_HARMLESS_ID3 = {b"TSSE", b"TLEN", b"TSS"}
_HARMLESS_INFO = {b"ISFT"}

_STREAMINFO, _PADDING, _SEEKTABLE, _COMMENT, _CUES, _PICTURE = 0, 1, 3, 4, 5, 6
_MARKS = {b"\x03vorbis": b"\x01", b"OpusTags": b""}
"""First bytes of a comment packet in an Ogg stream -> its last bytes."""

Found = tuple[list[str], bytes]


def clip_parts(data: bytes, kind: Kind) -> Found:
    """The personal metadata in a clip, and the clip without it. Raises `MediaError` for a broken clip."""
    if kind == FLAC:
        return _flac(data)
    if kind == OGG:
        return _ogg(data)
    if kind == MP3:
        return _mp3(data)
    container = contained(data, kind)
    return [name for part in container.dropped for name in _part_names(part)], container.data


def _part_names(part: Part) -> Iterator[str]:
    name, body = part
    if name == "LIST" and body[:4] == b"INFO":
        place = 4
        while place + 8 <= len(body):
            key, size = struct.unpack_from("<4sI", body, place)
            if key not in _HARMLESS_INFO:
                yield f"tag {key.decode('latin-1')}"
            place += 8 + size + size % 2
    elif name == "info":
        yield from (f"tag {key[:40]}" for key in _caf_keys(body) if key.upper() not in _HARMLESS_KEYS)
    elif name.upper() == "ID3":
        yield from _id3_names(body) if body[:3] == b"ID3" else ("ID3",)
    elif name not in _HARMLESS_PARTS or (name in ("JUNK", "PAD", "FLLR", "free") and body.strip(b"\0")):
        yield f"part {name}"


def _caf_keys(body: bytes) -> list[str]:
    """The keys in a CAF's `info` part: a count, then keys and values, each with a zero byte at its end."""
    return [text.decode("utf-8", "replace") for text in body[4:].split(b"\0")[:-1:2]]


# ---- FLAC


def _flac(data: bytes) -> Found:
    skipped = id3_bytes(data)
    names = list(_id3_names(data[:skipped])) if skipped else []
    blocks, start = flac_blocks(data[skipped:])
    kept = []
    for kind, body in blocks:
        if kind in (_STREAMINFO, _SEEKTABLE):
            kept.append((kind, body))
        elif kind == _COMMENT:
            found, vendor = _comments(body)
            names += found
            kept.append((kind, struct.pack("<I", len(vendor)) + vendor + bytes(4)))
        elif kind == _PICTURE:
            names.append("picture")
        elif kind != _PADDING or body.strip(b"\0"):
            names.append(f"block {kind}")
    head = b"".join(
        bytes([kind | (0x80 if place == len(kept) - 1 else 0)]) + len(body).to_bytes(3, "big") + body
        for place, (kind, body) in enumerate(kept)
    )
    frames = data[skipped + start :]
    if frames[-128:-125] == b"TAG":
        names.append("ID3")
        frames = frames[:-128]
    return names, b"fLaC" + head + frames


def _comments(body: bytes) -> tuple[list[str], bytes]:
    """The personal metadata in a block of Vorbis comments, and the program that wrote it."""
    try:
        (size,) = struct.unpack_from("<I", body)
        vendor, place = body[4 : 4 + size], 4 + size
        (count,) = struct.unpack_from("<I", body, place)
        place += 4
        names = []
        for _ in range(count):
            (length,) = struct.unpack_from("<I", body, place)
            key = body[place + 4 : place + 4 + length].partition(b"=")[0].decode("utf-8", "replace").upper()
            place += 4 + length
            if place > len(body):
                raise MediaError("the clip's comments are broken")
            if key not in _HARMLESS_KEYS and not key.startswith("REPLAYGAIN_"):
                names.append(f"tag {key[:40]}")
    except struct.error:
        raise MediaError("the clip's comments are broken") from None
    return names, vendor


# ---- Ogg


def _ogg(data: bytes) -> Found:
    """The comment packet keeps its length, so that all pages keep their offsets."""
    pages = ogg_pages(data)
    places, first = _second_packet(data, pages)
    packet = b"".join(data[start:end] for start, end in places)
    mark = next((mark for mark in _MARKS if packet.startswith(mark)), None)
    if mark is not None:
        body, begun, ended = packet[len(mark) :], mark, _MARKS[mark]
    elif packet[:1] and packet[0] & 0x7F == _COMMENT:  # FLAC in Ogg: a block with its header
        body, begun, ended = packet[4:], packet[:4], b""
    else:
        return [], data
    names, vendor = _comments(body)
    room = len(packet) - len(begun) - 8 - len(ended)
    blank = begun + struct.pack("<I", room) + vendor.ljust(room)[:room] + bytes(4) + ended
    bare = bytearray(data)
    for start, end in places:
        bare[start:end], blank = blank[: end - start], blank[end - start :]
    for page in pages[: first + len(places) + 1]:
        bare[page.start + 22 : page.start + 26] = bytes(4)
        checksum = _ogg_checksum(bare[page.start : page.end])
        bare[page.start + 22 : page.start + 26] = checksum.to_bytes(4, "little")
    return names, bytes(bare)


def _second_packet(data: bytes, pages: list[OggPage]) -> tuple[list[tuple[int, int]], int]:
    """The byte ranges of a stream's second packet, page by page, and the page where it begins."""
    number, begun_on = 0, 0
    pieces: list[tuple[int, int]] = []
    for index, page in enumerate(pages):
        place = page.body
        start = place
        for size in data[page.start + 27 : page.body]:
            place += size
            if size < 255:
                if number == 1:
                    return [*pieces, (start, place)], begun_on if pieces else index
                number += 1
                start = place
        if number == 1 and place > start:
            begun_on = begun_on if pieces else index
            pieces.append((start, place))
    return [], 0


def _ogg_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    return tuple(table)


_OGG_TABLE = _ogg_table()


def _ogg_checksum(page: bytes | bytearray) -> int:
    value = 0
    for byte in page:
        value = value << 8 & 0xFFFFFFFF ^ _OGG_TABLE[value >> 24 ^ byte]
    return value


# ---- MP3


def _mp3(data: bytes) -> Found:
    start, end = id3_bytes(data), mp3_end(data)
    names = list(_id3_names(data[:start])) if start else []
    if data[end:]:
        names.append("ID3 or APE tags after its end")
    return names, data[start:end]


def _id3_names(tag: bytes) -> Iterator[str]:
    """The personal metadata in an ID3v2 tag."""
    version, place = tag[3], 10
    wide = version >= 3
    while place + (10 if wide else 6) <= len(tag) and tag[place : place + 1].strip(b"\0"):
        key = tag[place : place + (4 if wide else 3)]
        raw = tag[place + 4 : place + 8] if wide else tag[place + 3 : place + 6]
        size = 0
        for byte in raw:
            size = size << (7 if version == 4 else 8) | byte
        if key not in _HARMLESS_ID3:
            yield f"ID3 {key.decode('latin-1')}"
        place += (10 if wide else 6) + size
    if place > len(tag):
        yield "ID3 that cannot be read"
