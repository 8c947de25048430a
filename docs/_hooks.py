"""Fill the pages with what the code knows: tables of fields, the options of each command, the metric's card.

A page says `<!-- table: NAME -->`, `<!-- keys: COMMAND -->`, `<!-- commands -->` or `<!-- metric card -->` where the
text goes.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_MARK = re.compile(r"<!-- ((?:table|keys): (\S+)|commands|metric card) -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs with the text of each page."""
    return _MARK.sub(lambda found: _filled(found[1], found[2]), markdown)


def _filled(what: str, name: str | None) -> str:
    if what == "commands":
        return commands()
    if what == "metric card":
        return metric_card()
    if what.startswith("keys"):
        return keys_table(_results()[str(name)])
    return fields_table(_tables()[str(name)])


def _tables() -> dict[str, type]:
    """Name of a table -> the class whose fields it lists."""
    from omni_persona_build.recipes import Counts, Recipe
    from omni_persona_cal.lines import PredictionLine, VerdictLine
    from omni_persona_people import persona_line

    return {
        "recipe": Recipe,
        "counts": Counts,
        "persona": persona_line.PersonaLine,
        "profile": persona_line.Profile,
        "prediction": PredictionLine,
        "verdict": VerdictLine,
    }


def _results() -> dict[str, type]:
    """Command -> the class whose fields are the keys of what it prints with `--json`."""
    from omni_persona_cli import results

    return {
        "build": results.BuildResult,
        "check": results.CheckResult,
        "run": results.RunResult,
        "judge": results.JudgeResult,
    }


def fields_table(kind: type) -> str:
    """A Markdown table of a class's fields: name, type, default, and the docstring below each."""
    rows = ["| field | type | default | meaning |", "|---|---|---|---|"]
    rows += [f"| `{name}` | `{kind_of}` | {default} | {meaning} |" for name, kind_of, default, meaning in _fields(kind)]
    return "\n".join(rows)


def keys_table(kind: type) -> str:
    """A Markdown table of the keys of a result: name, type and meaning."""
    rows = ["| key | type | meaning |", "|---|---|---|"]
    rows += [f"| `{name}` | `{kind_of}` | {meaning} |" for name, kind_of, _, meaning in _fields(kind)]
    return "\n".join(rows)


def _fields(kind: type) -> Iterator[tuple[str, str, str, str]]:
    """(name, type, default, meaning) of each field of a class."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(tree, ast.ClassDef)
    for place, node in enumerate(tree.body):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        after = tree.body[place + 1] if place + 1 < len(tree.body) else None
        meaning = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            meaning = " ".join(str(after.value.value).split())
        required = node.value is None or "min_length" in ast.unparse(node.value)
        default = "required" if required else f"`{_default(node.value)}`"
        kind_of = ast.unparse(node.annotation).replace("|", "\\|")
        yield node.target.id, kind_of, default, meaning


def _default(value: ast.expr) -> str:
    """The default of a field, whether it is written plainly or as an argument of `Field`."""
    if isinstance(value, ast.Call):
        for keyword in value.keywords:
            if keyword.arg == "default":
                return ast.unparse(keyword.value)
        return "empty"
    return ast.unparse(value)


def commands() -> str:
    """Every command with its options and examples."""
    import click
    import typer

    from omni_persona_cli.app import app

    group = typer.main.get_command(app)
    parts = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        rows = ["| option | what it does | default |", "|---|---|---|"]
        with click.Context(command) as context:
            for param in command.get_params(context):
                if param.name == "help":
                    continue
                names = ", ".join(f"`{one}`" for one in param.opts)
                told = " ".join((getattr(param, "help", None) or "").split()).replace("|", "\\|")
                shown = param.default not in (None, False) and not callable(param.default)
                default = "required" if param.required else f"`{_plain(param.default)}`" if shown else ""
                rows.append(f"| {names} | {told} | {default} |")
        examples = [line for line in (command.epilog or "").splitlines() if "omni-persona " in line]
        text = [f"## omni-persona {name}", inspect.cleandoc(command.help or ""), "\n".join(rows)]
        text.append("```\n" + "\n".join(examples) + "\n```")
        parts.append("\n\n".join(text))
    return "\n\n".join(parts)


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)


def metric_card() -> str:
    """The metric's own card, without the header that the Hub reads."""
    text = (ROOT / "metrics" / "omni_persona_cal" / "README.md").read_text(encoding="utf-8")
    return text.split("---\n", 2)[2]
