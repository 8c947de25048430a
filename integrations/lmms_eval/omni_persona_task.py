"""Omni-Persona as a task of lmms-eval: our prompts, our metric.

    OMNI_PERSONA_DATASET=omni-persona python -m lmms_eval --include_path integrations/lmms_eval --tasks omni_persona \
        --model openai --model_args model_version=MODEL,base_url=http://localhost:8000/v1,timeout=600

The harness sees rows without media, and its logs hold none: pictures and clips are read when a message is made of them.
An answer that the harness gives instead of a failed request, `[LMMS_EVAL_REQUEST_FAILED ...]`, is a failed item.
"""

from __future__ import annotations

import base64
import io
import os
from functools import lru_cache
from typing import Any

import datasets
from lmms_eval.api.task import ConfigurableMessagesTask
from PIL import Image

import omni_persona
from omni_persona_artifacts.lmms_samples import failure_in
from omni_persona_runner.harness import HarnessDataset, answer_in, headline_scores, scores_of
from omni_persona_runner.prompt import Prompt

DATASET = "OMNI_PERSONA_DATASET"
"""Environment variable: the dataset folder. Default: omni-persona in the working folder."""
CUES = "OMNI_PERSONA_CUES"
"""Environment variable: which query media the model sees, `isolated` (default) or `as-released`."""

_SCORES = (
    *(f"{name}{end}" for name in ("cal", "ans", "unans") for end in ("", "_low", "_high")),
    *(f"cal_{group}" for group in omni_persona.GROUPS),
)


class OmniPersonaTask(ConfigurableMessagesTask):
    """All items of a dataset folder, asked one at a time."""

    def __init__(self, config: dict[str, Any] | None = None) -> None:
        cues = os.environ.get(CUES, "isolated")
        self._shown = HarnessDataset(os.environ.get(DATASET, "omni-persona"), Prompt(cues=cues))  # type: ignore[arg-type]
        super().__init__(config={key: value for key, value in (config or {}).items() if key != "class"})

    def download(self, dataset_kwargs: dict[str, Any] | None = None) -> None:
        """Make rows of IDs and texts; nothing is downloaded."""
        rows = [
            {
                "augmented_id": item_id,
                "question": self._shown.question(item_id),
                "target": reference["gold_answer"] if reference["answerable"] else omni_persona.ABSTENTION,
            }
            for item_id, reference in self._shown.references.items()
        ]
        self.dataset = datasets.DatasetDict({self.config.test_split: datasets.Dataset.from_list(rows)})
        self.dataset_no_image = self.dataset

    def doc_to_text(self, doc: dict[str, Any], *_: Any) -> str:
        """The question, which the harness shows and logs; the model gets `doc_to_messages`."""
        return str(doc["question"])

    def doc_to_target(self, doc: dict[str, Any], *_: Any) -> str:
        """The gold answer, which the harness logs."""
        return str(doc["target"])

    def doc_to_visual(self, doc: dict[str, Any], *_: Any) -> list[Any]:
        """Nothing: media are interleaved with texts in `doc_to_messages`."""
        return []

    def doc_to_messages(self, doc: dict[str, Any], **_: Any) -> list[dict[str, Any]]:
        """The messages that `omni-persona run` sends, in the harness's form."""
        return [
            {"role": turn.role, "content": [_content(kind, value) for kind, value in turn.parts]}
            for turn in self._shown.conversation(doc["augmented_id"])
        ]

    def process_results(self, doc: dict[str, Any], results: list[Any], **_: Any) -> dict[str, Any]:
        """The item's answer or failure under each score's name, for `aggregation`."""
        if len(results) != 1 or isinstance(results[0], list):
            raise ValueError("expected one answer for each item: use `omni-persona run --repeats` for several")
        item: dict[str, Any] = {"augmented_id": doc["augmented_id"], "prediction": None, "error": None}
        try:
            if failure := failure_in(results[0]):
                raise ValueError(failure)
            item["prediction"] = answer_in(results[0])
        except ValueError as error:
            item["error"] = str(error)
        # Each score's list travels between processes by itself; one of them says in the log what the others hold.
        return {"n_failed": item, **dict.fromkeys(_SCORES, (item["augmented_id"], item["prediction"]))}

    def aggregation(self) -> dict[str, Any]:
        """One function for each score; the metric is computed once for all of them."""
        scores = {name: lambda items, name=name: self._scores(tuple(map(tuple, items))).get(name) for name in _SCORES}
        return {**scores, "n_failed": lambda items: sum(item["prediction"] is None for item in items)}

    def higher_is_better(self) -> dict[str, bool]:
        """For each score."""
        return {**dict.fromkeys(_SCORES, True), "n_failed": False}

    @lru_cache(maxsize=1)  # noqa: B019  # a task lives as long as its process
    def _scores(self, items: tuple[tuple[str, str | None], ...]) -> dict[str, float]:
        answers = {item_id: said for item_id, said in items if said is not None}
        known = self._shown.references
        pairs = [(known[item_id], answers[item_id]) for item_id in known if item_id in answers]
        return headline_scores(scores_of(pairs)) if pairs else {}


def _content(kind: str, value: str) -> dict[str, Any]:
    if kind == "text":
        return {"type": "text", "text": value}
    if kind == "audio":
        return {"type": "audio", "url": value}
    with Image.open(io.BytesIO(base64.b64decode(value.partition(",")[2]))) as picture:
        return {"type": "image", "url": picture.convert("RGB")}
