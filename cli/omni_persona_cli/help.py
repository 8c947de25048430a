"""Help and usage errors: on a terminal with colours and panels, elsewhere as plain text."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import Abort, TyperException

from omni_persona_cli.console import print_error

_LONGEST_NAME = 26
"""Option names up to this length have their text beside them, and longer ones have it below."""


class _WithoutTypes:
    """Help without a type column, so that option names are not cut off at 80 columns."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help: with rich on a terminal, and as plain text elsewhere."""
        for param in self.get_params(ctx):  # type: ignore[attr-defined]
            param.display_type_rich = _no_type
            param._get_number_range_help_str = _no_type
            if param.secondary_opts and not param.default:
                # Leave out `--no-...`: a flag that is off by default need not be turned off.
                param.secondary_opts, param.show_default = [], False
        if sys.stdout.isatty():
            super().format_help(ctx, formatter)  # type: ignore[misc]
        else:
            _write_plain(self, ctx, formatter)


class Command(_WithoutTypes, TyperCommand):
    """A command of `omni-persona`. An empty path is a usage error: as a path it would be the current folder."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments."""
        params: list[Any] = self.params
        for param in params:
            annotation = param.type_descriptor.annotation
            if Path in (annotation, *get_args(annotation)):
                param.process_value = partial(_filled, param, type(param).process_value)
        return super().parse_args(ctx, args)


class Group(_WithoutTypes, TyperGroup):
    """`omni-persona` itself."""


def _filled(param: Any, process: Callable[..., Any], ctx: Any, value: Any) -> Any:
    """Process the value of a path option or argument. Raises typer's error for an empty text."""
    if value == "" or (isinstance(value, (list, tuple)) and "" in value):
        raise typer.BadParameter("expected a path, got an empty text (an unset shell variable?)", ctx, param)
    return process(param, ctx, value)


def _no_type(*_: Any, **__: Any) -> None:
    """Replacement for the text of the removed type column."""


def called(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Call the command that the arguments name, print a usage error in two lines, and return the exit code."""
    try:
        return int(app(arguments, prog_name="omni-persona", standalone_mode=False) or 0)
    except Abort:  # end of input at a question
        print_error("aborted")
        return 1
    except TyperException as error:
        ctx: Any = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stdout.write(f"{error.message}\n" if error.message else "")
        else:
            # typer parses values by pydantic, which puts "Value error" before its messages.
            message = error.format_message().replace(": Value error, ", ": ")
            print_error(message, None if ctx is None else f"Help: {ctx.command_path} --help")
        return int(error.exit_code)


def _write_plain(command: Any, ctx: Any, formatter: Any) -> None:
    """Write usage, text, a section for each panel, and the examples, whose lines are not wrapped."""
    command.format_usage(ctx, formatter)
    command.format_help_text(ctx, formatter)
    panels: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for param in command.get_params(ctx):
        if not getattr(param, "hidden", False):
            usual = "Options" if param.param_type_name == "option" else "Arguments"
            panels[param.rich_help_panel or usual].append(_row_of(param, ctx))
    for name, one in getattr(command, "commands", {}).items():
        panels[one.rich_help_panel or "Commands"].append((name, one.get_short_help_str(1000)))
    for panel in sorted(panels, key=lambda panel: panel != "Arguments"):
        with formatter.section(panel):
            formatter.write_dl(panels[panel], col_max=_LONGEST_NAME)
    if command.epilog:
        formatter.write("\n" + "\n".join(_epilog_lines(command.epilog)) + "\n")


def _row_of(param: Any, ctx: Any) -> tuple[str, str]:
    """The names of an option or argument, and its help with its default."""
    _, text = param.get_help_record(ctx)
    if param.param_type_name == "argument":
        return param.display_name_raw + "..." * (param.nargs != 1), text
    return " / ".join([", ".join(param.opts), *param.secondary_opts]), text


def _epilog_lines(epilog: str) -> Iterator[str]:
    """The first paragraph, such as `Examples:`, and the lines of the others, indented."""
    heading, *examples = epilog.split("\n\n")
    yield heading
    for example in examples:
        yield from (f"  {line}" for line in example.splitlines())
