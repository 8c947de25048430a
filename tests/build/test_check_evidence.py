"""When a solver's result is evidence of a leak: chance, intervals and several solvers at once."""

import re

import numpy as np
import pytest
from changed_dataset import changed_copy, failed_checks
from scipy import sparse
from slow_cases import slow_but

from omni_persona_build.checks import Finding, check, evidence, missing, unneeded
from omni_persona_build.checks.evidence import area_finding, confirmed, share_finding
from omni_persona_build.checks.fitted import fitted_scores, scores_on_strangers


def test_too_few_sets_are_nothing_to_learn_from(built, tmp_path):
    def change(rows):
        gone = sorted({row["source_sample_id"] for row in rows if row["no_GT"]})[9:]
        return [row for row in rows if row["source_sample_id"] not in gone]

    findings = {finding.check: finding for finding in check(changed_copy(built, tmp_path / "omni-persona", change))}
    for name in ("shortcut: missing, by the notes", "shortcut: missing, by likeness"):
        assert findings[name].result == "skipped"
        assert findings[name].detail == "9 sets of memories are too few to learn from"


def test_what_chance_comes_to_is_learnt_by_shuffling():
    """Of what says nothing, one in a thousand would fail, and as large a part of the means lies outside one spread."""
    rng = np.random.default_rng(0)
    found = [area_finding("x", rng.normal(size=(80, 6)), np.arange(80) < 30) for _ in range(12)]
    assert all(one.passed is not False for one in found)
    areas = [float(re.match(r"AUC (\S+),", one.detail)[1]) for one in found]
    spreads = [float(re.search(r"± (\S+);", one.detail)[1]) / 3.09 for one in found]
    assert [float(re.search(r"a leak of (\S+) above chance", one.detail)[1]) / 3.09 for one in found] == spreads
    assert 0.4 < np.mean(areas) < 0.55
    assert np.mean(spreads) == pytest.approx(0.08, abs=0.02)
    finding = area_finding("x", rng.normal(size=(80, 6)) + 2 * (np.arange(80) < 30)[:, None], np.arange(80) < 30)
    assert not finding.passed


def test_the_interval_of_a_shortcut_is_that_of_samples_not_items():
    """Ten samples of three siblings that stand and fall together: the error of ten coins, not of thirty."""
    right = np.repeat(np.arange(10) % 2 == 0, 3)
    samples = np.repeat(np.arange(10).astype(str), 3)
    finding = share_finding("coin", right.astype(float), np.full(30, 0.25), [samples.tolist()])
    error = 3.09 * (0.25 / 10) ** 0.5
    assert f"right 50.0 % [{100 * (0.5 - error):.1f}, {100 * (0.5 + error):.1f}], chance 25.0 %" in finding.detail


def test_who_is_usually_asked_about_or_missing_fails(built, tmp_path):
    def place(placed):
        for one in placed:
            whole = [other for other in placed if other["augmented_id"] == one["augmented_id"]]
            asked = one["queried_person"]
            missing = all(other["person"] != asked for other in whole)
            one["queried_person"] = "gone" if missing else "asked"
            if one["person"] == asked:
                one["person"] = "asked"

    folder = changed_copy(built, tmp_path / "omni-persona", lambda rows: None, place)
    failed = failed_checks(folder, ["shortcuts", "missing"])
    assert "shortcut: usual person" in failed
    assert "shortcut: missing, by who is asked about" in failed


def test_few_items_are_too_few_to_tell_and_never_pass():
    rng = np.random.default_rng(0)
    for number, result in ((20, "too few to tell"), (2000, "pass")):
        right = (rng.random(number) < 1 / 3).astype(float)
        finding = share_finding("x", right, np.full(number, 1 / 3), [list(map(str, range(number)))])
        assert finding.result == result
        seen = int(re.search(r"a leak of (\d+) points would be seen", finding.detail)[1])
        assert seen == pytest.approx(309 * (2 / 9 / number) ** 0.5, abs=4)


def _tried(rng, sets, siblings, people, number=25):
    """Findings of solvers that guess; siblings are often right or wrong together."""
    samples = np.repeat(np.arange(sets), siblings)
    whose = rng.integers(0, people, sets)[samples]
    clusters = [samples.astype(str).tolist(), whose.astype(str).tolist()]
    found = []
    for name in range(number):
        together = rng.random(len(samples)) < 0.7
        drawn = np.where(together, rng.random(sets)[samples], rng.random(len(samples)))
        right = (drawn < 1 / 3).astype(float)
        found.append(share_finding(f"guess {name}", right, np.full(len(samples), 1 / 3), clusters))
    return found


@pytest.mark.parametrize(
    ("sets", "siblings", "people"),
    slow_but([(6, 3, 6)], [(60, 3, 24), (20, 1, 20), (12, 3, 8), (6, 3, 6)]),
)
def test_a_fair_set_rarely_fails_over_all_solvers_together(sets, siblings, people):
    rng = np.random.default_rng(0)
    families = [_tried(rng, sets, siblings, people) for _ in range(300)]
    failed = sum(any(one.passed is False for one in confirmed(family)) for family in families)
    assert failed / len(families) <= 0.06


def test_a_leak_fails_among_many_solvers_that_guess():
    """70 % right where a guess is right 33 % of the time, over 60 sets."""
    rng = np.random.default_rng(0)
    caught = 0
    for _ in range(20):
        right = (rng.random(60) < 0.7).astype(float)
        names = [list(map(str, range(60))), rng.integers(0, 24, 60).astype(str).tolist()]
        leak = share_finding("leak", right, np.full(60, 1 / 3), names)
        caught += confirmed([*_tried(rng, 60, 3, 24), leak])[-1].passed is False
    assert caught >= 19


def test_holm_decides_by_rank_and_leaves_other_findings_as_they_are():
    """Of four solvers, .012 * 4 and .016 * 3 hold at .05; .03 * 2 does not, and then neither does .04 * 1."""
    p_values = [0.03, 0.012, 0.04, 0.016]
    findings = [Finding(f"x{p}", False, "seen", "I2I", p=p) for p in p_values]
    plain = [Finding("ids", False, "twice"), Finding("few", None, "few")]
    decided = confirmed([plain[0], *findings, plain[1]])
    assert [decided[0], decided[-1]] == plain
    assert [one.result for one in decided[1:-1]] == ["too few to tell", "FAIL", "too few to tell", "FAIL"]
    assert decided[1].detail == "seen; among 4 solvers this may be chance (Holm, p = 0.06)"
    assert set(unneeded(decided)["I2I"]) == {"x0.012", "x0.016"}
    passing = [Finding("y", True, "seen", p=0.001)]
    assert confirmed(passing) == passing


def test_two_items_that_are_right_show_nothing():
    finding = share_finding("x", np.ones(2), np.full(2, 1 / 3), [["a", "b"]])
    assert finding.p > 0.05
    assert confirmed([finding])[0].result == "too few to tell"
    alone = share_finding("x", np.ones(3), np.full(3, 1 / 3), [["a", "a", "a"]])
    assert alone.p == 1


def test_people_who_stand_behind_many_sets_make_an_interval_wider():
    right = np.repeat(np.arange(10) % 2 == 0, 30).astype(float)
    samples = [str(place) for place in range(300)]
    people = np.repeat(np.arange(10).astype(str), 30).tolist()
    narrow = share_finding("x", right, np.full(300, 0.25), [samples])
    wide = share_finding("x", right, np.full(300, 0.25), [samples, people])
    assert narrow.passed is False
    assert wide.result == "too few to tell"


def test_who_is_never_the_target_when_fitting_is_no_anti_leak():
    """Each person has numbers of their own, the same in every set, which say nothing of who is asked about.

    A classifier fitted on sets in which they stand learns that they are never meant, and is often wrong.
    """
    shares = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        standing = np.array([rng.permutation(12)[:4] for _ in range(300)])
        targets = rng.integers(4, size=300)
        asked = standing[np.arange(300), targets].astype(str)
        features = rng.normal(size=(12, 3))[standing]
        known = fitted_scores(features, targets, asked)
        strange = scores_on_strangers(features, targets, asked, standing.astype(str).tolist())
        shares.append([(scores.argmax(axis=1) == targets).mean() for scores in (known, strange)])
    assert np.mean(shares, axis=0)[0] < 0.15
    assert np.mean(shares, axis=0)[1] == pytest.approx(0.25, abs=0.07)
    assert scores_on_strangers(features[:1], targets[:1], asked[:1], [standing[0].astype(str).tolist()]) is None


@pytest.mark.parametrize("n_rows", [1, 7, 8, 20])
def test_products_of_sparse_rows_are_those_of_all_rows(monkeypatch, n_rows):
    monkeypatch.setattr(evidence, "ROWS_AT_ONCE", 7)
    rows = sparse.random(n_rows, 30, density=0.3, format="csr", random_state=np.random.default_rng(0))
    np.testing.assert_array_equal(evidence._products(rows), (rows @ rows.T).toarray())


def test_names_are_encoded_side_by_side_and_without_zeros_where_there_are_many(monkeypatch):
    people, fields = ["ann", "bob", "ann", "eve"], ["role", "role", "hobby", "role"]
    expected = np.array([[1, 0, 0, 0, 1], [0, 1, 0, 0, 1], [1, 0, 0, 1, 0], [0, 0, 1, 0, 1]]) / np.sqrt(2)
    dense = missing._one_hot(people, fields)
    assert isinstance(dense, np.ndarray)
    np.testing.assert_array_equal(dense, expected)
    monkeypatch.setattr(missing, "MOST_DENSE", 19)
    large = missing._one_hot(people, fields)
    assert sparse.issparse(large)
    np.testing.assert_array_equal(large.toarray(), expected)


def test_a_classifier_finds_the_same_with_and_without_zeros(monkeypatch):
    rng = np.random.default_rng(0)
    people = [f"p{one}" for one in rng.integers(0, 60, 300)]
    fields = [f"f{one}" for one in rng.integers(0, 9, 300)]
    labels = np.array([field < "f4" for field in fields]) ^ (rng.random(300) < 0.3)
    both = [f"{person} {field}" for person, field in zip(people, fields, strict=True)]
    dense = area_finding("x", missing._one_hot(people, fields, both), labels)
    monkeypatch.setattr(missing, "MOST_DENSE", 0)
    found = area_finding("x", missing._one_hot(people, fields, both), labels)
    assert (found.detail, found.result) == (dense.detail, dense.result)
    assert found.result == "FAIL"
