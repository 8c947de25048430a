"""The area under the ROC curve is that of scikit-learn."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from omni_persona_build.checks.ranking import area_under_curve


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(st.lists(st.tuples(st.booleans(), st.sampled_from([-1.5, 0.0, 0.25, 0.5, 3.0])), max_size=40))
def test_any_numbers(pairs):
    labels, sure = np.array([one for one, _ in pairs], bool), np.array([one for _, one in pairs])
    hypothesis.assume(labels.any() and not labels.all())
    assert area_under_curve(labels, sure) == pytest.approx(roc_auc_score(labels, sure), abs=1e-12)


def test_by_hand():
    labels = np.array([True, True, False, False])
    # Of four pairs, (3, 1), (3, 2) and half of the tie (2, 2) are in order, and (2, 1), too.
    assert area_under_curve(labels, np.array([3.0, 2.0, 1.0, 2.0])) == 3.5 / 4


def test_many_numbers():
    rng = np.random.default_rng(0)
    labels, sure = rng.random(50_000) < 0.3, rng.normal(size=50_000).astype(np.float32)
    assert area_under_curve(labels, sure) == pytest.approx(roc_auc_score(labels, sure), abs=1e-12)
