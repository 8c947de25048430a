"""Scores agree with a plain recount on every slice."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_cases import ABSENCES, RATES, assert_close, compute

from omni_persona_cal import CANONICAL_ABSTENTION, VERDICTS
from omni_persona_cal.scores import DENOMINATORS, PROTOCOLS

GROUPS = ["I2I", "A2A", "T2T", "T2Any"]


# Words without inflection or case, so that the recount below need not know how texts are read.
texts = st.lists(st.sampled_from(["sea", "oak", "fog", "tin", "ash", "elm"]), max_size=6).map(" ".join)


predictions_ = st.one_of(texts, st.just(CANONICAL_ABSTENTION), st.just("sea oak, but the fog I cannot identify"))


@st.composite
def runs(draw: st.DrawFn, verdicts: tuple[str, ...] = VERDICTS) -> tuple[list, list, list]:
    """Predictions, references and verdicts of up to twelve items."""
    n = draw(st.integers(1, 12))
    references = []
    for i in range(n):
        absence = draw(st.sampled_from(ABSENCES))
        references.append(
            {
                "augmented_id": f"item_{i}",
                "source_sample_id": f"sample_{i // 3}",
                "group": draw(st.sampled_from(GROUPS)),
                "task": draw(st.sampled_from(["bio", "emotion", "image"])),
                "absence": absence,
                "gold_answer": draw(texts.filter(bool)),
                "answerable": absence == "none",
            }
        )
    predictions = draw(st.lists(predictions_, min_size=n, max_size=n))
    return predictions, references, draw(st.lists(st.sampled_from(verdicts), min_size=n, max_size=n))


def recount(rows: list[tuple[str, dict, str]]) -> dict[str, float | None]:
    """The scores once more, by the definitions and with plain loops."""
    judged = right = right_unguarded = answerable = answered = unanswerable = refused = 0
    rouge, f1, lengths = [], [], []
    for prediction, reference, verdict in rows:
        abstaining = "cannot" in prediction
        lengths.append(len(prediction.split(" ")) if prediction else 0)
        if not reference["answerable"]:
            unanswerable += 1
            if abstaining:
                refused += 1
            continue
        answerable += 1
        if not abstaining:
            answered += 1
        if verdict != "UNJUDGED":
            judged += 1
            if verdict == "CORRECT":
                right_unguarded += 1
                if not abstaining:
                    right += 1
        gold = reference["gold_answer"].split()
        said = prediction.lower().replace(",", "").replace(".", "").split()
        rouge.append(lcs(gold, said) / len(gold))
        shared = sum(min(gold.count(word), said.count(word)) for word in set(gold))
        f1.append(0.0 if shared == 0 else 2 / (len(gold) / shared + len(said) / shared))

    ans = right / judged if judged else None
    ta = refused / unanswerable if unanswerable else None
    omfa = answered / answerable if answerable else None
    precision = refused / (refused + answerable - answered) if refused + answerable - answered else 0.0
    both = judged + unanswerable
    cal = (ans + ta) / 2 if ans is not None and ta is not None else None
    return {
        "ans": ans,
        "ans_guarded": ans,
        "ans_unguarded": right_unguarded / judged if judged else None,
        "unans": ta,
        "ta": ta,
        "cal": cal,
        "cal_mean": cal,
        "false_abstention_rate": (answerable - answered) / answerable if answerable else None,
        "hallucination_rate": (unanswerable - refused) / unanswerable if unanswerable else None,
        "bertscore": None,
        "composite": None,
        "cal_weighted": (right + refused) / both if both else None,
        "one_minus_fa": omfa,
        "abstention_avg": (omfa + ta) / 2 if omfa is not None and ta is not None else None,
        "abs_f1": None if ta is None else 2 * precision * ta / (precision + ta) if refused else 0.0,
        "rouge_l": sum(rouge) / len(rouge) if rouge else None,
        "token_f1": sum(f1) / len(f1) if f1 else None,
        "mean_len": sum(lengths) / len(lengths) if lengths else None,
        "n": len(rows),
        "n_answerable": answerable,
        "n_unanswerable": unanswerable,
        "n_unjudged": answerable - judged,
        "complete": answerable == judged,
        "n_source_samples": len({reference["source_sample_id"] for _, reference, _ in rows}),
    }


def lcs(a: list[str], b: list[str]) -> int:
    if not a or not b:
        return 0
    if a[-1] == b[-1]:
        return 1 + lcs(a[:-1], b[:-1])
    return max(lcs(a[:-1], b), lcs(a, b[:-1]))


@settings(deadline=None, max_examples=20)
@given(runs())
def test_agrees_with_a_plain_recount_on_every_slice(run: tuple[list, list, list]) -> None:
    predictions, references, verdicts = run
    scores = compute(predictions, references, verdicts=verdicts)
    rows = list(zip(predictions, references, verdicts, strict=True))
    assert_close(scores, recount(rows))
    assert list(scores["by_group"]) == GROUPS
    assert list(scores["by_absence"]) == ABSENCES
    assert list(scores["by_task"]) == sorted({reference["task"] for reference in references})
    for slices, field in (("by_group", "group"), ("by_task", "task"), ("by_absence", "absence")):
        for name, part in scores[slices].items():
            assert_close(part, recount([row for row in rows if row[1][field] == name]))
    faces, voices = (scores["by_group"][name]["ans"] for name in ("I2I", "A2A"))
    expected = None if faces is None or voices is None else faces - voices
    assert_close(scores, {"audio_visual_gap": expected})


@settings(deadline=None, max_examples=60)
@given(runs(), st.sampled_from(PROTOCOLS))
def test_every_score_has_a_count_or_says_why_it_is_none(run: tuple[list, list, list], protocol: str) -> None:
    scores = compute(*run[:2], verdicts=run[2], protocol=protocol)
    for part in (scores, *scores["by_group"].values(), *scores["by_task"].values(), *scores["by_absence"].values()):
        names = set(DENOMINATORS) | ({"audio_visual_gap"} if part is scores else set())
        assert set(part["counts"]) == names
        assert set(part["null_because"]) == {name for name in names if part[name] is None}
        assert all(part["null_because"].values())
        n_judged, n_unanswerable = part["n_answerable"] - part["n_unjudged"], part["n_unanswerable"]
        assert part["counts"]["ans"] == n_judged
        assert part["counts"]["ta"] == n_unanswerable
        assert part["counts"]["cal"] == n_judged + n_unanswerable
        assert part["counts"]["mean_len"] == part["n"]


@settings(deadline=None, max_examples=40)
@given(runs())
def test_protocols_choose_the_headline_and_nothing_else(run: tuple[list, list, list]) -> None:
    guarded, paper, release = (compute(*run[:2], verdicts=run[2], protocol=protocol) for protocol in PROTOCOLS)
    assert guarded["ans"] == release["ans"] == guarded["ans_guarded"]
    assert paper["ans"] == guarded["ans_unguarded"]
    assert guarded["cal"] == guarded["cal_mean"]
    assert release["cal"] == guarded["cal_weighted"]
    if paper["cal"] is not None:
        assert paper["cal"] == (guarded["ans_unguarded"] + guarded["ta"]) / 2
    for name in set(DENOMINATORS) - {"ans", "cal", "composite"}:
        assert guarded[name] == paper[name] == release[name]


@settings(deadline=None, max_examples=40)
@given(runs(), st.randoms())
def test_order_of_items_changes_nothing(run: tuple[list, list, list], shuffler: random.Random) -> None:
    rows = list(zip(*run, strict=True))
    before = compute(*run[:2], verdicts=run[2])
    shuffler.shuffle(rows)
    predictions, references, verdicts = (list(column) for column in zip(*rows, strict=True))
    assert compute(predictions, references, verdicts=verdicts) == before


@settings(deadline=None, max_examples=40)
@given(runs())
def test_rates_lie_between_0_and_1_and_json_holds_them(run: tuple[list, list, list]) -> None:
    scores = compute(*run[:2], verdicts=run[2])
    for part in (scores, *scores["by_group"].values(), *scores["by_task"].values()):
        assert all(part[key] is None or 0 <= part[key] <= 1 for key in RATES)
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores


@settings(deadline=None, max_examples=60)
@given(runs(verdicts=("CORRECT", "WRONG")))
def test_weighted_is_macro_where_both_kinds_are_equally_many(run: tuple[list, list, list]) -> None:
    predictions, references, verdicts = run
    twins = [
        {**reference, "augmented_id": f"twin_{i}"}
        | ({"absence": "absent_persona"} if reference["answerable"] else {"absence": "none"})
        | {"answerable": not reference["answerable"]}
        for i, reference in enumerate(references)
    ]
    scores = compute(predictions * 2, references + twins, verdicts=verdicts * 2)
    assert scores["n_answerable"] == scores["n_unanswerable"]
    assert scores["cal_weighted"] == pytest.approx(scores["cal"], rel=0, abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(runs())
def test_unjudged_items_count_as_if_they_were_not_there(run: tuple[list, list, list]) -> None:
    predictions, references, verdicts = run
    scores = compute(predictions, references, verdicts=verdicts)
    rows = [row for row in zip(*run, strict=True) if not (row[1]["answerable"] and row[2] == "UNJUDGED")]
    assert scores["n_unjudged"] == len(references) - len(rows)
    assert scores["complete"] == (len(rows) == len(references))
    if rows:
        without = compute(*map(list, list(zip(*rows, strict=True))[:2]), verdicts=[row[2] for row in rows])
        for key in ("ans", "ans_unguarded", "unans", "cal", "cal_weighted", "inconsistent"):
            assert scores[key] == without[key], key
