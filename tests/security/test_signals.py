"""A request to stop is never lost, wherever its exception is raised, and nothing else is taken for one."""

import json
import signal
import subprocess
import sys
from textwrap import dedent

import pytest


def test_a_stop_inside_of_concurrent_tasks_is_found():
    from omni_persona_cli.signals import Stopped, stop_in

    class Group(BaseException):
        def __init__(self, *exceptions):
            self.exceptions = exceptions

    stop = Stopped(signal.SIGTERM)
    assert stop_in(stop) is stop
    assert stop_in(Group(ValueError(), Group(stop))) is stop
    assert stop_in(Group(ValueError(), Group())) is None
    assert stop_in(ValueError()) is None


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_stop_in_a_destructor_is_repeated_at_once_and_without_a_word(name):
    """Python prints such an exception, and goes on."""
    code = f"""
        import os, signal, time
        from omni_persona_cli import signals

        class Dies:
            def __del__(self):
                os.kill(os.getpid(), signal.{name})
                for _ in range(1000):
                    pass

        signals._AGAIN_AFTER = 600
        signals.install()
        try:
            Dies()
            time.sleep(100)
        except BaseException as error:
            signals.answer()
            print(repr(error))
    """
    ended = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, timeout=200)
    assert ended.stderr == ""
    assert ended.stdout.strip() == f"Stopped('{name}')"


def test_a_repeated_request_does_not_end_the_cleaning_up():
    """That of a large draft takes longer than it takes until an unanswered request is repeated."""
    script = """
        import os, signal, time
        from omni_persona_cli import signals
        signals._AGAIN_AFTER = 0.05
        signals.install()
        received = []
        stop = signals._stop
        signal.signal(signal.SIGTERM, lambda *given: received.append(given) or stop(*given))
        try:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(60)
            finally:
                while len(received) < 3:
                    try:
                        open("/no/such/file")
                    except OSError:
                        time.sleep(0.02)
                print("cleaned up")
        except signals.Stopped:
            signals.answer()
            print("stopped")
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split("\n")[:2] == ["cleaned up", "stopped"], done


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_stop_in_a_callback_of_an_event_loop_ends_the_loop_without_a_word(name):
    """The loop logs what else is raised there, and goes on."""
    code = f"""
        import asyncio, os, signal
        from omni_persona_cli import signals

        async def work():
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.{name})
            await asyncio.sleep(100)

        signals._AGAIN_AFTER = 600
        signals.install()
        try:
            asyncio.run(work())
        except BaseException as error:
            signals.answer()
            print(repr(error))
    """
    ended = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, timeout=200)
    assert (ended.stdout.strip(), ended.stderr) == (
        f"Stopped('{name}')",
        "",
    )


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_stop_in_code_made_from_a_text_gives_its_exit_code(name, tmp_path):
    """As dataclasses make some while they are imported: Python would end by SIGINT after a KeyboardInterrupt there."""
    code = f"""
        import os, signal, sys
        from omni_persona_cli import app

        def killed(*_):
            exec("os.kill(os.getpid(), signal.{name})\\nwhile True: pass", {{"os": os, "signal": signal}})

        app.called = killed
        app.main()
    """
    (tmp_path / "stopped.py").write_text(dedent(code))
    command = [sys.executable, "-m", "stopped"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert (ended.returncode, ended.stderr) == (128 + getattr(signal, name), "")


WRAPPED = """
    class Wraps:
        def __set_name__(self, owner, name):
            stop_me()

    def work():
        type("Cut", (), {"field": Wraps()})
"""
"""Python before 3.12 raises a RuntimeError for whatever happens there."""
TRANSLATED = """
    def work():
        try:
            stop_me()
        except BaseException:
            raise AttributeError("partially initialized module") from None
"""
CHOSEN = """
    def work():
        try:
            stop_me()
        except BaseException:
            raise typer.Exit(1)
"""


WORKS = {"wrapped": WRAPPED, "translated": TRANSLATED, "chosen": CHOSEN}
FORKS = """
    import json, os, signal, sys
    import typer
    from omni_persona_cli import app
    from omni_persona_cli.console import stopping

    works, ended = json.loads(sys.argv[1]), {}

    def run(name, debug, inside, work):
        def stop_me():
            os.kill(os.getpid(), getattr(signal, name))
            while True:
                pass

        made = {"stop_me": stop_me, "typer": typer}
        exec(works[work], made)
        called = stopping("nothing was left")(made["work"]) if inside else made["work"]
        app.called = lambda *_: called()
        sys.argv = ["omni-persona", *["--debug"] * debug]
        app.main()

    for case in [[n, d, i, w] for n in ("SIGINT", "SIGTERM") for d in (0, 1) for i in (0, 1) for w in works]:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.dup2(writing, 2)
            run(*case)
            os._exit(99)  # it has returned
        os.close(writing)
        with open(reading) as said:
            error = said.read()
        ended[json.dumps(case)] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), error
    print(json.dumps(ended))
"""
"""Each case in a process of its own, which starts with the imports of the first one."""


@pytest.fixture(scope="module")
def ended():
    """Case -> the exit code of its process, and what that wrote to standard error."""
    works = json.dumps({name: dedent(code) for name, code in WORKS.items()})
    command = [sys.executable, "-c", dedent(FORKS), works]
    return json.loads(subprocess.run(command, capture_output=True, text=True, timeout=200, check=True).stdout)


@pytest.mark.parametrize("work", WORKS)
@pytest.mark.parametrize("inside", [1, 0], ids=["command", "before"])
@pytest.mark.parametrize("debug", [0, 1], ids=["plain", "debug"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_exception_after_a_request_to_stop_is_no_error(ended, work, inside, debug, name):
    """Libraries wrap and translate what they do not expect, and what they left unfinished fails later."""
    told = "stopped; nothing was left\n" if inside else ""
    assert ended[json.dumps([name, debug, inside, work])] == [128 + getattr(signal, name), told]


@pytest.mark.parametrize("error", [ValueError("wrong"), SystemExit(3)], ids=["error", "exit"])
def test_an_exception_without_a_request_is_no_stop(error):
    from omni_persona_cli.signals import stop_behind

    assert stop_behind(error) is None


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_command_that_has_ended_is_stopped_without_a_word(name):
    """While its interpreter ends, nothing catches an exception."""
    code = f"""
        import atexit, os, signal, sys
        from omni_persona_cli.app import main

        atexit.register(lambda: [os.kill(os.getpid(), signal.{name}), print("goes on")])
        sys.argv = ["omni-persona", "--version"]
        main()
    """
    ended = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, timeout=200)
    assert (ended.returncode, ended.stderr) == (-getattr(signal, name), "")
    assert "goes on" not in ended.stdout


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_a_signal_that_is_ignored_stays_so(name):
    """As SIGHUP under nohup, and SIGINT in a shell's job in the background; others still stop the command."""
    code = f"""
        import atexit, os, signal
        from omni_persona_cli import app
        from omni_persona_cli.console import stopping

        @stopping("nothing was left")
        def work(*_):
            os.kill(os.getpid(), signal.{name})
            print("goes on", flush=True)
            os.kill(os.getpid(), signal.SIGTERM)
            while True:
                pass

        atexit.register(lambda: [os.kill(os.getpid(), signal.{name}), print("to its end")])
        signal.signal(signal.{name}, signal.SIG_IGN)
        app.called = work
        app.main()
    """
    ended = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, timeout=200)
    assert (ended.returncode, ended.stdout) == (128 + signal.SIGTERM, "goes on\nto its end\n"), ended.stderr
    assert ended.stderr == "stopped; nothing was left\n"


def test_what_else_is_lost_in_a_destructor_is_still_reported():
    code = """
        from omni_persona_cli import signals

        class Dies:
            def __del__(self):
                raise ValueError("of the destructor")

        signals.install()
        Dies()
    """
    ended = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, timeout=60)
    assert "ValueError: of the destructor" in ended.stderr
