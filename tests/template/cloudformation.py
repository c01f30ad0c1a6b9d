"""Reads template.yaml the way the tests ask about it, without SAM and without AWS."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, override

import yaml

ROOT = Path(__file__).resolve().parents[2]

type Properties = Mapping[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, which become what they are short for."""

    @override
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):
            raise ValueError(f"a key is there twice{node.start_mark}")
        return mapping


def _tag(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        raise TypeError(f"!{suffix} over a mapping{node.start_mark}")
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tag)


@dataclass(frozen=True)
class Resource:
    """One resource: its logical id, its type, its properties (Globals merged in for functions)."""

    name: str
    kind: str
    properties: Properties
    declared: Properties


class Template:
    """template.yaml, parsed once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.document: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506 - it is one

    def resources(self, kind: str) -> list[Resource]:
        """Return the resources of one type."""
        return [resource for resource in self.all_resources() if resource.kind == kind]

    def all_resources(self) -> Iterator[Resource]:
        """Return every resource."""
        for name, declared in self.document["Resources"].items():
            properties = declared.get("Properties", {})
            if declared["Type"] == "AWS::Serverless::Function":
                properties = self._with_globals(properties)
            yield Resource(name, declared["Type"], properties, declared)

    def resource(self, name: str) -> Resource:
        """Return one resource."""
        return next(resource for resource in self.all_resources() if resource.name == name)

    def value(self, given: Any) -> Any:
        """Return a literal as it is, and the default in place of a reference to a parameter."""
        if isinstance(given, Mapping) and given.get("Ref") in self.document["Parameters"]:
            return self.document["Parameters"][given["Ref"]]["Default"]
        return given

    def event_sources(self, function: Resource, kind: str) -> list[Properties]:
        """Return the properties of a function's events of one type."""
        events: Mapping[str, Mapping[str, Any]] = function.properties.get("Events", {})
        return [event["Properties"] for event in events.values() if event["Type"] == kind]

    def _with_globals(self, properties: Properties) -> Properties:
        shared = self.document["Globals"]["Function"]
        variables = shared["Environment"]["Variables"] | properties["Environment"]["Variables"]
        return {**shared, **properties, "Environment": {"Variables": variables}}


def function_folder(function: Resource) -> str:
    """Return the name that a function has everywhere but in CloudFormation: that of its folder."""
    return str(function.properties["CodeUri"]).removeprefix("functions/").rstrip("/")
