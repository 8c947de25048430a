"""Decoded clips at the rate that they are compared at, kept so that none is decoded again to find near copies."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Hashable
from threading import Lock

import numpy as np

from omni_persona_perception.clips import Samples, decode_audio
from omni_persona_perception.likeness import Prints, slow_clip, slow_print


class SlowClips:
    """Clips by key, in a temporary file without a name: those of a large pool would not fit into memory."""

    def __init__(self) -> None:
        # Without a buffer, whose rest could not be written on a full disk when the file is closed.
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115, closed when this object goes
        weakref.finalize(self, self._file.close)
        self._places: dict[Hashable, tuple[int, int]] = {}
        self._lock = Lock()

    def print_of(self, key: Hashable, samples: Samples, rate: int) -> Prints:
        """Keep a decoded clip; return its `clip_print`, shape (1024,). Raises `OSError` if the disk is full."""
        slow = slow_clip(samples, rate)
        self._keep(key, slow)
        return slow_print(slow)

    def _keep(self, key: Hashable, slow: Samples) -> None:
        with self._lock:
            if key not in self._places:
                place = self._file.seek(0, os.SEEK_END)
                left = memoryview(slow.tobytes())
                try:
                    while left:
                        left = left[self._file.write(left) :]
                except OSError as error:
                    raise OSError(error.errno, error.strerror, tempfile.gettempdir()) from None
                self._places[key] = place, slow.nbytes

    def slow(self, key: Hashable, data: bytes) -> Samples:
        """The `slow_clip` of a clip; decoded from `data` if it was not kept. Raises `MediaError` as `decode_audio`."""
        with self._lock:
            place = self._places.get(key)
            if place is not None:
                self._file.seek(place[0])
                return np.frombuffer(self._file.read(place[1]), np.float32)
        slow = slow_clip(*decode_audio(data))
        self._keep(key, slow)
        return slow
