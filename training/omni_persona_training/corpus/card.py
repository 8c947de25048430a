"""The card of a corpus: what was requested, what it contains, and which parts are our own design."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from omni_persona_artifacts.markdown import code, inline
from omni_persona_training.corpus.example import Example

_HEAD = """\
---
language: [en]
pretty_name: Omni-Persona training corpus {name}
configs:
  - config_name: default
    data_files:
      - {{split: train, path: corpus.jsonl}}
---

# Training corpus `{name}`

{description}

Made by `omni-persona train-data` from the dataset {dataset} (fingerprint `{fingerprint}`) with seed {seed}: {total} \
examples over {contexts} memories of {people} people. For training alone: `omni-persona run` tests on other people.

| task type | asked for | came | share | without an answer |
|---|---:|---:|---:|---:|
"""

_TAIL = """
`corpus.jsonl` holds one example a line: the messages that a model is shown, with media by their path here, the \
`answer`, and what a reward reads (`kind`, `absence`, `context`: the number of the context that the example is about, \
0 for none). Examples with the same `twin` show the same memories or the same query and have different answers.

What is ours and no recording: the sounds beside the speech are {sounds}, mixed in by us and known by their label; \
conversations are clips of several people, one after the other; where the pool has no emotional clips, `excited` and \
`weary` are neutral ones played faster and louder, or slower and softer. Looks are what the maker of the pool says of \
its people.

Shortcuts that are closed: contexts stand in an order drawn for each example, and the right one is in every place \
equally often; about half of the other people are replaced by people of other sets of memories; the same question is \
asked by face and by voice, with the query showing that alone; verifications come as twins, yes and no.
"""


def card(about: Mapping[str, Any], made: Sequence[Example]) -> str:
    """Render the README.md of a corpus."""
    came = Counter(one.task for one in made)
    absent = Counter(one.task for one in made if one.absence != "none")
    head = _HEAD.format(
        name=about["recipe"]["name"],
        description=inline(about["recipe"]["description"]),
        dataset=code(about["dataset"]["name"]),
        fingerprint=about["dataset"]["fingerprint"],
        seed=about["seed"],
        total=len(made),
        contexts=about["contexts"],
        people=len(about["people"]),
    )
    rows = [
        f"| {task} | {wanted} | {came[task]} | {100 * came[task] / len(made):.1f} % | {absent[task]} |"
        for task, wanted in about["wanted"].items()
    ]
    rows.append(f"| all | {sum(about['wanted'].values())} | {len(made)} | 100 % | {absent.total()} |")
    sounds = "synthesised" if about["sounds"] == "synthesised" else "the user's own"
    return head + "\n".join(rows) + "\n" + _TAIL.format(sounds=sounds)
