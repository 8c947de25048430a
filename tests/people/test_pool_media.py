"""What a pool's files are called, hold and have in common: every fault is named, all of them at once."""

import json
import os
import shutil
import unicodedata

import numpy as np
import pytest
import soundfile
from PIL import Image
from recordings import encoded, speech_like

import omni_persona
from omni_persona_build.pipeline import build
from omni_persona_build.recipes import load_recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_build.release import import_release
from omni_persona_people import media_files
from omni_persona_people.errors import PoolError
from omni_persona_people.pool import read_pool
from omni_persona_perception import decode_audio, decode_image, traces


def test_a_byte_order_mark_and_blank_last_lines_are_read(pool):
    text = pool.file.read_text(encoding="utf-8").replace("\n", "\r\n")
    pool.file.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n  \n\n")
    assert [persona.persona_id for persona in read_pool(pool.folder)] == [f"p{index}" for index in range(12)]


def _rename(pool, written):
    """Give the first picture of the third person another name on disk, and `written` in the pool."""
    (pool.folder / "media/p2/i0.png").rename(pool.folder / "media/p2/Zoë.png")
    pool.lines[2]["images"][0]["path"] = written
    pool.save()


def _loop(pool):
    (pool.folder / "media/p2/i0.png").unlink()
    (pool.folder / "media/p2/i0.png").symlink_to("i0.png")


def _pipe(pool):
    (pool.folder / "media/p2/i0.png").unlink()
    os.mkfifo(pool.folder / "media/p2/i0.png")


def _path(value):
    def spoil(pool):
        pool.lines[2]["images"][0]["path"] = value
        pool.save()

    return spoil


NAMES = {
    "letter case": (lambda pool: _rename(pool, "media/p2/zoë.PNG"), r"differs in case: 'media/p2/Zoë\.png'"),
    "a folder's letter case": (_path("Media/p2/i0.png"), r"differs in case: 'media/p2/i0\.png'"),
    "letters in parts": (
        lambda pool: _rename(pool, unicodedata.normalize("NFD", "media/p2/Zoë.png")),
        r"differs in how its letters are written \(NFC and NFD\)",
    ),
    "backslashes": (_path("media\\p2\\i0.png"), r"expected / between folders, not \\"),
    "NUL": (_path("media/p2/\0.png"), "that is not a path"),
    "nothing": (_path(""), "that is not a path"),
    "an unpaired surrogate": (_path("media/\ud800.png"), "unpaired surrogate"),
    "too long": (_path("a" * 5000), "no file"),
    "a loop of links": (_loop, "its links form a loop"),
    "a pipe": (_pipe, "it is a folder, a pipe or a device"),
    "a device": (lambda pool: _path("/dev/zero")(pool), "lies outside of"),
    "a folder": (_path("media/p2"), "it is a folder"),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_that_leads_to_no_file_is_named_for_what_it_is(pool, case):
    spoil, message = NAMES[case]
    spoil(pool)
    with pytest.raises(PoolError, match=message) as caught:
        read_pool(pool.folder)
    assert str(caught.value).startswith(f"{pool.file}:3: ")
    assert "\n" not in str(caught.value)
    str(caught.value).encode()


@pytest.mark.parametrize("name", ["none", "a\0b", "a\udcff", "loop", "file", "x" * 300])
def test_a_pool_or_a_folder_of_media_that_is_none_is_refused(tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    with pytest.raises(PoolError, match="is not a persona pool: there is no such folder"):
        build(tmp_path / name, load_recipe("tiny"), tmp_path / "out")
    with pytest.raises(BuildError, match="is not a folder of media"):
        import_release(tmp_path / "file", tmp_path / name, tmp_path / "out")
    if name != "file":
        with pytest.raises(BuildError, match="cannot read"):
            import_release(tmp_path / name, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_beyond_the_limit_is_not_read(pool, monkeypatch):
    with (pool.folder / "media/p2/i0.png").open("ab") as file:
        file.truncate(media_files.MAX_BYTES + 1)
    with pytest.raises(PoolError, match=r"i0\.png: a file of 256 MiB; at most 256 MiB are read"):
        read_pool(pool.folder)


def test_everything_that_is_wrong_is_reported_at_once(pool):
    pool.lines[1]["images"][0]["path"] = "none.png"
    pool.lines[1]["audios"][1]["path"] = "none.wav"
    del pool.lines[3]["name"]
    pool.lines[3]["images"][0]["role"] = "front"
    pool.lines[5]["persona_id"] = "p0"
    pool.save()
    with pytest.raises(PoolError) as caught:
        read_pool(pool.folder)
    lines = str(caught.value).replace(f"{pool.file}:", "").split("\n")
    assert [line.partition(":")[0] for line in lines] == ["2", "2", "4", "4", "6"]
    assert "is on line 1 already" in lines[-1]


def test_of_many_faults_the_first_twenty_are_listed_and_the_others_counted(pool):
    for line in pool.lines:
        for image in line["images"]:
            image["path"] += ".none"
    pool.save()
    with pytest.raises(PoolError) as caught:
        read_pool(pool.folder)
    lines = str(caught.value).split("\n")
    assert len(lines) == 21
    assert lines[-1] == "and 28 more"


@pytest.mark.parametrize("value", ['"p2", "persona_id": "p2"', "NaN", "1e999", '"p\\ud800"'])
def test_what_only_python_takes_for_json_is_refused(pool, value):
    lines = pool.file.read_text().splitlines()
    lines[2] = lines[2].replace('"p2"', value, 1)
    pool.file.write_text("\n".join(lines) + "\n")
    with pytest.raises(PoolError, match=r"twice|not a JSON value|out of range|unpaired surrogate") as caught:
        read_pool(pool.folder)
    assert str(caught.value).startswith(f"{pool.file}:3: ")


def test_a_blank_picture_is_refused(pool):
    Image.new("RGB", (64, 64), "grey").save(pool.folder / "media/p2/i0.png")
    with pytest.raises(PoolError, match=r":3: media/p2/i0\.png: the picture is blank"):
        read_pool(pool.folder)


# ---- near copies


def _resave(pool, source, target, quality=70):
    picture = decode_image((pool.folder / source).read_bytes())
    picture.resize((96, 96)).save(pool.folder / target, "JPEG", quality=quality)


def test_a_query_that_is_a_photo_of_a_memory_saved_again_is_refused(pool):
    _resave(pool, "media/p2/i0.png", "media/p2/i3.png")
    with pytest.raises(
        PoolError, match=r":3: p2/i3\.png is a near copy of the same picture as p2/i0\.png; one is for mem"
    ):
        read_pool(pool.folder)


def test_a_photo_that_everybody_lists_hundreds_of_times_is_told_once_for_each(pool):
    """Not once for each of the millions of pairs, for which no memory would be enough."""
    for line in pool.lines:
        others = [image for image in line["images"] if image["role"] == "query"]
        line["images"] = [{"path": "media/p0/i0.png", "role": "reference"}] * 300 + others
    pool.save()
    with pytest.raises(PoolError) as caught:
        read_pool(pool.folder)
    lines = str(caught.value).split("\n")
    told = [f" of p{number} is the same picture as" in line for number, line in enumerate(lines, start=1)]
    assert told == [True] * (len(pool.lines) - 1)


def test_one_photo_of_two_people_is_refused(pool):
    _resave(pool, "media/p2/i0.png", "media/p7/i1.png")
    shutil.copy(pool.folder / "media/p3/i0.png", pool.folder / "media/p9/i3.png")
    with pytest.raises(PoolError) as caught:
        read_pool(pool.folder)
    assert str(caught.value).split("\n") == [
        f"{pool.file}:8: p7/i1.png of p7 is a near copy of the same picture as p2/i0.png of p2 (line 3)",
        f"{pool.file}:10: p9/i3.png of p9 is the same picture as p3/i0.png of p3 (line 4)",
    ]


def test_a_query_that_is_a_recording_of_a_memory_saved_again_is_refused(pool):
    samples, rate = decode_audio((pool.folder / "media/p2/a1.wav").read_bytes())
    soundfile.write(pool.folder / "media/p2/a2.wav", samples[rate // 50 :], rate, format="OGG")
    with pytest.raises(PoolError, match=r":3: p2/a2\.wav is a near copy of the same clip as p2/a1\.wav"):
        read_pool(pool.folder)


def test_two_memories_may_be_near_copies(pool):
    _resave(pool, "media/p2/i0.png", "media/p2/i1.png")
    assert len(read_pool(pool.folder)) == 12


# ---- what media tell of people


def _sign(pool):
    """A pool whose pictures and clips name their owner, inside and in their endings."""
    for line in pool.lines:
        for image in line["images"]:
            path = pool.folder / image["path"]
            exif = Image.Exif()
            exif[0x013B] = line["name"]
            image["path"] = image["path"].replace(".png", f".{line['persona_id']}-jo-example")
            Image.open(path).save(pool.folder / image["path"], "PNG", exif=exif)
        for audio in line["audios"]:
            path = pool.folder / audio["path"]
            samples, rate = soundfile.read(path)
            with soundfile.SoundFile(path, "w", rate, 1, format="WAV") as file:
                file.title = line["name"]
                file.write(samples)
    pool.save()


def _media(folder):
    return {medium.name: medium.data for item in omni_persona.read(folder) for medium in _all(item)}


def _all(item):
    remembered = [medium for context in item.contexts for medium in (context.image, context.audio)]
    return [medium for medium in (*remembered, item.query_image, item.query_audio) if medium is not None]


def test_what_media_tell_of_people_is_taken_out_and_the_card_says_so(pool, tmp_path):
    _sign(pool)
    build(pool.folder, load_recipe("tiny"), tmp_path / "omni-persona")
    media = _media(tmp_path / "omni-persona")
    assert {name.partition(".")[2] for name in media} == {"png", "wav"}
    assert all(traces(data) == () for data in media.values())
    stored = {path.read_bytes() for path in pool.folder.rglob("*") if path.parent.parent.name == "media"}
    decoded = {decode_image(data).tobytes() for data in stored if data[:4] == b"\x89PNG"}
    assert all(decode_image(data).tobytes() in decoded for name, data in media.items() if name.endswith("png"))
    card = " ".join((tmp_path / "omni-persona" / "README.md").read_text(encoding="utf-8").split())
    assert "96 media said more than they show" in card
    assert "taken out, and pixels and samples are as they were" in card


def test_it_is_kept_where_that_is_asked_for(pool, tmp_path):
    _sign(pool)
    build(pool.folder, load_recipe("tiny"), tmp_path / "omni-persona", keep_metadata=True)
    media = _media(tmp_path / "omni-persona")
    assert all(traces(data) for data in media.values())
    assert {name.partition(".")[2] for name in media} == {"png", "wav"}
    card = (tmp_path / "omni-persona" / "README.md").read_text(encoding="utf-8")
    assert "96 media say more than they show" in card
    assert "`--keep-metadata`" in card


def test_a_file_is_called_by_what_it_is(pool):
    """An ending that lies."""
    (pool.folder / "media/p2/a0.wav").write_bytes(encoded(speech_like(2.0), format="FLAC"))
    assert read_pool(pool.folder)[2].clips[0].suffix == ".flac"
    assert json.loads(pool.file.read_text().splitlines()[2])["audios"][0]["path"].endswith(".wav")


def test_pixels_are_never_encoded_anew(pool):
    _sign(pool)
    for persona in read_pool(pool.folder):
        for picture in persona.pictures:
            with Image.open(picture.path) as stored:
                assert np.array_equal(np.asarray(stored), np.asarray(decode_image(picture.read())))


@pytest.mark.parametrize("change", ["other", "longer", "shorter", "missing", "folder"])
def test_a_content_that_changed_is_not_read_into_a_dataset(pool, change):
    target = pool.folder / "media/p0/i0.png"
    picture, data = read_pool(pool.folder)[0].pictures[0], target.read_bytes()
    room = bytearray(picture.size)
    picture.read_into(memoryview(room))
    assert room == picture.read() == data
    target.unlink()
    if change == "folder":
        target.mkdir()
    elif change != "missing":
        target.write_bytes({"other": data[:-1] + b"?", "longer": data + b"?", "shorter": data[:-1]}[change])
    message = {"missing": "cannot be read", "folder": "cannot be read|a folder"}
    with pytest.raises(PoolError, match=rf"i0\.png.*({message.get(change, 'changed while')})"):
        picture.read_into(memoryview(bytearray(picture.size)))
