from __future__ import annotations

import json
import math
import random
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import omni_persona_cal
from omni_persona_cal import CANONICAL_ABSTENTION, VERDICTS
from omni_persona_cal.scores import DENOMINATORS, PROTOCOLS

# Intervals have a test file of their own.
compute = partial(omni_persona_cal.compute, n_resamples=0)

GROUPS = ["I2I", "A2A", "T2T", "T2Any"]
ABSENCES = ["none", "absent_persona", "absent_attribute"]
RATES = [
    "ans", "ans_guarded", "ans_unguarded", "unans", "ta", "cal", "cal_mean", "cal_weighted", "one_minus_fa",
    "false_abstention_rate", "hallucination_rate", "abstention_avg", "abs_f1", "rouge_l", "token_f1",
]  # fmt: skip

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


def assert_close(scores: dict, expected: dict) -> None:
    for key, value in expected.items():
        if isinstance(value, float):
            assert scores[key] == pytest.approx(value, rel=0, abs=1e-12), key
        else:
            assert scores[key] == value, key


@settings(deadline=None, max_examples=80)
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


def test_hand_computed_example(reference) -> None:
    references = [
        reference(0, group="I2I"),
        reference(1, group="A2A"),
        reference(2, group="A2A"),
        reference(3, group="T2T"),
        reference(4, "absent_persona", group="I2I"),
        reference(5, "absent_attribute", group="T2T"),
        reference(6, "absent_attribute", group="T2Any"),
    ]
    predictions = [
        "a harbour pilot",
        "harbour pilot, but I cannot identify the voice",
        "baker",
        "pilot",
        CANONICAL_ABSTENTION,
        "baker",
        "Not enough  information.",
    ]
    verdicts = ["CORRECT", "CORRECT", "WRONG", "UNJUDGED", None, None, None]
    scores = compute(predictions, references, verdicts=verdicts)
    expected = {
        "judge": "given",
        "protocol": "guarded",
        "interval": None,
        "n": 7,
        "n_answerable": 4,
        "n_unanswerable": 3,
        "n_unjudged": 1,
        "n_source_samples": 3,
        "complete": False,
        "ans": 1 / 3,
        "ans_guarded": 1 / 3,
        "ans_unguarded": 2 / 3,
        "unans": 2 / 3,
        "ta": 2 / 3,
        "cal": 1 / 2,
        "cal_mean": 1 / 2,
        "cal_weighted": (1 + 2) / (3 + 3),
        "ans_judged": 2 / 3,
        "ta_judged": 2 / 3,
        "cal_judged": 2 / 3,
        "n_phrased_otherwise": 0,
        "one_minus_fa": 3 / 4,
        "false_abstention_rate": 1 / 4,
        "hallucination_rate": 1 / 3,
        "bertscore": None,
        "composite": None,
        "audio_visual_gap": 1 - 0,
        "abstention_avg": (3 / 4 + 2 / 3) / 2,
        "abs_f1": 2 * 2 / (2 * 2 + 1 + 1),
        "rouge_l": (1 + 1 + 0 + 1 / 2) / 4,
        "token_f1": (4 / 5 + 4 / 10 + 0 + 2 / 3) / 4,
        "mean_len": (3 + 8 + 1 + 1 + 8 + 1 + 3) / 7,
        "inconsistent": False,
    }
    assert_close(scores, expected)
    assert set(scores) == {*expected, "counts", "null_because", "by_group", "by_task", "by_absence"}
    assert scores["by_group"]["T2T"]["null_because"]["ans"] == "no answerable items with a verdict"
    assert scores["by_absence"]["none"]["null_because"]["cal"] == "no unanswerable items"
    assert scores["null_because"]["composite"] == "BERTScore was not asked for"
    assert scores["by_group"]["T2T"]["ans"] is None
    assert scores["by_group"]["T2T"]["cal"] is None
    assert scores["by_group"]["T2T"]["unans"] == 0.0
    assert scores["by_group"]["T2Any"]["one_minus_fa"] is None
    assert scores["by_absence"]["none"]["unans"] is None
    assert scores["by_absence"]["none"]["abs_f1"] is None
    assert scores["by_absence"]["absent_persona"]["ans"] is None


def test_always_abstaining_scores_exactly_one_half(reference) -> None:
    references = [reference(i, ABSENCES[i % 3]) for i in range(9)]
    scores = compute([CANONICAL_ABSTENTION] * 9, references)
    assert (scores["ans"], scores["ta"], scores["cal"]) == (0.0, 1.0, 0.5)
    assert (scores["one_minus_fa"], scores["abstention_avg"]) == (0.0, 0.5)


def test_always_right_scores_one(reference) -> None:
    references = [reference(i, ABSENCES[i % 3]) for i in range(9)]
    predictions = [row["gold_answer"] or CANONICAL_ABSTENTION for row in references]
    scores = compute(predictions, references)
    assert scores["judge"] == "lexical"
    assert all(scores[key] == 1.0 for key in RATES if key not in ("false_abstention_rate", "hallucination_rate"))
    assert scores["false_abstention_rate"] == scores["hallucination_rate"] == 0.0


@pytest.mark.parametrize("n_answerable", [1, 3, 7])
def test_a_flipped_verdict_moves_ans_by_its_share(reference, n_answerable: int) -> None:
    references = [reference(i) for i in range(n_answerable)] + [reference(50, "absent_persona")]
    verdicts = ["WRONG"] * len(references)
    before = compute(["x"] * len(references), references, verdicts=verdicts)["ans"]
    verdicts[0] = "CORRECT"
    after = compute(["x"] * len(references), references, verdicts=verdicts)["ans"]
    assert after - before == pytest.approx(1 / n_answerable, rel=0, abs=1e-12)


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


def test_a_judge_that_never_answers_gives_no_score_rather_than_zero(reference) -> None:
    references = [reference(0), reference(1), reference(2, "absent_persona")]
    scores = compute(["x", "y", CANONICAL_ABSTENTION], references, verdicts=["UNJUDGED", "UNJUDGED", None])
    assert (scores["ans"], scores["cal"], scores["n_unjudged"]) == (None, None, 2)
    assert (scores["one_minus_fa"], scores["ta"]) == (1.0, 1.0)


def test_a_judge_that_calls_abstentions_correct_is_inconsistent(reference) -> None:
    references = [reference(0), reference(1)]
    predictions = [CANONICAL_ABSTENTION, "harbour pilot"]
    honest = compute(predictions, references, verdicts=["WRONG", "CORRECT"])
    assert honest["inconsistent"] is False
    flattering = compute(predictions, references, verdicts=["CORRECT", "CORRECT"])
    assert flattering["inconsistent"] is True
    assert flattering["ans_unguarded"] > flattering["one_minus_fa"]
    assert flattering["ans"] == 0.5
    # The abstention is unjudged: 1/1 correct is over another set of items than 1/2 not abstaining.
    assert compute(predictions, references, verdicts=["UNJUDGED", "CORRECT"])["inconsistent"] is False


def test_scores_are_exact_on_many_items(reference) -> None:
    references = [reference(i) for i in range(750)]
    scores = compute(["harbour " * (i % 7) for i in range(750)], references)
    assert scores["mean_len"] == math.fsum(i % 7 for i in range(750)) / 750


def test_composite_is_the_mean_of_nine(reference, monkeypatch: pytest.MonkeyPatch) -> None:
    def stub(pairs: list[tuple[str, str]], model: str) -> list[float]:
        assert model == "encoder"
        return [0.5 + 0.25 * (gold == prediction) for gold, prediction in pairs]

    monkeypatch.setattr("omni_persona_cal.bertscore.bertscores", stub)
    references = [reference(0), reference(1), reference(2, "absent_persona")]
    predictions = ["harbour pilot", "baker", CANONICAL_ABSTENTION]
    scores = compute(predictions, references, bertscore={"model": "encoder"})
    assert scores["bertscore"] == 0.625
    assert scores["counts"]["bertscore"] == 2
    nine = (
        scores[key]
        for key in ("cal", "ans", "unans", "abs_f1", "rouge_l", "token_f1", "bertscore", "one_minus_fa", "ta")
    )
    assert scores["composite"] == pytest.approx(math.fsum(nine) / 9, rel=0, abs=1e-15)
    assert scores["by_group"]["A2A"]["null_because"]["composite"] == "no items"
    assert scores["by_absence"]["absent_persona"]["bertscore"] is None
