"""What the command line shows: hostile text acts on no terminal, reads as no markup, and fails no encoding."""

import subprocess
import sys

import pytest
from rich.table import Table
from rich.text import Text

from omni_persona_cli.console import SafeConsole

HOSTILE = {
    "clear the screen": ("\x1b[2J\x1b[H", "[U+001B][2J[U+001B][H"),
    "set the title": ("\x1b]0;owned\x07", "[U+001B]]0;owned[U+0007]"),
    "a C1 control": ("\x9b31m", "[U+009B]31m"),
    "go back over what was said": ("\rall checks pass", "[U+000D]all checks pass"),
    "turn the direction": ("\u202egnp.exe", "[U+202E]gnp.exe"),
    "half a character": ("\ud800", "[U+D800]"),
    "markup": ("[bold red]a[/b]c[/]", "[bold red]a[/b]c[/]"),
    "an emoji code": (":pile_of_poo:", ":pile_of_poo:"),
}


@pytest.mark.parametrize("on_terminal", [False, True])
@pytest.mark.parametrize("case", HOSTILE)
def test_text_is_shown_and_does_nothing(case, on_terminal, capsys, monkeypatch):
    text, shown = HOSTILE[case]
    if on_terminal:  # one without colours, whose codes are not looked for
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "dumb")
    console = SafeConsole()
    assert console.is_terminal is on_terminal
    console.print(text, soft_wrap=True)
    console.print(text, style="bold", soft_wrap=True)
    table = Table()
    table.add_column(text)
    table.add_row(text)
    console.print(table)
    printed = capsys.readouterr().out
    assert printed.count(shown) == 4
    # A text that a program made into rich's own kind does no harm either.
    console.print(Text(text), soft_wrap=True)
    printed += capsys.readouterr().out
    assert not set(printed) & {"\x1b", "\x07", "\x9b", "\r", "\u202e", "\ud800"}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_a_terminal_of_any_encoding_gets_the_message_and_the_right_exit_code(tmp_path, encoding):
    name = "Zoë 花 [/b] \x1b[31m"
    process = subprocess.run(
        [sys.executable, "-m", "omni_persona_cli", "check", name],
        cwd=tmp_path,
        env={"PYTHONIOENCODING": encoding, "PATH": "", "HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        check=False,
    )
    assert process.returncode == 2
    assert b"error: " in process.stderr
    assert b"[/b]" in process.stderr
    assert b"\x1b" not in process.stderr
