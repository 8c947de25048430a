"""Running the command line as a user does."""

import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def omni_persona_command(tmp_path_factory):
    """Call `omni-persona`, or Python where `module` is empty, in a process of its own.

    It has a Hugging Face cache of its own, and no Hub.
    """
    cache = tmp_path_factory.mktemp("hf")

    def call(*arguments, cwd, code=0, module=("-m", "omni_persona_cli")):
        done = subprocess.run(
            [sys.executable, *module, *map(str, arguments)],
            cwd=cwd,
            env=os.environ | {"HF_HOME": str(cache), "HF_HUB_OFFLINE": "1", "COLUMNS": "160"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return call
