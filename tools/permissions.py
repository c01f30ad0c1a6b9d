"""Writes the table of permissions into docs/security.md, from the roles of template.yaml.

`python -m tools.permissions` replaces the table; a test of the template fails where the two differ.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools.generated_part import replaced

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "template.yaml"
PAGE = ROOT / "docs" / "security.md"


class _Loader(yaml.SafeLoader):
    """YAML in which a reference is its own text, and an `If` keeps both branches."""


def _tag(loader: _Loader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None


_Loader.add_multi_constructor("!", _tag)


def table(template: str) -> str:
    """Return the roles as Markdown: one row for each statement, in the template's order.

    Raises KeyError where a role has no policy document, and ValueError for a resource of a form it does not know.
    """
    document = yaml.load(template, Loader=_Loader)  # noqa: S506 - it is a SafeLoader
    rows = ["| function | may | on | only if |", "|---|---|---|---|"]
    for resource in document["Resources"].values():
        if resource["Type"] != "AWS::IAM::Role" or "Policies" not in resource["Properties"]:
            continue
        for policy in resource["Properties"]["Policies"]:
            for condition, statement in _statements(policy["PolicyDocument"]["Statement"]):
                rows.append(_row(policy["PolicyName"], condition, statement))
    return "\n".join(rows)


def _statements(given: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in given:
        if isinstance(each, list):  # a condition's name, the value if true, the value if false
            yield from ((each[0], chosen) for chosen in each[1:] if isinstance(chosen, dict))
        else:
            yield "", each


def _row(function: str, condition: str, statement: dict[str, Any]) -> str:
    actions = ", ".join(f"`{action}`" for action in _listed(statement["Action"]))
    resources = ", ".join(_named(resource) for resource in _listed(statement["Resource"]))
    limits = [f"`{condition}`"] if condition else []
    for operator, tested in statement.get("Condition", {}).items():
        limits += [f"`{key}` {operator} `{_short(str(value))}`" for key, value in tested.items()]
    return f"| `{function}` | {actions} | {resources} | {', '.join(limits)} |"


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _named(resource: str) -> str:
    return "every resource" if resource == "*" else f"`{_short(resource)}`"


def _short(resource: str) -> str:
    """Leave out what every ARN has: partition, region, account."""
    here = r"\$\{AWS::(?:Region|AccountId)\}"
    text = re.sub(rf"^arn:\$\{{AWS::Partition\}}:[a-z]+:{here}:{here}:(parameter|secret):?", r"\1 ", resource)
    text = re.sub(r"\$\{([A-Za-z]+)\.Arn\}|^([A-Za-z]+)\.Arn$", r"\1\2", text)
    return re.sub(r"\$\{(?:AWS::)?([A-Za-z]+)\}", r"<\1>", text)


def main() -> int:
    """Write the table; return 0."""
    permissions = table(TEMPLATE.read_text(encoding="utf-8"))
    PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), "permissions", permissions), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
