"""The items that harnesses were asked, and a caller of the command line."""

from __future__ import annotations

import pytest
from asked_peers import ROWS
from harness_logs import Printed

from omni_persona_cli.app import app
from omni_persona_cli.console import errors


@pytest.fixture(scope="module")
def asked(write_dataset, tmp_path_factory):
    """The eight items."""
    return write_dataset(tmp_path_factory.mktemp("asked") / "omni-persona", ROWS)


@pytest.fixture
def call(capsys, monkeypatch):
    """Calls the command line as a shell does: errors become a line and an exit code."""
    monkeypatch.setenv("COLUMNS", "400")

    def call(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as end, errors(debug=False):
            app([str(word) for word in words])
        out, err = capsys.readouterr()
        return Printed(end.value.code, f"{out}\n{err}", out)

    return call
