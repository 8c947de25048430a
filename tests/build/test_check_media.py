"""Faces and voices that can be told apart by something else fail the checks of media."""

import io
import sys
from collections import Counter

import numpy as np
import pytest
import soundfile
from changed_dataset import changed_copy, target_of
from PIL import Image

import omni_persona
import omni_persona_perception
from omni_persona_artifacts.check_results import read_unneeded
from omni_persona_build.card import write_findings
from omni_persona_build.checks import check, unneeded
from omni_persona_build.checks.described import media_of

# ------------------------------------------------------------------------------ the query's own medium, and marks


def _repaint(rows, paint):
    """Change the pixels of every picture; paint: (pixels, whose) -> pixels, where queries are their target's."""
    done = {}
    for row in rows:
        for place, context in enumerate(row["contexts"]):
            whose = row["augmented_id"].partition("__")[0] + str(place)
            context["image"] = _painted(context["image"], whose, paint, done)
        if row["query_assets"]["image"] and row["target_concept_id"]:
            whose = row["augmented_id"].partition("__")[0] + row["target_concept_id"].removeprefix("concept_")
            row["query_assets"]["image"] = _painted(row["query_assets"]["image"], whose, paint, {})


def _painted(medium, whose, paint, done):
    if (whose, medium["path"]) not in done:
        pixels = np.asarray(Image.open(io.BytesIO(medium["bytes"])).convert("RGB")).copy()
        stored = io.BytesIO()
        Image.fromarray(paint(pixels, sum(map(ord, whose)))).save(stored, "PNG")
        done[whose, medium["path"]] = {"bytes": stored.getvalue(), "path": f"{whose}{medium['path']}"}
    return done[whose, medium["path"]]


def _wall(pixels, number):
    """A border in a colour of somebody's own."""
    colour = np.random.default_rng(number).integers(0, 255, 3)
    for side in (pixels[:6], pixels[-6:], pixels[:, :6], pixels[:, -6:]):
        side[:] = colour
    return pixels


@pytest.mark.slow
def test_faces_known_by_the_wall_behind_them_fail_and_mark_the_group(built, tmp_path):
    folder = changed_copy(built, tmp_path / "omni-persona", lambda rows: _repaint(rows, _wall))
    findings = check(folder, only=["query media"])
    failed = {one.check for one in findings if one.passed is False}
    assert {"shortcut: I2I by corners", "shortcut: I2I by border"} <= failed
    assert set(unneeded(findings)) == {"I2I"}
    write_findings(folder, findings)
    assert "**I2I does not need its modality**" in (folder / "README.md").read_text()
    assert "corners" in read_unneeded(folder)["I2I"]


def test_voices_known_by_their_microphone_fail_and_mark_the_group(built, tmp_path):
    """Each set's target and query are noisier than anybody else."""

    def change(rows):
        rng = np.random.default_rng(0)
        for row in rows:
            if row["group"] == "A2A" and row["target_concept_id"]:
                for holder in (target_of(row), row["query_assets"]):
                    samples, rate = soundfile.read(io.BytesIO(holder["audio"]["bytes"]))
                    stored = io.BytesIO()
                    soundfile.write(
                        stored,
                        np.clip(samples + rng.normal(0, 0.15, len(samples)), -1, 1),
                        rate,
                        "PCM_16",
                        format="WAV",
                    )
                    holder["audio"] = {"bytes": stored.getvalue(), "path": f"{row['augmented_id']}.wav"}

    findings = check(changed_copy(built, tmp_path / "omni-persona", change), only=["query media"])
    assert "shortcut: A2A by noise floor" in {one.check for one in findings if one.passed is False}
    assert set(unneeded(findings)) == {"A2A"}


def test_a_query_medium_that_tells_that_its_person_is_missing(built, tmp_path):
    """In a copy three times as large, so that there is enough to learn from."""

    def change(rows):
        grown = []
        for copy in range(3):
            for row in rows:
                sample = f"{row['source_sample_id']}x{copy}"
                one = row | {"source_sample_id": sample, "augmented_id": f"{sample}__aug_{row['augmented_id'][-1]}"}
                if row["query_assets"]["image"] is not None and row["no_GT"]:
                    dark = _painted(row["query_assets"]["image"], sample, lambda pixels, _: pixels // 4, {})
                    one["query_assets"] = row["query_assets"] | {"image": dark}
                grown.append(one)
        return grown

    findings = check(changed_copy(built, tmp_path / "omni-persona", change), only=["query media"])
    assert "shortcut: missing, by facts of the query's I2I medium" in {
        one.check for one in findings if one.passed is False
    }


def test_every_medium_is_decoded_once(built, monkeypatch):
    """Wherever from; a clip whose spectrum is like another's is decoded once more, to compare the samples."""
    decoded, compared = Counter(), Counter()

    def counting(real, counts):
        def decode(data, *more):
            counts[data] += 1
            return real(data, *more)

        return decode

    for name in ("decode_image", "decode_audio"):
        real = getattr(omni_persona_perception, name)
        for place in [place for place in sys.modules if place.startswith("omni_persona")]:
            if hasattr(sys.modules[place], name):
                near = place == "omni_persona_perception.likeness"
                monkeypatch.setattr(sys.modules[place], name, counting(real, compared if near else decoded))
    check(built, others=[built])
    items = list(omni_persona.read(built))
    media = {one.data for item in items for sort in ("image", "audio") for one in media_of(item, sort)}
    assert decoded == Counter(media)
    assert set(compared.values()) <= {1}
    assert len(compared) <= 4, "of 42 clips"


def test_a_file_that_stands_for_a_picture_and_for_a_clip(built, tmp_path):
    """It is a flaw of the one and none of the other, and nothing breaks."""

    def change(rows):
        rows[0]["contexts"][0]["image"] = rows[0]["contexts"][0]["audio"]

    folder = changed_copy(built, tmp_path / "omni-persona", change)
    findings = {one.check: one for one in check(folder)}
    assert findings["pictures"].passed is False
    assert findings["clips"].passed is True
