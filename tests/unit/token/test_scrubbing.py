"""Every failure of what holds the client's secret or its token, with marks: issuer, store, secrets, preflight."""

import json
from dataclasses import replace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from actionrelay.aws.secret import NamedSecret
from actionrelay.genesys.contract import GenesysApi
from actionrelay.genesys.http import new_pool
from actionrelay.preflight.document import check_document
from actionrelay.preflight.preflight import RunPreflight
from actionrelay.preflight.probe_http import GenesysProbe
from actionrelay.preflight_check import Check
from actionrelay.token.login_http import ClientCredentialsIssuer
from actionrelay.token.store_ssm import TokenParameter
from tests.fakes.answers import cut, raw
from tests.fakes.aws import FakeSecrets, FakeSsm
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.loopback import LoopbackServer, Script, resetting, saying
from tests.fakes.marked import CREDENTIALS, ECHOES, marked_token
from tests.fakes.marks import CLIENT_SECRET, ECHO, ECHOING_HEADERS, EVERYTHING, TOKEN, Captured, failing
from tests.fakes.relay import SIGNING

# -- The token: its issuer and its store --

GRANTS: dict[str, Script] = {
    **{
        f"{status}": saying(raw(status, json.dumps(ECHO).encode(), ECHOING_HEADERS))
        for status in (400, 401, 403, 429, 500)
    },
    "a refusal": saying(raw(401, json.dumps(ECHO | {"error": "invalid_client"}).encode(), ECHOING_HEADERS)),
    "not JSON": saying(raw(200, EVERYTHING.encode())),
    "not UTF-8": saying(raw(200, f"\xff{EVERYTHING}".encode("latin-1"))),
    "a key twice": saying(raw(200, f'{{"access_token":"{TOKEN}","a":1,"a":}}'.encode())),
    "another scope": saying(
        raw(200, json.dumps({"access_token": TOKEN, "expires_in": 300, "scope": EVERYTHING}).encode())
    ),
    "cut off": saying(cut(raw(200, json.dumps({"access_token": TOKEN}).encode()), 30)),
    "reset": resetting,
}


def an_issuer(url: str, credentials: str = CREDENTIALS) -> ClientCredentialsIssuer:
    return ClientCredentialsIssuer(new_pool(), url, GenesysApi.DATA_ACTIONS, "genesys", lambda: credentials)


@pytest.mark.parametrize("name", GRANTS)
def test_a_login_error_does_not_repeat_the_hosts_answer(captured: Captured, name: str) -> None:
    with LoopbackServer(GRANTS[name]) as server:
        issuer = an_issuer(server.url)
        captured.thing(issuer)
        with failing(captured):
            issuer.request(NOON, 5_000)


@pytest.mark.parametrize(
    "secret",
    [
        CLIENT_SECRET,
        f'"{CLIENT_SECRET}"',
        f'{{"clientSecret":"{CLIENT_SECRET}"}}',
        f'{{"clientId":"a","clientId":"b","clientSecret":"{CLIENT_SECRET}"',
        f'{{"clientId":"\\ud800","clientSecret":"{CLIENT_SECRET}"}}',
        "[" * 100_000 + CLIENT_SECRET,
    ],
)
def test_a_secret_of_another_form_is_not_shown(captured: Captured, secret: str) -> None:
    with failing(captured):
        an_issuer("http://127.0.0.1", secret).request(NOON, 5_000)


def aws_failures() -> list[Exception]:
    said = {"Error": {"Code": "InternalError", "Message": EVERYTHING}, "ResponseMetadata": {"HTTPHeaders": ECHO}}
    return [
        ClientError(cast(Any, said), "PutParameter"),
        EndpointConnectionError(endpoint_url=f"https://{TOKEN}.example/"),
        ReadTimeoutError(endpoint_url=f"https://{TOKEN}.example/"),
    ]


@pytest.mark.parametrize("failure", aws_failures(), ids=lambda failure: type(failure).__name__)
def test_a_failing_store_does_not_repeat_the_token(captured: Captured, failure: Exception) -> None:
    ssm = FakeSsm()
    store = TokenParameter(cast(Any, ssm), "/token")
    for operation, act in (("get_parameter", store.read), ("put_parameter", lambda: store.write(marked_token()))):
        ssm.trouble.before(operation, failure)
        with failing(captured):
            act()
    captured.thing(marked_token())


@pytest.mark.parametrize("value", [TOKEN, json.dumps(TOKEN), json.dumps({"value": TOKEN}), json.dumps([TOKEN])])
def test_a_parameter_of_another_form_is_not_shown(captured: Captured, value: str) -> None:
    store = TokenParameter(cast(Any, FakeSsm(values={"/token": value})), "/token")
    with failing(captured, always=False):
        captured.thing(store.read())


@pytest.mark.parametrize("failure", aws_failures(), ids=lambda failure: type(failure).__name__)
def test_an_unreadable_secrets_error_repeats_nothing(captured: Captured, failure: Exception) -> None:
    fake = FakeSecrets(values={"genesys": CREDENTIALS})
    secret = NamedSecret(cast(Any, fake), "genesys")
    assert secret.value()
    captured.thing(secret.name)
    captured.text("repr of NamedSecret", repr(replace_client(secret)))
    fake.trouble.before("get_secret_value", failure)
    with failing(captured):
        NamedSecret(cast(Any, fake), "genesys").value()


def replace_client(secret: NamedSecret) -> NamedSecret:
    """The same without the fake, which shows the secrets that it is made of."""
    return replace(secret, client=cast(Any, None), _value=secret.value())


# -- The preflight --


@pytest.mark.parametrize("api", list(GenesysApi))
@pytest.mark.parametrize("name", ECHOES)
def test_no_preflight_check_repeats_a_hosts_answer(captured: Captured, name: str, api: GenesysApi) -> None:
    ssm = FakeSsm(values={"/token": TOKEN})
    with LoopbackServer(ECHOES[name]) as server:
        preflight = RunPreflight(
            api,
            270,
            "genesys",
            lambda: CREDENTIALS,
            SIGNING,
            TokenParameter(cast(Any, ssm), "/token"),
            an_issuer(server.url),
            GenesysProbe(new_pool(), server.url, api),
            SettableClock(),
        )
        captured.thing(replace(preflight, store=cast(Any, None)))
        checks: list[Check] = list(preflight.look())
        with failing(captured):
            preflight.run()
    captured.text("checks", json.dumps([check_document(check) for check in checks]))
