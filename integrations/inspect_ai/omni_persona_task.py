"""Omni-Persona as a task of inspect_ai: our prompts, our metric.

    inspect eval integrations/inspect_ai/omni_persona_task.py@omni_persona_cal -T dataset=omni-persona \
        --model openai-api/local/MODEL --no-log-images

inspect_ai writes all media into its logs unless it is told not to. Faces and voices identify people, so the task
refuses to run without `--no-log-images` (in Python `log_images=False`), which leaves pictures and clips out.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.hooks import Hooks, TaskStart, hooks
from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageUser,
    Content,
    ContentAudio,
    ContentImage,
    ContentText,
    GenerateConfig,
)
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, Value, metric, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

import omni_persona
from omni_persona_runner.harness import HarnessDataset, Turn, answer_in, headline_scores, is_right, scores_of
from omni_persona_runner.prompt import Prompt

_logs_media: set[bool] = {True}
"""Whether the current evaluation logs media; assumed until it says otherwise."""


@hooks(name="omni_persona_media", description="Notes whether the evaluation logs media.")
class NoteMedia(Hooks):
    """Notes whether the evaluation that starts writes media into its log."""

    async def on_task_start(self, data: TaskStart) -> None:
        """Remember the setting, which solvers are not told."""
        _logs_media.clear()
        _logs_media.add(data.spec.config.log_images is not False)


@task
def omni_persona_cal(
    dataset: str = "omni-persona", cues: str = "isolated", reason: bool = False, max_tokens: int = 256
) -> Task:
    """All items of a dataset folder, asked one at a time, with greedy decoding.

    Args:
        dataset: The dataset folder.
        cues: Which query media the model sees, `isolated` or `as-released`.
        reason: Whether the model is told to think first.
        max_tokens: Maximum length of an answer.
    """
    shown = HarnessDataset(_found(dataset), Prompt(cues=cues, reason=reason))  # type: ignore[arg-type]  # checked there
    samples = [
        Sample(
            id=item_id,
            input=shown.question(item_id),
            target=reference["gold_answer"] if reference["answerable"] else omni_persona.ABSTENTION,
            metadata={"position": position, "reference": reference},
        )
        for position, (item_id, reference) in enumerate(shown.references.items())
    ]
    return Task(
        dataset=MemoryDataset(samples, name=dataset),
        solver=asked(shown),
        scorer=calibrated(),
        config=GenerateConfig(temperature=0.0, max_tokens=max_tokens, max_retries=5, timeout=600),
        # A request that fails costs its item, not the run; the item is not scored.
        fail_on_error=False,
        score_on_error=True,
        version=1,
    )


def _found(dataset: str) -> Path:
    """A dataset folder, also by a path from where the user is: inspect_ai makes tasks in the folder of their file."""
    here = Path(dataset)
    return here if here.is_absolute() or here.exists() else Path(os.environ.get("PWD", ".")) / here


@solver
def asked(shown: HarnessDataset) -> Solver:
    """Present the item to the model as `omni-persona run` does, and take its answer."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if True in _logs_media:
            raise ValueError(
                "expected --no-log-images (log_images=False): faces and voices would be written into the log"
            )
        turns = await asyncio.to_thread(shown.conversation, str(state.sample_id))
        state.messages = [_message(turn) for turn in turns]
        return await generate(state)

    return solve


def _message(turn: Turn) -> ChatMessage:
    if turn.role == "system":
        return ChatMessageSystem(content="".join(value for _, value in turn.parts))
    return ChatMessageUser(content=[_content(kind, value) for kind, value in turn.parts])


def _content(kind: str, value: str) -> Content:
    if kind == "image":
        return ContentImage(image=value)
    return ContentAudio(audio=value, format="wav") if kind == "audio" else ContentText(text=value)


@metric
def cal() -> Metric:
    """Calibrated Accuracy, its parts and their 95 % intervals, over the items that have an answer."""

    def compute(scores: list[SampleScore]) -> Value:
        said: dict[int, tuple[dict[str, Any], str]] = {}
        for score in scores:
            about = score.sample_metadata or {}
            if about["position"] in said:
                raise ValueError("expected one answer for each item, got more: use `omni-persona run --repeats`")
            said[about["position"]] = (about["reference"], score.score.answer or "")
        return headline_scores(scores_of([said[position] for position in sorted(said)])) if said else {}

    return compute


@scorer(metrics=[cal()])
def calibrated() -> Scorer:
    """1 for a right answer, 0 for a wrong one; an item without an answer is not scored."""

    async def score(state: TaskState, target: Target) -> Score:
        try:
            if not state.output.choices:
                raise ValueError("the request failed")
            if state.output.stop_reason == "content_filter":
                raise ValueError("the answer was filtered")
            said = answer_in(state.output.completion)
        except ValueError as error:
            return Score.unscored(reason="no_response", explanation=str(error))
        return Score(value=float(is_right(state.metadata["reference"], said)), answer=said)

    return score
