"""The parts of PNG, JPEG and WebP files: those needed to show the picture, and those with personal metadata.

Sources: the PNG specification (third edition), ITU-T T.81 (JPEG), RFC 9649 (WebP), CIPA DC-008 (EXIF).
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator

from omni_persona_perception.kinds import JPEG, PNG, Kind
from omni_persona_perception.picture_streams import COMMENT, jpeg_segments, webp_chunks, webp_end
from omni_persona_perception.pictures import shown_orientation
from omni_persona_perception.warned import no_warnings

_ORIENTATION = 0x0112
_HARMLESS_EXIF = {
    *(0x00FE, 0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x0115, 0x011A, 0x011B, 0x011C, 0x0128, 0x0131, _ORIENTATION),
    *(0x013E, 0x013F, 0x0211, 0x0212, 0x0213, 0x0214, 0x8769, 0xA005),
    *(0x9000, 0x9101, 0x9102, 0xA000, 0xA001, 0xA002, 0xA003, 0xA217, 0xA300, 0xA301, 0xA401, 0xA500),
}
"""Tags that describe how to show a picture, or the program that wrote it."""
_HARMLESS_TEXTS = {"Software", "date:create", "date:modify", "date:timestamp"}
_HARMLESS_COMMENT = re.compile(rb"CREATOR: gd-jpeg|LEAD Technologies|File written by Adobe|Lavc|AppleMark|\0*$")

_PNG_SHOWN = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"hIST"),
    *(b"pHYs", b"cICP", b"mDCV", b"cLLI", b"mDCv", b"cLLi", b"acTL", b"fcTL", b"fdAT", b"sPLT"),
}
_WEBP_SHOWN = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_VP8X_EXIF, _VP8X_XMP = 0x08, 0x04

Found = tuple[list[str], bytes]
"""Names of personal metadata, and the file without the parts that are not needed to show it."""


def picture_parts(data: bytes, kind: Kind) -> Found:
    """The personal metadata in a picture, and the picture without it. Raises `MediaError` for a broken picture."""
    if kind == PNG:
        return _png(data)
    return _jpeg(data) if kind == JPEG else _webp(data)


def _exif(block: bytes) -> list[str]:
    """The personal metadata in an EXIF block."""
    from PIL import ExifTags, Image

    with no_warnings():
        try:
            exif = Image.Exif()
            exif.load(block)
            tags = [*exif, *exif.get_ifd(0x8769)]
            if exif._info is not None and exif._info.next:
                tags.append(0x0201)
        except Exception:  # whatever the error, the block cannot be read and is removed
            return ["EXIF that cannot be read"]
    return [f"EXIF {ExifTags.TAGS.get(tag, f'tag {tag}')}" for tag in tags if tag not in _HARMLESS_EXIF]


def _kept_orientation(data: bytes, names: list[str]) -> bytes:
    """An EXIF block that contains only the orientation of a picture, or nothing if none is needed.

    Orientations stand in EXIF, in XMP, or in texts, all of which are removed if a picture has personal metadata.
    """
    orientation = shown_orientation(data) if names else 1
    return _turned(orientation) if orientation != 1 else b""


def _turned(orientation: int) -> bytes:
    """An EXIF block that contains only an orientation."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)


# ---- PNG


def _png(data: bytes) -> Found:
    names: list[str] = []
    bare = [data[:8]]
    place = 8
    while place + 12 <= len(data):
        (size,), name = struct.unpack_from(">I", data, place), data[place + 4 : place + 8]
        body, whole = data[place + 8 : place + 8 + size], data[place : place + 12 + size]
        if name in _PNG_SHOWN:
            bare.append(whole)
        elif name == b"eXIf":
            names += _exif(body)
        else:
            names += _png_text(name, body)
        place += 12 + size
        if name == b"IEND":
            break
    if data[place:].strip(b"\0"):
        names.append("bytes after its end")
    if turned := _kept_orientation(data, names):
        checked = b"eXIf" + turned
        # It follows the header, which must be first.
        bare.insert(2, struct.pack(">I", len(turned)) + checked + struct.pack(">I", zlib.crc32(checked)))
    return names, b"".join(bare)


def _png_text(name: bytes, body: bytes) -> Iterator[str]:
    if name in (b"tEXt", b"zTXt", b"iTXt"):
        key = body.partition(b"\0")[0].decode("latin-1")
        if key == "XML:com.adobe.xmp":
            yield "XMP"
        elif key not in _HARMLESS_TEXTS:
            yield f"text {key}"
    elif name != b"tIME":
        yield f"part {name.decode('latin-1')}"


# ---- JPEG


def _jpeg(data: bytes) -> Found:
    names: list[str] = []
    bare = [data[:2]]
    place = 2
    for marker, start, end in jpeg_segments(data):
        if data[place:start].strip(b"\xff"):
            names.append("bytes between its parts")
        place = end
        found, kept = _jpeg_part(marker, data[start + 4 : end])
        names += found
        if kept:
            bare.append(data[start:end])
    if data[place:].strip(b"\0\xff\r\n"):
        names.append("bytes after its end")
    if turned := _kept_orientation(data, names):
        block = b"Exif\0\0" + turned
        # It comes after the JFIF header, which must be first.
        at = 2 if bare[1:] and bare[1][1:2] == b"\xe0" else 1
        bare.insert(at, b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block)
    return names, b"".join(bare)


def _jpeg_part(marker: int, body: bytes) -> tuple[list[str], bool]:
    """A part's personal metadata, and whether the part is needed to show the picture."""
    if marker == COMMENT:
        return ([] if _HARMLESS_COMMENT.match(body) else ["comment"]), False
    if not 0xE0 <= marker <= 0xEF:
        return [], True
    if marker == 0xE1 and body.startswith(b"Exif\0"):
        return _exif(body), False
    if marker == 0xE0 and body.startswith(b"JFIF\0"):
        has_thumbnail = len(body) > 14
        return (["thumbnail"] if has_thumbnail else []), not has_thumbnail
    if marker == 0xEE and body.startswith(b"Adobe"):
        return [], True
    if marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
        return [], True
    if marker == 0xEC and body.startswith(b"Ducky"):
        return [], False
    if marker == 0xE1 and b"ns.adobe.com/x" in body[:40]:
        return ["XMP"], False
    if marker == 0xED:
        return ["IPTC"], False
    return ([f"part APP{marker - 0xE0}"] if body.strip(b"\0") else []), False


# ---- WebP


def _webp(data: bytes) -> Found:
    names: list[str] = []
    parts: list[tuple[bytes, bytes]] = []
    for name, start, end in webp_chunks(data):
        body = data[start:end]
        if name in _WEBP_SHOWN:
            parts.append((name, body))
        elif name == b"EXIF":
            names += _exif(body)
        else:
            names.append("XMP" if name == b"XMP " else f"part {name.decode('latin-1')}")
    if data[webp_end(data) :].strip(b"\0"):
        names.append("bytes after its end")
    turned = _kept_orientation(data, names)
    out = io.BytesIO()
    for name, body in parts:
        if name == b"VP8X":
            flags = body[0] & ~(_VP8X_EXIF | _VP8X_XMP) | (_VP8X_EXIF if turned else 0)
            body = bytes([flags]) + body[1:]
        out.write(name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2))
    if turned:
        out.write(b"EXIF" + struct.pack("<I", len(turned)) + turned)
    whole = out.getvalue()
    return names, b"RIFF" + struct.pack("<I", 4 + len(whole)) + b"WEBP" + whole
