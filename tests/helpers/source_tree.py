"""The source files of the rooms, their imports and the texts in them, for tests of the tree itself."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("artifacts", "perception", "people", "build", "metrics", "runner", "report", "training", "cli")


@cache
def source_files(*folders: str) -> tuple[Path, ...]:
    """The Python files under some folders of the repository."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return tuple(sorted(path for path in found if not any(part.startswith((".", "__py")) for part in path.parts)))


@cache
def tree_of(file: Path) -> ast.Module:
    # Python 3.11 may raise a SystemError where a collection of garbage interrupts it; and most of what it makes stays.
    collects = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    finally:
        if collects:
            gc.enable()


def functions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions within a node. No expression holds one, so that expressions are not looked through."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from functions(child)


@cache
def modules() -> dict[str, Path]:
    """Import name -> file, of the contract and all rooms."""
    named = {"omni_persona": ROOT / "omni_persona.py"}
    for file in source_files(*ROOMS):
        parts = file.relative_to(ROOT).with_suffix("").parts[1:]
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return named


@cache
def imports_of(name: str) -> set[str]:
    """The modules of ours that a module imports when it runs, within functions, too."""
    known, file = modules(), modules()[name]
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    found: set[str] = set()
    for node in _running(tree_of(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {full if (full := f"{base}.{alias.name}") in known else base for alias in node.names}
    return (found & known.keys()) - {name}


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a module, without those that only a type checker reads."""
    yield node
    only_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    for child in node.orelse if only_types else ast.iter_child_nodes(node):
        yield from _running(child)


@cache
def literals(file: Path) -> set[str]:
    """The strings of a file that are no docstrings, bytes included."""
    texts = set()
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Expr):
            continue
        for child in ast.iter_child_nodes(node):
            value = child.value if isinstance(child, ast.Constant) else None
            if isinstance(value, (str, bytes)):
                texts.add(value if isinstance(value, str) else value.decode("latin-1"))
    return texts


@cache
def calls(file: Path) -> set[str]:
    """The functions that a file calls, as they are written, such as `json.loads`."""
    return {ast.unparse(node.func) for node in ast.walk(tree_of(file)) if isinstance(node, ast.Call)}


def on_cycles(graph: dict[str, set[str]]) -> list[str]:
    """The nodes on cycles, and those between two cycles."""
    left = {node: others & graph.keys() for node, others in graph.items()}
    while True:
        entered = set().union(*left.values())
        ends = {node for node, others in left.items() if not others or node not in entered}
        if not ends:
            return sorted(left)
        left = {node: others - ends for node, others in left.items() if node not in ends}
