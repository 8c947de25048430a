"""Checks of rows and side files fail on a dataset that is broken in just that way."""

import io

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
from changed_dataset import changed_copy, failed_checks, target_of
from PIL import Image

import omni_persona
from omni_persona_artifacts.construction import FILE


def _part(name):
    """The part of the checks that one stands in."""
    if name.startswith("shortcut"):
        return ["missing" if "missing" in name else "query media" if " by " in name else "shortcuts"]
    return ["media"] if name in ("pictures", "clips", "metadata", "near copies") else ["construction"]


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
        target_of(row)["text"] += " And so on and so forth" * 3 + "."


def _echoing_targets(rows):
    """Note and question share a word that no other note holds."""
    for index, row in enumerate(_answerable(rows)):
        target_of(row)["text"] += f" Xyzzy{index}."
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
        target = target_of(row)
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
    assert failing in failed_checks(changed_copy(built, tmp_path / "omni-persona", change, place), _part(failing))


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
    folder = changed_copy(built, tmp_path / "omni-persona", lambda rows: change(rows, placed))
    assert failing in failed_checks(folder, ["construction"])


def test_another_person_who_says_the_same(built, tmp_path):
    def place(placed):
        spoken = next(
            one
            for one in placed
            if one["cue"] and one["person"] != one["queried_person"] and one["cue"] in _spoken_cues(placed)
        )
        spoken["transcript"] = spoken["cue"]

    assert "spoken words" in failed_checks(
        changed_copy(built, tmp_path / "omni-persona", lambda rows: None, place), ["construction"]
    )


def _spoken_cues(placed):
    """Cues that somebody says: those of T2Any."""
    said = {one["transcript"] for one in placed}
    return {one["cue"] for one in placed if one["cue"] and any(one["cue"] in text for text in said)}


def test_t2any_that_can_be_read(built, tmp_path):
    def change(rows):
        for row in _answerable(rows):
            if row["group"] == "T2Any":
                target_of(row)["text"] += " " + row["query_text"]

    folder = changed_copy(built, tmp_path / "omni-persona", change)
    assert "shortcut: T2Any read, not heard" in failed_checks(folder, ["shortcuts"])


def test_targets_that_stand_first_are_a_shortcut_too(built, tmp_path):
    assert "shortcut: usual position" in failed_checks(
        changed_copy(built, tmp_path / "omni-persona", _move_targets), ["shortcuts"]
    )


BROKEN = {
    "a row is missing": (lambda rows: rows[1:], "counts"),
    "an id occurs twice": (lambda rows: rows[1].update(augmented_id=rows[0]["augmented_id"]), "identifiers"),
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
    folder = changed_copy(
        built,
        tmp_path / "omni-persona",
        lambda rows: result if isinstance(result := change(rows), list) else None,
    )
    assert failing in failed_checks(folder, ["rows"])


def test_the_copy_itself_breaks_nothing(built, tmp_path):
    assert failed_checks(changed_copy(built, tmp_path / "omni-persona", lambda rows: None)) == {}


def test_a_position_is_a_place_in_the_memories_whatever_the_people_are_called(make_item):
    from dataclasses import replace

    from omni_persona_build.checks.rows import positions

    def item(index, place):
        one = make_item(index)
        contexts = [replace(context, concept_id=f"person {context.text}") for context in one.contexts]
        return replace(one, contexts=tuple(contexts), target_concept_id=contexts[place].concept_id)

    even = positions([item(index, index % 4) for index in range(16)])
    assert even.passed
    assert even.detail.startswith("targets at [4, 4, 4, 4] of 4 positions")
    assert not positions([item(index, 0) for index in range(16)]).passed
