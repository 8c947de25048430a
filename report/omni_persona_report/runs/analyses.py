"""The paper's analyses of runs: errors, checkpoints of a training run, a judge against word overlap."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from omni_persona_cal.agreement import judge_agreement, overlap_check
from omni_persona_cal.scores import CORRECT, UNJUDGED
from omni_persona_report.runs.measures import ANS, Measure, Value, slice_of, value_of
from omni_persona_report.runs.report_run import LEXICAL, ReportRun

_GAP = Measure("audio_visual_gap", "Gap", "Ans of I2I minus Ans of A2A")
_TRACKED = tuple(
    Measure(key, label, "", percent=key != "mean_len")
    for key, label in (("one_minus_fa", "1-FA"), ("ta", "TA"), ("cal", "Cal"), ("mean_len", "Words"))
)
_STEP = re.compile(r"(?:^|[-_/])(?:checkpoint|step|global_step)[-_]?(\d{1,9})(?=$|[-_/.])", re.IGNORECASE)


@dataclass(frozen=True)
class Errors:
    """Error rates of a run by kind (the paper's Table S.6)."""

    run: str
    n_answerable: int
    false_abstentions: int
    wrong: int
    n_absent_persona: int
    hallucinated_persona: int
    n_absent_attribute: int
    hallucinated_attribute: int
    judge: str
    protocol: str
    scores: Mapping[str, Any] = field(repr=False)
    """The run's scores, which hold the intervals of its rates."""

    @property
    def false_abstention_rate(self) -> float | None:
        return _share(self.false_abstentions, self.n_answerable)

    @property
    def hallucination_rate(self) -> float | None:
        n = self.n_absent_persona + self.n_absent_attribute
        return _share(self.hallucinated_persona + self.hallucinated_attribute, n)

    def with_interval(self, key: str) -> tuple[float | None, float | None, float | None]:
        """A rate and the ends of its interval.

        None for the ends if the scores are over other items, as those of a run with repeats or without verdicts are.
        """
        rate, scored = getattr(self, key), value_of(self.scores, Measure(key, "", ""))
        if rate is None or scored.value is None or abs(rate - scored.value) > 1e-9:
            return rate, None, None
        return rate, scored.low, scored.high


@dataclass(frozen=True)
class Checkpoint:
    """A run of one checkpoint of a training run."""

    training: str
    """The common part of the checkpoints' names."""
    step: int
    run: str
    values: Mapping[str, Value]
    """`one_minus_fa`, `ta`, `cal` (0..1) and `mean_len` (words), with their intervals."""
    n: int | None
    """Number of items that were scored."""
    judge: str
    protocol: str


@dataclass(frozen=True)
class JudgeCheck:
    """A run's judge compared with the lexical judge and with word overlap (the paper's Tables S.4 and S.5)."""

    run: str
    judge: str
    n: int
    """Number of answers that both judges judged."""
    agreement: float | None
    kappa: float | None
    kappa_low: float | None
    kappa_high: float | None
    rouge_correct: float | None
    """Mean ROUGE-L of the answers that the judge calls CORRECT."""
    rouge_wrong: float | None
    token_f1_correct: float | None
    token_f1_wrong: float | None


@dataclass(frozen=True)
class Gap:
    """Ans of queries by face minus Ans of queries by voice."""

    run: str
    face: Value
    """Ans of I2I, 0..1."""
    voice: Value
    """Ans of A2A, 0..1."""
    gap: Value
    """-1..1."""
    n_face: int | None
    """Number of answerable items that Ans of I2I is over."""
    n_voice: int | None
    judge: str
    protocol: str


def errors(runs: Sequence[ReportRun]) -> list[Errors]:
    """One row per run; items without an answer or a verdict are excluded from the error counts."""
    found = []
    for run in runs:
        items = run.items.values()
        absent = {
            kind: [item for item in items if item.absence == kind] for kind in ("absent_persona", "absent_attribute")
        }
        answerable = [item for item in items if item.answerable]
        made_up = {kind: sum(not item.abstaining for item in part) for kind, part in absent.items()}
        wrong = [item for item in answerable if not item.abstaining and item.verdict not in (CORRECT, UNJUDGED)]
        found.append(
            Errors(
                run=run.name,
                n_answerable=len(answerable),
                false_abstentions=sum(item.abstaining for item in answerable),
                wrong=len(wrong),
                n_absent_persona=len(absent["absent_persona"]),
                hallucinated_persona=made_up["absent_persona"],
                n_absent_attribute=len(absent["absent_attribute"]),
                hallucinated_attribute=made_up["absent_attribute"],
                judge=run.judge,
                protocol=run.protocol,
                scores=run.scores or {},
            )
        )
    return found


def checkpoints(runs: Sequence[ReportRun]) -> list[Checkpoint]:
    """Group runs of checkpoints by training run and step; only training runs with two steps or more.

    A step is read from the name of the model, its adapter or the run's folder, such as `checkpoint-200` or `step_200`.
    """
    found = []
    for run in runs:
        for name in _names(run):
            if match := _STEP.search(name):
                values = {one.key: value_of(run.scores, one) for one in _TRACKED}
                n = (run.scores or {}).get("n")
                about = values, n if isinstance(n, int) else None, run.judge, run.protocol
                found.append(Checkpoint(_without(name, match), int(match[1]), run.name, *about))
                break
    steps: dict[str, set[int]] = {}
    for one in found:
        steps.setdefault(one.training, set()).add(one.step)
    kept = [one for one in found if len(steps[one.training]) > 1]
    return sorted(kept, key=lambda one: (one.training, one.step, one.run))


def _names(run: ReportRun) -> list[str]:
    model = (run.files.manifest or {}).get("model")
    recorded = [model.get(key) for key in ("adapter", "name")] if isinstance(model, Mapping) else []
    # Only the last two components of a path matter: those above are the same for all.
    names = [name for name in recorded if isinstance(name, str)] + [run.files.path.name]
    return ["/".join(PurePath(name).parts[-2:]) for name in names]


def _without(name: str, step: re.Match[str]) -> str:
    left = name[: step.start()] + name[step.end() :]
    return left.strip("-_/.") or "checkpoints"


def judge_checks(runs: Sequence[ReportRun]) -> list[JudgeCheck]:
    """One row per judged run; for the lexical judge, only the comparison with overlap."""
    found = []
    for run in runs:
        items = list(run.items.values())
        answered = [item for item in items if item.answerable]
        if not answered:
            continue
        overlap = overlap_check(items, n_resamples=0)
        agreed: Mapping[str, Any] = {}
        if run.judge != LEXICAL:
            agreed = judge_agreement(
                [item.verdict for item in answered],
                [run.lexical[item.augmented_id] for item in answered],
                [item.source_sample_id for item in answered],
                n_resamples=1000,
            )
        low, high = agreed.get("interval") or (None, None)
        found.append(
            JudgeCheck(
                run=run.name,
                judge=run.judge,
                n=int(agreed.get("n", len(answered))),
                agreement=agreed.get("agreement"),
                kappa=agreed.get("kappa"),
                kappa_low=low,
                kappa_high=high,
                rouge_correct=overlap["rouge_l"]["correct"],
                rouge_wrong=overlap["rouge_l"]["wrong"],
                token_f1_correct=overlap["token_f1"]["correct"],
                token_f1_wrong=overlap["token_f1"]["wrong"],
            )
        )
    return found


def gaps(runs: Sequence[ReportRun]) -> list[Gap]:
    """One row per run."""
    found = []
    for run in runs:
        face, voice = (slice_of(run.scores, "by_group", name) for name in ("I2I", "A2A"))
        sides = value_of(face, ANS), value_of(voice, ANS), value_of(run.scores, _GAP)
        counts = _count(face, ANS), _count(voice, ANS)
        found.append(Gap(run.name, *sides, *counts, run.judge, run.protocol))
    return found


def _count(scores: Mapping[str, Any] | None, measure: Measure) -> int | None:
    """The number of items that a score is over; None if unknown."""
    counts = (scores or {}).get("counts")
    n = counts.get(measure.key) if isinstance(counts, Mapping) else None
    return n if isinstance(n, int) else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
