"""Near copies are found however they were saved, and nobody's two photos or recordings are taken for one."""

import io
import json

import numpy as np
import pytest
import soundfile
from PIL import Image, ImageFilter
from recordings import encoded, speech_like

from omni_persona_perception import decode_audio, decode_image
from omni_persona_perception.likeness import clip_print, near_clips, near_pictures, picture_print, slow_clip


def _scene(seed):
    """A picture of soft patches of colour."""
    noise = np.random.default_rng(seed).integers(0, 255, (9, 7, 3)).astype("uint8")
    return Image.fromarray(noise).resize((180, 220), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))


def _saved(image, format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def _pairs(pictures):
    return near_pictures(np.stack([picture_print(decode_image(data)) for data in pictures]))


PICTURE_COPIES = {
    "another quality": lambda image: _saved(image, "JPEG", quality=15),
    "another format": lambda image: _saved(image, "WEBP", quality=40),
    "twice the size": lambda image: _saved(image.resize((360, 440)), "JPEG"),
    "a third of the size": lambda image: _saved(image.resize((60, 73)), "JPEG"),
    "edges cut off": lambda image: _saved(image.crop((7, 9, 173, 211)), "JPEG"),
    "mirrored": lambda image: _saved(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG"),
    "upper edge cut off": lambda image: _saved(image.crop((0, 7, 180, 220)), "JPEG"),
    "left edge cut off": lambda image: _saved(image.crop((6, 0, 180, 220)), "JPEG"),
    "stretched": lambda image: _saved(image.resize((220, 220)), "JPEG"),
    "another gamma": lambda image: _saved(image.point(lambda value: round(255 * (value / 255) ** 1.8)), "JPEG"),
    "another tint": lambda image: _saved(Image.fromarray((np.asarray(image) * [1, 0.8, 0.5]).astype("uint8"))),
    "less contrast": lambda image: _saved(image.point(lambda value: 64 + 0.5 * value), "JPEG"),
    "brighter": lambda image: _saved(image.point(lambda value: 40 + 0.8 * value), "JPEG"),
}


@pytest.mark.parametrize("copy", PICTURE_COPIES)
def test_a_picture_saved_again_is_a_near_copy(copy):
    pictures = [_saved(_scene(0)), _saved(_scene(1)), PICTURE_COPIES[copy](_scene(0)), _saved(_scene(2))]
    assert _pairs(pictures) == [(0, 2)]


def test_pictures_that_show_nothing_are_no_copies():
    assert _pairs([_saved(Image.new("RGB", (9, 9), "white")), _saved(Image.new("RGB", (9, 9), "white"))]) == []


def test_only_pictures_that_are_to_be_compared_are_found():
    copies = [_saved(_scene(0)), _saved(_scene(0), "JPEG"), _saved(_scene(1)), PICTURE_COPIES["mirrored"](_scene(0))]
    prints = np.stack([picture_print(decode_image(data)) for data in copies])
    assert near_pictures(prints) == [(0, 1), (0, 3), (1, 3)]
    asked = []
    assert near_pictures(prints, lambda one, other: asked.append((one, other)) or one > 0) == [(1, 3)]
    assert all(one < other for one, other in asked)


def _near(clips):
    prints = np.stack([clip_print(*decode_audio(data)) for data in clips])
    return near_clips(prints, lambda index: slow_clip(*decode_audio(clips[index])))


CLIP_COPIES = {
    "Ogg": lambda samples: encoded(samples, format="OGG", compression_level=0.9),
    "Opus": lambda samples: encoded(samples, format="OGG", subtype="OPUS"),
    "MP3": lambda samples: encoded(samples, format="MP3", compression_level=0.9),
    "a telephone's codec": lambda samples: encoded(decode_audio(encoded(samples), 8_000)[0], 8_000, subtype="GSM610"),
    "trimmed by 20 ms": lambda samples: encoded(samples[320:]),
    "trimmed by a second": lambda samples: encoded(samples[8_000:-8_000]),
    "silence before it": lambda samples: encoded(np.concatenate([np.zeros(16_000, np.float32), samples])),
    "clipped": lambda samples: encoded(np.clip(3 * samples, -1, 1)),
    "under noise": lambda samples: encoded(
        0.3 * (samples + np.random.default_rng(0).normal(0, samples.std(), len(samples)))
    ),
    "quieter": lambda samples: encoded(0.1 * samples),
    "turned over": lambda samples: encoded(-samples),
}


@pytest.mark.parametrize("copy", CLIP_COPIES)
def test_a_clip_saved_again_is_a_near_copy(copy):
    samples = speech_like(5)
    clips = [encoded(samples), encoded(speech_like(5, seed=1)), CLIP_COPIES[copy](samples), encoded(np.zeros(9_000))]
    assert _near(clips) == [(0, 2)]


@pytest.mark.slow
def test_real_people_have_no_near_copies_and_copies_of_their_media_are_found(shared):
    pool = shared / "real_pool"
    people = [json.loads(line) for line in (pool / "personas.jsonl").read_text().splitlines()]
    pictures = [(pool / medium["path"]).read_bytes() for person in people for medium in person["images"]]
    clips = [(pool / medium["path"]).read_bytes() for person in people for medium in person["audios"]]
    assert _pairs(pictures) == []
    assert _near(clips) == []
    again = [_saved(decode_image(data).resize((138, 168)), "JPEG", quality=60) for data in pictures[::8]]
    assert _pairs([*pictures, *again]) == [(8 * place, len(pictures) + place) for place in range(len(again))]
    heard = [soundfile.read(io.BytesIO(data)) for data in clips[::8]]
    copies = [encoded(samples[rate // 50 :], rate, format="OGG") for samples, rate in heard]
    assert _near([*clips, *copies]) == [(8 * place, len(clips) + place) for place in range(len(copies))]


def test_only_clips_that_are_to_be_compared_are_heard():
    one, other = speech_like(5), speech_like(5, seed=1)
    clips = [encoded(one), encoded(one[320:]), encoded(other), encoded(other)]
    prints, heard = np.stack([clip_print(*decode_audio(data)) for data in clips]), []
    slow = [slow_clip(*decode_audio(data)) for data in clips]
    assert near_clips(prints, lambda index: slow[index]) == [(0, 1), (2, 3)]
    assert near_clips(prints, lambda index: heard.append(index) or slow[index], lambda one, other: one == 2) == [(2, 3)]
    assert heard == [2, 3]
