"""Imports the resources that a deleted stack retained (docs/runbook.md, "A stack that is made again").

python tools/retained.py template                            the part of template.yaml that has data in it
python tools/retained.py resources EXECUTIONS AUDIT BUCKET   which table and bucket each of its resources is
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).parents[1] / "template.yaml"
# In the order of the command's arguments: logical id, type, and what identifies one.
RETAINED = (
    ("ExecutionsTable", "AWS::DynamoDB::Table", "TableName"),
    ("AuditTable", "AWS::DynamoDB::Table", "TableName"),
    ("PayloadBucket", "AWS::S3::Bucket", "BucketName"),
)


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, which become what they are short for."""


def _tag(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any = (
        loader.construct_sequence(node, deep=True)
        if isinstance(node, yaml.SequenceNode)
        else loader.construct_scalar(node)
        if isinstance(node, yaml.ScalarNode)
        else None
    )
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tag)


def template(text: str) -> dict[str, Any]:
    """Return a template with only the retained resources and the parameters that they use."""
    document = yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a SafeLoader that knows more tags
    kept = {name: document["Resources"][name] for name, _, _ in RETAINED}
    named = _references(kept)
    return {
        "AWSTemplateFormatVersion": document["AWSTemplateFormatVersion"],
        "Parameters": {name: each for name, each in document["Parameters"].items() if name in named},
        "Resources": kept,
    }


def resources(names: list[str]) -> list[dict[str, Any]]:
    """Return the input of `create-change-set --resources-to-import` for these tables and this bucket."""
    return [
        {"ResourceType": kind, "LogicalResourceId": logical, "ResourceIdentifier": {identifier: name}}
        for (logical, kind, identifier), name in zip(RETAINED, names, strict=True)
    ]


def _references(given: Any) -> set[str]:
    match given:
        case {"Ref": str(name)}:
            return {name}
        case dict():
            return set().union(*map(_references, given.values()))
        case list():
            return set().union(*map(_references, given))
    return set()


def main(arguments: list[str]) -> int:
    """Print what the command line asks for."""
    match arguments:
        case ["template"]:
            answer: Any = template(TEMPLATE.read_text(encoding="utf-8"))
        case ["resources", *names] if len(names) == len(RETAINED):
            answer = resources(names)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    print(json.dumps(answer, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
