"""What template.yaml says about the API: its routes, and what API Gateway answers by itself."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, none of which stands in what is asked for here."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


@dataclass(frozen=True, slots=True)
class Route:
    """One method under one path."""

    method: str
    path: str
    operation_id: str
    is_open: bool
    """No caller has to prove anything to API Gateway."""

    @property
    def parameters(self) -> list[str]:
        """The names in braces."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """One problem of API Gateway's own."""

    status: int
    code: str
    title: str
    detail: str
    has_retry_after: bool


class ApiTemplate:
    """The API's definition, read once."""

    def __init__(self, path: Path = TEMPLATE) -> None:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader it is
        self._definition: dict[str, Any] = document["Resources"]["Api"]["Properties"]["DefinitionBody"]

    def routes(self) -> Iterator[Route]:
        """Every route, in the template's order."""
        for path, operations in self._definition["paths"].items():
            for method, operation in operations.items():
                yield Route(method, path, operation["operationId"], operation.get("security") == [])

    def gateway_answers(self) -> Iterator[GatewayAnswer]:
        """Every answer that API Gateway gives by itself; a code may be there twice, with other words."""
        for response in self._definition["x-amazon-apigateway-gateway-responses"].values():
            problem = json.loads(response["responseTemplates"]["application/json"])
            yield GatewayAnswer(
                problem["status"],
                problem["code"],
                problem["title"],
                problem["detail"],
                "gatewayresponse.header.Retry-After" in response["responseParameters"],
            )
