"""Folders that tests of writing start from."""

import pytest
from written_folder import write


@pytest.fixture
def ours(tmp_path):
    """A folder that we wrote."""
    write(tmp_path / "out", "old")
    return tmp_path / "out"
