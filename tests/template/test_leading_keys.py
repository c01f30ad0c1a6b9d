"""Who may write which kinds of items: each role by the prefix of the partition key, and by nothing wider.

IAM does not see a put's condition, so ``PutItem`` on the table alone would let the function that talks to strangers
close the rate gate. ``dynamodb:LeadingKeys`` is what IAM does see of an item.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.template.cloudformation import ROOT, Template

PACKAGE = ROOT / "layers/core/src/actionrelay"
WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}
MAY_WRITE = {
    "validate": {"execution#*", "cache#*", "refusals#*", "backlog#*", "workflow#*", "wait#*"},
    "query": {"wait#*"},
    "execute": {"execution#*", "cache#*", "gate#*", "token#*"},
    "receive_webhook": {"execution#*", "cache#*", "webhook#*"},
    "deliver": {"execution#*", "receiver#*", "workflow#*"},
    "catalogue": {"action#*", "catalogue#*", "gate#*", "token#*"},
    "decide": {"execution#*", "cache#*", "decision#*"},
    "workflows": {"execution#*", "cache#*", "workflow#*"},
    "preflight": {"preflight#*", "gate#*"},
    "count": {"counters#*"},
}


def _writes(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each statement that allows to write items of the executions table, by function."""
    for role in template.resources("AWS::IAM::Role"):
        for policy in role.properties.get("Policies", ()):
            for statement in policy["PolicyDocument"]["Statement"]:
                on_table = statement.get("Resource") == {"Fn::GetAtt": ["ExecutionsTable", "Arn"]}
                if on_table and WRITES & set(statement["Action"]):
                    yield policy["PolicyName"], statement


def _keys(statement: dict[str, Any]) -> set[str]:
    keys = statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", [])
    return {keys} if isinstance(keys, str) else set(keys)


def test_each_role_writes_its_own_kinds_of_items_alone(template: Template) -> None:
    found: dict[str, set[str]] = {}
    for function, statement in _writes(template):
        assert _keys(statement), f"{function} may write any item"
        found.setdefault(function.replace("-", "_"), set()).update(_keys(statement))
    assert found == MAY_WRITE


def test_no_prefix_is_wider_than_one_kind_of_item(template: Template) -> None:
    for function, statement in _writes(template):
        assert all(re.fullmatch(r"[a-z]+#\*", key) for key in _keys(statement)), function


@pytest.mark.parametrize("function", sorted(MAY_WRITE))
def test_a_function_may_write_only_what_its_code_writes(function: str) -> None:
    adapters = {path for path in _imported(PACKAGE / f"wiring/{function}.py") if path.stem.endswith("_dynamodb")}
    written = {
        f"{kind}#*"
        for path in adapters
        if re.search(r"\.(put(_\w+)?|update_item|transact_write_items)\(", source := path.read_text(encoding="utf-8"))
        for kind in re.findall(r'f?"([a-z]+)#', source)
    }
    assert MAY_WRITE[function] <= written


def _imported(path: Path, seen: set[Path] | None = None) -> set[Path]:
    """Every module of the package that a module imports, itself or by others."""
    seen = set() if seen is None else seen
    if path in seen:
        return seen
    seen.add(path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("actionrelay."):
            module = PACKAGE.parent / (node.module or "").replace(".", "/")
            if module.with_suffix(".py").exists():
                _imported(module.with_suffix(".py"), seen)
    return seen
