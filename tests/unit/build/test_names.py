"""Names of tests fit on a line, so that a list of failures reads as a report."""

import ast
from pathlib import Path

LONGEST = 60
ROOT = Path(__file__).parents[3]


def test_no_test_name_is_longer_than_a_line_of_a_report() -> None:
    names = {
        f"{path.relative_to(ROOT)}::{node.name}": len(node.name)
        for tests in (ROOT / "tests", ROOT / "client/tests")
        for path in tests.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert [name for name, length in names.items() if length > LONGEST] == []
