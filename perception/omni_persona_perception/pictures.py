"""Decode encoded pictures: the one place where a picture becomes pixels."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from omni_persona_perception.errors import MediaError
from omni_persona_perception.kinds import picture_kind

MAX_PIXELS = 64_000_000
"""Pictures beyond this many pixels are refused before they are unpacked."""

FORMATS = ("PNG", "JPEG", "WEBP")
"""What Pillow may open; other formats start other programs, or are read wrongly."""

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
"""The EXIF orientation of a picture -> what turns it upright."""

_FEWEST_BITS = 8
_RAW_BITS = 12
"""Sensors of up to this many bits are often stored as they are in 16."""

_BROKEN = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, OverflowError, struct.error)
"""What Pillow raises for broken files."""


def decode_image(data: bytes) -> Image.Image:
    """Decode a picture to RGB: upright, laid over white where it is transparent, 16-bit grey scaled to 8 bits.

    Of an animation, the first picture counts. Raises `MediaError` for one that is broken, too large, wholly
    transparent, or neither PNG, JPEG nor WebP.
    """
    with _opened(data) as image:
        image.load()
        return _upright(_over_white(image), orientation(image))


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, as stored; nothing is decoded. Raises `MediaError`."""
    with _opened(data) as image:
        return image.size


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """An open picture within the limits; what Pillow raises meanwhile becomes `MediaError`."""
    kind = picture_kind(data)
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures and of odd EXIF; the limit below decides, and of EXIF one number counts.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise MediaError(f"picture of {image.width} x {image.height} pixels is over {MAX_PIXELS} pixels")
                yield image
    except MediaError:
        raise
    except MemoryError:
        raise MediaError(f"not a readable picture: this {kind.name} needs more memory than there is") from None
    except Image.DecompressionBombError:
        raise MediaError(f"picture is over {MAX_PIXELS} pixels") from None
    except _BROKEN as error:
        raise MediaError(f"not a readable picture: this {kind.name} is broken{_reason(error)}") from None


def shown_as_stored(data: bytes) -> bool:
    """Whether any program that opens a picture shows what `decode_image` makes of it.

    It does not where a picture is turned, transparent, animated, or of more than 8 bits a channel. Raises `MediaError`.
    """
    with _opened(data) as image:
        plain = image.mode in ("1", "L", "P", "RGB") and image.format in FORMATS
        moves = getattr(image, "is_animated", False)
        image.load()
        return plain and not moves and not is_transparent(image) and orientation(image) == 1


def orientation(image: Image.Image) -> int:
    """The EXIF orientation of an opened picture, 1 to 8; 1 (upright) where none can be read."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _BROKEN:
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def is_transparent(image: Image.Image) -> bool:
    """Whether an opened picture has a channel, a colour or a palette entry that may be seen through."""
    return image.has_transparency_data or "transparency" in image.info


def _upright(image: Image.Image, turned: int) -> Image.Image:
    return image.transpose(_TURNS[turned]) if turned in _TURNS else image


def _over_white(image: Image.Image) -> Image.Image:
    """An RGB picture, white where the given one is transparent."""
    if image.mode.startswith(("I", "F")):
        grey, clear = _eight_bits(image)
        if clear is None:
            return grey.convert("RGB")
        layered = grey.convert("RGBA")
        layered.putalpha(Image.fromarray(np.where(clear, 0, 255).astype(np.uint8)))
    elif is_transparent(image):
        layered = image.convert("RGBA")
    else:
        return image.convert("RGB")
    if layered.getchannel("A").getextrema()[1] == 0:
        raise MediaError("the picture is blank: it is wholly transparent")
    return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")


def _eight_bits(image: Image.Image) -> tuple[Image.Image, np.ndarray | None]:
    """A picture of more bits in 8 of them, and where it is transparent, shape (height, width), or None."""
    values = np.asarray(image)
    most = int(values.max())
    bits = max(_FEWEST_BITS, most.bit_length())
    scale = 255 / ((1 << bits) - 1 if bits <= _RAW_BITS else 65535)
    clear = image.info.get("transparency")
    grey = Image.fromarray(np.clip(np.rint(values * scale), 0, 255).astype(np.uint8))
    return grey, None if not isinstance(clear, int) else values == clear


def _reason(error: BaseException) -> str:
    """What Pillow says of a broken file, without what it says of its own objects."""
    told = str(error)
    if not told or any(sign in told for sign in ("<", "0x", "object", "\n")):
        return ""
    return f" ({told[:100]})"
