"""The examples in the metric's docstrings say what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import omni_persona_cal

MODULES = sorted(module.name for module in pkgutil.iter_modules(omni_persona_cal.__path__) if module.name != "app")
WITH_EXAMPLES = {
    "abstention", "abstention_judged", "comparison", "judge_reply", "lexical", "likelihood", "lines", "overlap",
    "records", "text", "thinking",
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(f"omni_persona_cal.{name}")
    failed, tried = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0
    assert tried or name not in WITH_EXAMPLES
