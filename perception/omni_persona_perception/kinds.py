"""Determine a file's type from its first bytes alone; its name is ignored."""

from __future__ import annotations

import re
from dataclasses import dataclass

from omni_persona_perception.errors import MediaError

MAX_BYTES = 256 << 20
"""Maximum file size in bytes; larger files are refused before they are read."""


@dataclass(frozen=True)
class Kind:
    """A file type that can be decoded."""

    name: str
    """Its common name, such as `WAV`."""
    suffix: str
    """The file suffix in a dataset, with the dot."""


PNG, JPEG, WEBP = Kind("PNG", ".png"), Kind("JPEG", ".jpg"), Kind("WebP", ".webp")
PICTURES = (PNG, JPEG, WEBP)
"""The supported picture types."""

WAV, W64, AIFF, AU, CAF = (
    Kind("WAV", ".wav"),
    Kind("W64", ".w64"),
    Kind("AIFF", ".aiff"),
    Kind("AU", ".au"),
    Kind("CAF", ".caf"),
)
FLAC, OGG, MP3 = Kind("FLAC", ".flac"), Kind("Ogg", ".ogg"), Kind("MP3", ".mp3")
CLIPS = (WAV, W64, AIFF, AU, CAF, FLAC, OGG, MP3)
"""The supported clip types; WAV includes RIFF, RIFX, RF64 and BW64."""

W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
"""The identifier at the beginning of a W64 file."""

_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_TO_PNG, _TO_WAV = "convert it to PNG", "convert it to WAV or FLAC"
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (rb"version https://git-lfs", "a Git LFS pointer, not the file itself: fetch it with `git lfs pull`"),
    (
        rb"(\.\./)*\.?git/annex/|/annex/objects/",
        "a git-annex pointer, not the file itself: fetch it with `git annex get`",
    ),
    (rb"(?i)\s*(<!doctype html|<html|<head)", "a web page, not the file itself: download it again"),
    (rb"(?i)\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!doctype svg[^>]*>\s*)?<svg", f"an SVG drawing: {_TO_PNG}"),
    (rb"(?i)\s*<\?xml", "XML, not the file itself: download it again"),
    (rb"\s*[\[{]\s*[\"\[{]", "JSON, not the file itself: download it again"),
    (rb"....ftypavi[fs]", f"an AVIF picture: {_TO_PNG}"),
    (rb"....ftyp", f"an MP4, M4A or MOV file: {_TO_WAV}"),
    (rb"\x1a\x45\xdf\xa3", f"a WebM or Matroska file: {_TO_WAV}"),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", f"a WMA or WMV file: {_TO_WAV}"),
    (rb"\xff[\xf0\xf1\xf8\xf9]", f"an AAC stream: {_TO_WAV}"),
    (rb"#!AMR", f"an AMR recording: {_TO_WAV}"),
    (rb"FLV", f"a Flash video: {_TO_WAV}"),
    (rb"MThd", "a MIDI file, which holds no recording"),
    (rb"RIFF....AVI ", f"an AVI video: {_TO_WAV}"),
    (rb"NIST_1A|Creative Voice File|FORM....8SVX|wvpk|MAC |TTA", f"a recording of another kind: {_TO_WAV}"),
    (rb"GIF8[79]a", f"a GIF picture: {_TO_PNG}"),
    (rb"BM", f"a BMP picture: {_TO_PNG}"),
    (rb"II\*\0|MM\0\*|II\+\0|MM\0\+", f"a TIFF or camera raw picture: {_TO_PNG}"),
    (rb"\xff\x0a|\0\0\0\x0cJXL |\0\0\0\x0cjP  |\xff\x4f\xff\x51", f"a JPEG XL or JPEG 2000 picture: {_TO_PNG}"),
    (rb"8BPS|\0\0\x01\0|DDS |P[1-6]\s|\x80\x2a\x5f\xd7|SIMPLE  =", f"a picture of another kind: {_TO_PNG}"),
    (rb"%!PS|\xc5\xd0\xd3\xc6|%PDF|\xd7\xcd\xc6\x9a", f"a PDF or PostScript document: {_TO_PNG}"),
    (rb"PK\x03\x04|\x1f\x8b|Rar!|7z\xbc\xaf|\xfd7zXZ|BZh|\x28\xb5\x2f\xfd", "an archive: unpack it"),
)
"""Regular expression for the beginning of a file -> its type, and what to do."""


def kind_of(data: bytes) -> Kind | None:
    """The type of a file's bytes, or None if it is not supported."""
    start = data[:16]
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if start.startswith(b"\xff\xd8\xff"):
        return JPEG
    if start[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        return {b"WAVE": WAV, b"WEBP": WEBP}.get(start[8:12])
    if start == W64_RIFF:
        return W64
    if start.startswith(b"FORM") and start[8:12] in (b"AIFF", b"AIFC"):
        return AIFF
    magics = {b".snd": AU, b"dns.": AU, b"caff": CAF, b"OggS": OGG}
    if start[:4] in magics:
        return magics[start[:4]]
    inner = data[id3_bytes(data) :][:4]
    if inner == b"fLaC":
        return FLAC
    return MP3 if is_mpeg_frame(inner) else None


def picture_kind(data: bytes) -> Kind:
    """The type of a picture. For other files, raises `MediaError` that says what the file is and what to do."""
    return _expected(data, PICTURES, "picture")


def clip_kind(data: bytes) -> Kind:
    """The type of a clip. For other files, raises `MediaError` that says what the file is and what to do."""
    return _expected(data, CLIPS, "clip")


def _expected(data: bytes, kinds: tuple[Kind, ...], what: str) -> Kind:
    if len(data) > MAX_BYTES:
        raise MediaError(f"a file of {len(data) >> 20} MiB; at most {MAX_BYTES >> 20} MiB are read")
    kind = kind_of(data)
    if kind is None:
        accepted = ", ".join(one.name for one in kinds)
        raise MediaError(_foreign(data) or f"not a readable {what}: expected {accepted}, got a file of no known kind")
    if kind not in kinds:
        raise MediaError(f"not a readable {what}: it is a {'picture' if kind in PICTURES else 'clip'} ({kind.name})")
    return kind


def _foreign(data: bytes) -> str | None:
    """The type of an unsupported file and what to do, or None if unknown."""
    start = data[:512]
    if not data:
        return "the file is empty: get it again"
    if not data.strip(b"\0"):
        return "the file contains only zero bytes: get it again"
    if start[4:8] == b"ftyp" and start[8:12] in _HEIC:
        return "a HEIC picture: convert it to JPEG"
    return next((told for pattern, told in _FOREIGN if re.match(pattern, start, re.DOTALL)), None)


def id3_bytes(data: bytes) -> int:
    """Number of bytes of the ID3v2 tags at the beginning."""
    place = 0
    while data[place : place + 3] == b"ID3" and len(data) >= place + 10:
        size = 0
        for byte in data[place + 6 : place + 10]:
            size = size << 7 | byte & 0x7F
        # Bit 4 marks a footer that is as long as the header.
        place += 10 + size + (10 if data[place + 5] & 0x10 else 0)
    return place


def is_mpeg_frame(header: bytes) -> bool:
    """Whether four bytes can be the header of an MPEG audio frame (layers I to III)."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return False
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    return version != 1 and layer != 0 and header[2] >> 4 != 15 and header[2] >> 2 & 3 != 3
