"""The modules that a cold start imports beside boto3: each costs a file read and 0.2 to 2 ms of a full core."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EVERY_FUNCTION = {"actionrelay", "jiter", "typing_extensions"}
POWERTOOLS = {"aws_lambda_powertools"}
PYDANTIC = {"pydantic", "pydantic_core", "annotated_types", "typing_inspection"}

BUDGETS: dict[str, tuple[int, set[str]]] = {
    "validate": (215, EVERY_FUNCTION | POWERTOOLS | PYDANTIC),
    "execute": (132, EVERY_FUNCTION | POWERTOOLS),
    "receive_webhook": (112, EVERY_FUNCTION | POWERTOOLS),
    "deliver": (147, EVERY_FUNCTION | POWERTOOLS | {"h11"}),
    "query": (170, EVERY_FUNCTION | POWERTOOLS),
    "workflows": (201, EVERY_FUNCTION | POWERTOOLS | PYDANTIC | {"jmespath"}),
    "count": (90, EVERY_FUNCTION | POWERTOOLS),
    "export": (90, EVERY_FUNCTION | POWERTOOLS),
    "preflight": (75, EVERY_FUNCTION),
    "decide": (190, EVERY_FUNCTION | POWERTOOLS | PYDANTIC),
    "catalogue": (135, EVERY_FUNCTION | POWERTOOLS),
}
"""Modules at most, and the packages that they may be of. Only what reads a caller's body has a use for pydantic."""

PROGRAM = """
import boto3, importlib, json, sys
floor = set(sys.modules)
importlib.import_module("actionrelay.wiring." + sys.argv[1])
print(json.dumps(sorted(set(sys.modules) - floor)))
"""


@pytest.mark.repetitive
@pytest.mark.parametrize("function", BUDGETS)
def test_a_cold_start_imports_no_more_than_it_needs(function: str) -> None:
    most, packages = BUDGETS[function]
    imported = _imported_by(function)
    by_package = Counter(name.partition(".")[0] for name in imported)
    standard = sys.stdlib_module_names | {name for name in by_package if name.startswith("_")}
    assert set(by_package) - standard <= packages
    assert len(imported) <= most, by_package.most_common()


def test_every_function_has_a_budget() -> None:
    functions = {path.parent.name for path in ROOT.glob("functions/*/app.py")}
    assert set(BUDGETS) == functions


def _imported_by(function: str) -> list[str]:
    """In an interpreter of its own: this one has imported everything."""
    run = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, function], capture_output=True, text=True, check=True, timeout=120
    )
    names: list[str] = json.loads(run.stdout)
    return names
