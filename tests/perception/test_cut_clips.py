"""A clip whose header states no length is refused where the file shows in another way that a part is missing."""

import struct

import numpy as np
import pytest
from heard import RECORDED, alike, assert_heard
from recordings import RATE, aiff, au, encoded, mp3_without_header, riff, speech_like, w64

from omni_persona_perception import MediaError, decode_audio
from omni_persona_perception.streams import mpeg_frame


def test_an_mp3_that_was_cut_between_two_frames_is_refused_where_data_of_the_next_frame_are_there():
    seconds = np.arange(4 * RATE) / RATE
    phase = np.cumsum(2 * np.pi * 120 * (1 + 0.1 * np.sin(3 * seconds))) / RATE
    voice = 0.2 * sum(np.sin(tone * phase) / tone for tone in range(1, 20)) * (np.sin(6 * np.pi * seconds) > -0.3)
    data = mp3_without_header(voice, variable=True)
    assert alike(decode_audio(data)[0], voice) > 0.97
    ends = []
    while (ends[-1] if ends else 0) < len(data):
        place = ends[-1] if ends else 0
        ends.append(place + mpeg_frame(data[place : place + 4]).size)
    refused = 0
    for end in ends[5:-1]:
        try:
            decode_audio(data[:end])
        except MediaError as error:
            assert "cut off after" in str(error)
            refused += 1
    assert refused > 0.6 * len(ends[5:-1])


def test_zeros_behind_an_mp3_are_padding_or_the_rest_of_a_download():
    data = mp3_without_header(RECORDED, variable=True)
    assert np.array_equal(decode_audio(data + bytes(2000))[0], decode_audio(data)[0])
    with pytest.raises(MediaError, match="cut off after"):
        decode_audio(data[: len(data) // 2] + bytes(len(data)))


@pytest.mark.parametrize("declared", [0, 0xFFFFFFFF])
@pytest.mark.parametrize(
    "container", [riff, au, w64, lambda samples, declared: aiff(samples, declared=declared, frames=declared)]
)
def test_a_clip_of_unknown_length_that_ends_within_a_sample_is_refused(container, declared):
    data = container(RECORDED, declared=declared)
    if container is riff:
        data = data[:4] + struct.pack("<I", declared) + data[8:]
    assert_heard(data)
    for cut in (1, 3, 4001):
        with pytest.raises(MediaError, match="cut off: 1 of the 2 bytes of its last samples"):
            decode_audio(data[:-cut])
    # Nothing tells of samples that are missing as a whole.
    assert len(decode_audio(data[:-4000])[0]) == len(RECORDED) - 2000


def test_the_size_of_the_whole_file_tells_of_a_cut_where_that_of_its_samples_is_unknown():
    data = riff(RECORDED)
    unknown = data[:40] + struct.pack("<I", 0xFFFFFFFF) + data[44:]
    assert_heard(unknown)
    with pytest.raises(MediaError, match=r"cut off: its header declares 48044 bytes, and 44044 are there"):
        decode_audio(unknown[:-4000])


@pytest.mark.parametrize("codec", ["GSM610", "G721_32", "NMS_ADPCM_16", "MS_ADPCM", "IMA_ADPCM"])
def test_the_number_of_samples_tells_of_a_cut_where_their_size_is_unknown(codec):
    slow = speech_like(2, rate=8_000)
    data = bytearray(encoded(slow, 8_000, subtype=codec))
    place = data.index(b"data")
    data[4:8] = data[place + 4 : place + 8] = b"\xff" * 4
    assert len(decode_audio(bytes(data))[0]) >= len(slow)
    for part in (0.3, 0.7):
        with pytest.raises(MediaError, match="cut off"):
            decode_audio(bytes(data[: place + 8 + int((len(data) - place) * part)]))


def test_a_sample_of_odd_size_may_be_padded():
    three = encoded(RECORDED[:7001], subtype="PCM_24")
    unknown = bytearray(three)
    place = unknown.index(b"data")
    unknown[place + 4 : place + 8] = b"\xff" * 4
    assert len(unknown) - place - 8 == 3 * 7001 + 1
    assert np.array_equal(decode_audio(bytes(unknown))[0], decode_audio(three)[0])
