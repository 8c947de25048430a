"""What of an item a model can take: refused before the run, failed, or dropped and said so."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from PIL import Image

from omni_persona import Media
from omni_persona_artifacts.run_folder import read_predictions
from omni_persona_runner.chats import Chat, Chats, Limits, estimated_length
from omni_persona_runner.model import LoadError, ModelError
from omni_persona_runner.prompt import Clip, Picture, Prompt
from omni_persona_runner.run_loop import run
from omni_persona_runner.transformers_model import TransformersModel

ANY = Limits(sampling_rate=16_000, clip_seconds=None, pictures=None, pixels=None, clips=None)


def chats(limits, drop=False, **prompt):
    return Chats(Prompt(**prompt), limits, drop)


def shown(chat):
    return [(type(part), part.place) for part in chat.shown()]


def clip_of(seconds):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(int(seconds * 8_000)), 8_000, format="FLAC")
    return Media(buffer.getvalue(), "long.flac")


@pytest.fixture
def item(items):
    """A query by face: five pictures and four clips."""
    return items[0]


@pytest.fixture
def long_item(item):
    first, second, *others = item.contexts
    return replace(item, contexts=(first, replace(second, audio=clip_of(31)), *others))


def test_a_chat_holds_all_that_is_shown(item):
    (chat,) = chats(ANY).prepare([item])
    places = [f"context {number}" for number in range(1, 5)]
    assert shown(chat) == [*((kind, place) for place in places for kind in (Picture, Clip)), (Picture, "query")]
    assert chat.dropped == ()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (replace(ANY, pictures=4), "model tiny takes 4 of its pictures, and items of I2I show 5"),
        (replace(ANY, pictures=0), "model tiny takes no pictures, and items of I2I show 5"),
        (replace(ANY, clips=0), "model tiny takes no audio, and items of I2I show 4"),
    ],
)
def test_too_many_media_are_an_error_before_the_run(item, limits, reason):
    with pytest.raises(LoadError, match=reason):
        chats(limits).check([item], "tiny")
    chats(limits, drop=True).check([item], "tiny")


def test_what_is_left_out_anyway_is_no_error(item):
    chats(replace(ANY, clips=0), without=frozenset({"audio"})).check([item], "tiny")
    chats(replace(ANY, pictures=4), without=frozenset({"query"})).check([item], "tiny")


@pytest.mark.parametrize(
    ("limits", "dropped"),
    [
        (replace(ANY, pictures=4), ("picture of query (the model takes 4)",)),
        (replace(ANY, clips=2), ("clip of context 3 (the model takes 2)", "clip of context 4 (the model takes 2)")),
        (
            replace(ANY, pictures=0),
            tuple(
                f"picture of {place} (the model takes none)"
                for place in ("context 1", "context 2", "context 3", "context 4", "query")
            ),
        ),
        (replace(ANY, clip_seconds=30), ("clip of context 2 (31 s, over the model's 30 s)",)),
    ],
)
def test_what_a_model_cannot_take_is_dropped_and_named(long_item, limits, dropped):
    (whole,) = chats(ANY).prepare([long_item])
    (chat,) = chats(limits, drop=True).prepare([long_item])
    assert chat.dropped == dropped
    left = [part for part in shown(whole) if not any(one.startswith(f"{_noun(part)} of {part[1]} ") for one in dropped)]
    assert shown(chat) == left
    assert len(shown(whole)) - len(left) == len(dropped)


def _noun(part):
    return "picture" if part[0] is Picture else "clip"


def test_a_clip_that_is_too_long_fails_its_item_where_nothing_is_dropped(long_item, items):
    failed, chat = chats(replace(ANY, clip_seconds=30)).prepare([long_item, items[1]])
    assert isinstance(failed, ModelError)
    assert failed.message == "clip of context 2 (31 s, over the model's 30 s)"
    assert isinstance(chat, Chat)


def test_a_broken_medium_that_is_dropped_does_not_matter(item):
    first, *others = item.contexts
    torn = replace(item, contexts=(replace(first, audio=Media(b"", "torn.wav")), *others))
    (chat,) = chats(replace(ANY, clips=0), drop=True).prepare([torn])
    assert isinstance(chat, Chat)


def test_what_was_dropped_stands_in_its_line(checkpoint, write_dataset, make_row, tmp_path):
    rows = [make_row(0, "semantic_to_bio"), make_row(1, "semantic_to_bio")]
    clip = clip_of(301)
    rows[1]["contexts"][2]["audio"] = {"bytes": clip.data, "path": clip.name}
    folder = write_dataset(tmp_path / "omni-persona", rows)
    model = TransformersModel(checkpoint, max_new_tokens=4, drop_unsupported=True)
    run(model, folder, tmp_path / "run")
    lines = read_predictions(tmp_path / "run")
    assert lines["sample_0__aug_0"].dropped == ()
    assert lines["sample_1__aug_0"].dropped == ("clip of context 3 (301 s, over the model's 300 s)",)
    assert {line.status for line in lines.values()} == {"ok"}


@pytest.mark.parametrize(
    ("size", "pixels", "expected"),
    [
        ((400, 300), 12_000, (126, 94)),
        ((400, 300), 120_000, (400, 300)),
        ((400, 300), None, (400, 300)),
        ((10_000, 1), 100, (100, 1)),
        ((3, 5), 1, (1, 1)),
    ],
)
def test_a_picture_keeps_its_proportions_within_its_pixels(item, size, pixels, expected):
    buffer = io.BytesIO()
    Image.new("RGB", size, (9, 90, 200)).save(buffer, "PNG")
    large = replace(item, query_image=Media(buffer.getvalue(), "large.png"))
    (chat,) = chats(replace(ANY, pixels=pixels)).prepare([large])
    picture = chat.media[large.query_image]
    assert picture.size == expected
    assert picture.getpixel((0, 0)) == (9, 90, 200)
    # What will be shrunk is not taken to be long.
    assert estimated_length(large, replace(ANY, pixels=pixels)) <= estimated_length(large, ANY)


def test_longer_items_are_estimated_to_be_longer(item, long_item, items):
    assert estimated_length(long_item, ANY) > estimated_length(item, ANY) + 25 * 28
    wordy = replace(item, query_text="word " * 1000)
    assert estimated_length(wordy, ANY) == pytest.approx(estimated_length(item, ANY) + 1250, abs=20)
    assert estimated_length(item, replace(ANY, clips=0)) < estimated_length(item, ANY)
    torn = replace(item, query_image=Media(b"torn", "x.png"), query_audio=Media(b"torn", "x.wav"))
    assert estimated_length(torn, ANY) > 0
