"""Compute scores from predictions and references: validate, judge, count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .abstention import folded, has_phrase
from .abstention_judged import declines
from .intervals import described, intervals
from .judge import Judge, Question, ask
from .judges import make_judge
from .overlap import rouge_l_recall, token_f1
from .scores import GUARDED, UNJUDGED, JudgedItem, audio_visual_gap, rates, slices
from .thinking import answer_of
from .validation import check_inputs, check_protocol, check_resampling, check_verdicts


def compute(
    predictions: Sequence[str],
    references: Sequence[Mapping[str, Any]],
    judge: str | Judge = "lexical",
    verdicts: Sequence[str | None] | None = None,
    *,
    judge_options: Mapping[str, Any] | None = None,
    protocol: str = GUARDED,
    n_resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
    bertscore: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Compute the scores of a model's predictions, as a JSON-serialisable dict.

    Args:
        predictions: The model's answers, one string per item; an empty string is an answer without content.
        references: One dict per item with the keys of `validation.REFERENCE_KEYS`, and those of
            `validation.OPTIONAL_KEYS` if known.
        judge: Decides whether an answer matches the gold answer: a name in `judges.JUDGES`, or a `judges.Judge`.
            Not used if `verdicts` are given.
        verdicts: CORRECT, WRONG or UNJUDGED per item, from a judge of your own. Those of unanswerable items may
            be None: they are ignored, because only abstention counts there.
        judge_options: For a judge given by name: see `judges.make_judge`.
        protocol: Which rules `ans` and `cal` follow, one of `scores.PROTOCOLS`.
        n_resamples: 0 disables intervals. They are computed without resampling: other numbers are alike.
        confidence: Confidence level of the intervals, between 0 and 1.
        seed: Not used, for the same reason.
        bertscore: Options of `bertscore.bertscores`, at least `model`; None omits BERTScore.

    Returns:
        `judge` (its name, or "given"), `protocol`, `interval` (as of `intervals.described`, None without), the keys of
        `scores.rates` for all items, and the same keys for each slice under `by_group`, `by_task` and `by_absence`.
        With intervals, each of these has `intervals`, score -> [low, high] or None. Among the scores of all items is
        `audio_visual_gap`.

    Raises:
        ValueError: invalid input; names the index or ID, and what was expected.
    """
    check_protocol(protocol)
    check_resampling(n_resamples, confidence, seed)
    items, judged_by = judged_items(
        predictions, references, judge, verdicts, judge_options=judge_options, bertscore=bertscore
    )
    return scored(items, judged_by, protocol, confidence if n_resamples else None)


def scored(
    items: Sequence[JudgedItem], judge: str, protocol: str = GUARDED, confidence: float | None = 0.95
) -> dict[str, Any]:
    """What `compute` returns, of items that `judged_items` has judged already.

    judge: its name, for the result. confidence: that of the intervals; None for none.
    """
    result = {
        "judge": judge,
        "protocol": protocol,
        "interval": None if confidence is None else described(confidence, items),
        **summary(items, protocol),
    }
    if confidence is not None:
        for place, pairs in intervals(items, protocol, confidence).items():
            _at(result, place)["intervals"] = pairs
    return result


def summary(items: Sequence[JudgedItem], protocol: str = GUARDED) -> dict[str, Any]:
    """`rates` of all `items` with `audio_visual_gap`, and those of each of `slices`."""
    whole = rates(items, protocol)
    parts = {
        kind: {name: rates(part, protocol) for name, part in named.items()} for kind, named in slices(items).items()
    }
    groups = parts["by_group"]
    missing = [name for name in ("I2I", "A2A") if groups[name]["ans"] is None]
    if missing:
        gap = None
        whole["null_because"]["audio_visual_gap"] = f"no Ans for {' and '.join(missing)}"
    else:
        gap = audio_visual_gap({name: part["ans"] for name, part in groups.items()})
    whole["counts"]["audio_visual_gap"] = sum(groups[name]["counts"]["ans"] for name in ("I2I", "A2A"))
    return {**whole, "audio_visual_gap": gap, **parts}


def judged_items(
    predictions: Sequence[str],
    references: Sequence[Mapping[str, Any]],
    judge: str | Judge = "lexical",
    verdicts: Sequence[str | None] | None = None,
    *,
    judge_options: Mapping[str, Any] | None = None,
    bertscore: Mapping[str, Any] | None = None,
) -> tuple[list[JudgedItem], str]:
    """Each item with everything that scores need, and the judge's name; arguments and errors as for `compute`.

    The input of `comparison.compare` and `agreement.overlap_check`.
    """
    # A missing judge should be reported before anything else is validated or judged.
    asked = judge if isinstance(judge, Judge) else make_judge(judge, judge_options)
    check_inputs(predictions, references)
    if verdicts is not None:
        check_verdicts(verdicts, references)
    answerable = [index for index, reference in enumerate(references) if reference["answerable"]]
    pairs = [(references[index]["gold_answer"], answer_of(predictions[index])) for index in answerable]
    if verdicts is None:
        others = (references[index].get("other_answers") or () for index in answerable)
        questions = [Question(*pair, tuple(texts)) for pair, texts in zip(pairs, others, strict=True)]
        said = [judgement.verdict for judgement in ask(asked, questions)]
        by_index: dict[int, str | None] = dict(zip(answerable, said, strict=True))
    else:
        by_index = dict(enumerate(verdicts))
    similarity: dict[int, float] = {}
    if bertscore is not None and pairs:
        from .bertscore import bertscores

        similarity = dict(zip(answerable, bertscores(pairs, **bertscore), strict=True))
    items = [
        _judged(prediction, reference, by_index.get(index), similarity.get(index))
        for index, (prediction, reference) in enumerate(zip(predictions, references, strict=True))
    ]
    return items, "given" if verdicts is not None else asked.name


def _judged(prediction: str, reference: Mapping[str, Any], verdict: str | None, bertscore: float | None) -> JudgedItem:
    answerable, gold = reference["answerable"], reference["gold_answer"]
    prediction = answer_of(prediction)
    # As `abstains` and `abstains_judged`, which both take the answer out of what they are given.
    normalised = folded(answer_of(prediction))
    return JudgedItem(
        augmented_id=reference["augmented_id"],
        source_sample_id=reference["source_sample_id"],
        group=reference["group"],
        task=reference["task"],
        absence=reference["absence"],
        answerable=answerable,
        gold_answer=gold,
        abstaining=has_phrase(normalised),
        abstaining_judged=declines(normalised),
        verdict=(verdict or UNJUDGED) if answerable else None,
        n_words=len(prediction.split()),
        rouge_l=rouge_l_recall(gold, prediction) if answerable else None,
        token_f1=token_f1(gold, prediction) if answerable else None,
        bertscore=bertscore,
        person=reference.get("person"),
    )


def _at(result: dict[str, Any], place: tuple[str, ...]) -> dict[str, Any]:
    for name in place:
        result = result[name]
    return result
