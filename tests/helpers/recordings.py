"""Recordings in containers of every kind, their headers as programs write them, for tests."""

from __future__ import annotations

import io
import struct

import numpy as np
import soundfile

RATE = 16_000


def speech_like(seconds=1.0, rate=RATE, seed=0):
    """Noise that swells and fades and has no two parts alike, in -0.6..0.6."""
    rng = np.random.default_rng(seed)
    number = int(seconds * rate)
    raw = np.convolve(rng.normal(0, 1, number + 31), np.hanning(32), mode="valid")[:number]
    swell = 0.3 + 0.7 * np.abs(np.sin(np.linspace(0, 9, number)))
    return (0.6 * raw / np.abs(raw).max() * swell).astype(np.float32)


def encoded(samples, rate=RATE, **options):
    """A file as libsndfile writes it; a WAV unless `format` says otherwise."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=options.pop("format", "WAV"), **options)
    return buffer.getvalue()


def riff(samples, rate=RATE, *, declared=None, magic=b"RIFF", before=b"", after=b"", pad=True):
    """A WAV of 16 bits, its header by hand. declared: the size of the samples in its header; None is the right one."""
    order = ">" if magic == b"RIFX" else "<"
    stored = np.rint(samples * 32768).clip(-32768, 32767).astype(f"{order}i2").tobytes()
    size = len(stored) if declared is None else declared
    form = b"fmt " + struct.pack(f"{order}IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
    large = b""
    if magic in (b"RF64", b"BW64"):
        large = b"ds64" + struct.pack("<IQQQI", 28, 36 + size, size, len(samples), 0)
        size = 0xFFFFFFFF
    data = b"data" + struct.pack(f"{order}I", size) + stored + (b"\0" if pad and len(stored) % 2 else b"")
    whole = b"WAVE" + large + before + form + data + after
    return magic + struct.pack(f"{order}I", min(len(whole), 0xFFFFFFFF)) + whole


def chunk(name, body, order="<"):
    """A part of a WAV."""
    return name + struct.pack(f"{order}I", len(body)) + body + b"\0" * (len(body) % 2)


def aiff(samples, rate=RATE, *, declared=None, frames=None):
    """An AIFF of 16 bits by hand. declared, frames: the header's number of bytes and of samples; None is right."""
    stored = np.rint(samples * 32768).clip(-32768, 32767).astype(">i2").tobytes()
    exponent = 16383 + int(np.log2(rate))
    mantissa = int(rate * 2 ** (63 - int(np.log2(rate))))
    common = struct.pack(">hIh", 1, len(samples) if frames is None else frames, 16)
    common += struct.pack(">HQ", exponent, mantissa)
    sound = struct.pack(">I", len(stored) + 8 if declared is None else declared) + bytes(8) + stored
    body = b"AIFF" + chunk(b"COMM", common, ">") + b"SSND" + sound
    return b"FORM" + struct.pack(">I", len(body)) + body


def au(samples, rate=RATE, *, declared=None, note=b"", magic=b".snd"):
    """An AU of 16 bits by hand."""
    order = ">" if magic == b".snd" else "<"
    stored = np.rint(samples * 32768).clip(-32768, 32767).astype(f"{order}i2").tobytes()
    size = len(stored) if declared is None else declared
    return magic + struct.pack(f"{order}5I", 24 + len(note), size, 3, rate, 1) + note + stored


def w64(samples, rate=RATE, *, declared=None):
    """A W64 as libsndfile writes it, with another size of its samples in the header."""
    data = bytearray(encoded(samples, rate, format="W64", subtype="PCM_16"))
    place = data.index(b"data\xf3\xac") + 16
    if declared is not None:
        data[place : place + 8] = struct.pack("<Q", declared)
    return bytes(data)


def caf(samples, rate=RATE, *, declared=None):
    """A CAF as libsndfile writes it, with another size of its samples in the header."""
    data = bytearray(encoded(samples, rate, format="CAF", subtype="PCM_16"))
    place = data.index(b"data") + 4
    if declared is not None:
        data[place : place + 8] = struct.pack(">q", declared)
    return bytes(data)


def flac_of_unknown_length(samples, rate=RATE, channels_together=False):
    """A FLAC as it is written to a pipe: its header tells no length, and holds no checksum."""
    data = bytearray(encoded(samples, rate, format="FLAC", subtype="PCM_16"))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    data[26:42] = bytes(16)
    return bytes(data)


def mp3_without_header(samples, rate=RATE, *, variable=True, mode=None, quality=0.3):
    """An MP3 as it is streamed: its frames alone, without the one that tells how many there are.

    mode: CONSTANT, VARIABLE or AVERAGE; None for what `variable` says. quality: 0 for the best, below 1.
    """
    mode = mode or ("VARIABLE" if variable else "CONSTANT")
    data = encoded(samples, rate, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode=mode, compression_level=quality)
    from omni_persona_perception.kinds import id3_bytes
    from omni_persona_perception.streams import mpeg_frame

    start = id3_bytes(data)
    first = mpeg_frame(data[start : start + 4])
    # Frames of low bit rates have no room for it.
    is_header = data[start + 4 + first.side :][:4] in (b"Xing", b"Info")
    return data[start + (first.size if is_header else 0) :]


CONTAINERS = {
    "wav": lambda samples: riff(samples),
    "rifx": lambda samples: riff(samples, magic=b"RIFX"),
    "rf64": lambda samples: riff(samples, magic=b"RF64"),
    "wavex": lambda samples: encoded(samples, format="WAVEX"),
    "w64": w64,
    "aiff": aiff,
    "aifc float": lambda samples: encoded(samples, format="AIFF", subtype="FLOAT"),
    "au": au,
    "au little": lambda samples: au(samples, magic=b"dns."),
    "caf": caf,
    "flac": lambda samples: encoded(samples, format="FLAC"),
    "flac of unknown length": flac_of_unknown_length,
    "ogg": lambda samples: encoded(samples, format="OGG", subtype="VORBIS"),
    "opus": lambda samples: encoded(samples, format="OGG", subtype="OPUS"),
    "mp3": lambda samples: encoded(samples, format="MP3"),
    "mp3 without a header": mp3_without_header,
}
"""Name -> writes samples in this container."""
