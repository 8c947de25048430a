"""`omni-persona sft` and `rlvr`: what cannot be trained is reported in one line."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sft", "--model", "./nowhere"), "there is no folder ./nowhere"),
        (("rlvr", "--model", "./nowhere"), "there is no folder ./nowhere"),
        (("rlvr", "--model", "./nowhere", "--judge", "openai"), "--judge openai needs --judge-model"),
        (("rlvr", "--model", "./nowhere", "--judge-url", "http://x"), "--judge-url and --judge-model are for"),
        (("rlvr", "--model", "./nowhere", "--temperature", "0"), "expected temperature to be above 0"),
    ],
)
def test_what_cannot_be_trained_is_reported(command_line, dataset, tmp_path, arguments, message):
    done = command_line(*arguments, "--dataset", dataset, "--out", tmp_path / "out")
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
