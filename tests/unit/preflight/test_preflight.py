"""The preflight: what it finds in a deployment, what it advises, and what it does not change."""

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from actionrelay.errors import (
    CredentialsRefusedError,
    PermissionMissingError,
    PreflightFailedError,
    SecretUnavailableError,
    StoreUnavailableError,
    TokenUnavailableError,
)
from actionrelay.genesys.contract import GenesysApi
from actionrelay.preflight.checks import Sight
from actionrelay.preflight_check import CheckStatus
from tests.fakes.chance import NOON
from tests.fakes.genesys import HEALTHY, ScriptedIssuer, a_token
from tests.fakes.preflight import Deployment

OK, WARNING, FAILED = CheckStatus.OK, CheckStatus.WARNING, CheckStatus.FAILED
EVERY_API = list(GenesysApi)


@pytest.fixture
def deployment() -> Deployment:
    return Deployment()


@pytest.fixture
def integrations() -> Deployment:
    return Deployment(api=GenesysApi.INTEGRATIONS, issuer=ScriptedIssuer(required_scopes=()))


# -- As a whole --

SIGNING = ("webhook_secret", "delivery_secret")


@pytest.mark.parametrize(
    ("api", "names"),
    [
        (GenesysApi.DATA_ACTIONS, ["credentials", "token", "api", "clock", "scopes", *SIGNING]),
        (
            GenesysApi.INTEGRATIONS,
            ["credentials", "token", "api", "clock", "permission", "catalogue", "limits", *SIGNING],
        ),
    ],
)
def test_a_healthy_deployment_needs_no_advice(api: GenesysApi, names: list[str]) -> None:
    document: Any = Deployment(api=api).preflight().run()
    assert document["status"] == "ok"
    assert [check["name"] for check in document["checks"]] == names
    assert {check["status"] for check in document["checks"]} == {"ok"}
    assert {check["advice"] for check in document["checks"]} == {None}


def test_given_a_warning_when_looked_at_then_it_is_degraded(deployment: Deployment) -> None:
    deployment.sees(replace(HEALTHY, date=None))
    assert deployment.overall() == "degraded"


def test_a_failure_comes_with_all_checks(deployment: Deployment) -> None:
    deployment.sees(Sight(None, "NewConnectionError"))
    with pytest.raises(PreflightFailedError, match="1 of 7 checks failed") as failed:
        deployment.preflight().run()
    assert failed.value.context == {"failed": "api"}
    assert len(failed.value.checks) == 7


@pytest.mark.parametrize(("api", "looks"), [(GenesysApi.DATA_ACTIONS, 1), (GenesysApi.INTEGRATIONS, 2)])
def test_a_look_asks_little_and_writes_nothing(api: GenesysApi, looks: int) -> None:
    deployment = Deployment(api=api)
    deployment.found()
    assert (len(deployment.platform.looks), deployment.issuer.requests) == (looks, 1)
    assert deployment.store.token is None


@pytest.mark.parametrize("api", EVERY_API)
def test_whatever_is_not_ok_comes_with_advice(api: GenesysApi) -> None:
    sights = [Sight(None, "timeout"), *(Sight(status) for status in (200, 204, 302, 401, 403, 404, 429, 500, 503))]
    for sight in sights:
        deployment = Deployment(api=api, secret=SecretUnavailableError("no"))
        deployment.platform.healthy = deployment.platform.limited = sight
        for check in deployment.found().values():
            assert (check.advice is None) == (check.status is OK), check
            assert check.detail


# -- Credentials --


def test_an_unreadable_secret_says_why(deployment: Deployment) -> None:
    deployment.secret = SecretUnavailableError("the secret genesys can't be read", aws_code="AccessDeniedException")
    check = deployment.found()["credentials"]
    assert (check.status, check.detail) == (FAILED, "the secret genesys can't be read (AccessDeniedException)")
    assert "genesys-secret" in str(check.advice)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "hush-hush",
        "[]",
        "null",
        "{}",
        '{"clientId":"hush"}',
        '{"clientId":"hush","clientSecret":""}',
        '{"clientId":1,"clientSecret":"hush"}',
    ],
)
def test_a_secrets_wrong_form_is_named_without_its_content(deployment: Deployment, secret: str) -> None:
    deployment.secret = secret
    check = deployment.found()["credentials"]
    assert check.status is FAILED
    assert '{"clientId": "...", "clientSecret": "..."}' in str(check.advice)
    assert "hush" not in str(check)


def test_a_secret_with_a_byte_order_mark_is_good(deployment: Deployment) -> None:
    deployment.secret = '\ufeff{"clientId":"id","clientSecret":"hush"}'
    assert deployment.found()["credentials"].status is OK


# -- Token --


def test_a_good_shared_token_is_used_alone(deployment: Deployment) -> None:
    deployment.store.token = a_token(expires_at=NOON + 3_600_000)
    check = deployment.found()["token"]
    assert (check.status, check.detail) == (OK, "the shared token is valid for 3600 s; none was asked for")
    assert deployment.issuer.requests == 0
    assert deployment.platform.looks == [deployment.store.token]


@pytest.mark.parametrize(
    "shared",
    [
        a_token(expires_at=NOON + 60_000),
        a_token(expires_at=NOON - 1),
        a_token(issuer="another"),
        replace(a_token(), scopes=("data:action:view",)),
    ],
    ids=["about to end", "over", "of another client", "of another scope"],
)
def test_an_unusable_shared_token_leads_to_an_unshared_one(deployment: Deployment, shared: Any) -> None:
    deployment.store.token = shared
    check = deployment.found()["token"]
    assert (check.status, check.detail) == (OK, "a token was granted on request, for 3600 s")
    assert deployment.issuer.requests == 1
    assert deployment.store.token == shared


def test_an_unreadable_store_is_a_warning(deployment: Deployment) -> None:
    trouble = StoreUnavailableError("the shared token can't be read", aws_code="AccessDeniedException")
    deployment.store.trouble.before("read", trouble)
    check = deployment.found()["token"]
    assert check.status is WARNING
    assert check.detail == "the shared token can't be read (AccessDeniedException); one was granted on request"
    assert "preflight and execute may read the parameter TokenParameterName" in str(check.advice)


@pytest.mark.parametrize(
    ("error", "detail", "advice"),
    [
        (CredentialsRefusedError("refused", status=401), "refused (401)", "into genesys-secret"),
        (PermissionMissingError("denied", status=403), "denied (403)", "Give the OAuth client a role"),
        (TokenUnavailableError("no answer", reason="NameResolutionError"), "no answer (NameResolutionError)", "Region"),
    ],
)
@pytest.mark.parametrize("unreadable", [False, True], ids=["no token shared", "store unreadable"])
def test_without_a_token_the_reason_decides_the_advice(
    deployment: Deployment, error: Exception, detail: str, advice: str, *, unreadable: bool
) -> None:
    if unreadable:
        deployment.store.trouble.before("read", StoreUnavailableError("no"))
    deployment.issuer.trouble.before("request", error)
    deployment.sees(replace(HEALTHY, status=401))
    found = deployment.found()
    assert (found["token"].status, found["token"].detail) == (FAILED, detail)
    assert advice in str(found["token"].advice)
    assert (found["api"].status, found["clock"].status, found["scopes"].status) == (OK, OK, WARNING)
    assert deployment.platform.looks == [None]


def test_without_a_token_permission_and_limits_are_unknown(integrations: Deployment) -> None:
    integrations.issuer.trouble.before("request", CredentialsRefusedError("refused"))
    found = integrations.found()
    assert (found["permission"].detail, found["limits"].detail) == ("not checked, since there is no token",) * 2


def test_an_unnamed_client_has_no_token(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    def unnamed(_: object) -> str:
        raise TokenUnavailableError("the secret can't be read")

    deployment.store.token = a_token()
    monkeypatch.setattr(ScriptedIssuer, "issuer", property(unnamed))
    assert deployment.found()["token"].status is FAILED


@pytest.mark.parametrize("api", EVERY_API)
def test_a_refused_shared_token_leads_to_another(api: GenesysApi) -> None:
    deployment = Deployment(api=api)
    deployment.store.token = a_token()
    deployment.sees(Sight(401))
    found = deployment.found()
    assert (found["token"].status, found["api"].status) == (WARNING, OK)
    assert "each worker replaces a refused token" in str(found["token"].advice)
    assert [token.version for token in deployment.platform.looks[:2] if token] == ["v1", "issued-1"]


def test_a_refused_shared_token_without_another_is_none(
    deployment: Deployment,
) -> None:
    deployment.store.token = a_token()
    deployment.issuer.trouble.before("request", CredentialsRefusedError("refused"))
    deployment.sees(Sight(401))
    assert deployment.found()["token"].status is FAILED


def test_a_refused_new_token_means_mismatched_hosts(
    integrations: Deployment,
) -> None:
    integrations.platform.healthy = Sight(401, date=HEALTHY.date)
    found = integrations.found()
    assert (found["token"].status, found["api"].status, found["permission"].status) == (FAILED, OK, WARNING)
    assert "one region" in str(found["token"].advice)
    assert integrations.issuer.requests <= 2


# -- Time --


@pytest.mark.parametrize("api", EVERY_API)
def test_an_endless_look_reports_what_was_seen(
    api: GenesysApi,
) -> None:
    deployment = Deployment(api=api, patience_seconds=0.05)
    deployment.platform.hangs = threading.Event()
    begun = time.monotonic()
    try:
        found = deployment.found()
    finally:
        deployment.platform.hangs.set()
    assert time.monotonic() - begun < 20
    assert (found["credentials"].status, found["token"].status) == (OK, OK)
    assert (found["api"].status, found["api"].detail) == (
        FAILED,
        "not finished within the preflight's 0.05 s",
    )
    assert {check.detail for name, check in found.items() if name not in {"credentials", "token", "api", *SIGNING}} == {
        "not checked, since the time was over"
    }


def test_given_a_bug_when_looking_then_the_caller_meets_it(deployment: Deployment) -> None:
    deployment.secret = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError):
        deployment.preflight().run()
