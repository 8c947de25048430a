"""Matrix products on one thread."""

import numpy as np  # noqa: F401 - loads its library of matrix products
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from omni_persona_perception import one_blas_thread


def n_threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_there_is_one_thread_inside_and_as_many_as_before_afterwards():
    with threadpool_limits(2, user_api="blas"):
        before = n_threads()
        assert before and set(before) == {2}
        with one_blas_thread():
            assert set(n_threads()) == {1}
        assert n_threads() == before


def test_an_error_inside_gives_the_threads_back():
    with threadpool_limits(2, user_api="blas"):
        with pytest.raises(ZeroDivisionError), one_blas_thread():
            1 / 0  # noqa: B018 - the error is the point
        assert set(n_threads()) == {2}
