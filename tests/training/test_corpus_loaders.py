"""The loaders of other trainers read our exports, each in an environment of its own: they ask for older libraries."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from omni_persona_training.corpus.export import export_corpus
from omni_persona_training.corpus.folder import CorpusFolder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# Each prints one line, a list with [pictures, clips, [texts], answer] for each example, as its trainer finds them.
MS_SWIFT = """
    import json, sys
    from swift.dataset import load_dataset

    rows, _ = load_dataset([sys.argv[1]], split_dataset_ratio=0.0)
    print(json.dumps([
        [
            [image["path"] for image in row["images"] or []],
            [clip if isinstance(clip, str) else clip["path"] for clip in row["audios"] or []],
            [message["content"] for message in row["messages"][:-1]],
            row["messages"][-1]["content"],
        ]
        for row in rows
    ]))
"""
LLAMAFACTORY = """
    import json, os, sys
    from types import SimpleNamespace
    from llamafactory.data.loader import _get_merged_dataset
    from llamafactory.hparams.data_args import DataArguments

    data = DataArguments(dataset="omni_persona", dataset_dir=os.path.dirname(sys.argv[1]))
    model = SimpleNamespace(cache_dir=sys.argv[2], hf_hub_token=None)
    rows = _get_merged_dataset(data.dataset, model, data, SimpleNamespace(local_process_index=0, seed=0), "sft")
    print(json.dumps([
        [
            row["_images"] or [],
            row["_audios"] or [],
            [row["_system"], *[message["content"] for message in row["_prompt"]]],
            row["_response"][0]["content"],
        ]
        for row in rows
    ]))
"""
VERL = """
    import json, sys
    from omegaconf import OmegaConf
    from verl.utils.dataset.rl_dataset import RLHFDataset

    # A processor is asked for nothing but the length of prompts, to leave out long ones.
    config = OmegaConf.create({"cache_dir": sys.argv[2], "filter_overlong_prompts": False})
    rows = RLHFDataset([sys.argv[1]], None, config, processor=object())
    found = []
    for row in map(rows.__getitem__, range(len(rows))):
        media, texts = {"image": [], "audio": []}, []
        for message in row["raw_prompt"]:
            content = message["content"]
            parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
            for part in parts:
                if part["type"] in media:
                    media[part["type"]].append(part[part["type"]])
            texts.append("".join(part.get("text") or f"<{part['type']}>" for part in parts))
        found.append([media["image"], media["audio"], texts, row["reward_model"]["ground_truth"]])
    print(json.dumps(found))
"""


@pytest.mark.parametrize(
    ("form", "variable", "script"),
    [
        ("ms-swift", "OMNI_PERSONA_MS_SWIFT", MS_SWIFT),
        ("llamafactory", "OMNI_PERSONA_LLAMAFACTORY", LLAMAFACTORY),
        ("verl", "OMNI_PERSONA_VERL", VERL),
    ],
)
def test_a_trainers_own_loader_reads_the_export(corpora, tmp_path, form, variable, script):
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"needs {variable}, the Python of an environment with {form}, as .ci/run makes one")
    corpus = Path(shutil.copytree(corpora["rlvr-1k"], tmp_path / "corpus"))
    file = export_corpus(corpus, form)
    environment = {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "cache"),
        "PYTHONPATH": "",
        "DISABLE_VERSION_CHECK": "1",  # LLaMA-Factory's: it is not made to train here
    }
    said = subprocess.run(
        [python, "-c", dedent(script), str(file), str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert said.returncode == 0, said.stderr[-3000:]
    read = json.loads(said.stdout.splitlines()[-1])
    assert len(read) == len(CorpusFolder(corpus)) == 60
    for record, (pictures, clips, texts, answer) in zip(CorpusFolder(corpus).records, read, strict=True):
        parts = [part for message in record["messages"] for part in message["content"]]
        for kind, found in (("image", pictures), ("audio", clips)):
            shown = [(corpus / part["path"]).resolve() for part in parts if part["type"] == kind]
            assert [Path(one).resolve() for one in found] == shown
        tagged = ["".join(part.get("text") or f"<{part['type']}>" for part in m["content"]) for m in record["messages"]]
        assert texts == tagged
        assert answer == record["answer"]
