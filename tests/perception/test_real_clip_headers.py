"""Thousands of headers and containers around real recordings: what is heard is what was recorded, or is refused."""

import json
from functools import lru_cache

import numpy as np
import pytest
from heard import PLACEHOLDERS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recordings import aiff, au, caf, chunk, encoded, flac_of_unknown_length, riff, w64

from omni_persona_perception import MediaError, decode_audio

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def recorded(shared):
    """Recordings of people, 16-bit samples and their rate, by number."""
    pool = shared / "real_pool"
    people = [json.loads(line) for line in (pool / "personas.jsonl").read_text(encoding="utf-8").splitlines()]
    paths = [pool / audio["path"] for person in people for audio in person["audios"]]

    @lru_cache
    def of(number):
        samples, rate = decode_audio(paths[number % len(paths)].read_bytes())
        stored = np.rint(samples * 32768).clip(-32768, 32767) / 32768
        return stored.astype(np.float32)[: 2 * rate], rate

    return of


_NOTES = st.lists(st.tuples(st.sampled_from([b"LIST", b"JUNK", b"bext", b"PEAK"]), st.binary(max_size=61)), max_size=3)


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.integers(0, 79),
    magic=st.sampled_from([b"RIFF", b"RIFX", b"RF64", b"BW64"]),
    declared=st.sampled_from([None, *PLACEHOLDERS[1:]]),
    more=st.integers(0, 44),
    notes=_NOTES,
    cut=st.integers(0, 100_000),
)
def test_any_header_of_a_wav(recorded, number, magic, declared, more, notes, cut):
    samples, rate = recorded(number)
    order = ">" if magic == b"RIFX" else "<"
    before = b"".join(chunk(name, body, order) for name, body in notes)
    data = riff(
        samples, rate, declared=len(samples) * 2 + more if declared is None else declared, magic=magic, before=before
    )
    heard, got = decode_audio(data)
    assert got == rate
    assert np.array_equal(heard, samples)
    if declared is None and cut > 64:
        with pytest.raises(MediaError):
            decode_audio(data[:-cut])


CONTAINERS = {
    "aiff": aiff,
    "aiff of unknown length": lambda samples, rate: aiff(samples, rate, declared=0, frames=0),
    "au": au,
    "au of unknown length": lambda samples, rate: au(samples, rate, declared=0xFFFFFFFF),
    "w64": w64,
    "caf": caf,
    "caf of unknown length": lambda samples, rate: caf(samples, rate, declared=-1),
    "flac": lambda samples, rate: encoded(samples, rate, format="FLAC", subtype="PCM_16"),
    "flac of unknown length": flac_of_unknown_length,
    "24 bits": lambda samples, rate: encoded(samples, rate, subtype="PCM_24"),
    "floats": lambda samples, rate: encoded(samples, rate, subtype="FLOAT"),
    "two channels": lambda samples, rate: encoded(np.stack([samples, samples], axis=1), rate, subtype="PCM_16"),
    "one of two channels": lambda samples, rate: encoded(np.stack([samples, 0 * samples], axis=1), rate),
}


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.integers(0, 79), container=st.sampled_from(sorted(CONTAINERS)), part=st.floats(0.02, 0.98))
def test_any_container(recorded, number, container, part):
    samples, rate = recorded(number)
    data = CONTAINERS[container](samples, rate)
    heard, got = decode_audio(data)
    assert got == rate
    assert np.array_equal(heard, samples)
    try:
        heard, _ = decode_audio(data[: int(len(data) * part)])
    except MediaError:
        return
    # Only where nothing states a length, a cut between two samples cannot be seen; nothing is added or changed then.
    assert "unknown" in container
    assert np.array_equal(heard, samples[: len(heard)])
