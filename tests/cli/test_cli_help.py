"""The command line's help and usage errors, with and without a terminal."""

import enum
import os
import pty
import re
import subprocess
import sys
import typing

import pytest
import typer

from omni_persona_cli.app import app

GROUP = typer.main.get_command(app)
COMMANDS = tuple(GROUP.commands)


@pytest.fixture
def printed(command_line):
    """Calls a command; returns its exit code, standard output and standard error."""

    def call(*arguments):
        done = command_line(*arguments)
        return done.returncode, done.stdout, done.stderr

    return call


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("columns", ["60", "80"])
def test_names_of_options_are_whole_in_plain_text(printed, monkeypatch, command, columns):
    monkeypatch.setenv("COLUMNS", columns)
    code, out, err = printed(command, "--help")
    assert (code, err) == (0, "")
    for param in GROUP.commands[command].params:
        name = param.name if param.param_type_name == "argument" else param.opts[0]
        assert re.search(rf"^  {re.escape(name)}(\.\.\.| / --\S+)?(\n|  )", out, re.MULTILINE), name
    assert not re.search(r"[─│╭…\x1b]|<(path|str|bool|int|float)\b", out)
    heading, *examples = re.split(r"\n\n(?=Examples?:)", out)[1].splitlines()
    assert heading in ("Example:", "Examples:")
    assert any(line.startswith(f"  omni-persona {command} ") for line in examples), examples


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_the_choices_of_every_option(command):
    def choices(kind):
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return [one.value for one in kind]
        return [value for part in typing.get_args(kind) for value in choices(part)]

    for param in GROUP.commands[command].params:
        if not isinstance(param, typer.core.TyperOption) or param.name == "help":
            continue
        for value in choices(param.type_descriptor.annotation):
            shown = f"{param.help} {getattr(param.default, 'value', '')}"
            assert re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", shown), (param.opts, value)


def test_the_list_of_commands_is_grouped_and_has_no_types(printed):
    code, out, _ = printed("--help")
    assert code == 0
    sections = re.findall(r"^(\S.*):$", out, re.MULTILINE)
    assert sections == ["Options", "Run and score models", "Make a benchmark", "Train", "Share"]
    assert "<bool>" not in out
    assert printed()[:2] == (2, out)


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (("fly",), "No such command 'fly'.", "omni-persona --help"),
        (("chek",), "No such command 'chek'. Did you mean 'check'?", "omni-persona --help"),
        (("check",), "Missing argument 'dataset'.", "omni-persona check --help"),
        (("check", "a", "b"), "Got unexpected extra argument", "omni-persona check --help"),
        (("check", "--sead", "3"), "No such option: --sead (Possible options: --seeds)", "omni-persona check --help"),
        (
            ("run", "--cues", "all", "--model", "m", "--out", "r"),
            "Invalid value for '--cues': 'all' is not one of 'isolated', 'as-released'.",
            "omni-persona run --help",
        ),
        (
            ("pool", "--personas", "\x1b[2Jx", "--out", "p"),
            "Invalid value for '--personas'",
            "omni-persona pool --help",
        ),
    ],
)
def test_a_usage_error_is_two_lines(printed, arguments, error, hint):
    code, out, err = printed(*arguments)
    assert (code, out) == (2, "")
    first, second = err.splitlines()
    assert first.startswith(f"error: {error}")
    assert second == f"Help: {hint}"
    assert "\x1b" not in err


def test_on_a_terminal_help_has_panels_without_types():
    terminal, its = pty.openpty()
    command = [sys.executable, "-m", "omni_persona_cli", "run", "--help"]
    process = subprocess.Popen(command, env=os.environ | {"COLUMNS": "80"}, stdin=its, stdout=its, stderr=its)
    os.close(its)
    said = b""
    while True:
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        if not more:
            break
        said += more
    os.close(terminal)
    assert process.wait() == 0
    text = re.sub(r"\x1b\[[\d;]*m", "", said.decode())
    for panel in ("Options", "Checkpoints", "Endpoints and engines", "What is asked", "Tokens"):
        assert f"╭─ {panel} ─" in text
    for param in GROUP.commands["run"].params:
        assert re.search(rf"^│ [ *]?\s*{param.opts[0]}\s", text, re.MULTILINE), param.opts
    assert not re.search(r"<(path|str|bool|int|float)\b", text)


def _completed(shell, words):
    """The completions that a shell gets for a line."""
    environment = {
        **os.environ,
        "_OMNI_PERSONA_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
        "_TYPER_COMPLETE_ARGS": words,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run(
        [sys.executable, "-m", "omni_persona_cli"], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("shell", "words", "expected"),
    [
        ("bash", "omni-persona ch", ["check"]),
        ("bash", "omni-persona run --cues ", ["isolated", "as-released"]),
        ("fish", "omni-persona sc", ["score"]),
    ],
)
def test_a_shell_completes_commands_and_choices(shell, words, expected):
    assert [line.split("\t")[0] for line in _completed(shell, words).splitlines()] == expected


def test_zsh_completes_options():
    assert '"--batch-size"' in _completed("zsh", "omni-persona run --batch")


def test_completion_is_shown_and_installed_for_the_shell_that_calls(tmp_path):
    call = f"{sys.executable} -m omni_persona_cli"
    done = subprocess.run(
        ["bash", "-c", f"{call} --show-completion && {call} --install-completion; exit $?"],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "complete -o default -F _omni_persona_completion omni-persona" in done.stdout
    (script,) = (tmp_path / ".bash_completions").iterdir()
    assert script.read_text("utf-8").strip() in done.stdout
    assert str(script) in (tmp_path / ".bashrc").read_text("utf-8")
