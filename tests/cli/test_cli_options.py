"""Every option of every command reaches what it is for."""

import ast
import inspect
from pathlib import Path
from typing import get_args

import pytest
import typer
from typer.testing import CliRunner

import omni_persona_cli.app
from omni_persona_cli import build, import_release
from omni_persona_perception import PERCEPTIONS

FILES = sorted(Path(omni_persona_cli.__file__).parent.glob("*.py"))


def _unread(function: ast.FunctionDef) -> set[str]:
    """The parameters of a function that its body never reads."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    read = {
        node.id
        for part in function.body
        for node in ast.walk(part)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return {argument.arg for argument in arguments if not argument.arg.startswith("_")} - read - {"self"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_function_takes_an_option_and_drops_it(file):
    functions = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)]
    # Declared for the help alone: `main` reads --debug wherever it stands, and a callback --version.
    dropped = {(one.name, name) for one in functions for name in _unread(one)} - {
        ("_root", "debug"),
        ("_root", "shown"),
    }
    assert dropped == set()


def test_the_test_above_sees_a_dropped_option():
    tree = ast.parse("def f(a, *, b):\n    b = 1\n    return a")
    assert _unread(tree.body[0]) == {"b"}


class CalledError(Exception):
    """Ends a command where its function was called."""


@pytest.mark.parametrize(
    ("command", "function", "arguments", "expected"),
    [
        (
            build.build,
            "omni_persona_build.pipeline.build",
            "--pool people --recipe balanced --out new --seed 7 --license cc-by-4.0 --exclude old "
            "--perception specialists --overwrite --fit --keep-metadata --equalise --people real --prune --json",
            {
                "pool": Path("people"),
                "recipe": "balanced",
                "out": Path("new"),
                "seed": 7,
                "license": "cc-by-4.0",
                "exclude": Path("old"),
                "perception": PERCEPTIONS["specialists"],
                "overwrite": True,
                "fit": True,
                "keep_metadata": True,
                "equalise": True,
                "kind": "real",
                "prune": True,
            },
        ),
        (
            import_release.import_release,
            "omni_persona_build.release.import_release",
            "--release r.jsonl --assets media --out new --overwrite --keep-metadata",
            {
                "file": Path("r.jsonl"),
                "assets": Path("media"),
                "out": Path("new"),
                "overwrite": True,
                "keep_metadata": True,
            },
        ),
    ],
)
def test_every_option_arrives(monkeypatch, command, function, arguments, expected):
    module, _, name = function.rpartition(".")
    signature = inspect.signature(getattr(__import__(module, fromlist=[name]), name))
    given = {}

    def called(*positional, **named):
        given.update(signature.bind(*positional, **named).arguments)
        raise CalledError

    monkeypatch.setattr(function, called)
    app = typer.Typer(add_completion=False)
    app.command()(command)
    assert isinstance(CliRunner().invoke(app, arguments.split()).exception, CalledError)
    given.pop("progress")
    if "recipe" in given:
        given["recipe"] = given["recipe"].name
    assert given == expected
    # An option that the command gains must be tried here, too.
    offered = [option.opts for option in typer.main.get_command(app).params if option.name not in ("help", "checks")]
    assert [names for names in offered if not set(names) & set(arguments.split())] == []


def _path_options():
    """The command, what comes before the value, and the name in the message, for each path of each command."""
    for name, command in typer.main.get_command(omni_persona_cli.app.app).commands.items():
        for param in command.params:
            annotation = param.type_descriptor.annotation
            if Path in (annotation, *get_args(annotation)):
                option = param.param_type_name == "option"
                yield pytest.param([name, *param.opts[:option]], param.opts[0], id=f"{name} {param.opts[0]}")


@pytest.mark.parametrize(("before", "named"), list(_path_options()))
def test_an_empty_path_is_refused_and_not_taken_for_the_current_folder(command_line, before, named):
    done = command_line(*before, "")
    assert done.returncode == 2

    assert done.stderr.startswith(f"error: Invalid value for '{named}': expected a path, got an empty text")
