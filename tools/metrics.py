"""Writes the table of metrics into docs/architecture.md, from `signals.py` and from where the code counts.

`python -m tools.metrics` replaces the table; a unit test fails where the two differ.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from actionrelay.signals import Count
from tools.generated_part import replaced

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "layers" / "core" / "src" / "actionrelay"
PAGE = ROOT / "docs" / "architecture.md"
_UNITS = {"Count": "count", "Duration": "ms"}


def table(signals: str, coded: frozenset[Count]) -> str:
    """Return the members of ``signals.py`` as Markdown: one row for each, in its order.

    Raises ValueError for a member without a docstring.
    """
    rows = ["| metric | unit | code | what it says |", "|---|---|---|---|"]
    for unit, name, says in _members(ast.parse(signals)):
        by_code = "by code" if name in coded else ""
        rows.append(f"| `{name}` | {unit} | {by_code} | {says} |")
    return "\n".join(rows)


def coded_names() -> frozenset[Count]:
    """Return the counters that are given a code where they are counted."""
    return frozenset(
        Count[node.args[0].attr]
        for node in counting_nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "count"
        and len(node.args) > 1
        and isinstance(node.args[0], ast.Attribute)
    )


def counting_nodes() -> Iterator[ast.AST]:
    """Yield the syntax of the whole package, without the module that declares the names."""
    for path in PACKAGE.rglob("*.py"):
        if path.name != "signals.py":
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _members(module: ast.Module) -> Iterator[tuple[str, str, str]]:
    """Yield unit, name and docstring of each member."""
    for kind in (node for node in module.body if isinstance(node, ast.ClassDef)):
        following = [*kind.body[1:], None]
        for member, after in zip(kind.body, following, strict=True):
            match member, after:
                case ast.Assign(value=ast.Constant(value=str(name))), ast.Expr(value=ast.Constant(value=str(text))):
                    yield _UNITS[kind.name], name, " ".join(text.split()).replace("``", "`")
                case ast.Assign(value=ast.Constant(value=str(name))), _:
                    raise ValueError(f"{name} has no docstring")


def main() -> int:
    """Write the table; return 0."""
    metrics = table((PACKAGE / "signals.py").read_text(encoding="utf-8"), coded_names())
    PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), "metrics", metrics), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
