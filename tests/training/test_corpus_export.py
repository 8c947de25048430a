"""Exports: what other trainers' loaders are given, and broken ones that are refused before they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from omni_persona_training.corpus.export import FORMATS, check_export, export_corpus
from omni_persona_training.corpus.folder import CorpusFolder
from omni_persona_training.errors import TrainingError


@pytest.fixture
def corpus(corpora, tmp_path):
    """A corpus of a test's own."""
    return Path(shutil.copytree(corpora["rlvr-1k"], tmp_path / "corpus"))


def rows_of(file):
    if file.suffix == ".parquet":
        return pq.read_table(file).to_pylist()
    text = file.read_text(encoding="utf-8")
    return json.loads(text) if file.suffix == ".json" else [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("recipe", ["sft-10k", "rlvr-1k"])
def test_every_example_is_there_with_its_media_in_order(corpora, tmp_path, form, recipe):
    folder = Path(shutil.copytree(corpora[recipe], tmp_path / "corpus"))
    file = export_corpus(folder, form)
    rows, examples = rows_of(file), CorpusFolder(folder)
    assert check_export(folder, form) == len(rows) == len(examples)
    for place, row in enumerate(rows):
        example = examples.example(place)
        messages = row.get("messages") or row["prompt"]
        assert [message["role"] for message in messages][:2] == ["system", "user"]
        shown = {"image": [], "audio": []}
        for kind, media in shown.items():
            for medium in row[f"{kind}s"] or []:
                path = Path(medium[kind] if isinstance(medium, dict) else medium)
                media.append((path if path.is_absolute() else folder / path).read_bytes())
        for part in example.media():  # in the order of the tags
            assert shown["image" if type(part).__name__ == "Picture" else "audio"].pop(0) == part.media.data
        assert not shown["image"] and not shown["audio"]
        tags = [
            word for word in messages[1]["content"].replace(">", "> ").split() if word.endswith(("<image>", "<audio>"))
        ]
        kinds = ["<image>" if type(part).__name__ == "Picture" else "<audio>" for part in example.media()]
        assert [tag[-7:] for tag in tags] == kinds


def test_llamafactory_finds_its_file(corpus):
    export_corpus(corpus, "llamafactory")
    info = json.loads((corpus / "dataset_info.json").read_text(encoding="utf-8"))["omni_persona"]
    assert (corpus / info["file_name"]).is_file()
    row = rows_of(corpus / info["file_name"])[0]
    assert set(info["columns"].values()) <= set(row)


def test_rewards_find_their_columns(corpus):
    """A reward that reads an export is given what the corpus says."""
    from omni_persona_training.rewards.functions import make_reward, verl_score

    rows = rows_of(export_corpus(corpus, "ms-swift"))
    columns = {name: [row[name] for row in rows] for name in ("answer", "kind", "absence", "context", "example_id")}
    assert make_reward("paper")([row["answer"] for row in rows], **columns) == [1.0] * len(rows)
    score = verl_score("paper")
    for row in rows_of(export_corpus(corpus, "verl")):
        truth = row["reward_model"]["ground_truth"]
        assert score(row["data_source"], truth, truth, row["extra_info"]) == 1


def edit_line(file, edit):
    rows = rows_of(file)
    edit(rows[0])
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda row: row["audios"].pop(), "tags <audio> and"),
        (lambda row: row["images"].append(row["images"][0]), "tags <image> and"),
        (lambda row: row["messages"][1].update(content=row["messages"][1]["content"] + " <image>"), "tags <image> and"),
        (
            lambda row: row["messages"][0].update(content="see <image>"),
            "a text that shows no medium contains a media tag",
        ),
        (lambda row: row["messages"][2].update(content="<audio>"), "a text that shows no medium contains a media tag"),
        (lambda row: row["images"].__setitem__(0, "/nowhere/x.png"), "there is no file /nowhere/x.png"),
        (lambda row: row.pop("messages"), "expected messages"),
        (lambda row: row.update(messages="hello"), "expected messages"),
    ],
)
def test_broken_exports_are_refused(corpus, edit, message):
    file = export_corpus(corpus, "ms-swift")
    edit_line(file, edit)
    with pytest.raises(TrainingError, match=message):
        check_export(corpus, "ms-swift")


@pytest.mark.parametrize("content", ["", "{", "[1, 2]\n", '"text"\n'])
def test_files_that_are_no_export_are_refused(corpus, content):
    file = export_corpus(corpus, "ms-swift")
    file.write_text(content, encoding="utf-8")
    with pytest.raises(TrainingError, match=r"ms-swift\.jsonl"):
        check_export(corpus, "ms-swift")


@pytest.mark.parametrize("tag", ["<image>", "<audio>", "<video>", "<|IMAGE|>", "<|im_end|>", "<start_of_image>"])
@pytest.mark.parametrize("where", ["question", "answer"])
def test_a_tag_within_a_text_writes_nothing(corpus, tag, where):
    records = [json.loads(line) for line in (corpus / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    if where == "answer":
        place = next(place for place, record in enumerate(records) if record["kind"] == "question")
        records[place]["answer"] = f"a {tag}"
    else:
        records[0]["messages"][1]["content"][0]["text"] = f"a {tag}"
    (corpus / "corpus.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    with pytest.raises(TrainingError, match="which trainers read as a tag"):
        export_corpus(corpus, "ms-swift")
    assert not (corpus / "ms-swift.jsonl").exists()


def test_unknown_formats_are_refused(corpus):
    with pytest.raises(TrainingError, match="expected a format among ms-swift, llamafactory, verl, trl, got 'axolotl'"):
        export_corpus(corpus, "axolotl")


def test_trl_takes_the_rows_as_conversations_with_pictures(corpus, tmp_path, require_extra):
    """TRL 1.16 knows no clips: its own preparation places pictures, and clips stay in their column."""
    require_extra("trl")
    from datasets import load_dataset
    from trl.data_utils import is_conversational, prepare_multimodal_messages

    file = export_corpus(corpus, "trl")
    rows = load_dataset("json", data_files=str(file), split="train", cache_dir=str(tmp_path / "cache"))
    examples = CorpusFolder(corpus)
    assert len(rows) == len(examples)
    for place, row in enumerate(rows):
        assert is_conversational({"prompt": row["prompt"], "completion": row["completion"]})
        pictures = list(row["images"] or [])
        filled = prepare_multimodal_messages(row["prompt"], pictures)
        parts = [part for message in filled for part in message["content"]]
        assert [part["image"] for part in parts if part["type"] == "image"] == pictures
        assert [message["role"] for message in filled] == [message["role"] for message in row["prompt"]]
        assert row["completion"] == [{"role": "assistant", "content": examples.example(place).answer}]
