"""Progress of long work where no terminal is, and tables there."""

import os
import re
import threading

from rich.table import Table
from rich.text import Text

from omni_persona_cli import console
from omni_persona_cli.log_lines import FIRST_LINE_AFTER, LogLines
from omni_persona_cli.safe_console import SafeConsole, plain_table


class Log:
    """What was said, and a way to wait for it."""

    def __init__(self):
        self.lines = []
        self._said = threading.Semaphore(0)

    def __call__(self, line):
        self.lines.append(line)
        self._said.release()

    def wait(self):
        assert self._said.acquire(timeout=120)


def test_work_that_completes_no_step_is_heard_of():
    assert FIRST_LINE_AFTER < 5
    log = Log()
    with LogLines(log, first_after=0.001, every=0.001):
        log.wait()
        log.wait()
    assert re.fullmatch(r"at work for \d+ s", log.lines[0])


def test_the_latest_step_is_reported():
    log = Log()
    with LogLines(log, first_after=0.001, every=0.001) as lines:
        lines("reading people", 1234, 5678)
        while log.lines[-1:] != ["reading people: 1,234 of 5,678"]:
            log.wait()
        lines("writing", 3)
        while log.lines[-1] != "writing: 3":
            log.wait()


def test_short_work_says_nothing_and_leaves_no_thread():
    log, before = Log(), threading.enumerate()
    with LogLines(log, first_after=600) as lines:
        lines("reading", 1)
        (started,) = set(threading.enumerate()).difference(before)
    assert log.lines == []
    assert not started.is_alive()


def test_hidden_progress_starts_nothing(capsys):
    before = threading.enumerate()
    with console.progress(hidden=True) as shown:
        shown("reading", 1, 2)
        assert set(threading.enumerate()) <= set(before)
    assert capsys.readouterr() == ("", "")


def test_bars_of_other_libraries_are_off_where_no_terminal_is(monkeypatch):
    monkeypatch.setattr(os, "environ", {"TQDM_DISABLE": "0"})
    console.set_up()
    assert os.environ == {
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TQDM_DISABLE": "0",
    }


def _table():
    table = Table(title=Text("Scores of a\x1b[2J\nover 花"), title_justify="left")
    table.add_column("x 100")
    table.add_column("all", justify="right")
    table.add_column("")
    table.add_row("Cal", Text("7.5", "bold"), "two\nlines")
    table.add_row("花", "100.0", "")
    return table


def test_a_table_is_aligned_text_where_no_terminal_is(capsys):
    SafeConsole().print(_table())
    assert capsys.readouterr().out.splitlines() == [
        "Scores of a[U+001B][2J",
        "over 花",
        "x 100    all",
        "Cal      7.5  two lines",
        "花     100.0",
    ]


def test_nothing_is_wrapped_where_no_terminal_is(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    long = "word " * 60
    table = Table()
    table.add_column("name")
    table.add_row(long)
    SafeConsole().print(long)
    SafeConsole().print(table)
    SafeConsole().rule("1. Build", align="left")
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        long.rstrip(),
        "name",
        long.rstrip(),
        "1. Build",
    ]


def test_a_table_without_rows_or_columns_is_no_error():
    assert plain_table(Table()) == ""
    table = Table()
    table.add_column("name")
    assert plain_table(table) == "name"
