"""Callers and operators as IAM users with the documented policies: what each may do in a deployed API."""

import uuid
from collections.abc import Iterator

import pytest

from actionrelay.boundary.routes import ROUTES, Access, Route
from local.api import ApiClient
from tests.stack.deployment import Deployment
from tests.stack.iam_users import user
from tests.unit.docs.test_access import CALLER, OPERATOR


@pytest.fixture(scope="module")
def caller(data_actions: Deployment) -> Iterator[ApiClient]:
    with user(data_actions, CALLER) as client:
        yield client


def _path(route: Route) -> str:
    return route.path.format_map({name: str(uuid.uuid4()) for name in route.path_parameters})


PEOPLE = [route for route in ROUTES if route.access is not Access.OPEN]


@pytest.mark.parametrize("route", PEOPLE, ids=lambda route: route.operation)
def test_the_callers_policy_lets_in_where_a_route_says_so(
    data_actions: Deployment, caller: ApiClient, route: Route
) -> None:
    answer = caller.call(route.method, _path(route), body=b"{}" if route.method == "POST" else None)

    # IAM's refusal comes before any function's; the emulator gives it in a form of its own.
    assert (answer.status == 403) is (route.access is Access.OPERATOR), answer.body
    assert answer.status != 403 or "not authorized" in str(answer.document)


def test_the_operators_policy_lets_in_everywhere(data_actions: Deployment) -> None:
    with user(data_actions, OPERATOR) as operator:
        for route in PEOPLE:
            answer = operator.call(route.method, _path(route), body=b"{}" if route.method == "POST" else None)
            assert answer.status != 403, (route.operation, answer.body)
