"""Write Opus in Ogg so that equal samples give equal bytes."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

_SERIAL = 0x504F4F4C
_POLYNOMIAL = 0x04C11DB7


def encode_opus(samples: NDArray[np.float64], rate: int) -> bytes:
    """`samples` (floats, full scale 1, mono) as Ogg Opus, with a fixed serial number instead of a random one."""
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, np.clip(samples, -1, 1).astype(np.float32), rate, format="OGG", subtype="OPUS")
    return with_serial(out.getvalue(), _SERIAL)


def with_serial(ogg: bytes, serial: int) -> bytes:
    """An Ogg stream with another serial number on every page, and new checksums. Raises `ValueError`."""
    pages, place = [], 0
    while place < len(ogg):
        if ogg[place : place + 4] != b"OggS" or len(ogg) < place + 27:
            raise ValueError(f"expected an Ogg page at byte {place}")
        segments = ogg[place + 26]
        body = place + 27 + segments
        end = body + sum(ogg[place + 27 : body])
        page = bytearray(ogg[place:end])
        page[14:18] = serial.to_bytes(4, "little")
        page[22:26] = bytes(4)
        page[22:26] = _checksum(bytes(page)).to_bytes(4, "little")
        pages.append(bytes(page))
        place = end
    return b"".join(pages)


def _table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = ((value << 1) ^ _POLYNOMIAL if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return table


def _checksum(page: bytes) -> int:
    """Ogg's CRC-32: not reflected, initial value 0."""
    table, value = _table(), 0
    for byte in page:
        value = ((value << 8) & 0xFFFFFFFF) ^ table[(value >> 24) ^ byte]
    return value
