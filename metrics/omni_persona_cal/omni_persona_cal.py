# ruff: noqa: F401
"""The metric as an `evaluate` module: `evaluate.load("metrics/omni_persona_cal")`.

`evaluate` copies this file away and reads its import lines with a regular expression, to learn which files
go along and which packages must be there. Hence, in this file alone:

- every sibling that the metric needs is imported, those too that only other siblings use;
- an import stands on one line, names a package by its name on PyPI, and has no comment behind it, which would
  be read as an address to download from;
- `evaluate.Metric` gets no name of its own: the first metric class found in the module is taken for ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import datasets
import evaluate

from .abstention import abstains
from .abstention_answers import FILLER
from .abstention_clauses import clauses
from .abstention_denials import DECLINING
from .abstention_f1 import f1_interval
from .abstention_figures import FIGURES
from .abstention_grammar import act_of
from .abstention_judged import declines
from .abstention_words import PERSON
from .addresses import shown_url
from .agreement import judge_agreement
from .audit import audit_published
from .bertscore import bertscores
from .bootstrap import resampled_totals
from .chat import ChatClient
from .chat_policy import RequestForm
from .chat_reply import ChatReply
from .claims import read
from .comparison import compare as compare_runs
from .evaluation import compute
from .event_loop import EventLoop
from .few import FEWEST
from .intervals import intervals
from .item_rows import Slice
from .judge import Judge
from .judge_cache import JudgeCache
from .judge_prompt import question
from .judge_reply import read_verdict
from .judges import make_judge
from .layout import laid_out
from .lexical import judge as lexical_judge
from .likelihood import read_margin
from .masking import Mask
from .openai_judge import OpenAIJudge
from .overlap import token_f1
from .power import detectable_difference
from .published import PAPER_TABLE_2
from .rates import estimate
from .read_out import ReadOut
from .repeats import compute_repeats
from .scores import rates
from .several import compare_several
from .student import quantile
from .synonyms import SAME_WORDS
from .text import plain
from .thinking import answer_of
from .transformers_judge import TransformersJudge
from .validation import OPTIONAL_KEYS, check_inputs
from .windows import windows

_DESCRIPTION = """\
Cal, the headline score of the Omni-Persona benchmark: the mean of two rates, correct answers among the
questions that the memories can answer, and abstentions among those that they cannot.
"""

_CITATION = """\
@misc{omnipersona,
  title = {Omni-Persona},
  eprint = {2605.09996},
  archivePrefix = {arXiv}
}
"""

_INPUTS = """
Args:
    predictions (list of str): what the model said, one string per item.
    references (list of dict): per item `augmented_id`, `source_sample_id`, `group` (I2I, A2A, T2T or T2Any),
        `task`, `absence` (none, absent_persona or absent_attribute), `gold_answer` and `answerable` (bool); where
        known `other_answers` (list of str, what the other notes say) and `person` (str, whom the item asks about).
    judge (str): "lexical", a deterministic rule that compares words; "openai" or "transformers", a model.
    judge_options (dict, optional): for a model, at least `model`; for an endpoint also `base_url`.
    verdicts (list of str, optional): CORRECT, WRONG or UNJUDGED per item, from a judge of your own.
    protocol (str): which rules `ans` and `cal` follow: "guarded", "paper" or "v2.2".
    confidence (float): of the intervals. n_resamples (int): 0 for no intervals.
    bertscore (dict, optional): `model`, and `layer` where it is not the last one; asks for BERTScore.

Returns:
    dict: rates in 0..1 or None, with their counts and intervals, for all items, `by_group`, `by_task` and
    `by_absence`.
"""

_FEATURES = {
    "predictions": datasets.Value("string"),
    "references": {
        "augmented_id": datasets.Value("string"),
        "source_sample_id": datasets.Value("string"),
        "group": datasets.Value("string"),
        "task": datasets.Value("string"),
        "absence": datasets.Value("string"),
        "gold_answer": datasets.Value("string"),
        "answerable": datasets.Value("bool"),
        "other_answers": datasets.List(datasets.Value("string")),
        "person": datasets.Value("string"),
    },
}


def _filled(reference: Mapping[str, Any]) -> dict[str, Any]:
    """A reference with all keys that the features require: optional ones are blank, because None is rejected."""
    known = {key: value for key, value in reference.items() if value is not None}
    return {"other_answers": [], "person": "", **known}


def _emptied(reference: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `_filled`."""
    return {key: value for key, value in reference.items() if key not in OPTIONAL_KEYS or value}


class OmniPersonaCal(evaluate.Metric):
    """Cal and its parts. Arguments and results: `evaluation.compute`."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=datasets.Features(_FEATURES),
            reference_urls=["https://arxiv.org/abs/2605.09996"],
        )

    def compute(self, *, predictions: Any = None, references: Any = None, **options: Any) -> dict[str, Any] | None:
        """Compute the scores of `predictions`, or of those collected by `add` and `add_batch`.

        The options are those of `evaluation.compute`. Returns None in all but the first of several processes.
        """
        given = predictions is not None or references is not None
        if given and self.writer is None and self.num_process == 1:
            # evaluate's cache file is not needed: it would turn our errors into Arrow's and wait for locks.
            return compute(predictions, references, **options)
        return super().compute(predictions=predictions, references=references, **options)

    def add_batch(self, *, predictions: Any = None, references: Any = None) -> None:
        """Collect a batch of items for a later `compute()`; raises ValueError for invalid ones."""
        check_inputs(predictions, references)
        super().add_batch(predictions=predictions, references=[_filled(one) for one in references])

    def add(self, *, prediction: Any = None, reference: Any = None) -> None:
        """Collect one item for a later `compute()`; raises ValueError for an invalid one."""
        check_inputs([prediction], [reference])
        super().add(prediction=prediction, reference=_filled(reference))

    def _compute(
        self, predictions: Sequence[str], references: Sequence[Mapping[str, Any]], **options: Any
    ) -> dict[str, Any]:
        return compute(predictions, [_emptied(reference) for reference in references], **options)
