"""The template as AWS would deploy it: translated by SAM, with parameters, conditions and mappings in place."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from tests.template.cloudformation import ROOT

SAM = ROOT / ".tools" / "sam" / "bin" / "python"
ABSENT = object()
"""The value of `AWS::NoValue`."""


def translated(template: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the template as CloudFormation gets it from its transforms, in their order.

    AWS::LanguageExtensions "resolves parameters to literal values during processing" (its reference); SAM's own
    translator does the rest. `parameters` are those that have another value than their default.
    """
    values = {name: each["Default"] for name, each in template["Parameters"].items()} | dict(parameters or {})
    transforms = template["Transform"]
    if "AWS::LanguageExtensions" in transforms and transforms[-1] == "AWS::Serverless-2016-10-31":
        template = {**template, "Resources": _with_literals(template["Resources"], values)}
    given = {"template": template, "parameters": dict(parameters or {})}
    done = subprocess.run(
        [str(SAM), str(ROOT / "tests" / "template" / "translate.py")],
        input=json.dumps(given),
        env={"AWS_DEFAULT_REGION": "eu-west-1", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _with_literals(given: Any, values: Mapping[str, Any]) -> Any:
    match given:
        case {"Ref": str(name)} if name in values:
            return values[name]
        case dict():
            return {key: _with_literals(value, values) for key, value in given.items()}
        case list():
            return [_with_literals(each, values) for each in given]
    return given


class Deployed:
    """A translated template with the values of its parameters. What only AWS knows stays a reference."""

    def __init__(
        self, document: Mapping[str, Any], parameters: Mapping[str, str | int] | None = None, partition: str = "aws"
    ) -> None:
        self.document = document
        defaults = {name: each["Default"] for name, each in document["Parameters"].items()}
        unknown = set(parameters or {}) - set(defaults)
        if unknown:
            raise KeyError(f"no such parameters: {unknown}")
        self._names = {name: str(value) for name, value in {**defaults, **(parameters or {})}.items()}
        self._names |= {
            "AWS::Partition": partition,
            "AWS::Region": "eu-west-1",
            "AWS::AccountId": "123456789012",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": "actionrelay",
        }

    def resources(self, kind: str | None = None) -> dict[str, dict[str, Any]]:
        """Return the resources that this deployment makes, of one type or of all, by logical id, all resolved."""
        return dict(self._resources(kind))

    def properties(self, name: str) -> dict[str, Any]:
        """Return a resource's properties. Raises KeyError where it is not made."""
        properties: dict[str, Any] = self.resources()[name]["Properties"]
        return properties

    def output(self, name: str) -> Any:
        """Return the value of an output."""
        return self.value(self.document["Outputs"][name]["Value"])

    def _resources(self, kind: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, declared in self.document["Resources"].items():
            wanted = kind is None or declared["Type"] == kind
            if wanted and ("Condition" not in declared or self.holds(declared["Condition"])):
                yield name, self.value(declared)

    def holds(self, condition: Any) -> bool:
        """Say whether a condition, by its name or written out, holds."""
        if isinstance(condition, str):
            return self.holds(self.document["Conditions"][condition])
        ((kind, arguments),) = condition.items()
        match kind:
            case "Condition":
                return self.holds(arguments)
            case "Fn::Equals":
                left, right = (self.value(each) for each in arguments)
                return bool(left == right)
            case "Fn::Not":
                return not self.holds(arguments[0])
            case "Fn::Or":
                return any(self.holds(each) for each in arguments)
            case "Fn::And":
                return all(self.holds(each) for each in arguments)
        raise ValueError(f"no condition: {kind}")

    def value(self, given: Any) -> Any:
        """Return a value with every function of CloudFormation in it resolved that needs no resource."""
        match given:
            case list():
                return [value for each in given if (value := self.value(each)) is not ABSENT]
            case {"Ref": str(name)} if len(given) == 1:
                return ABSENT if name == "AWS::NoValue" else self._names.get(name, given)
            case {"Fn::If": [condition, then, otherwise]}:
                return self.value(then if self.holds(condition) else otherwise)
            case {"Fn::FindInMap": [name, *keys]}:
                first, second = (str(self.value(key)) for key in keys)
                return self.document["Mappings"][name][first][second]
            case {"Fn::Join": [between, parts]} if all(isinstance(each, str) for each in self.value(parts)):
                return between.join(self.value(parts))
            case {"Fn::Sub": sub}:
                return self._substituted(sub)
            case dict():
                pairs = ((key, self.value(each)) for key, each in given.items())
                return {key: value for key, value in pairs if value is not ABSENT}
        return given

    def _substituted(self, sub: Any) -> str:
        text, own = sub if isinstance(sub, list) else (sub, {})
        names = {**self._names, **{name: self.value(value) for name, value in own.items()}}
        # A name that only AWS knows stays as it is.
        return re.sub(r"\$\{([^}!]+)\}", lambda name: str(names.get(name[1], name[0])), text)
