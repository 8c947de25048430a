"""Decode encoded pictures: the only module that turns a picture into pixels."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from omni_persona_perception.errors import MediaError
from omni_persona_perception.kinds import picture_kind
from omni_persona_perception.picture_streams import require_few_parts, require_whole
from omni_persona_perception.warned import no_warnings

MAX_PIXELS = 64_000_000
"""Maximum number of pixels; larger pictures are refused before decoding."""

FORMATS = ("PNG", "JPEG", "WEBP")
"""Formats that Pillow may open; others start external programs or are read incorrectly."""

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> the transformation that turns the picture upright."""

_FEWEST_BITS = 8
_RAW_BITS = 14
"""Sensor values of up to this many bits are often stored unscaled in 16 bits."""
_SCALES = (256, 257)
"""The factors by which programs scale 8 bits to 16."""

_BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, AttributeError, ArithmeticError),
    *(AssertionError, RuntimeError, struct.error, zlib.error),
)
"""Exceptions that Pillow raises for broken files."""


def decode_image(data: bytes) -> Image.Image:
    """Decode a picture to RGB: upright, on white where transparent, 16-bit grey scaled to 8 bits.

    For an animation, the first frame is used. Raises `MediaError` for a picture that is broken, too large, fully
    transparent, or not PNG, JPEG or WebP.
    """
    with _opened(data) as image:
        image.load()
        require_whole(data, picture_kind(data))
        return _upright(_over_white(image, stored_bits(data)), orientation(image))


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels as stored, without decoding. Raises `MediaError`."""
    with _opened(data) as image:
        return image.size


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """An open picture within the limits; errors that Pillow raises in the block become `MediaError`."""
    kind = picture_kind(data)
    try:
        # Pillow warns of large pictures and unusual EXIF; the limit below decides, and only one EXIF value is used.
        with no_warnings(), Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise MediaError(f"picture of {image.width} x {image.height} pixels is over {MAX_PIXELS} pixels")
            require_few_parts(data, kind)
            yield image
    except MediaError:
        raise
    except MemoryError:
        raise MediaError(f"not a readable picture: this {kind.name} needs more memory than is available") from None
    except Image.DecompressionBombError:
        raise MediaError(f"picture is over {MAX_PIXELS} pixels") from None
    except _BROKEN as error:
        raise MediaError(f"not a readable picture: this {kind.name} is broken{_reason(error)}") from None


def shown_as_stored(data: bytes) -> bool:
    """Whether any program that opens a picture shows the same pixels as `decode_image` returns.

    This is false for a picture that is rotated, transparent, animated, or has more than 8 bits per channel. Raises
    `MediaError`.
    """
    with _opened(data) as image:
        plain = image.mode in ("1", "L", "P", "RGB") and image.format in FORMATS and stored_bits(data) <= _FEWEST_BITS
        moves = getattr(image, "is_animated", False)
        image.load()
        return plain and not moves and not is_transparent(image) and orientation(image) == 1


def shown_orientation(data: bytes) -> int:
    """The orientation by which `decode_image` turns a picture, 1 to 8. Raises `MediaError`."""
    with _opened(data) as image:
        image.load()  # a PNG's metadata may follow its pixels
        return orientation(image)


def stored_bits(data: bytes) -> int:
    """Bits per channel that a picture is stored in: 1 to 16 for PNG, 8 for JPEG and WebP."""
    return data[24] if data[12:16] == b"IHDR" else 8


def orientation(image: Image.Image) -> int:
    """The orientation in an opened picture's EXIF or XMP, 1 to 8; 1 (upright) if it cannot be read."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _BROKEN:
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def is_transparent(image: Image.Image) -> bool:
    """Whether an opened picture has an alpha channel, or a transparent colour or palette entry."""
    return image.has_transparency_data or "transparency" in image.info


def _upright(image: Image.Image, turned: int) -> Image.Image:
    return image.transpose(_TURNS[turned]) if turned in _TURNS else image


def _over_white(image: Image.Image, bits: int) -> Image.Image:
    """An RGB picture that is white where the given one is transparent. bits: per channel, as stored."""
    if image.mode.startswith(("I", "F")):
        grey, clear = _eight_bits(image)
        if clear is None:
            return grey.convert("RGB")
        layered = grey.convert("RGBA")
        layered.putalpha(Image.fromarray(np.where(clear, 0, 255).astype(np.uint8)))
    elif is_transparent(image):
        _scale_transparent_colour(image, bits)
        layered = image.convert("RGBA")
    else:
        return image.convert("RGB")
    if layered.getchannel("A").getextrema()[1] == 0:
        raise MediaError("the picture is blank: it is wholly transparent")
    return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")


def _scale_transparent_colour(image: Image.Image, bits: int) -> None:
    """Scale a transparent colour of 2, 4 or 16 bits to 8 bits; Pillow scales only the pixels."""
    colour = image.info.get("transparency")
    if image.mode == "L" and bits in (2, 4) and isinstance(colour, int):
        image.info["transparency"] = colour * 255 // ((1 << bits) - 1)
    elif image.mode == "RGB" and bits == 16 and isinstance(colour, tuple):
        image.info["transparency"] = tuple(value >> 8 for value in colour)


def _eight_bits(image: Image.Image) -> tuple[Image.Image, np.ndarray | None]:
    """A picture with more than 8 bits reduced to 8, and its transparency, shape (height, width), or None."""
    values = np.asarray(image)
    bits = max(_FEWEST_BITS, int(values.max()).bit_length())
    is_raw = bits <= _RAW_BITS and all((values % scale).any() for scale in _SCALES)
    scale = 255 / ((1 << bits) - 1 if is_raw else 65535)
    clear = image.info.get("transparency")
    grey = Image.fromarray(np.clip(np.rint(values * scale), 0, 255).astype(np.uint8))
    return grey, None if not isinstance(clear, int) else values == clear


def _reason(error: BaseException) -> str:
    """Pillow's error message, without references to Python objects."""
    told = str(error)
    if not told or any(sign in told for sign in ("<", "0x", "object", "\n")):
        return ""
    return f" ({told[:100]})"
