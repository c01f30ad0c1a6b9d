"""API Gateway's own responses, from template.yaml."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, which are read as nothing: no value used here has one."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


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
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - it is a SafeLoader
        self._definition: dict[str, Any] = document["Resources"]["Api"]["Properties"]["DefinitionBody"]

    def gateway_answers(self) -> Iterator[GatewayAnswer]:
        """Every response of API Gateway itself; a code may occur twice with different texts."""
        for response in self._definition["x-amazon-apigateway-gateway-responses"].values():
            problem = json.loads(response["responseTemplates"]["application/json"])
            yield GatewayAnswer(
                problem["status"],
                problem["code"],
                problem["title"],
                problem["detail"],
                "gatewayresponse.header.Retry-After" in response["responseParameters"],
            )
