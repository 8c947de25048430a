"""Corpora: shares, twins, shortcuts, what is true of each task type, and what is refused."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omni_persona
from omni_persona_artifacts.construction import read_construction
from omni_persona_training.corpus.folder import CorpusFolder
from omni_persona_training.corpus.make import make_corpus
from omni_persona_training.corpus.recipe import CorpusRecipe, divided, load_recipe, recipe_names
from omni_persona_training.corpus.sounds import EVENTS, RATE, speech, synthesised_events, with_event
from omni_persona_training.corpus.source import MediaFacts
from omni_persona_training.errors import TrainingError


def examples(folder):
    corpus = CorpusFolder(folder)
    return [corpus.example(place) for place in range(len(corpus))]


def text(example):
    return "".join(getattr(part, "text", "") for message in example.messages for part in message.parts)


# ---- shares


def test_shipped_recipes_have_the_published_shares(shared):
    published = defaultdict(dict)
    with (shared / "facts" / "sft_mixtures.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            published[row["corpus"].replace("_", "-")][row["task"]] = float(row["share_percent"])
    assert {name: load_recipe(name).shares for name in recipe_names()} == published


@given(st.integers(1, 20_000), st.sampled_from(["sft-1k", "sft-10k", "rlvr-1k"]))
def test_every_share_is_met_to_one_example(total, name):
    recipe = load_recipe(name)
    wanted = recipe.wanted(total)
    assert sum(wanted.values()) == total
    for task, share in recipe.shares.items():
        assert abs(wanted.get(task, 0) - total * share / sum(recipe.shares.values())) < 1


def test_remainders_by_hand():
    assert divided(10, {"a": 29.4, "b": 29.4, "c": 20.6, "d": 20.6}) == {"a": 3, "b": 3, "c": 2, "d": 2}
    assert divided(1, {"a": 50, "b": 50, "c": 0}) == {"a": 1}


@pytest.mark.parametrize("name", ["sft-1k", "sft-10k", "rlvr-1k"])
def test_a_corpus_has_what_was_asked_for(corpora, name):
    made = examples(corpora[name])
    assert Counter(one.task for one in made) == load_recipe(name).wanted(len(made))
    assert len({one.content() for one in made}) == len({one.example_id for one in made}) == len(made)
    for task, count in Counter(one.task for one in made).items():
        absent = sum(one.absence != "none" for one in made if one.task == task)
        if task.endswith("_localization") or task == "text_qa":
            assert absent == round(0.2 * count)
    card = (corpora[name] / "README.md").read_text(encoding="utf-8")
    assert f"| all | {len(made)} | {len(made)} | 100 % |" in card


def test_no_task_type_is_left_out(corpora):
    tasks = {one.task for name in ("sft-1k", "sft-10k") for one in examples(corpora[name])}
    assert len(tasks) == 12


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(make, tmp_path):
    folders = [make(tmp_path / name, "sft-10k", 60, seed=seed) for name, seed in (("a", 3), ("b", 3), ("c", 4))]
    first, second, third = (
        {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        for folder in folders
    )
    assert first == second and first["corpus.jsonl"] != third["corpus.jsonl"]


@pytest.mark.parametrize("absent", [0.0, 0.5])
def test_the_share_without_an_answer_is_a_setting(make, tmp_path, absent):
    made = examples(make(tmp_path / "corpus", "sft-1k", 40, absent=absent))
    asked = [one for one in made if one.task.endswith("_localization")]
    assert sum(one.absence == "absent_persona" for one in asked) == round(absent * len(asked))


# ---- what examples say is true


@pytest.fixture(scope="module")
def whose(train_set):
    """Content of a medium -> whose it is."""
    owner = {}
    construction = read_construction(train_set)
    for item in omni_persona.read(train_set):
        placed = construction[item.augmented_id]
        for context, row in zip(item.contexts, placed, strict=True):
            owner[context.image.data] = owner[context.audio.data] = row["person"]
        for medium in (item.query_image, item.query_audio):
            if medium is not None:
                owner[medium.data] = placed[0]["queried_person"]
    return owner


def remembered(example, kind, whose):
    """The people of the contexts, in order, and the one of the query, by a kind of media."""
    media = [part for part in example.media() if type(part).__name__ == {"image": "Picture", "audio": "Clip"}[kind]]
    contexts = [whose.get(part.media.data) for part in media if part.place != "query"]
    return contexts, [whose.get(part.media.data) for part in media if part.place == "query"]


@pytest.mark.parametrize("kind", ["image", "audio"])
def test_localizations_and_verifications_are_right(corpora, whose, kind):
    other = {"image": "audio", "audio": "image"}[kind]
    checked = 0
    for one in (*examples(corpora["sft-1k"]), *examples(corpora["rlvr-1k"])):
        if not one.task.startswith(f"{kind}_"):
            continue
        contexts, (asked,) = remembered(one, kind, whose)
        assert remembered(one, other, whose) == (contexts, [])  # the query shows the asked modality alone
        assert len(set(contexts)) == 3
        shown = [part.media.data for part in one.media()]
        assert len(set(shown)) == len(shown)  # the query is another picture or clip than the one remembered
        if one.kind == "localization":
            assert one.answer == (str(contexts.index(asked) + 1) if asked in contexts else "none")
            assert (one.absence == "absent_persona") == (asked not in contexts)
        else:
            named = next(number for number in (1, 2, 3) if f"context {number}" in text(one))
            assert one.answer == ("yes" if contexts[named - 1] == asked else "no")
            assert one.context == contexts.index(asked) + 1
        checked += 1
    assert checked > 20


def test_neither_place_nor_word_tells_the_answer(make, tmp_path):
    made = examples(make(tmp_path / "corpus", "sft-1k", 240))
    places = Counter(one.answer for one in made if one.kind == "localization" and one.absence == "none")
    assert max(places.values()) - min(places.values()) <= 6
    answers = Counter(one.answer for one in made if one.kind == "verification")
    assert abs(answers["yes"] - answers["no"]) <= 2


def test_twins_share_what_they_show_and_differ_in_the_answer(corpora):
    pairs = defaultdict(list)
    for name, folder in corpora.items():
        made = examples(folder)
        for place, one in enumerate(made):
            if one.twin:
                pairs[name, one.twin].append((place, one))
    assert len(pairs) > 30
    for twins in pairs.values():
        (place, one), (next_place, other) = twins if len(twins) == 2 else (twins[0], (twins[0][0] + 1, None))
        if other is None:  # the other of a pair of looks may be of a task that has enough
            assert one.task.endswith("visual_description")
            continue
        assert next_place == place + 1
        assert one.answer != other.answer
        media, others = ([part.media.data for part in each.media()] for each in (one, other))
        assert len(set(media) & set(others)) >= min(len(set(media)), len(set(others))) - 3


def test_questions_are_the_datasets_own(corpora, train_set):
    golds = {item.query_text: item for item in omni_persona.read(train_set)}
    asked = [one for one in examples(corpora["rlvr-1k"]) if one.task == "text_qa"]
    assert {one.absence for one in asked} > {"none"}
    for one in asked:
        item = next(item for words, item in golds.items() if words in text(one))
        if one.absence == "none":
            assert one.answer in {other.gold_answer for other in omni_persona.read(train_set)}
        else:
            assert one.answer == omni_persona.ABSTENTION
        assert (one.context == 0) == (one.absence == "absent_persona")
        assert len(item.contexts) == 3


def test_a_photo_that_is_missing_cannot_be_described(corpora):
    for one in examples(corpora["sft-10k"]):
        pictures = [part.place for part in one.media() if type(part).__name__ == "Picture"]
        if one.task == "missing_image_visual_description":
            assert f"context {one.context}" not in pictures and len(pictures) == 2
            assert one.answer == omni_persona.ABSTENTION
        elif one.task == "visual_description":
            assert len(pictures) == 3 and one.answer != omni_persona.ABSTENTION


def test_sounds_are_the_ones_that_the_answer_names(corpora, train_set):
    said = {row["transcript"] for rows in read_construction(train_set).values() for row in rows}
    for one in examples(corpora["sft-10k"]):
        if one.task == "event_sound_mcqa":
            options = dict(
                line.split(". ", 1) for line in text(one).splitlines() if line[:2] in ("A.", "B.", "C.", "D.")
            )
            assert len(set(options.values())) == 4 and options[one.answer] in EVENTS
        elif one.task == "event_aware_transcription":
            assert any(f"[{label}" in one.answer for label in EVENTS)
            assert any(words in one.answer for words in said)
        elif one.task == "speech_transcription":
            assert one.answer in said


def test_a_sound_is_heard_where_it_is_said_to_be():
    rng = np.random.default_rng(0)
    spoken = 0.1 * rng.standard_normal(RATE)
    for label, event in synthesised_events(rng).items():
        assert np.isfinite(event).all() and 0.2 * RATE < event.size <= 3 * RATE, label
        before, after, under = (with_event(spoken, event, place) for place in ("before", "after", "under"))
        assert np.array_equal(before[-spoken.size :], spoken) and np.array_equal(after[: spoken.size], spoken)
        assert under.size == max(spoken.size, event.size)
        assert not np.allclose(under[: spoken.size], spoken)


def test_clips_that_are_made_can_be_heard(corpora):
    made = [
        part.media for one in examples(corpora["sft-10k"]) for part in one.media() if part.media.name.endswith("flac")
    ]
    assert made
    for clip in {medium.data: medium for medium in made}.values():
        samples = speech(clip)
        assert 0.001 < np.abs(samples).max() <= 1 and samples.size > RATE / 2


def test_a_pool_that_knows_emotions_and_looks_is_believed(train_set, train_pool, tmp_path):
    media = list(omni_persona.read(train_set))
    clips = {context.audio.data for item in media for context in item.contexts}
    pictures = {context.image.data for item in media for context in item.contexts}
    facts = MediaFacts(
        emotions={hashlib.sha256(data).digest(): "delighted" for data in sorted(clips)[::2]},
        looks={hashlib.sha256(data).digest(): "a red hat" for data in pictures},
    )
    recipe = CorpusRecipe(name="own", total=24, counts={"emotion_speaker_localization": 12, "visual_description": 12})
    made_of = make_corpus(train_set, recipe, tmp_path / "corpus", facts=facts)
    assert made_of.made == {"emotion_speaker_localization": 12, "visual_description": 12}
    made = examples(tmp_path / "corpus")
    assert {one.answer for one in made if one.task == "visual_description"} == {"a red hat"}
    assert any("delighted" in text(one) for one in made)


# ---- what is refused


def test_a_test_set_is_refused_with_the_ids(train_set, tmp_path):
    with pytest.raises(TrainingError, match=r"shares 16 people \(p0, p1, p10.*\) and \d+ pictures and clips \("):
        make_corpus(train_set, load_recipe("sft-1k"), tmp_path / "corpus", total=8, exclude=train_set)
    assert not (tmp_path / "corpus").exists()


def test_a_dataset_that_does_not_say_who_is_who_is_refused(dataset, tmp_path):
    with pytest.raises(TrainingError, match=r"has no data/construction\.parquet"):
        make_corpus(dataset, load_recipe("sft-1k"), tmp_path / "corpus", total=8)


def test_more_than_a_dataset_can_give_is_refused(train_set, tmp_path):
    recipe = CorpusRecipe(name="own", total=4000, counts={"speech_transcription": 4000})
    with pytest.raises(
        TrainingError, match=r"speech_transcription: 4000 examples are asked for, and .* gives \d+ of 16"
    ):
        make_corpus(train_set, recipe, tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("name: a\ntotal: 10\nshares: {text_qa: 60}", "the shares add up to 60 percent"),
        ("name: a\ntotal: 10\ncounts: {text_qa: 9}", "the counts add up to 9, expected the total of 10"),
        ("name: a\ntotal: 10\nshares: {riddles: 100}", "unknown task types riddles"),
        ("name: a\ntotal: 0\nshares: {text_qa: 100}", "total: "),
        ("name: a\ntotal: 10", "expected either shares or counts"),
        ("name: a\ntotal: 10\nshares: {text_qa: 100}\ncounts: {text_qa: 10}", "expected either shares or counts"),
        ("name: a\ntotal: 10\nshares: {text_qa: .nan}", "shares.text_qa"),
        ("name: a\ntotal: 10\nshares: {text_qa: -1}", "shares.text_qa"),
        ("name: a\ntotal: 10\nshares: {text_qa: 100}\nabsent: 2", "absent: "),
        ("name: a\ntotal: 10\nshares: {text_qa: 100}\nsecret: 2", "secret: "),
        ("{", "not YAML"),
        ("- 1", "the recipe: "),
    ],
)
def test_recipes_that_do_not_add_up_are_refused(tmp_path, recipe, message):
    file = tmp_path / "recipe.yaml"
    file.write_text(recipe, encoding="utf-8")
    with pytest.raises(TrainingError, match=r"recipe\.yaml: .*" + message.replace(".", r"\.")):
        load_recipe(str(file))


def test_a_recipe_is_found_by_name_or_file(tmp_path):
    with pytest.raises(TrainingError, match="no recipe 'sft-2k': expected rlvr-1k, sft-10k, sft-1k or a YAML file"):
        load_recipe("sft-2k")
    (tmp_path / "voices.yaml").write_text("total: 10\nshares: {audio_verification: 100}\n", encoding="utf-8")
    assert load_recipe(str(tmp_path / "voices.yaml")).name == "voices"  # for lack of one in it


def edited(folder, edit):
    """The corpus with its records changed."""
    file = folder / "corpus.jsonl"
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    edit(records)
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda records: records.pop(), "examples of"),
        (lambda records: records[0].update(task="riddle"), "expected one of the task types, got 'riddle'"),
        (lambda records: records[0].pop("answer"), "expected answer to be a text, got None"),
        (lambda records: records[0].update(kind="riddle"), "expected a kind among"),
        (lambda records: records[0].update(example_id=records[1]["example_id"]), "is there twice"),
        (lambda records: records[0].update(messages=[]), "expected messages"),
        (lambda records: records[0]["messages"][0].update(role="assistant"), "expected messages of the roles"),
        (lambda records: records[0]["messages"][0].update(content="words"), "expected parts that are text, image"),
        (lambda records: records[0]["messages"][1]["content"].append({"type": "video"}), "expected parts that are"),
        (
            lambda records: records[0]["messages"][1]["content"].append({"type": "image", "path": "../x.png"}),
            "the medium ../x.png is not in",
        ),
        (
            lambda records: records[0]["messages"][1]["content"].append({"type": "image", "path": "media/x.png"}),
            "there is no medium media/x.png",
        ),
    ],
)
def test_a_corpus_that_was_edited_into_something_else_is_refused(make, tmp_path, edit, message):
    folder = make(tmp_path / "corpus", "sft-1k", 12)
    edited(folder, edit)
    with pytest.raises(TrainingError, match=message):
        CorpusFolder(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"made": {"text_qa": "many"}}'])
def test_a_corpus_without_an_account_is_refused(make, tmp_path, content):
    folder = make(tmp_path / "corpus", "sft-1k", 12)
    (folder / "corpus.json").write_text(content, encoding="utf-8")
    with pytest.raises(TrainingError, match=r"corpus\.json: expected"):
        CorpusFolder(folder)


def test_half_a_line_is_named(make, tmp_path):
    folder = make(tmp_path / "corpus", "sft-1k", 12)
    with (folder / "corpus.jsonl").open("a", encoding="utf-8") as lines:
        lines.write('{"example_id": "half')
    with pytest.raises(TrainingError, match=r"corpus\.jsonl:13: not a JSON record"):
        CorpusFolder(folder)
