"""Media that are alike in all but faces and voices: one format and size, drawn anew for each, the same by one seed."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from omni_persona_build.equal_clips import RATE, equalised_clip, highest, speech
from omni_persona_build.equal_pictures import SIZE, equalised_picture
from omni_persona_build.equalise import equalised
from omni_persona_build.mixed_media import mixed_media
from omni_persona_build.pipeline import build
from omni_persona_build.recipes import load_recipe
from omni_persona_build.recognition import recognition
from omni_persona_people.pool import read_pool
from omni_persona_perception import Perception, decode_audio


def _wav(samples, rate=48_000):
    stored = io.BytesIO()
    soundfile.write(stored, samples, rate, format="WAV", subtype="PCM_16")
    return stored.getvalue()


def _speech_like(seconds, floor, rng, rate=48_000):
    """A tone that comes and goes four times a second, over a noise, with half a second of silence at either end."""
    times = np.arange(round(seconds * rate)) / rate
    voice = 0.3 * np.sin(2 * np.pi * 220 * times) * (np.sin(2 * np.pi * 4 * times) > -0.5)
    return np.pad(voice, rate // 2) + rng.normal(0, floor, len(voice) + 2 * (rate // 2))


def test_silence_at_the_ends_of_a_clip_is_cut_off():
    spoken = speech(_wav(_speech_like(2.0, 1e-4, np.random.default_rng(0))))
    assert len(spoken) / RATE == pytest.approx(2.0, abs=0.3)


def test_a_silent_clip_stays_one():
    data, seconds = equalised_clip(speech(_wav(np.zeros(48_000))), np.random.default_rng(0), 9, (2, 30))
    samples, rate = decode_audio(data)
    assert (rate, len(samples) / rate) == (RATE, seconds)
    assert seconds >= 2


@pytest.mark.slow
def test_noise_that_a_microphone_brought_along_is_gone():
    """Two microphones 30 dB apart: afterwards the noise of one is as loud as that of the other, as it is drawn."""
    floors = {}
    for floor in (1e-4, 3e-3):
        clip = speech(_wav(_speech_like(4.0, floor, np.random.default_rng(1))))
        found = []
        for seed in range(12):
            samples, _ = decode_audio(equalised_clip(clip, np.random.default_rng(seed), 9, (2, 30))[0])
            frames = samples[: len(samples) // 320 * 320].reshape(-1, 320)
            found.append(10 * np.log10(np.quantile(np.mean(frames**2, axis=1), 0.1)))
        floors[floor] = np.mean(found)
    assert abs(floors[1e-4] - floors[3e-3]) < 2


def test_a_telephone_holds_no_less_than_a_studio():
    """Sibilants: noise up to half of the sampling rate. Afterwards neither clip holds more above 3.6 kHz."""
    rng, above = np.random.default_rng(0), {}
    rates = (8_000, 48_000)
    assert highest(rates) == pytest.approx(3600)
    assert highest([48_000]) == highest([]) == 7000
    for rate in rates:
        samples = 0.2 * rng.standard_normal(3 * rate) * (np.sin(np.arange(3 * rate) / rate * 20) > 0)
        clip = speech(_wav(samples, rate))
        found = []
        for seed in range(6):
            made, _ = decode_audio(equalised_clip(clip, np.random.default_rng(seed), 9, (2, 30), highest(rates))[0])
            power = np.abs(np.fft.rfft(made)) ** 2
            frequencies = np.fft.rfftfreq(len(made), 1 / RATE)
            found.append(10 * np.log10(power[frequencies > 3700].sum() / power.sum()))
        above[rate] = np.mean(found)
    assert abs(above[8_000] - above[48_000]) < 3
    assert max(above.values()) < -20


def test_a_query_is_cut_to_the_length_that_it_is_given():
    clip = speech(_wav(_speech_like(8.0, 1e-3, np.random.default_rng(0))))
    lengths = {round(equalised_clip(clip, np.random.default_rng(seed), 1.2, (2, 30))[1], 3) for seed in range(9)}
    assert min(lengths) >= 2
    assert max(lengths) <= 1.2 + 2 * 0.75 + 0.01
    whole = equalised_clip(clip, np.random.default_rng(0), 30, (2, 30))[1]
    assert whole > 8
    assert equalised_clip(clip, np.random.default_rng(0), 30, (2, 8.5))[1] <= 8.5


@pytest.mark.parametrize("size", [(92, 112), (640, 360), (8, 8)])
def test_what_is_around_a_face_is_drawn_and_the_middle_stays(size):
    rng = np.random.default_rng(0)
    stored = io.BytesIO()
    middle = np.zeros((*size[::-1], 3), np.uint8)
    middle[:, : size[0] // 2] = 200
    Image.fromarray(middle).save(stored, "PNG")
    first, second = (np.asarray(Image.open(io.BytesIO(equalised_picture(stored.getvalue(), rng)))) for _ in range(2))
    assert first.shape == second.shape == (SIZE[1], SIZE[0], 3)
    left, right = slice(60, 80), slice(112, 132)
    for pixels in (first, second):
        assert pixels[100:120, left].mean() > pixels[100:120, right].mean() + 40
    assert abs(first[:10, :10].mean(axis=(0, 1)) - second[:10, :10].mean(axis=(0, 1))).max() > 5


def test_a_pool_is_made_alike_and_left_as_it_is(pool, tmp_path):
    people = read_pool(pool.folder)[:4]
    before = {path: path.read_bytes() for path in pool.folder.rglob("*.*") if path.is_file()}
    made = []
    for number, seed in enumerate((3, 3, 4)):
        folder = tmp_path / str(number)
        folder.mkdir()
        made.append(equalised(people, folder, seed, (2.0, 30.0), lambda done, total: None))
    digests = [[medium.digest for one in every for medium in one.media()] for every in made]
    assert digests[0] == digests[1] != digests[2]
    assert {path: path.read_bytes() for path in before} == before
    for old, new in zip(people, made[0], strict=True):
        assert (old.persona_id, old.profile) == (new.persona_id, new.profile)
        assert [clip.transcript for clip in old.all_clips()] == [clip.transcript for clip in new.all_clips()]
        for clip in new.all_clips():
            samples, rate = decode_audio(clip.read())
            assert rate == RATE
            assert clip.seconds == pytest.approx(len(samples) / rate)
            assert clip.seconds >= 2


@pytest.mark.slow
def test_a_mixed_pool_is_made_alike_unless_forbidden(pool, tmp_path):
    assert mixed_media(read_pool(pool.folder)) == []
    for audio in pool.lines[0]["audios"]:
        file = pool.folder / audio["path"]
        samples, rate = soundfile.read(file)
        soundfile.write(file.with_suffix(".flac"), samples, rate)
        audio["path"] = str(Path(audio["path"]).with_suffix(".flac"))
    pool.save()
    assert mixed_media(read_pool(pool.folder)) == ["file types of flac 8000 Hz, wav 8000 Hz"]
    for name, equalise, wanted in (("auto", None, True), ("off", False, False)):
        build(pool.folder, load_recipe("tiny"), tmp_path / name, equalise=equalise)
        import pyarrow.parquet as pq

        (file,) = (tmp_path / name / "data").glob("test-*.parquet")
        assert json.loads(pq.read_schema(file).metadata[b"omni_persona"])["equalised"] is wanted
        card = (tmp_path / name / "README.md").read_text()
        assert ("\n- Media were made alike before questions were assembled (`--equalise`, seed 0)" in card) is wanted
        assert ("told\n  apart by file types of flac 8000 Hz, wav 8000 Hz: the oval" in card) is wanted
        assert ("| media | made alike (`--equalise`) |" in card) is wanted
        assert ("\n| media | as given |" in card) is not wanted
        assert ("\n- Media are as they were given." in card) is not wanted
        assert "\n\n- The queried person" not in card


def _rewritten(pool, change):
    """Each clip of a pool's people through `change(person, samples, rng)`, which returns samples and their rate."""
    rng = np.random.default_rng(0)
    for index, line in enumerate(pool.lines):
        for audio in line["audios"]:
            samples, _ = soundfile.read(pool.folder / audio["path"])
            soundfile.write(pool.folder / audio["path"], *change(index, samples, rng), subtype="PCM_16")


RECORDINGS = {
    "one rate for half of the people": (
        lambda index, samples, rng: (samples, 8000 if index % 4 else 11_025),
        "file types of wav 11025 Hz, wav 8000 Hz",
    ),
    "a level of one's own": (lambda index, samples, rng: (samples * 0.9 ** (3 * index), 8000), "level of clips"),
    "a noise of one's own": (
        lambda index, samples, rng: (samples * 0.5 + rng.normal(0, 0.001 * 1.5**index, len(samples)), 8000),
        "noise floor of clips",
    ),
}


@pytest.mark.parametrize("case", RECORDINGS)
def test_how_people_were_recorded_is_heard_not_read_from_file_names(pool, case):
    change, difference = RECORDINGS[case]
    _rewritten(pool, change)
    found = mixed_media(read_pool(pool.folder))
    assert any(one.startswith(difference) for one in found), found


def test_backgrounds_of_ones_own_are_seen(pool):
    assert mixed_media(read_pool(pool.folder)) == []
    for index, line in enumerate(pool.lines):
        wall = np.random.default_rng(index).integers(30, 225, 3)
        for image in line["images"]:
            pixels = np.asarray(Image.open(pool.folder / image["path"])).copy()
            pixels[:8] = pixels[-8:] = wall
            pixels[:, :8] = pixels[:, -8:] = wall
            Image.fromarray(pixels).save(pool.folder / image["path"])
    found = mixed_media(read_pool(pool.folder))
    assert [one.partition(" of ")[0] for one in found][:3] == ["corners", "border", "lower edge"]


def _one_medium_each(people, vectors):
    """A perception by hand: the vector of each medium, by its content."""
    known = {medium.read(): np.array(vectors[place], np.float32) for place, medium in enumerate(people)}

    def look(data):
        return np.stack([known[one] for one in data])

    return Perception("by-hand", look, look, look)


def test_how_well_people_are_recognised_before_and_after(shared_pool):
    """Two people of one gender, each with one medium for memories and one for queries: four pairs."""
    people = [
        replace(
            one,
            pictures=(),
            query_pictures=(),
            clips=one.clips[:1],
            query_clips=one.query_clips[:1],
            gender="female",
        )
        for one in read_pool(shared_pool.folder)[:2]
    ]
    alike = [replace(one, clips=one.query_clips, query_clips=one.clips) for one in people]
    media = [clip for one in people for clip in (*one.clips, *one.query_clips)]
    given = _one_medium_each(media, [(1, 0), (1, 0), (0, 1), (0, 1)])
    assert str(recognition(people, alike, given)["voices"]) == "AUC 1.000 as given, 1.000 made alike"
    # Likeness of (query, memory): own pairs 0.8 and 1, the others 0 and 0.6.
    mixed = _one_medium_each(media, [(0.8, 0.6), (1, 0), (0, 1), (0, 1)])
    found = recognition(people, alike, mixed)
    assert set(found) == {"voices"}
    assert found["voices"].given == 1.0
    # Own pairs 0.8 and 0.6, the others 1 and 0: of four comparisons two are won.
    worse = _one_medium_each(media, [(0.8, 0.6), (1, 0), (1, 0), (0.6, -0.8)])
    assert recognition(people, alike, worse)["voices"].given == pytest.approx(2 / 4)
    seen = []
    recognition(people, alike, given, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (8, 8)
    assert recognition([replace(one, clips=()) for one in people], alike, given) == {}
