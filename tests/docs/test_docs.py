"""The documentation: every example runs as it stands, page by page, and the site builds without a warning."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/index.md", "docs/score.md", "docs/build.md")
_BLOCK = re.compile(r"(?P<skip><!-- not run: [^>]+ -->\n)?```(?P<language>\w*)\n(?P<code>.*?)\n```", re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    """(language, code) of the examples of a page that are run; one that is not says why in a comment before it."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [match for match in _BLOCK.finditer(text) if match["skip"] is None]
    return [(match["language"], match["code"]) for match in found if match["language"] in ("sh", "python")]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A folder in which `omni-persona demo` has run."""
    folder = tmp_path_factory.mktemp("docs")
    subprocess.run([sys.executable, "-m", "omni_persona_cli", "demo"], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_examples_run_as_they_stand(page, demo, tmp_path):
    folder = shutil.copytree(demo, tmp_path / "here")
    # Runs name their dataset by its path.
    for run in (folder / "runs").iterdir():
        manifest = run / "run.json"
        manifest.write_text(manifest.read_text().replace(str(demo), str(folder)))
    shutil.copy(ROOT / "constraints.txt", folder)
    scripts = tmp_path / "bin"
    scripts.mkdir()
    command = scripts / "omni-persona"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m omni_persona_cli "$@"\n')
    command.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{scripts}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HF_HOME": str(tmp_path / "hf"),
    }
    assert blocks(page), f"{page} has no example"
    for language, code in blocks(page):
        if language == "python":
            call = [sys.executable, "-c", code]
        else:
            # The installation is tried by .ci/run, and the demo was run above.
            lines = [line for line in code.splitlines() if "pip install" not in line and line != "omni-persona demo"]
            call = ["bash", "-euo", "pipefail", "-c", "\n".join(lines)]
        done = subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{page}:\n{code}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.slow
def test_the_site_builds_without_a_warning(require_extra, tmp_path):
    require_extra("mkdocs")
    require_extra("material")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", tmp_path / "site"],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site" / "cli" / "index.html").read_text(encoding="utf-8")
    assert "omni-persona train-data" in page


def _hooks():
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / "docs" / "_hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_list_every_field():
    hooks = _hooks()
    for name, kind in hooks._tables().items():
        table = hooks.fields_table(kind)
        fields = getattr(kind, "model_fields", None) or kind.__dataclass_fields__
        for field in fields:
            assert f"| `{field}` |" in table, (name, field)
    assert "| `contexts` | `int` | `4` |" in hooks.fields_table(hooks._tables()["recipe"])


def test_keys_of_results_are_listed_with_their_meaning():
    hooks = _hooks()
    for command, kind in hooks._results().items():
        table = hooks.on_page_markdown(f"<!-- keys: {command} -->")
        assert table == hooks.keys_table(kind)
        rows = dict(re.findall(r"\| `(\w+)` \| `[^`]+` \| (.*) \|", table))
        assert list(rows) == list(kind.__dataclass_fields__)
        assert all(rows.values())
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert set(re.findall(r"<!-- keys: (\w+) -->", page)) == set(hooks._results())


def test_every_command_stands_on_its_page():
    from omni_persona_cli.app import app

    text = _hooks().commands()
    for command in app.registered_commands:
        assert f"## omni-persona {command.name}\n" in text
