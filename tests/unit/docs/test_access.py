"""The access to each route in the documents: the reference's column, and the example policies."""

import json
import re
from typing import Any

import pytest

from actionrelay.boundary.routes import ROUTES, Access, Route
from tests.fakes.relay import EXECUTION_ID
from tests.unit.docs.documents import API, README, ROOT, Document

ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/v1"
PEOPLE = [route for route in ROUTES if route.access is not Access.OPEN]


def policies(document: Document, section: str) -> list[dict[str, Any]]:
    blocks = re.findall(r"```json\n(.*?)```", document.section(section).text, re.DOTALL)
    return [found for block in blocks if "Statement" in (found := json.loads(block))]


def allows(policy: dict[str, Any], method: str, path: str) -> bool:
    """Say what IAM says: stars and question marks match any characters, slashes too; there is nothing but Allow."""
    [statement] = policy["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "execute-api:Invoke")
    patterns = (
        "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in resource)
        for resource in statement["Resource"]
    )
    return any(re.fullmatch(pattern, f"{ARN}/{method}{path}") for pattern in patterns)


def paths(route: Route) -> list[str]:
    """Return paths of a route; where an execution is meant, also one whose id is a refused request's."""
    ids = [EXECUTION_ID, "JJbxnHHVIAMEjCQ="] if route.operation == "getExecutionAudit" else [EXECUTION_ID]
    return [route.path.format_map(dict.fromkeys(route.path_parameters, each)) for each in ids]


CALLER, OPERATOR = policies(Document(ROOT / "docs/security.md"), "Caller and operator")


@pytest.mark.parametrize("route", PEOPLE, ids=lambda route: route.operation)
def test_the_policies_allow_whom_the_route_is_for(route: Route) -> None:
    for path in paths(route):
        assert allows(CALLER, route.method, path) is (route.access is Access.CALLER)
        assert allows(OPERATOR, route.method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/executions/{EXECUTION_ID}/request"),
        ("GET", f"/executions/decisions/{EXECUTION_ID}"),
        ("POST", "/executions/decisions"),
        ("POST", f"/executions/{EXECUTION_ID}/anything"),
    ],
)
def test_a_callers_policy_names_what_it_means(method: str, path: str) -> None:
    assert not allows(CALLER, method, path)
    assert allows(OPERATOR, method, path)


def test_the_readme_has_the_same_policy_for_callers() -> None:
    assert policies(README, "Call it") == [CALLER]


def test_the_reference_says_whom_each_route_is_for() -> None:
    said = {Access.CALLER: "caller", Access.OPERATOR: "operator"}
    documented = {
        row[0].split("`")[1]: row[2]
        for row in API.section("The HTTP API").rows()
        if row[2] in {"caller", "operator", "open to anyone", "its signature"}
    }
    assert documented.keys() == {f"{route.method} {route.path}" for route in ROUTES}
    for route in PEOPLE:
        assert documented[f"{route.method} {route.path}"] == said[route.access]
