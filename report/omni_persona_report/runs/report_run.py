"""One run of a report: its answers, their outcomes, and its scores by the report's protocol and judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import omni_persona_cal
from omni_persona_artifacts.repeats import repeat_folders
from omni_persona_artifacts.run_reader import Run
from omni_persona_cal.evaluation import scored
from omni_persona_cal.reading import PredictionLine, VerdictLine
from omni_persona_cal.scores import UNJUDGED, JudgedItem
from omni_persona_report.runs.measures import number
from omni_persona_report.runs.outcomes import Outcome, outcome, source_of
from omni_persona_report.runs.report_dataset import ReportDataset, View

LEXICAL = "lexical"


@dataclass
class ReportRun:
    """One run of a report."""

    files: Run
    dataset: ReportDataset
    view: View
    protocol: str
    judge: str
    """The judge with which the report scores it."""
    name: str = ""
    """Display name: the model's name, with the run's folder if two runs share it."""
    answers: dict[str, PredictionLine] = field(default_factory=dict)
    """Item ID -> answer with its verdict; a lexical verdict if the run was not judged."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    sources: dict[str, int | None] = field(default_factory=dict)
    """Item ID -> index of the context that the answer's words come from."""
    scores: dict[str, Any] | None = None
    """In the format of `scores.json`; None if a run cannot be scored."""
    scored_here: bool = False
    """Whether the report computed the scores itself."""
    stale: bool = False
    """Whether the run's scores.json belongs to other lines, and is therefore not shown."""

    @property
    def n_missing(self) -> int:
        """Number of items of the dataset that the run was not asked."""
        return sum(item_id not in self.answers for item_id in self.dataset.entries)

    def count(self, *names: Outcome) -> int:
        """Number of items whose outcome is one of `names`."""
        return sum(found in names for found in self.outcomes.values())

    @cached_property
    def items(self) -> dict[str, JudgedItem]:
        """Item ID -> answered item as the metric scores it, if its reference is known."""
        known = self._known
        if not known:
            return {}
        verdicts = self._verdicts
        items, _ = omni_persona_cal.judged_items(
            [said for _, said in known],
            [reference for reference, _ in known],
            verdicts=None
            if verdicts is None
            else [_word(verdicts.get(reference["augmented_id"])) for reference, _ in known],
        )
        return {item.augmented_id: item for item in items}

    @cached_property
    def lexical(self) -> dict[str, str]:
        """Item ID -> the lexical verdict on each answered answerable item."""
        if self.judge == LEXICAL:
            return {item_id: item.verdict for item_id, item in self.items.items() if item.verdict is not None}
        return {
            reference["augmented_id"]: omni_persona_cal.lexical_judge(
                reference["gold_answer"], said, reference.get("other_answers") or ()
            )
            for reference, said in self._known
            if reference["answerable"]
        }

    @cached_property
    def _known(self) -> list[tuple[Mapping[str, Any], str]]:
        """The reference of each answered item that has one, and the answer."""
        return [
            (reference, line.prediction)
            for item_id, line in self.files.predictions.items()
            if line.prediction is not None and (reference := self.dataset.reference(item_id)) is not None
        ]

    @property
    def _verdicts(self) -> Mapping[str, VerdictLine] | None:
        """The verdicts that apply here; None if the lexical judge decides."""
        return None if self.judge == LEXICAL else self.files.verdicts

    def _verdict(self, item_id: str) -> VerdictLine | None:
        if self._verdicts is not None:
            return self._verdicts.get(item_id)
        item = self.items.get(item_id)
        return None if item is None or item.verdict is None else VerdictLine(item_id, item.verdict, judge=LEXICAL)


def make_run(files: Run, dataset: ReportDataset, view: View, *, protocol: str, judge: str) -> ReportRun:
    """Match a run's answers with the items of its dataset, and score it."""
    run = ReportRun(files, dataset, view, protocol, judge, name=model_name(files))
    for item_id, entry in dataset.entries.items():
        line = files.predictions.get(item_id)
        if line is None:
            continue
        verdict = run._verdict(item_id)
        notes = [memory.text or "" for memory in entry.memories]
        said = line.prediction
        word = verdict.verdict if verdict else None
        found = outcome(said, answerable=entry.answerable, verdict=word, source=None, target=None)
        source = None
        # Only where it is shown, because comparing with the notes takes some time.
        if said is not None and found not in ("false_abstention", "failed") and not omni_persona_cal.abstains(said):
            source = source_of(said, entry.question or "", notes, dataset.stems)
            found = outcome(said, answerable=entry.answerable, verdict=word, source=source, target=entry.target)
        run.answers[item_id], run.sources[item_id] = replace(line, verdict=verdict), source
        run.outcomes[item_id] = found
    _score(run)
    return run


def model_name(run: Run) -> str:
    """The name of a run's model from its manifest or lines, otherwise the name of its folder or file."""
    model = (run.manifest or {}).get("model")
    name = model.get("name") if isinstance(model, dict) else None
    recorded = (line.record.get("model_name") for line in run.predictions.values())
    names = [name, *([] if isinstance(name, str) else recorded)]
    own = run.path.stem if run.path.is_file() else run.path.name
    return next((name for name in names if isinstance(name, str)), own or str(run.path))


def name_apart(runs: Sequence[ReportRun]) -> None:
    """Give runs of the same model distinct names."""
    names = [run.name for run in runs]
    for run in runs:
        if names.count(run.name) > 1:
            run.name = f"{run.name} ({run.files.path.name})"
    seen: dict[str, int] = {}
    for run in runs:
        seen[run.name] = seen.get(run.name, 0) + 1
        if seen[run.name] > 1:
            run.name = f"{run.name} #{seen[run.name]}"


def _word(verdict: VerdictLine | None) -> str:
    return verdict.verdict if verdict else UNJUDGED


def _score(run: ReportRun) -> None:
    """Use the run's own scores if they match this protocol, judge and lines; otherwise compute them."""
    own = run.files.scores
    if own is not None and own.get("protocol") == run.protocol and _judged_by(own, run.judge):
        # Scores over repeats cover more lines than the first repeat's, which are shown.
        if len(repeat_folders(run.files.path)) > 1 or _agrees(run, own):
            run.scores = dict(own)
            return
        run.stale = True
    items = run.items
    if not items:
        return
    result = scored(list(items.values()), run.judge, run.protocol)
    known = sum(run.dataset.reference(item_id) is not None for item_id in run.dataset.entries)
    n_missing = known - len(items)
    run.scores = {
        **result,
        "n_items": known,
        "n_missing": n_missing,
        "n_failed": run.count("failed"),
        "complete": bool(result["complete"]) and n_missing == 0,
    }
    run.scored_here = True


def _judged_by(scores: Mapping[str, Any], judge: str) -> bool:
    return scores.get("judge") in (judge, None)


def _agrees(run: ReportRun, scores: Mapping[str, Any]) -> bool:
    """Whether scores match the run's lines, as far as the lines' items are known."""
    if any(run.dataset.entries[item_id].answerable is None for item_id in run.answers):
        return True
    answerable = [item for item in run.items.values() if item.answerable]
    judged = [item for item in answerable if item.verdict != UNJUDGED]
    right = sum(item.is_right() or False for item in judged)
    ans = number(scores.get("ans_guarded", scores.get("ans")))
    same_ans = (ans is None and not judged) or (
        ans is not None and bool(judged) and abs(ans - right / len(judged)) < 1e-9
    )
    return scores.get("n") == len(run.items) and same_ans
