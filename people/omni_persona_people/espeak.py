"""Load a fresh copy of espeak-ng, so that its output does not depend on earlier calls."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RATE = 22_050
"""Sampling rate of its output, in Hz."""

# Constants of espeak-ng's C interface (speak_lib.h).
_SYNCHRONOUS, _DONT_EXIT = 2, 0x8000
_SEED = 1


class SpeechError(RuntimeError):
    """A synthesiser is missing, or rejected a voice, a setting or a text."""


@contextmanager
def loaded_espeak() -> Iterator[tuple[ctypes.CDLL, Path]]:
    """A fresh copy of the espeak-ng library, and its data folder.

    The library keeps the state of its noise and flutter between sentences, and initialising it again does not clear
    that state. Unloading it does and is cheap, so a sentence does not depend on earlier ones.
    """
    import espeakng_loader

    path, data = espeakng_loader.get_library_path(), Path(espeakng_loader.get_data_path())
    if _is_loaded(path):
        raise SpeechError(f"expected nobody else to have loaded {path}, because its state would be shared")
    library = ctypes.CDLL(path)
    try:
        rate = library.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(data), _DONT_EXIT)
        if rate != RATE:
            raise SpeechError(f"expected espeak-ng at {RATE} Hz, got {rate}, with data in {data}")
        library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
        yield library, data
    finally:
        library.espeak_Terminate()
        _unload(library)


def _is_loaded(path: str) -> bool:
    if not hasattr(os, "RTLD_NOLOAD"):
        return False
    try:
        resident = ctypes.CDLL(path, mode=os.RTLD_NOLOAD)
    except OSError:
        return False
    _unload(resident)
    return True


def _unload(library: ctypes.CDLL) -> None:
    import _ctypes

    unload = getattr(_ctypes, "FreeLibrary" if sys.platform == "win32" else "dlclose")
    unload(library._handle)
