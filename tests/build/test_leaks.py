"""What the items of a release leak, counted by hand."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import soundfile
from PIL import Image

import omni_persona
from omni_persona import Context, Item, Media
from omni_persona_build.leaks import Leak, count_leaks, leak_rows


def _face(seed):
    rng = np.random.default_rng(seed)
    file = BytesIO()
    Image.fromarray(rng.integers(0, 255, (8, 8, 3)).astype("uint8")).resize((64, 64)).save(file, "PNG")
    return Media(file.getvalue(), "a.png")


def _voice(pitch):
    seconds = np.arange(16000) / 8000
    file = BytesIO()
    soundfile.write(file, np.sin(2 * np.pi * pitch * seconds) / 2, 8000, format="WAV")
    return Media(file.getvalue(), "a.wav")


NOTES = (
    "I remember Dr. Ada Example, a harbour pilot in Trondheim.",
    "Bo came up in my memory. They worked as baker.",
    "She was a quiet judge.",
)
CONTEXTS = tuple(
    Context(f"concept_{place}", _face(place), _voice(110 * 2**place), note, place == 0)
    for place, note in enumerate(NOTES)
)
NO_CUE = Item(
    "sample_0__aug_0", "sample_0", omni_persona.TASKS["dialogue_to_bio"], "none", "concept_0", CONTEXTS, None, None,
    "What does the voice that spoke of seals do?", "harbour pilot", "role",
)  # fmt: skip

KINDS = {
    "face": "the query comes with a face, whatever it asks by",
    "face finds": "… and comparing faces finds the person",
    "voice": "the query comes with a voice, whatever it asks by",
    "voice finds": "… and comparing voices finds the person",
    "reused": "the query's face or voice is a context's own",
    "named": "the question names the person",
    "read": "the question's words fit the person's note best",
    "answered": "the question holds the answer",
}


def _of(item, kind):
    """(items that leak, items that could) in the item's group, or None."""
    found = {leak.what: leak.found for leak in count_leaks([item])}
    return found[KINDS[kind]].get(item.task.group)


def test_an_item_that_shows_its_own_cue_alone_leaks_nothing():
    expected = {"face": (0, 1), "voice": (0, 1), "named": (0, 1), "read": (0, 1), "answered": (0, 1)}
    assert {kind: _of(NO_CUE, kind) for kind in KINDS} == dict.fromkeys(KINDS) | expected


def test_media_of_another_modality_and_what_comparing_them_is_worth():
    shown = replace(NO_CUE, query_image=CONTEXTS[0].image, query_audio=CONTEXTS[1].audio)
    assert (_of(shown, "face"), _of(shown, "face finds")) == ((1, 1), (1, 1))
    assert (_of(shown, "voice"), _of(shown, "voice finds")) == ((1, 1), (0, 1))
    assert _of(shown, "reused") == (1, 1)
    assert _of(replace(shown, query_image=_face(9), query_audio=_voice(523)), "reused") == (0, 1)


def test_a_medium_of_the_own_modality_is_no_leak():
    face = replace(NO_CUE, task=omni_persona.TASKS["visual_to_bio"], query_image=CONTEXTS[0].image)
    assert [_of(face, kind) for kind in ("face", "face finds", "voice")] == [None, None, (0, 1)]
    voice = replace(NO_CUE, task=omni_persona.TASKS["voice_to_bio"], query_audio=CONTEXTS[0].audio)
    assert [_of(voice, kind) for kind in ("voice", "voice finds", "face")] == [None, None, (0, 1)]


def test_whom_nobody_knows_cannot_be_found():
    absent = replace(
        NO_CUE, absence="absent_persona", target_concept_id=None, gold_answer=omni_persona.ABSTENTION,
        query_image=CONTEXTS[0].image,
    )  # fmt: skip
    assert _of(absent, "face") == (1, 1)
    assert [_of(absent, kind) for kind in ("face finds", "named", "read", "answered")] == [None] * 4


@pytest.mark.parametrize(
    ("question", "target", "named"),
    [
        ("What does Ada do?", 0, True),
        ("What is the Example of my notes?", 0, True),
        ("Can the person in Trondheim be found?", 0, False),
        ("What did the doctor say to I?", 0, False),
        ("I’m thinking of Bo’s friend; what was their job?", 1, True),
        ("What does Ada do?", 1, False),
        ("What did she do?", 2, False),
    ],
)
def test_the_name_that_a_note_begins_with(question, target, named):
    item = replace(NO_CUE, query_text=question, target_concept_id=f"concept_{target}")
    assert _of(item, "named") == (int(named), 1)


def test_words_that_point_to_a_note():
    described_job = replace(NO_CUE, query_text="What is the name of the pilot who works at a harbour?")
    assert (_of(described_job, "read"), _of(described_job, "answered")) == ((1, 1), (1, 1))
    assert _of(replace(described_job, target_concept_id="concept_1"), "read") == (0, 1)
    described = replace(described_job, task=omni_persona.TASKS["semantic_to_bio"])
    assert _of(described, "read") is None


def test_media_that_cannot_be_decoded_find_nobody():
    broken = replace(NO_CUE, query_image=Media(b"no picture", "a.png"))
    assert (_of(broken, "face"), _of(broken, "face finds")) == ((1, 1), None)


def test_a_built_benchmark_leaks_none_of_its_cues(built):
    found = {leak.what: leak.found for leak in count_leaks(omni_persona.items(omni_persona.load(built)))}
    for kind in ("face", "voice", "reused"):
        assert found[KINDS[kind]]
        assert {hits for hits, _ in found[KINDS[kind]].values()} == {0}
    assert found[KINDS["face finds"]] == found[KINDS["voice finds"]] == {}


def test_the_table_has_a_dash_where_nothing_can_leak():
    rows = leak_rows([Leak("faces", {"T2T": (3, 4), "T2Any": (0, 2)})])
    assert rows == [["faces", "-", "-", "3 of 4", "0 of 2"]]
