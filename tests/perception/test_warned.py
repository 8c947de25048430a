"""Silence about warnings in several threads at once; pytest turns each warning into an error."""

import threading
import warnings

import pytest

from omni_persona_perception.warned import no_warnings


def test_nothing_is_heard_within_and_all_afterwards():
    before = list(warnings.filters)
    with no_warnings():
        with no_warnings():
            warnings.warn("unusual", stacklevel=1)
        warnings.warn("unusual", stacklevel=1)
    assert warnings.filters == before
    with pytest.raises(UserWarning, match="unusual"):
        warnings.warn("unusual", stacklevel=1)


def test_an_error_ends_it():
    with pytest.raises(ZeroDivisionError), no_warnings():
        _ = 1 / 0
    with pytest.raises(UserWarning, match="unusual"):
        warnings.warn("unusual", stacklevel=1)


def test_whoever_ends_first_does_not_end_it_for_others():
    before = list(warnings.filters)
    inside, left = threading.Event(), threading.Event()

    def other():
        with no_warnings():
            inside.set()
            assert left.wait(60)
            warnings.warn("unusual", stacklevel=1)
        heard.append("done")

    heard = []
    thread = threading.Thread(target=other)
    with no_warnings():
        thread.start()
        assert inside.wait(60)
    left.set()
    thread.join()
    assert heard[-1] == "done"
    assert warnings.filters == before
    with pytest.raises(UserWarning, match="unusual"):
        warnings.warn("unusual", stacklevel=1)
