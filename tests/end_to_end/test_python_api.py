"""The functions that programs call: the example of each, run in the order in which a user meets them."""

import asyncio
import doctest
import inspect
import shutil

import pytest

import omni_persona_build
import omni_persona_people
import omni_persona_report
import omni_persona_runner
from omni_persona_people.invent import EMBEDDED_POOL

ORDER = (
    (omni_persona_people, "load_pool"),
    (omni_persona_people, "generate_pool"),
    (omni_persona_build, "build"),
    (omni_persona_build, "check"),
    (omni_persona_runner, "load_model"),
    (omni_persona_runner, "run"),
    (omni_persona_runner, "judge"),
    (omni_persona_runner, "score"),
    (omni_persona_runner, "compare"),
    (omni_persona_report, "write_report"),
)


@pytest.mark.slow
def test_every_example_holds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(EMBEDDED_POOL, "people")
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for package, name in ORDER:
        function = getattr(package, name)
        examples = doctest.DocTestParser().get_examples(inspect.getdoc(function))
        assert examples, f"{package.__name__}.{name} has no example"
        if name == "compare":
            omni_persona_runner.run("baseline:abstain", "omni-persona", out="runs/abstain")
        globs = {**vars(inspect.getmodule(function)), name: function}
        runner.run(doctest.DocTest(examples, globs, name, None, None, None))
    assert runner.failures == 0
    assert (tmp_path / "report.html").is_file()


@pytest.mark.parametrize("package", [omni_persona_build, omni_persona_people, omni_persona_report, omni_persona_runner])
def test_what_is_exported_is_there_and_typed(package):
    for name in package.__all__:
        exported = getattr(package, name)
        assert exported.__doc__, name
        if inspect.isfunction(exported):
            signature = inspect.signature(exported)
            assert signature.return_annotation is not inspect.Signature.empty
            assert all(one.annotation is not inspect.Parameter.empty for one in signature.parameters.values())


def test_a_name_that_is_not_exported_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = omni_persona_runner.nothing


def test_a_baseline_runs_where_an_event_loop_runs(dataset, tmp_path):
    async def cell():
        return omni_persona_runner.run("baseline:abstain", dataset, out=tmp_path / "run")

    assert asyncio.run(cell()).n_done == 16
