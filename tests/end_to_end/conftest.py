"""Running the command line as a user does."""

import os
import subprocess
import sys

import pytest
import this_process


@pytest.fixture(scope="session")
def omni_persona_command(tmp_path_factory):
    """Call `omni-persona` in this process, or Python with the options `python` in one of its own.

    Both have a Hugging Face cache of their own, and no Hub.
    """
    import datasets

    cache = tmp_path_factory.mktemp("hf")
    environment = {"HF_HOME": str(cache), "HF_HUB_OFFLINE": "1", "COLUMNS": "160"}

    def call(*arguments, cwd, code=0, python=None):
        if python is None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(datasets.config, "HF_DATASETS_CACHE", cache / "datasets")
                done = this_process.call(arguments, cwd, **environment)
        else:
            command = [sys.executable, *python, *map(str, arguments)]
            done = subprocess.run(
                command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False
            )
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return call
