"""Every check passes on a built dataset, and fails on one that is broken in just that way."""

import io
import re
import sys
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from PIL import Image

import omni_persona
import omni_persona_perception
from omni_persona_artifacts.check_results import read_unneeded
from omni_persona_artifacts.construction import FILE
from omni_persona_artifacts.errors import ArtifactError
from omni_persona_build.card import write_findings
from omni_persona_build.checks import Finding, check, unneeded
from omni_persona_build.checks.described import media_of
from omni_persona_build.checks.evidence import area_finding, confirmed, share_finding
from omni_persona_build.errors import BuildError


def _copy(built, folder, change, place=lambda placed: None):
    """A copy of a dataset whose rows went through `change`, and those of its side file through `place`."""
    (source,) = built.glob(omni_persona.DATA_FILES)
    table = pq.read_table(source)
    rows = table.to_pylist()
    rows = change(rows) or rows
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_bytes((built / "README.md").read_bytes())
    changed = pa.Table.from_pylist(rows, schema=omni_persona.features().arrow_schema)
    metadata = {**changed.schema.metadata, b"omni_persona": table.schema.metadata[b"omni_persona"]}
    pq.write_table(changed.replace_schema_metadata(metadata), folder / "data" / source.name)
    construction = pq.read_table(built / FILE)
    placed = construction.to_pylist()
    place(placed)
    pq.write_table(pa.Table.from_pylist(placed, schema=construction.schema), folder / FILE)
    return folder


def _failures(folder, only=None):
    return {finding.check: finding.detail for finding in check(folder, only=only) if finding.passed is False}


def _part(name):
    """The part of the checks that one stands in."""
    if name.startswith("shortcut"):
        return ["missing" if "missing" in name else "query media" if " by " in name else "shortcuts"]
    return ["media"] if name in ("pictures", "clips", "metadata", "near copies") else ["construction"]


def test_a_built_dataset_passes(built):
    assert _failures(built) == {}
    assert len(check(built)) == 45


def _first(rows, **wanted):
    return next(row for row in rows if all(row[key] == value for key, value in wanted.items()))


def _move_targets(rows):
    """Put every target first, and all that goes with it."""
    for row in rows:
        if row["target_concept_id"]:
            row["contexts"].sort(key=lambda context: not context["same_as_query_image_or_audio"])
            for place, context in enumerate(row["contexts"]):
                context["concept_id"] = f"concept_{place}"
            row["target_concept_id"] = "concept_0"


def _drop_unanswerable(rows):
    return [row for row in rows if row["absence"] == "none" or row["group"] != "T2T"]


def _share_gold(rows):
    row = _first(rows, absence="none")
    other = next(context for context in row["contexts"] if not context["same_as_query_image_or_audio"])
    for sibling in rows:
        if sibling["source_sample_id"] == row["source_sample_id"]:
            sibling["contexts"][int(other["concept_id"][-1])]["text"] += " " + row["answer_supervision"]["gold_answer"]


def _lose_gold(rows):
    _first(rows, absence="none")["answer_supervision"]["gold_answer"] = "a word that nobody wrote"


def _other_abstention(rows):
    row = _first(rows, absence="absent_persona")
    row["absence"], row["answer_supervision"]["gold_answer"] = "none", omni_persona.ABSTENTION


def _answer_the_absent(rows):
    _first(rows, absence="absent_attribute")["answer_supervision"]["gold_answer"] = "a pilot"


def _reuse_query(rows):
    row = _first(rows, group="I2I")
    row["query_assets"]["image"] = row["contexts"][0]["image"]


def _add_cue(rows):
    row = _first(rows, group="T2T")
    blank = io.BytesIO()
    Image.new("RGB", (8, 8)).save(blank, "PNG")
    row["query_assets"]["image"] = {"bytes": blank.getvalue(), "path": "face.png"}


def _target(row):
    return next(context for context in row["contexts"] if context["same_as_query_image_or_audio"])


def _answerable(rows):
    return [row for row in rows if row["absence"] == "none"]


def _blank(rows):
    blank = io.BytesIO()
    Image.new("L", (8, 8), 128).save(blank, "PNG")
    rows[0]["contexts"][0]["image"] = {"bytes": blank.getvalue(), "path": "blank.png"}


def _sound(samples, rate=8000):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV")
    return lambda rows: rows[0]["contexts"][0].update(audio={"bytes": buffer.getvalue(), "path": "a.wav"})


def _swap_media(rows):
    """Give one person another's picture in one of their memories."""
    row = rows[0]
    row["contexts"][0]["image"] = row["contexts"][1]["image"]


def _answers_in_questions(rows):
    for row in _answerable(rows):
        row["query_text"] += f" Is it {row['answer_supervision']['gold_answer']}?"


def _long_targets(rows):
    for row in _answerable(rows):
        _target(row)["text"] += " And so on and so forth" * 3 + "."


def _echoing_targets(rows):
    """Note and question share a word that no other note holds."""
    for index, row in enumerate(_answerable(rows)):
        _target(row)["text"] += f" Xyzzy{index}."
        row["query_text"] += f" Xyzzy{index}?"


def _silent_targets(placed):
    """Have targets leave out two things that all others state."""
    for one in placed:
        one["stated"] = sorted(
            {*one["stated"], "x", "y"} - ({"x", "y"} if one["person"] == one["queried_person"] else set())
        )


def _telling_notes(rows):
    """Say in notes what only some questions ask for, as if it had been stated for them."""
    for row in rows:
        for context in row["contexts"][1:]:
            context["text"] += " They slept." if row["no_GT"] else " They woke."


def _alike_without(rows):
    """One face and one voice for all, where somebody is missing."""
    for row in rows:
        for context in row["contexts"]:
            if row["no_GT"]:
                context |= {medium: row["contexts"][0][medium] for medium in ("image", "audio")}


def _heavy_targets(rows):
    """Pictures of targets compress less well: a tell that only a classifier finds."""
    for row in _answerable(rows):
        target = _target(row)
        target["image"] = {"bytes": target["image"]["bytes"] + bytes(500), "path": target["image"]["path"]}


def _signed_photo(rows):
    """Have a picture name its photographer."""
    picture = rows[0]["contexts"][0]["image"]
    exif = Image.Exif()
    exif[0x013B] = "Jo Example"
    buffer = io.BytesIO()
    Image.open(io.BytesIO(picture["bytes"])).save(buffer, "PNG", exif=exif)
    rows[0]["contexts"][0]["image"] = {"bytes": buffer.getvalue(), "path": picture["path"]}


def _telling_ending(rows):
    rows[0]["contexts"][0]["audio"]["path"] += ".jo-example"


def _photo_saved_again(rows):
    """Ask with a photo that a memory holds."""
    row = _first(rows, group="I2I")
    buffer = io.BytesIO()
    # The pictures of these tests are mostly grain, of which JPEG of a low quality leaves little.
    Image.open(io.BytesIO(row["contexts"][0]["image"]["bytes"])).convert("RGB").save(buffer, "JPEG", quality=90)
    row["query_assets"]["image"] = {"bytes": buffer.getvalue(), "path": "a.jpg"}


def _clip_saved_again(rows):
    """Ask with the end of a clip that a memory holds."""
    row = _first(rows, group="A2A")
    samples, rate = soundfile.read(io.BytesIO(row["contexts"][0]["audio"]["bytes"]))
    buffer = io.BytesIO()
    soundfile.write(buffer, samples[rate // 50 :], rate, format="OGG")
    row["query_assets"]["audio"] = {"bytes": buffer.getvalue(), "path": "a.ogg"}


BROKEN_BEHIND = {
    "an absent person is there": (
        lambda rows: None,
        lambda placed: (
            placed[0].update(person=placed[0]["queried_person"])
            if placed[0]["person"] != placed[0]["queried_person"]
            else placed[0].update(person="p99")
        ),
        "absent people",
    ),
    "the side file lacks an item": (lambda rows: None, lambda placed: placed.pop(), "absent truths"),
    "one picture of two people": (_swap_media, lambda placed: None, "shared media"),
    "a picture that cannot be decoded": (
        lambda rows: rows[0]["contexts"][0].update(image={"bytes": b"PNG?", "path": "a.png"}),
        lambda placed: None,
        "pictures",
    ),
    "a picture names its owner": (_signed_photo, lambda placed: None, "metadata"),
    "an ending is a name": (_telling_ending, lambda placed: None, "metadata"),
    "a query is a memory's photo": (_photo_saved_again, lambda placed: None, "near copies"),
    "a query is a memory's recording": (_clip_saved_again, lambda placed: None, "near copies"),
    "a blank picture": (_blank, lambda placed: None, "pictures"),
    "a clip that cannot be decoded": (
        lambda rows: rows[0]["contexts"][0].update(audio={"bytes": b"RIFF", "path": "a.wav"}),
        lambda placed: None,
        "clips",
    ),
    "a silent clip": (_sound(np.zeros(8000 * 3)), lambda placed: None, "clips"),
    "a clip too long": (_sound(np.sin(np.arange(8000 * 31))), lambda placed: None, "clips"),
    "a clip too short": (_sound(np.sin(np.arange(8000))), lambda placed: None, "clips"),
    "answers stand in the questions": (_answers_in_questions, lambda placed: None, "shortcut: question only"),
    "targets are longer": (_long_targets, lambda placed: None, "shortcut: longest note"),
    "targets echo the question": (_echoing_targets, lambda placed: None, "shortcut: notes, cue left out"),
    "targets leave out most": (lambda rows: None, _silent_targets, "shortcut: what notes leave out"),
    "targets have heavier pictures": (_heavy_targets, lambda placed: None, "shortcut: all but the query"),
    "notes tell that somebody is missing": (_telling_notes, lambda placed: None, "shortcut: missing, by the notes"),
    "people are alike where somebody is missing": (
        _alike_without,
        lambda placed: None,
        "shortcut: missing, by likeness",
    ),
}


@pytest.mark.parametrize("case", BROKEN_BEHIND)
def test_a_dataset_broken_behind_its_rows_fails_the_check_meant_for_it(built, tmp_path, case):
    change, place, failing = BROKEN_BEHIND[case]
    assert failing in _failures(_copy(built, tmp_path / "omni-persona", change, place), _part(failing))


def _tell(group, absence, column, whom):
    """Write what a column of the side file holds into a note: the target's, or another's."""

    def change(rows, placed):
        row = _first(rows, group=group, absence=absence)
        values = [one[column] for one in placed if one["augmented_id"] == row["augmented_id"]]
        context = next(one for one in row["contexts"] if one["same_as_query_image_or_audio"] == (whom == "target"))
        context["text"] += f" {values[0]}."

    return change


@pytest.mark.parametrize(
    ("group", "absence", "column", "whom", "failing"),
    [
        ("I2I", "absent_attribute", "withheld", "target", "absent attributes"),
        ("T2T", "none", "cue", "other", "descriptions"),
        ("T2Any", "none", "cue", "target", "spoken words"),
        ("T2Any", "none", "cue", "other", "spoken words"),
    ],
)
def test_a_note_that_tells_too_much(built, tmp_path, group, absence, column, whom, failing):
    placed = pq.read_table(built / FILE).to_pylist()
    change = _tell(group, absence, column, whom)
    folder = _copy(built, tmp_path / "omni-persona", lambda rows: change(rows, placed))
    assert failing in _failures(folder, ["construction"])


def test_another_person_who_says_the_same(built, tmp_path):
    def place(placed):
        spoken = next(
            one
            for one in placed
            if one["cue"] and one["person"] != one["queried_person"] and one["cue"] in _spoken_cues(placed)
        )
        spoken["transcript"] = spoken["cue"]

    assert "spoken words" in _failures(
        _copy(built, tmp_path / "omni-persona", lambda rows: None, place), ["construction"]
    )


def _spoken_cues(placed):
    """Cues that somebody says: those of T2Any."""
    said = {one["transcript"] for one in placed}
    return {one["cue"] for one in placed if one["cue"] and any(one["cue"] in text for text in said)}


def test_t2any_that_can_be_read(built, tmp_path):
    def change(rows):
        for row in _answerable(rows):
            if row["group"] == "T2Any":
                _target(row)["text"] += " " + row["query_text"]

    folder = _copy(built, tmp_path / "omni-persona", change)
    assert "shortcut: T2Any read, not heard" in _failures(folder, ["shortcuts"])


def test_targets_that_stand_first_are_a_shortcut_too(built, tmp_path):
    assert "shortcut: usual position" in _failures(
        _copy(built, tmp_path / "omni-persona", _move_targets), ["shortcuts"]
    )


def test_without_a_side_file_the_rest_is_checked(built, tmp_path):
    folder = _copy(built, tmp_path / "omni-persona", lambda rows: None)
    (folder / FILE).unlink()
    findings = {finding.check: finding for finding in check(folder)}
    assert {name for name, one in findings.items() if one.result == "skipped" and "missing" not in name} == {
        "absent truths"
    }
    assert findings["absent truths"].result == "skipped"
    assert findings["absent truths"].detail == "there is no data/construction.parquet"
    assert "chance 25.0 %" in findings["shortcut: longest note"].detail


def test_too_few_sets_are_nothing_to_learn_from(built, tmp_path):
    def change(rows):
        gone = sorted({row["source_sample_id"] for row in rows if row["no_GT"]})[9:]
        return [row for row in rows if row["source_sample_id"] not in gone]

    findings = {finding.check: finding for finding in check(_copy(built, tmp_path / "omni-persona", change))}
    for name in ("shortcut: missing, by the notes", "shortcut: missing, by likeness"):
        assert findings[name].result == "skipped"
        assert findings[name].detail == "9 sets of memories are too few to learn from"


def test_what_chance_comes_to_is_learnt_by_shuffling():
    """Of what says nothing, one in a thousand would fail, and as large a part of the means lies outside one spread."""
    rng = np.random.default_rng(0)
    found = [area_finding("x", rng.normal(size=(80, 6)), np.arange(80) < 30) for _ in range(12)]
    assert all(one.passed is not False for one in found)
    areas = [float(re.match(r"AUC (\S+),", one.detail)[1]) for one in found]
    spreads = [float(one.detail.rpartition("± ")[2]) / 3.09 for one in found]
    assert 0.4 < np.mean(areas) < 0.55
    assert np.mean(spreads) == pytest.approx(0.08, abs=0.02)
    told = area_finding("x", rng.normal(size=(80, 6)) + 2 * (np.arange(80) < 30)[:, None], np.arange(80) < 30)
    assert not told.passed


def test_the_interval_of_a_shortcut_is_that_of_samples_not_items():
    """Ten samples of three siblings that stand and fall together: the error of ten coins, not of thirty."""
    right = np.repeat(np.arange(10) % 2 == 0, 3)
    samples = np.repeat(np.arange(10).astype(str), 3)
    finding = share_finding("coin", right.astype(float), np.full(30, 0.25), [samples.tolist()])
    error = 3.09 * (0.25 / 10) ** 0.5
    assert f"right 50.0 % [{100 * (0.5 - error):.1f}, {100 * (0.5 + error):.1f}], chance 25.0 %" in finding.detail


BROKEN = {
    "a row is missing": (lambda rows: rows[1:], "counts"),
    "an id stands twice": (lambda rows: rows[1].update(augmented_id=rows[0]["augmented_id"]), "identifiers"),
    "too few cannot be answered": (
        lambda rows: [row for row in rows if row["absence"] != "absent_attribute"],
        "balance",
    ),
    "targets stand first": (_move_targets, "positions"),
    "a context is missing": (lambda rows: rows[0]["contexts"].pop(), "memories"),
    "siblings remember differently": (
        lambda rows: rows[0]["contexts"][0].update(text="They work."),
        "memories",
    ),
    "a target that is in no context": (
        lambda rows: _first(rows, no_GT=True).update(target_concept_id="concept_9"),
        "supervision",
    ),
    "the abstention for an answer": (_other_abstention, "supervision"),
    "an answer to the unanswerable": (_answer_the_absent, "supervision"),
    "two notes hold the answer": (_share_gold, "gold answers"),
    "no note holds the answer": (_lose_gold, "gold answers"),
    "the query's picture stands in a context": (_reuse_query, "query media"),
    "a face beside a text query": (_add_cue, "query cues"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_dataset_fails_the_check_meant_for_it(built, tmp_path, case):
    change, failing = BROKEN[case]
    folder = _copy(
        built,
        tmp_path / "omni-persona",
        lambda rows: result if isinstance(result := change(rows), list) else None,
    )
    assert failing in _failures(folder, ["rows"])


def test_the_copy_itself_breaks_nothing(built, tmp_path):
    assert _failures(_copy(built, tmp_path / "omni-persona", lambda rows: None)) == {}


def test_what_is_no_dataset(tmp_path, built):
    with pytest.raises(BuildError, match=r"has no data/test-\*\.parquet"):
        check(tmp_path)
    (tmp_path / "data").mkdir()
    broken = tmp_path / "data" / "test-0.parquet"
    broken.write_bytes(next(built.glob(omni_persona.DATA_FILES)).read_bytes()[:-20])
    with pytest.raises(BuildError, match=r"test-0\.parquet: not a Parquet file"):
        check(tmp_path)
    pq.write_table(pa.table({"x": [1]}), broken)
    with pytest.raises(BuildError, match="is no Omni-Persona dataset"):
        check(tmp_path)


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


def test_faces_known_by_the_wall_behind_them_fail_and_mark_the_group(built, tmp_path):
    folder = _copy(built, tmp_path / "omni-persona", lambda rows: _repaint(rows, _wall))
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
                for holder in (_target(row), row["query_assets"]):
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

    findings = check(_copy(built, tmp_path / "omni-persona", change), only=["query media"])
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

    findings = check(_copy(built, tmp_path / "omni-persona", change), only=["query media"])
    assert "shortcut: missing, by facts of the query's I2I medium" in {
        one.check for one in findings if one.passed is False
    }


def test_who_is_usually_asked_about_or_missing_fails(built, tmp_path):
    def place(placed):
        for one in placed:
            whole = [other for other in placed if other["augmented_id"] == one["augmented_id"]]
            asked = one["queried_person"]
            missing = all(other["person"] != asked for other in whole)
            one["queried_person"] = "gone" if missing else "asked"
            if one["person"] == asked:
                one["person"] = "asked"

    folder = _copy(built, tmp_path / "omni-persona", lambda rows: None, place)
    failed = _failures(folder, ["shortcuts", "missing"])
    assert "shortcut: usual person" in failed
    assert "shortcut: missing, by who is asked about" in failed


def test_few_items_are_too_few_to_tell_and_never_pass():
    rng = np.random.default_rng(0)
    for number, result in ((20, "too few to tell"), (2000, "pass")):
        right = (rng.random(number) < 1 / 3).astype(float)
        finding = share_finding("x", right, np.full(number, 1 / 3), [list(map(str, range(number)))])
        assert finding.result == result
        seen = int(re.search(r"a leak of (\d+) points would be seen", finding.detail)[1])
        assert seen == pytest.approx(309 * (2 / 9 / number) ** 0.5, abs=4)


def _tried(rng, sets, siblings, people, number=25):
    """Findings of solvers that guess; siblings are often right or wrong together."""
    samples = np.repeat(np.arange(sets), siblings)
    whose = rng.integers(0, people, sets)[samples]
    clusters = [samples.astype(str).tolist(), whose.astype(str).tolist()]
    found = []
    for name in range(number):
        together = rng.random(len(samples)) < 0.7
        drawn = np.where(together, rng.random(sets)[samples], rng.random(len(samples)))
        right = (drawn < 1 / 3).astype(float)
        found.append(share_finding(f"guess {name}", right, np.full(len(samples), 1 / 3), clusters))
    return found


@pytest.mark.parametrize(("sets", "siblings", "people"), [(60, 3, 24), (20, 1, 20), (12, 3, 8), (6, 3, 6)])
def test_a_fair_set_rarely_fails_over_all_solvers_together(sets, siblings, people):
    rng = np.random.default_rng(0)
    families = [_tried(rng, sets, siblings, people) for _ in range(300)]
    failed = sum(any(one.passed is False for one in confirmed(family)) for family in families)
    assert failed / len(families) <= 0.06


def test_a_leak_fails_among_many_solvers_that_guess():
    """70 % right where a guess is right 33 % of the time, over 60 sets."""
    rng = np.random.default_rng(0)
    caught = 0
    for _ in range(20):
        right = (rng.random(60) < 0.7).astype(float)
        names = [list(map(str, range(60))), rng.integers(0, 24, 60).astype(str).tolist()]
        leak = share_finding("leak", right, np.full(60, 1 / 3), names)
        caught += confirmed([*_tried(rng, 60, 3, 24), leak])[-1].passed is False
    assert caught >= 19


def test_holm_decides_by_rank_and_leaves_other_findings_as_they_are():
    """Of four solvers, .012 * 4 and .016 * 3 hold at .05; .03 * 2 does not, and then neither does .04 * 1."""
    p_values = [0.03, 0.012, 0.04, 0.016]
    findings = [Finding(f"x{p}", False, "seen", "I2I", p=p) for p in p_values]
    plain = [Finding("ids", False, "twice"), Finding("few", None, "few")]
    decided = confirmed([plain[0], *findings, plain[1]])
    assert [decided[0], decided[-1]] == plain
    assert [one.result for one in decided[1:-1]] == ["too few to tell", "FAIL", "too few to tell", "FAIL"]
    assert decided[1].detail == "seen; among 4 solvers this may be chance (Holm, p = 0.06)"
    assert set(unneeded(decided)["I2I"]) == {"x0.012", "x0.016"}
    passing = [Finding("y", True, "seen", p=0.001)]
    assert confirmed(passing) == passing


def test_two_items_that_are_right_show_nothing():
    finding = share_finding("x", np.ones(2), np.full(2, 1 / 3), [["a", "b"]])
    assert finding.p > 0.05
    assert confirmed([finding])[0].result == "too few to tell"
    alone = share_finding("x", np.ones(3), np.full(3, 1 / 3), [["a", "a", "a"]])
    assert alone.p == 1


def test_people_who_stand_behind_many_sets_make_an_interval_wider():
    right = np.repeat(np.arange(10) % 2 == 0, 30).astype(float)
    samples = [str(place) for place in range(300)]
    people = np.repeat(np.arange(10).astype(str), 30).tolist()
    narrow = share_finding("x", right, np.full(300, 0.25), [samples])
    wide = share_finding("x", right, np.full(300, 0.25), [samples, people])
    assert narrow.passed is False
    assert wide.result == "too few to tell"


def test_seeds_are_pooled_and_parts_run_alone(built, tmp_path):
    alone = {one.check: one for one in check(built, only=["shortcuts"])}
    pooled = {one.check: one for one in check(built, only=["shortcuts"], others=[built, built])}
    assert alone.keys() == pooled.keys()
    assert all(name.startswith("shortcut") for name in alone)
    # Thrice the same: what is right stays as it is, and is known as well, since the same people stand behind it.
    name = "shortcut: longest note"
    assert pooled[name].detail.split("[")[0] == alone[name].detail.split("[")[0]
    with pytest.raises(ValueError, match="expected some of rows, construction"):
        check(built, only=["nothing"])


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

    folder = _copy(built, tmp_path / "omni-persona", change)
    findings = {one.check: one for one in check(folder)}
    assert findings["pictures"].passed is False
    assert findings["clips"].passed is True


def test_results_of_checks_that_are_none(tmp_path):
    assert read_unneeded(tmp_path) == {}
    for content in ("", "[]", "{}", '{"does_not_need_its_modality": 3}', "[" * 100_000):
        (tmp_path / "checks.json").write_text(content)
        with pytest.raises(ArtifactError, match=r"checks\.json: expected the results of"):
            read_unneeded(tmp_path)
