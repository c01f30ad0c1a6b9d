"""The preflight's checks: the host, its clock, the client's permissions, and the limits."""

from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

from actionrelay.errors import ScopeMissingError
from actionrelay.genesys.contract import GenesysApi
from actionrelay.genesys.verdict import RateReading
from actionrelay.preflight.checks import Sight
from actionrelay.preflight_check import CheckStatus
from actionrelay.strict_json import Json
from tests.fakes.chance import NOON
from tests.fakes.genesys import HEALTHY, LIMITED, ScriptedIssuer, a_token
from tests.fakes.preflight import Deployment

OK, WARNING, FAILED = CheckStatus.OK, CheckStatus.WARNING, CheckStatus.FAILED


@pytest.fixture
def deployment() -> Deployment:
    return Deployment()


@pytest.fixture
def integrations() -> Deployment:
    return Deployment(api=GenesysApi.INTEGRATIONS, issuer=ScriptedIssuer(required_scopes=()))


# -- The host and its clock --


@pytest.mark.parametrize(
    ("sight", "status", "detail", "advice"),
    [
        (Sight(None, "ConnectTimeoutError"), FAILED, "no answer (ConnectTimeoutError)", "GenesysRegion"),
        (Sight(503), FAILED, "answers 503", "status page"),
        (Sight(307), FAILED, "redirects (307)", "GenesysApiUrl"),
        (Sight(429), WARNING, "throttles", "RequestsPerMinute"),
        (Sight(403), OK, "answers", None),
        (Sight(404), OK, "answers", None),
    ],
)
def test_any_answer_says_whether_the_host_is_there(
    deployment: Deployment, sight: Sight, status: CheckStatus, detail: str, advice: str | None
) -> None:
    deployment.sees(sight)
    check = deployment.found()["api"]
    assert check.status is status
    assert detail in check.detail
    assert (advice or "None") in str(check.advice)


@pytest.mark.parametrize(
    ("seconds", "status", "detail"),
    [
        (0, OK, "0 s apart"),
        (60, OK, "60 s apart"),
        (-60, OK, "60 s apart"),
        (61, WARNING, "61 s behind"),
        (-61, WARNING, "61 s ahead of"),
        (-86_400, WARNING, "86400 s ahead of"),
    ],
)
def test_a_clock_more_than_a_minute_off_is_a_warning(
    deployment: Deployment, seconds: int, status: CheckStatus, detail: str
) -> None:
    deployment.sees(replace(HEALTHY, date=formatdate(NOON / 1_000 + seconds, usegmt=True)))
    check = deployment.found()["clock"]
    assert check.status is status
    assert detail in check.detail


@pytest.mark.parametrize(
    "date",
    [None, "", "today", "Mon, 99 Foo 2026 99:99:99 GMT", "Wed, 21 Oct 99999999999999999999 07:28:00 GMT"],
)
def test_given_no_date_when_compared_then_that_is_a_warning(deployment: Deployment, date: str | None) -> None:
    deployment.sees(replace(HEALTHY, date=date))
    assert deployment.found()["clock"].status is WARNING


def test_a_date_without_a_zone_is_utc(deployment: Deployment) -> None:
    deployment.sees(replace(HEALTHY, date=str(HEALTHY.date).replace("GMT", "-0000")))
    assert deployment.found()["clock"].detail == "the clocks are 0 s apart"


# -- What the client may do --


def test_a_shared_token_without_a_scope_names_it(deployment: Deployment) -> None:
    deployment.issuer.trouble.before("request", ScopeMissingError("the OAuth client was not granted data:action:view"))
    found = deployment.found()
    assert (found["token"].status, found["scopes"].status) == (OK, FAILED)
    assert "data:action:view" in found["scopes"].detail


def test_a_granted_token_without_a_scope_names_it(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptedIssuer, "request", lambda *_: replace(a_token(), scopes=("data:action:view",)))
    check = deployment.found()["scopes"]
    assert (check.status, check.detail) == (FAILED, "the token lacks data:action:execute")


def roles(*policies: Json) -> Json:
    grants: list[Json] = [{"role": {"policies": [policy]}} for policy in policies]
    return {"grants": grants}


def policy(domain: str, entity: str, *actions: str) -> Json:
    return {"domain": domain, "entityName": entity, "actions": list(actions)}


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (roles(policy("integrations", "action", "execute")), OK),
        (roles(policy("directory", "user", "view"), policy("bridge", "actions", "execute", "view")), OK),
        (roles(policy("integrations", "*", "*")), OK),
        (roles(policy("*", "*", "*")), OK),
        (roles(policy("integrations", "action", "view")), FAILED),
        (roles(policy("integrations", "actions", "execute")), FAILED),
        (roles(policy("directory", "action", "execute")), FAILED),
        (roles({"domain": "integrations", "entityName": "action", "actions": "execute"}), FAILED),
        (roles(), WARNING),
        (roles("policy"), WARNING),
        ({"grants": [{"role": {"id": "1"}}]}, WARNING),
        ({"grants": {}}, WARNING),
        ([], WARNING),
        (None, WARNING),
    ],
)
def test_one_of_the_clients_roles_must_allow_execution(
    integrations: Deployment, document: Json, status: CheckStatus
) -> None:
    integrations.sees(replace(HEALTHY, document=document))
    check = integrations.found()["permission"]
    assert check.status is status
    if status is not OK:
        assert "Integrations > Action > Execute" in str(check.advice)


@pytest.mark.parametrize(
    ("actions", "status"), [(["execute", "view"], OK), (["*"], OK), (["execute"], WARNING), ([], WARNING)]
)
def test_without_the_view_permission_the_catalogue_is_empty(
    integrations: Deployment, actions: list[str], status: CheckStatus
) -> None:
    policy: Json = {"domain": "integrations", "entityName": "action", "actions": list(actions)}
    integrations.sees(replace(HEALTHY, document={"grants": [{"role": {"policies": [policy]}}]}))
    check = integrations.found()["catalogue"]
    assert check.status is status
    assert ("Integrations > Action > View" in str(check.advice)) is (status is not OK)


def test_unreadable_roles_are_a_warning(integrations: Deployment) -> None:
    integrations.sees(replace(HEALTHY, status=403))
    found = integrations.found()
    assert (found["permission"].status, found["catalogue"].status) == (WARNING, WARNING)


# -- Limits --


def limit(value: Any, key: str = "requests.volume.max") -> Sight:
    return Sight(200, document={"entities": [{"key": "other", "value": 1}, {"key": key, "value": value}]})


@pytest.mark.parametrize(
    ("limits", "allowed", "rate", "expected"),
    [
        (LIMITED, None, 270, (OK, "the organisation's limit 2500 a minute")),
        (limit(270), None, 270, (OK, "limit 270")),
        (limit(269), None, 270, (WARNING, "RequestsPerMinute is 270, above the organisation's 269")),
        (LIMITED, 300, 400, (WARNING, "above the token's 300")),
        (limit(100), 300, 400, (WARNING, "above the token's 300 and the organisation's 100")),
        (LIMITED, 300, 300, (OK, "2500")),
        (Sight(403), None, 270, (WARNING, "could not be read (not allowed)")),
        (Sight(403), 200, 270, (WARNING, "above the token's 200")),
        (Sight(404), None, 270, (WARNING, "could not be read (status 404)")),
        (Sight(None, "timeout"), None, 270, (WARNING, "could not be read (timeout)")),
        (limit(True), None, 270, (WARNING, "could not be read")),
        (limit("2500"), None, 270, (WARNING, "could not be read")),
        (limit(1, "requests.volume.min"), None, 270, (WARNING, "could not be read")),
        (Sight(200, document={"entities": 1}), None, 270, (WARNING, "could not be read")),
    ],
)
def test_a_rate_above_the_limits_is_a_warning(
    integrations: Deployment, limits: Sight, allowed: int | None, rate: int, expected: tuple[CheckStatus, str]
) -> None:
    integrations.platform.limited = limits
    integrations.requests_per_minute = rate
    integrations.sees(replace(HEALTHY, rate=RateReading(1, allowed, 60)))
    check = integrations.found()["limits"]
    assert check.status is expected[0]
    assert expected[1] in check.detail
    if limits.status == 403 and allowed is None:
        assert "limits:organization:view" in str(check.advice)
