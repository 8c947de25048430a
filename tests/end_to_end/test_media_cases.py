"""Each file of a collection of odd media comes out as it should, on every way from a pool to a model.

`expected.csv` beside the files says what is right, in words; here each file has a rule, and a file without one fails.
"""

from __future__ import annotations

import csv
import io
import json
import shutil

import numpy as np
import pytest
import soundfile
from media_cases import CLIPS, RULES, Refused, assert_heard_right, assert_shown_right, received_picture
from pool_folder import PoolFolder

import omni_persona
from omni_persona import Media
from omni_persona_build.checks import check
from omni_persona_build.pipeline import build
from omni_persona_build.recipes import Recipe
from omni_persona_build.recipes.errors import BuildError
from omni_persona_build.release import import_release
from omni_persona_people.errors import PoolError
from omni_persona_perception import decode_audio
from omni_persona_runner.media import MediaError, clip_wav, decode_clip, decode_picture, picture_uri


@pytest.fixture(scope="module")
def cases(shared):
    return shared / "cases"


def test_every_file_has_a_rule(cases):
    with (cases / "expected.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["file"] for row in rows} == set(RULES)
    for row in rows:
        assert (row["kind"] == "clip") == (row["file"] in CLIPS)
        assert row["right"].startswith("refused") == isinstance(RULES[row["file"]], Refused)


@pytest.fixture
def four(tmp_path):
    """A pool of four women, all of whom stand in every item."""
    pool = PoolFolder(tmp_path / "pool", people=4)
    for line in pool.lines:
        line["gender"] = "female"
    return pool


FEW = Recipe.model_validate(
    {"name": "few", "tasks": {"visual_to_bio": {"answerable": 4}, "voice_to_bio": {"answerable": 4}}}
)


def _give(pool, cases, name):
    """Make a file the one that the third person is remembered by."""
    shutil.copy(cases / name, pool.folder / "media/p2" / name)
    kind = "audios" if name in CLIPS else "images"
    entry = pool.lines[2][kind][0] | {"path": f"media/p2/{name}"}
    pool.lines[2][kind] = [entry, *pool.lines[2][kind][2:]]
    pool.save()


def _is_right(medium, path):
    """Assert that a medium from a dataset is what its rule says, for local models and for services."""
    if path.name in CLIPS:
        samples, rate = decode_audio(medium.data)
        sent, sent_rate = soundfile.read(io.BytesIO(clip_wav(medium)), dtype="float32")
        assert np.array_equal(decode_clip(medium, rate), samples)
        assert (len(sent), sent_rate) == (len(samples), rate)
        assert np.abs(sent * max(1.0, float(np.abs(samples).max())) - samples).max() < 1e-4
        assert_heard_right(path.name, path.parent, samples, rate)
        return
    shown = decode_picture(medium)
    sent = received_picture({"image_url": {"url": picture_uri(medium)}})
    assert np.array_equal(np.asarray(sent.convert("RGB")), np.asarray(shown))
    assert_shown_right(path.name, path.parent, shown)


def _remembered(folder, name):
    """The distinct media of a kind that a dataset's people are remembered by."""
    kind = "audio" if name in CLIPS else "image"
    found = {
        medium: None for item in omni_persona.read(folder) for one in item.contexts if (medium := getattr(one, kind))
    }
    return list(found)


def _any_is_right(media, path):
    flaws = []
    for medium in media:
        try:
            _is_right(medium, path)
        except AssertionError as flaw:
            flaws.append(str(flaw))
        else:
            return
    raise AssertionError(flaws)


@pytest.mark.parametrize("name", RULES)
def test_through_build(cases, four, tmp_path, name):
    _give(four, cases, name)
    out, rule = tmp_path / "omni-persona", RULES[name]
    if isinstance(rule, Refused):
        with pytest.raises((PoolError, BuildError), match=rule.reason) as refused:
            build(four.folder, FEW, out, equalise=False)
        assert str(refused.value).startswith(f"{four.file}:3: media/p2/{name}: ")
        assert "0x" not in str(refused.value)
        return
    build(four.folder, FEW, out, equalise=False)
    media = _remembered(out, name)
    _any_is_right(media, cases / name)
    stored = b"".join(medium.data for medium in media)
    assert b"Jo Example" not in stored
    findings = {finding.check: finding for finding in check(out)}
    for one in ("pictures", "clips", "metadata", "near copies"):
        assert findings[one].passed, findings[one]


@pytest.fixture
def release(shared, tmp_path):
    """A release of one record, whose second person may be given another picture or clip."""
    record = json.loads((shared / "release_like/release.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assets = shutil.copytree(shared / "release_like/assets", tmp_path / "assets")

    def save(name, source):
        shutil.copy(source, assets / name)
        record["contexts"][1]["audio" if name in CLIPS else "image"] = name
        (tmp_path / "release.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
        return tmp_path / "release.jsonl", assets

    return save


@pytest.mark.parametrize("name", RULES)
def test_through_import(cases, release, tmp_path, name):
    file, assets = release(name, cases / name)
    out, rule = tmp_path / "omni-persona", RULES[name]
    if isinstance(rule, Refused):
        with pytest.raises(BuildError, match=rule.reason) as refused:
            import_release(file, assets, out)
        assert str(refused.value).startswith(f"{file}:1 (")
        assert "0x" not in str(refused.value)
        return
    import_release(file, assets, out)
    media = _remembered(out, name)
    _any_is_right(media, cases / name)
    assert b"Jo Example" not in b"".join(medium.data for medium in media)


def _dataset(write_dataset, make_row, folder, changed):
    """A dataset of one item, whose first memory has other media."""
    row = make_row(0, "visual_to_bio", "none")
    row["contexts"][0] |= changed
    return write_dataset(folder, [row])


@pytest.mark.parametrize("name", RULES)
def test_through_check_and_run(cases, write_dataset, make_row, tmp_path, name):
    data = (cases / name).read_bytes()
    kind = "audio" if name in CLIPS else "image"
    folder = _dataset(write_dataset, make_row, tmp_path / "omni-persona", {kind: {"bytes": data, "path": name}})
    findings = {finding.check: finding for finding in check(folder)}
    finding, rule = findings["clips" if name in CLIPS else "pictures"], RULES[name]
    medium = Media(data, name)
    if isinstance(rule, Refused):
        assert not finding.passed and rule.reason.split(",")[0] in finding.detail
        for use in (
            (lambda: decode_clip(medium, 16_000), lambda: clip_wav(medium))
            if name in CLIPS
            else (
                lambda: decode_picture(medium),
                lambda: picture_uri(medium),
            )
        ):
            with pytest.raises(MediaError, match=rule.reason):
                use()
        return
    assert name not in finding.detail
    _is_right(medium, cases / name)
    detail = findings["metadata"].detail
    assert ("EXIF Artist" in detail and "EXIF GPSInfo" in detail) == (name == "owner_and_place.jpg")


@pytest.mark.parametrize(
    ("name", "copy"), [("reference.png", "resaved_reference.jpg"), ("reference.wav", "resaved_reference.ogg")]
)
def test_a_near_copy_is_no_query_and_no_other_person(cases, four, write_dataset, make_row, tmp_path, name, copy):
    kind, column = ("audios", "audio") if name in CLIPS else ("images", "image")
    _give(four, cases, name)
    entry = four.lines[2][kind][1]
    shutil.copy(cases / copy, four.folder / "media/p2" / copy)
    four.lines[2][kind][1] = entry | {"path": f"media/p2/{copy}"}
    four.save()
    with pytest.raises(PoolError, match=rf":3: p2/{copy} is a near copy of the same \w+ as p2/{name}"):
        build(four.folder, FEW, tmp_path / "out", equalise=False)
    four.lines[2][kind][1] = entry
    four.lines[3][kind][0]["path"] = f"media/p2/{copy}"
    four.save()
    with pytest.raises(PoolError, match=rf":4: p2/{copy} of p3 is a near copy of the same \w+ as p2/{name} of p2"):
        build(four.folder, FEW, tmp_path / "out", equalise=False)
    row = make_row(0, "visual_to_bio" if column == "image" else "voice_to_bio", "none")
    row["contexts"][0][column] = {"bytes": (cases / name).read_bytes(), "path": name}
    row["query_assets"][column] = {"bytes": (cases / copy).read_bytes(), "path": copy}
    findings = {one.check: one for one in check(write_dataset(tmp_path / "omni-persona", [row]))}
    assert not findings["near copies"].passed
    assert f"{name} and {copy} are one" in findings["near copies"].detail
