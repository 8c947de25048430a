"""The metric as an `evaluate` module: by path, by name, offline and not. Each load is a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

import omni_persona_cal
from omni_persona_cal import CANONICAL_ABSTENTION, compute
from omni_persona_cal.register import register

ROOM = Path(omni_persona_cal.__file__).resolve().parent
VERSION_PATH = Path("evaluate_modules/metrics/evaluate-metric--omni_persona_cal")
OFFLINE = {"HF_EVALUATE_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
WITHOUT_PIPELINES = "import sys; sys.modules['transformers.pipelines'] = None\n"
"""Makes `evaluate` do without the pipelines of `transformers`, which need torch: most of the time of its import."""


def run(code: str, cwd: Path, *arguments: str, before: str = "", **environment: str) -> str:
    """What `code` prints, run in an empty folder, with none of our code on the path and no network proxies."""
    unwanted = re.compile(r"^(HF_|PYTHON)|_proxy$", re.IGNORECASE)
    inherited = {name: value for name, value in os.environ.items() if not unwanted.search(name)}
    folder = cwd / "empty"
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", before + textwrap.dedent(code), *arguments],
        cwd=folder,
        env={**inherited, "HF_HOME": str(cwd / "home"), **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert not any(folder.iterdir())
    return done.stdout


def example(reference: Any) -> tuple[list[str], list[dict[str, Any]]]:
    references = [reference(0), reference(1, group="A2A"), reference(2, "absent_persona")]
    return ["They are a harbour pilot.", "A baker.", CANONICAL_ABSTENTION], references


@pytest.mark.slow
def test_by_path_from_another_folder(tmp_path: Path, reference) -> None:
    predictions, references = example(reference)
    code = """
        import json
        import sys

        import evaluate

        predictions, references = json.loads(sys.argv[2])
        metric = evaluate.load(sys.argv[1])
        result = {"direct": metric.compute(predictions=predictions, references=references)}

        # Gathered bit by bit, while another instance holds the lock of the same cache file.
        other = evaluate.load(sys.argv[1])
        other.add_batch(predictions=predictions[:1], references=references[:1])
        metric.add(prediction=predictions[0], reference=references[0])
        metric.add_batch(predictions=predictions[1:2], references=references[1:2])
        result["gathered"] = metric.compute(predictions=predictions[2:], references=references[2:])
        result["other"] = other.compute(verdicts=["WRONG"])["ans"]

        def error(call, **inputs):
            try:
                call(**inputs)
            except ValueError as raised:
                return str(raised)

        one, two = references[:2]
        result["errors"] = [
            error(metric.compute, predictions=[None], references=[one]),
            error(metric.compute, predictions=["x", None], references=[one, two]),
            error(metric.compute, predictions=["x"], references=None),
            error(metric.add_batch, predictions=["x", 3], references=[one, two]),
            error(metric.add, prediction="x", reference={**one, "group": "V2V"}),
            error(metric.compute, predictions=["x"], references=[one], judge="none"),
        ]
        result["after errors"] = metric.compute(predictions=predictions, references=references)
        result["info"] = [metric.name, sorted(metric.features), "2605.09996" in metric.citation]
        print(json.dumps(result))
    """
    given = json.dumps([predictions, references])
    result = json.loads(run(code, tmp_path, str(ROOM), given, before=WITHOUT_PIPELINES, **OFFLINE))
    expected = json.loads(json.dumps(compute(predictions, references)))
    assert result["direct"] == result["gathered"] == result["after errors"] == expected
    assert result["other"] == 0.0
    first, second = "sample_0__aug_0", "sample_0__aug_1"
    assert result["errors"] == [
        f"predictions[0] (item {first}): expected a string, got None",
        f"predictions[1] (item {second}): expected a string, got None",
        "references: expected a list of dicts, got None",
        f"predictions[1] (item {second}): expected a string, got 3 (int)",
        f"references[0] (item {first}): group: expected one of 'I2I', 'A2A', 'T2T', 'T2Any', got 'V2V'",
        "judge: expected one of 'lexical', 'openai', 'transformers', got 'none'",
    ]
    assert result["info"] == ["omni_persona_cal", ["predictions", "references"], True]


@pytest.mark.slow
def test_by_name_offline_and_the_example_of_the_card(tmp_path: Path) -> None:
    # An older version that claims to be from the future must still give way.
    old = tmp_path / "home" / "modules" / VERSION_PATH / ("0" * 64)
    old.mkdir(parents=True)
    (old / "omni_persona_cal.py").write_text("raise RuntimeError('superseded')\n")
    tomorrow = time.time() + 86_400
    os.utime(old / "omni_persona_cal.py", (tomorrow, tomorrow))
    code = """
        import doctest
        import sys

        sys.path.insert(0, sys.argv[2])
        from omni_persona_cal.register import register

        version = register()
        assert register() == version
        sys.path.remove(sys.argv[2])
        for name in [name for name in sys.modules if name.startswith("omni_persona_cal")]:
            del sys.modules[name]

        failed, tried = doctest.testfile(sys.argv[1], module_relative=False)
        assert not failed and tried >= 8, (failed, tried)

        import evaluate

        assert version.name in evaluate.load("omni_persona_cal").__module__
        print(version)
    """
    out = run(code, tmp_path, str(ROOM / "README.md"), str(ROOM.parent), before=WITHOUT_PIPELINES, **OFFLINE)
    assert Path(out.strip()).parent == tmp_path / "home" / "modules" / VERSION_PATH


@pytest.mark.slow
def test_by_name_with_no_network_and_no_word_about_it(tmp_path: Path, reference) -> None:
    predictions, references = example(reference)
    modules = tmp_path / "elsewhere"
    register(modules)
    code = """
        import json
        import sys
        import time

        import evaluate

        predictions, references = json.loads(sys.argv[1])
        start = time.perf_counter()
        metric = evaluate.load("omni_persona_cal")
        seconds = time.perf_counter() - start
        print(json.dumps([seconds, metric.compute(predictions=predictions, references=references)]))
    """
    # Nothing listens on port 9: each attempt to reach the Hub is refused at once.
    refused = "http://127.0.0.1:9"
    seconds, scores = json.loads(
        run(
            code,
            tmp_path,
            json.dumps([predictions, references]),
            HF_MODULES_CACHE=str(modules),
            HTTP_PROXY=refused,
            HTTPS_PROXY=refused,
        )
    )
    assert scores == json.loads(json.dumps(compute(predictions, references)))
    assert seconds < 30


def test_importing_the_package_loads_nothing_heavy(tmp_path: Path) -> None:
    code = """
        import sys

        import omni_persona_cal

        omni_persona_cal.lexical_judge("harbour pilot", "a harbour pilot")
        heavy = {"evaluate", "datasets", "torch", "numpy", "rouge_score", "nltk"}
        print(sorted(heavy & set(sys.modules)))
    """
    assert run(code, tmp_path, PYTHONPATH=str(ROOM.parent)).strip() == "[]"


def test_the_module_names_every_file_it_needs() -> None:
    def siblings(path: Path) -> set[str]:
        return set(re.findall(r"^ *from \.(\w+) import ", path.read_text(encoding="utf-8"), re.MULTILINE))

    main = ROOM / "omni_persona_cal.py"
    named = siblings(main)
    for name in named:
        assert siblings(ROOM / f"{name}.py") <= named
    imports = [line for line in main.read_text().splitlines() if line.startswith(("import ", "from "))]
    assert not [line for line in imports if "#" in line]


def test_registering_is_repeatable_and_mends_what_is_broken(tmp_path: Path) -> None:
    version = register(tmp_path)
    assert version.parent == tmp_path / VERSION_PATH
    assert re.fullmatch("[0-9a-f]{64}", version.name)
    for package in (version, *list(version.parents)[:4]):
        assert (package / "__init__.py").read_bytes() == b""
    files = {path.name: path.read_bytes() for path in version.iterdir()}
    assert files["omni_persona_cal.py"] == (ROOM / "omni_persona_cal.py").read_bytes()

    (version / "omni_persona_cal.py").unlink()
    (version / "scores.py").write_text("")
    assert register(tmp_path) == version
    assert {path.name: path.read_bytes() for path in version.iterdir()} == files
    assert [path.name for path in version.parent.iterdir() if path.is_dir()] == [version.name]


def test_the_version_registered_last_is_the_newest(tmp_path: Path) -> None:
    version = register(tmp_path)
    other = version.with_name("f" * 64)
    other.mkdir()
    (other / "omni_persona_cal.py").write_text("")
    tomorrow = time.time() + 86_400
    os.utime(other / "omni_persona_cal.py", (tomorrow, tomorrow))
    register(tmp_path)
    times = {path.name: (path / "omni_persona_cal.py").stat().st_mtime for path in (version, other)}
    assert times[version.name] > times[other.name]
