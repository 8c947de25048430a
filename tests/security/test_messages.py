"""What the commands say of bad input: where it is, and nothing of the inside of Python or of a library."""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pytest
import tiny_omni
from faulty_server import Reply, completion, error, serving
from messages import assert_plain
from pool_folder import PoolFolder
from recordings import encoded, flac_of_unknown_length, mp3_without_header, riff, speech_like

from omni_persona_artifacts.run_folder import read_predictions
from omni_persona_cli.app import main

DEEP = b"[" * 200_000
JSON = {
    "nothing": b"",
    "no JSON": b"no JSON\n",
    "half": b'{"persona_id": "p',
    "null": b"null\n",
    "a list": b"[1, 2]\n",
    "an empty object": b"{}\n",
    "deep": DEEP,
    "no UTF-8": b"\xff\xfe\0\0",
    "a long number": b'{"a": ' + b"9" * 5000 + b"}\n",
    "NaN": b'{"persona_id": NaN, "augmented_id": NaN}\n',
    "a key twice": b'{"a": 1, "a": 2}\n',
    "half of a character": b'{"persona_id": "\\ud800", "augmented_id": "\\ud800"}\n',
    "other types": b'{"persona_id": 7, "name": [], "gender": {}, "profile": 3, "images": null, "audios": "x"}\n',
    "types of a record": b'{"augmented_id": "a", "contexts": 3, "query_assets": [], "answer_supervision": null}\n',
}
YAML = {
    "nothing": b"",
    "no YAML": b"a: [1\n",
    "a tag": b"!!python/object/apply:os.system ['true']\n",
    "a list": b"- 1\n",
    "a text": b"text\n",
    "no UTF-8": b"\xff\xfe\0\0",
    "unknown fields": b"name: x\ntusks: {}\n",
    "other types": b"name: []\ntasks: 3\n",
    "a task that is none": b"name: x\ntasks: {juggling: {answerable: 3}}\n",
    "too many": b"name: x\ntasks: {visual_to_bio: {answerable: 99999999999}}\n",
    "deep": b"[" * 5000,
}
CLIP, PICTURE = encoded(speech_like(1.5)), b"\x89PNG\r\n\x1a\n"
MEDIA = {
    "empty.wav": b"",
    "zeros.wav": bytes(5000),
    "cut.wav": CLIP[:20_000],
    "cut_in_its_header.wav": CLIP[:30],
    "unknown.flac": flac_of_unknown_length(speech_like(1.5))[:-500],
    "cut.mp3": mp3_without_header(speech_like(1.5))[:-50],
    "cut.aiff": encoded(speech_like(1.5), format="AIFF")[:9000],
    "cut.ogg": encoded(speech_like(1.5), format="OGG")[:4000],
    "codec.wav": riff(speech_like(1.5)).replace(b"\x01\0\x01\0", b"\x61\x01\x01\0", 1),
    "broken.flac": encoded(speech_like(1.5), format="FLAC").replace(b"\xff\xf8", b"\0\0"),
    "integers.wav": encoded(np.rint(speech_like(1.5) * 20_000), subtype="FLOAT"),
    "infinite.wav": encoded(np.full(30_000, np.inf), subtype="FLOAT"),
    "call.m4a": b"\0\0\0\x20ftypM4A \0\0\0\0",
    "page.wav": b"<!DOCTYPE html><html>404</html>",
    "words.wav": b"404: Not Found",
    "pointer.wav": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n",
    "empty.png": b"",
    "cut.png": PICTURE,
    "broken.png": PICTURE + bytes(range(256)) * 4,
    "broken.jpg": b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4,
    "broken.webp": b"RIFF\x10\0\0\0WEBPVP8 " + bytes(50),
    "photo.heic": b"\0\0\0\x20ftypheic\0\0\0\0",
    "photo.tiff": b"II*\0" + bytes(50),
    "photo.gif": b"GIF89a" + bytes(50),
    "clip.png": CLIP,
}
"""Files that are no picture or clip to be read. Those that end as pictures do are used as pictures."""
PICTURES = (".png", ".jpg", ".webp", ".heic", ".tiff", ".gif")


@pytest.fixture
def tell(tmp_path, monkeypatch, capsys):
    """Call a command in this process and require that what it says of bad input is plain and has a place."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    def call(*arguments, places):
        monkeypatch.setattr(sys, "argv", ["omni-persona", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        assert stopped.value.code in (1, 2), said.out + said.err
        assert_plain(said.out + said.err, *places)
        return said.out + said.err

    return call


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    return PoolFolder(tmp_path_factory.mktemp("people") / "pool", people=4)


@pytest.mark.parametrize("content", JSON)
def test_of_lines_of_pools_and_releases(tell, people, tmp_path, content):
    pool = shutil.copytree(people.folder, tmp_path / "pool")
    # A good line before it, so that the number of the line has to be right.
    (pool / "personas.jsonl").write_bytes(people.file.read_bytes().splitlines(keepends=True)[0] + JSON[content])
    if content != "nothing":
        tell("build", "--pool", pool, "--recipe", "tiny", "--out", "a", places=[f"{pool}/personas.jsonl:2"])
        tell(
            "refine", "--pool", pool, "--out", "b", "--endpoint", "http://127.0.0.1:9/v1", "--model", "m",
            places=[f"{pool}/personas.jsonl:2"],
        )  # fmt: skip
    release = tmp_path / "release.jsonl"
    release.write_bytes(JSON[content])
    places = [f"{release}:1", f"{release} contains no records"]
    tell("import", "--release", release, "--assets", tmp_path, "--out", "c", places=places)


@pytest.mark.parametrize("content", YAML)
def test_of_recipes(tell, people, tmp_path, content):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_bytes(YAML[content])
    tell("build", "--pool", people.folder, "--recipe", recipe, "--out", "a", places=[recipe])
    tell("train-data", "--dataset", tmp_path, "--recipe", recipe, "--out", "b", places=[recipe, tmp_path])


def test_of_media_of_a_pool_all_at_once(tell, tmp_path):
    pool = PoolFolder(tmp_path / "pool", people=len(MEDIA))
    for line, (name, data) in zip(pool.lines, MEDIA.items(), strict=True):
        (pool.folder / name).write_bytes(data)
        line["images" if name.endswith(PICTURES) else "audios"][0]["path"] = name
    pool.save()
    message = tell("build", "--pool", pool.folder, "--recipe", "tiny", "--out", "a", places=[pool.file])
    faults = message.splitlines()[-21:]
    assert faults[-1] == f"and {len(MEDIA) - 20} more"
    for number, (name, fault) in enumerate(zip(MEDIA, faults[:-1], strict=False), start=1):
        assert f"{pool.file}:{number}: {name}: " in fault


@pytest.fixture
def odd(make_row, write_dataset, tmp_path):
    """A dataset of an item for each bad file."""
    rows = []
    for place, (name, data) in enumerate(MEDIA.items()):
        row = make_row(place, "voice_to_bio", n_contexts=2)
        column = "image" if name.endswith(PICTURES) else "audio"
        row["contexts"][0][column] = {"bytes": data, "path": name}
        rows.append(row)
    return write_dataset(tmp_path / "omni-persona", rows)


def test_of_media_of_a_dataset_by_item_and_file(tell, odd, tmp_path):
    with serving() as server:
        asked = ("run", "--dataset", odd, "--model", "m", "--endpoint", server.url, "--out", "run")
        tell(*asked, places=["failed"])
        assert server.requests == []
    for name, line in zip(MEDIA, read_predictions(tmp_path / "run").values(), strict=True):
        assert_plain(line.error, name)
    tell("check", odd, places=[next(iter(MEDIA))])
    tell("export", "--dataset", odd, "--format", "messages", "--out", "b", places=["sample_0__aug_0"])


@pytest.mark.slow
def test_of_what_a_server_says(tell, write_dataset, make_row, tmp_path):
    faults = [
        error(400, "bad"),
        Reply(b"<html>", kind="text/html"),
        Reply(b"\xff\xfe"),
        Reply(b"[" * 100_000),
        Reply([1]),
        completion(7),
        completion(choices={"0": 1}),
        completion(choices=[{"message": "x"}]),
        completion(""),
        completion("<think>"),
    ]
    rows = [make_row(place, n_contexts=1) for place in range(len(faults) + 1)]
    for place, row in enumerate(rows):
        row["query_text"] = f"question {place}"
    folder = write_dataset(tmp_path / "omni-persona", rows)
    with serving(lambda number, body: faults[number - 1] if number > 0 else None) as server:
        tell("run", "--dataset", folder, "--model", "m", "--endpoint", server.url, "--out", "run", places=["failed"])
    for line in list(read_predictions(tmp_path / "run").values())[1:]:
        assert line.status == "failed"
        assert_plain(line.error)


CHECKPOINTS = {
    "no folder": lambda folder: shutil.rmtree(folder),
    "nothing": lambda folder: [file.unlink() for file in folder.iterdir()],
    "no configuration": lambda folder: (folder / "config.json").unlink(),
    "a configuration that is no JSON": lambda folder: (folder / "config.json").write_text("{"),
    "an empty configuration": lambda folder: (folder / "config.json").write_text("{}"),
    "a type that is unknown": lambda folder: (folder / "config.json").write_text('{"model_type": "x"}'),
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "broken weights": lambda folder: (folder / "model.safetensors").write_bytes(b"\0" * 100),
    "no tokenizer": lambda folder: (folder / "tokenizer.json").unlink(),
    "a broken tokenizer": lambda folder: (folder / "tokenizer.json").write_text("{}"),
    "a broken processor": lambda folder: (folder / "processor_config.json").write_text("["),
    "a broken template": lambda folder: (folder / "chat_template.jinja").write_text("{{ x.y.z }}"),
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return tiny_omni.save(tmp_path_factory.mktemp("models") / "tiny")


@pytest.mark.parametrize("spoilt", CHECKPOINTS)
def test_of_checkpoints(tell, checkpoint, dataset, tmp_path, spoilt):
    folder = shutil.copytree(checkpoint, tmp_path / "model")
    CHECKPOINTS[spoilt](folder)
    asked = ("run", "--dataset", dataset, "--model", "./model", "--out", "run", "--limit", "1", "--max-new-tokens", "2")
    tell(*asked, places=["./model"])


def test_of_paths_that_lead_nowhere(tell, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    for path in ("nowhere", "file", "loop"):
        for command in (
            ("build", "--pool", path, "--out", "a"),
            ("import", "--release", path, "--assets", path, "--out", "a"),
            ("check", path),
            ("run", "--dataset", path, "--model", "baseline:abstain", "--out", "a"),
            ("export", "--dataset", path, "--format", "messages", "--out", "a"),
            ("score", path),
            ("judge", path),
            ("compare", path, path),
            ("report", path, "--out", "a.html"),
            ("refine", "--pool", path, "--out", "a", "--endpoint", "http://127.0.0.1:9/v1", "--model", "m"),
            ("train-data", "--dataset", path, "--out", "a"),
            ("power", "--dataset", path),
            ("push", path, "--repo", "a/b"),
        ):
            tell(*command, places=[path])
        assert not (tmp_path / "a").exists()


def test_of_files_of_a_corpus_and_of_a_prompt(tell, dataset, tmp_path):
    for content in (b"", b"null", b"{}", b"\xff", DEEP):
        (tmp_path / "corpus").mkdir(exist_ok=True)
        for name in ("corpus.json", "train.jsonl"):
            (tmp_path / "corpus" / name).write_bytes(content)
        tell("train-data", "--check", "corpus", places=["corpus"])
    (tmp_path / "prompt.txt").write_bytes(b"\xff\xfe")
    asked = ("run", "--dataset", dataset, "--model", "m", "--endpoint", "http://127.0.0.1:9/v1", "--out", "run")
    tell(*asked, "--prompt", "prompt.txt", places=["prompt.txt"])
    verdicts = {"predictions.jsonl": b'{"augmented_id": 1}\n', "run.json": json.dumps({"model": 1}).encode()}
    for name, content in verdicts.items():
        (tmp_path / "run2").mkdir(exist_ok=True)
        (tmp_path / "run2" / name).write_bytes(content)
    tell("score", "run2", places=["run2"])
