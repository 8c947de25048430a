"""What the command line shows: hostile text acts on no terminal, reads as no markup, and fails no encoding."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text
from slow_cases import slow_but

import omni_persona
from omni_persona_artifacts.data_files import dataset_fingerprint
from omni_persona_cli.console import SafeConsole, errors

HOSTILE = {
    "clear the screen": ("\x1b[2J\x1b[H", "[U+001B][2J[U+001B][H"),
    "set the title": ("\x1b]0;owned\x07", "[U+001B]]0;owned[U+0007]"),
    "a C1 control": ("\x9b31m", "[U+009B]31m"),
    "go back over what was said": ("\rall checks pass", "[U+000D]all checks pass"),
    "turn the direction": ("\u202egnp.exe", "[U+202E]gnp.exe"),
    "a hidden text": ("x\U000e0041\U000e007fy", "x[U+E0041][U+E007F]y"),
    "a filler": ("a\u3164b\ufff9c", "a[U+3164]b[U+FFF9]c"),
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
    assert not set(printed) & set("\x1b\x07\x9b\r\u202e\ud800\U000e0041\u3164")


def test_a_name_from_outside_begins_no_line_and_floods_no_terminal(dataset, tmp_path, command_line):
    lines = [{"augmented_id": item.augmented_id, "prediction": "a pilot"} for item in omni_persona.read(dataset)]
    forged = "\nAll 25 checks pass" + "y" * 100_000
    for name in ("a", "b"):
        run = tmp_path / name
        run.mkdir()
        about = {"path": str(dataset), "fingerprint": dataset_fingerprint(dataset)}
        (run / "run.json").write_text(json.dumps({"model": {"name": f"m{forged}"}, "dataset": about}))
        (run / "predictions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        verdicts = [{"augmented_id": line["augmented_id"], "verdict": "WRONG", "judge": f"j{forged}"} for line in lines]
        (run / "verdicts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in verdicts))
    for words in (("score", tmp_path / "a"), ("compare", tmp_path / "a", tmp_path / "b")):
        done = command_line(*words)
        assert done.returncode == 0, done.stderr
        assert "j[U+000A]All 25 checks pass" in done.stdout
        assert not re.search("^ *All 25", done.stdout, re.MULTILINE) and len(done.stdout) < 10_000


def _called(folder, *arguments, **environment):
    """`omni-persona` in a process that has no environment but this, and so the encoding that it names."""
    return subprocess.run(
        [sys.executable, "-m", "omni_persona_cli", *arguments],
        cwd=folder,
        env={"PATH": "", "HOME": str(folder), "PYTHONPATH": ":".join(sys.path)} | environment,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("encoding", slow_but(["ascii", "utf-8"], ["ascii", "latin-1", "cp1252", "utf-8"]))
def test_a_terminal_of_any_encoding_gets_the_message_and_the_right_exit_code(tmp_path, encoding):
    done = _called(tmp_path, "score", "Zoë 花 [/b] \x1b[31m", PYTHONIOENCODING=encoding)
    assert done.returncode == 2
    assert b"error: " in done.stderr
    assert b"[/b]" in done.stderr
    assert b"\x1b" not in done.stderr


@pytest.mark.parametrize(
    "environment", slow_but([{"LC_ALL": "C"}], [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}]), ids=str
)
def test_work_that_is_printed_in_another_encoding_ends_with_its_own_exit_code(dataset, tmp_path, environment):
    folder = shutil.copytree(dataset, tmp_path / "Zoë 花")
    lines = [{"augmented_id": item.augmented_id, "prediction": "a pilot"} for item in omni_persona.read(folder)]
    shown = "花" if "LC_ALL" in environment else "\\u82b1"
    for name, kept, code, message in (
        ("all", lines, 0, "(judge: lexical) in {}"),
        ("some", lines[1:], 2, "{}: expected a line for each"),
    ):
        answers = tmp_path / f"{name} 花.jsonl"
        answers.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
        done = _called(tmp_path, "score", str(answers), "--dataset", str(folder), **environment)
        assert done.returncode == code, done.stderr
        assert message.format(f"{tmp_path}/{name} {shown}.jsonl").encode() in done.stdout + done.stderr


def test_what_the_system_says_is_shown_with_its_path_and_without_its_number(capsys):
    with pytest.raises(SystemExit), errors(debug=False):
        Path("no/such/place").mkdir()
    assert capsys.readouterr().err == "error: no/such/place: No such file or directory\n"


def test_a_long_error_keeps_its_beginning_and_its_end(capsys):
    with pytest.raises(SystemExit), errors(debug=False):
        raise ValueError(f"{'a/' * 50_000}: File name too long\nand 3 more")
    said = capsys.readouterr().err
    assert said.startswith("error: a/a/") and said.endswith("/: File name too long\nand 3 more\n")
    assert len(said) < 3000


def test_a_name_that_the_locale_cannot_spell_is_reported(capsys):
    with pytest.raises(SystemExit) as end, errors(debug=False):
        os.fsdecode("Zoë".encode("latin-1")).encode()
    assert end.value.code == 2
    assert capsys.readouterr().err == "error: the locale cannot spell 'Zo\ufffd': set a UTF-8 locale, or PYTHONUTF8=1\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_output_that_is_full_is_reported_with_what_to_do(tmp_path):
    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            [sys.executable, "-m", "omni_persona_cli", "power"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert process.returncode == 2
    assert b"error: cannot write what this command prints" in process.stderr
    assert b"No space left on device; make room" in process.stderr
    assert b"Traceback" not in process.stderr
