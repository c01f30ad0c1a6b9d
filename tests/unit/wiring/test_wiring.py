"""Settings from an environment, and each function wired with them."""

import ast
import importlib
import inspect
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pytest

from actionrelay.errors import SecretUnavailableError, SettingsError
from actionrelay.execute.client_http import GenesysClient
from actionrelay.execute.contracts import DataActions, Integrations
from actionrelay.webhooks.signatures import HubSignatureVerifier, StandardWebhooksVerifier
from actionrelay.wiring import deliver, execute, process, query, receive_webhook, validate
from actionrelay.wiring import settings as wiring_settings
from actionrelay.wiring.settings import (
    DeliverSettings,
    ExecuteSettings,
    PreflightSettings,
    QuerySettings,
    ReceiveWebhookSettings,
    ValidateSettings,
    WebhookScheme,
)
from tests.fakes.aws import FakeDynamoDb, FakeS3, FakeSecrets, FakeSqs, FakeSsm
from tests.fakes.deployment import ENVIRONMENT
from tests.fakes.genesys import ScriptedGate

FUNCTIONS = sorted(path.parent.name for path in Path(__file__).parents[3].glob("functions/*/app.py"))
WIRED: list[Callable[[], Any]] = [
    made
    for module in (importlib.import_module(f"actionrelay.wiring.{function}") for function in FUNCTIONS)
    for made in vars(module).values()
    if hasattr(made, "cache_clear") and made.__module__ == module.__name__
]
"""What each function is built of, as its module of wiring has it."""

SETTINGS: list[Any] = [
    getattr(wiring_settings, f"{''.join(part.capitalize() for part in function.split('_'))}Settings")
    for function in FUNCTIONS
]
SECRET = '{"secrets":["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]}'


@dataclass(slots=True)
class FakeClients:
    """``AwsClients`` without AWS."""

    dynamodb: FakeDynamoDb = field(default_factory=FakeDynamoDb)
    brief_dynamodb: FakeDynamoDb = field(default_factory=FakeDynamoDb)
    s3: FakeS3 = field(default_factory=FakeS3)
    sqs: FakeSqs = field(default_factory=FakeSqs)
    ssm: FakeSsm = field(default_factory=FakeSsm)
    secrets: FakeSecrets = field(default_factory=FakeSecrets)


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeClients]:
    fakes = FakeClients()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setattr(process, "AwsClients", lambda _: fakes)
    _forget(process.aws, *WIRED)
    yield fakes
    _forget(process.aws, *WIRED)


def _forget(*wirings: Callable[[], Any]) -> None:
    for wired in wirings:
        wired.cache_clear()  # type: ignore[attr-defined]


def test_refusals_are_recorded_by_the_brief_client(
    clients: FakeClients,
) -> None:
    audit: Any = validate.record_rejection().audit
    assert audit.client is clients.brief_dynamodb


# -- Settings --


def names(settings: Any) -> list[str]:
    return [field.name for field in fields(settings)]


def test_several_faults_are_reported_without_a_value() -> None:
    broken = ENVIRONMENT | {"MAX_ATTEMPTS": "many", "GENESYS_REGION": "nowhere"}
    del broken["EXECUTIONS_TABLE"]
    with pytest.raises(SettingsError) as refused:
        ExecuteSettings.read(broken)
    assert all(name in refused.value.message for name in ("MAX_ATTEMPTS", "GENESYS_REGION", "EXECUTIONS_TABLE"))
    assert not any(value in refused.value.message for value in ("many", "nowhere"))


@pytest.mark.parametrize("settings", SETTINGS)
def test_each_field_has_its_environment_variable(settings: Any) -> None:
    read = settings.read(ENVIRONMENT)
    texts = {name: value for name in names(settings) if isinstance(value := getattr(read, name), str)}
    assert texts == {name: ENVIRONMENT[name.upper()] for name in texts}
    assert "powertools_service_name" in texts


@pytest.mark.parametrize(("settings", "name"), [(settings, name) for settings in SETTINGS for name in names(settings)])
def test_a_missing_variable_is_named_when_read(settings: Any, name: str) -> None:
    environment = {key: value for key, value in ENVIRONMENT.items() if key != name.upper()}
    with pytest.raises(SettingsError, match=rf": {name.upper()}: is missing$"):
        settings.read(environment)


@pytest.mark.parametrize("settings", [ValidateSettings, DeliverSettings])
@pytest.mark.parametrize(
    ("endpoint", "allowed"),
    [
        ({}, False),
        ({"AWS_ENDPOINT_URL": ""}, False),
        ({"AWS_ENDPOINT_URL": "https://vpce-1.execute-api.eu-west-1.vpce.amazonaws.com"}, False),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, True),
    ],
)
def test_private_webhooks_are_for_an_emulator_alone(settings: Any, endpoint: dict[str, str], allowed: bool) -> None:
    assert settings.read(ENVIRONMENT | {"ALLOW_PRIVATE_WEBHOOKS": "true"} | endpoint).allow_private_webhooks is allowed


@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        (ValidateSettings, "MAX_PAYLOAD_BYTES", "0"),
        (ValidateSettings, "MAX_INPUT_DEPTH", "five"),
        (ValidateSettings, "GENESYS_API", "mystery"),
        (ValidateSettings, "ALLOW_PRIVATE_WEBHOOKS", "perhaps"),
        *(
            (DeliverSettings, "WEBHOOK_PORTS", ports)
            for ports in ("443,", "0", "65536", "443, 8443", "https", "\u0664")
        ),
        (ExecuteSettings, "REQUESTS_PER_MINUTE", "-1"),
        (ExecuteSettings, "GENESYS_REGION", "mypurecloud.com.evil.example"),
        (ExecuteSettings, "GENESYS_API_URL", "https://user:password@host"),
        (ExecuteSettings, "GENESYS_LOGIN_URL", "ftp://host"),
        (QuerySettings, "API_AUTH", "NONE"),
        (PreflightSettings, "GENESYS_REGION", "example.com"),
        (PreflightSettings, "GENESYS_API_URL", "https://host/?token=abc"),
        (ExecuteSettings, "MAX_ATTEMPTS", "0"),
        (ExecuteSettings, "RESULT_CACHE_SECONDS", "-1"),
        (ReceiveWebhookSettings, "WEBHOOK_SCHEME", "none"),
    ],
)
def test_given_an_unusable_value_when_read_then_it_is_refused(settings: Any, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f" {name}: ") as refused:
        settings.read(ENVIRONMENT | {name: value})
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://relay.example.com/", "https://relay.example.com/webhooks/genesys"),
        ("http://127.0.0.1:1/{apiId}/v1", "http://127.0.0.1:1/abc123/v1/webhooks/genesys"),
    ],
)
def test_receipts_are_below_the_base_url(base: str, url: str) -> None:
    assert ExecuteSettings.read(ENVIRONMENT | {"API_BASE_URL": base}).receipt_url == url


# -- Wiring --


@pytest.mark.parametrize("wired", WIRED, ids=lambda wired: wired.__name__)
def test_the_use_case_is_wired_once(clients: FakeClients, wired: Callable[[], Any]) -> None:
    assert wired() is wired()
    assert clients.secrets.reads == 0, "secrets are read when they are needed"


@pytest.mark.parametrize("wired", WIRED, ids=lambda wired: wired.__name__)
def test_ten_threads_of_a_cold_process_share_one_use_case(clients: FakeClients, wired: Callable[[], Any]) -> None:
    together = threading.Barrier(10, timeout=5)

    def meet_and_wire(_: int) -> Any:
        together.wait()
        return wired()

    with ThreadPoolExecutor(10) as threads:
        made = list(threads.map(meet_and_wire, range(10)))
    assert all(one is made[0] for one in made)


def test_threads_wait_for_what_another_builds() -> None:
    begun, second = threading.Event(), threading.Event()
    built: list[object] = []

    @process.once
    def build() -> object:
        if begun.is_set():
            second.set()
        begun.set()
        second.wait(0.05)
        built.append(object())
        return built[-1]

    with ThreadPoolExecutor(10) as threads:
        made = set(threads.map(lambda _: build(), range(10)))
    assert made == set(built)
    assert len(built) == 1


def test_in_lambda_the_first_event_finds_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    process.prepare(lambda: built.append("elsewhere"))
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")
    process.prepare(lambda: built.append("in Lambda"))
    assert built == ["in Lambda"]


def test_what_can_not_be_prepared_is_left_for_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")

    @process.once
    def build() -> str:
        return os.environ["A_VARIABLE_THAT_COMES_LATE"]

    process.prepare(build)
    monkeypatch.setenv("A_VARIABLE_THAT_COMES_LATE", "value")
    assert build() == "value"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_prepares_its_first_event(function: str) -> None:
    module = importlib.import_module(f"actionrelay.wiring.{function}")
    match ast.parse(inspect.getsource(module)).body[-1]:
        case ast.Expr(ast.Call(ast.Name("prepare"), [ast.Name(), *_] as builds)):
            assert {getattr(module, ast.unparse(build)) for build in builds} <= set(WIRED)
        case last:
            pytest.fail(f"the last line is {ast.unparse(last)}")


def test_a_failed_build_is_tried_again() -> None:
    troubles = [RuntimeError("no environment yet")]

    @process.once
    def build() -> str:
        if troubles:
            raise troubles.pop()
        return "built"

    with pytest.raises(RuntimeError):
        build()
    assert build() == "built"


@pytest.mark.parametrize(
    "wired", [wired for wired in WIRED if wired is not query.describe_api], ids=lambda wired: wired.__name__
)
def test_a_missing_variable_is_named_when_wired(
    clients: FakeClients, monkeypatch: pytest.MonkeyPatch, wired: Callable[[], Any]
) -> None:
    monkeypatch.delenv("POWERTOOLS_SERVICE_NAME")
    with pytest.raises(SettingsError, match="POWERTOOLS_SERVICE_NAME"):
        wired()


@pytest.mark.parametrize(("api", "contract"), [("data-actions", DataActions), ("integrations", Integrations)])
def test_given_a_contract_when_wired_then_the_client_speaks_it(
    clients: FakeClients, monkeypatch: pytest.MonkeyPatch, api: str, contract: type
) -> None:
    monkeypatch.setenv("GENESYS_API", api)
    client = execute.execute_batch().action(ScriptedGate()).client
    assert isinstance(client, GenesysClient)
    assert isinstance(client.contract, contract)
    assert client.api_url == "https://api.mypurecloud.de"
    assert execute.execute_batch().action(ScriptedGate()).policy.webhook_grace_ms == 300_000


@pytest.mark.parametrize(
    ("scheme", "verifier"),
    [(WebhookScheme.STANDARD_WEBHOOKS, StandardWebhooksVerifier), (WebhookScheme.HUB_SIGNATURE, HubSignatureVerifier)],
)
def test_a_schemes_verifier_has_the_current_secrets(
    clients: FakeClients, monkeypatch: pytest.MonkeyPatch, scheme: WebhookScheme, verifier: type
) -> None:
    monkeypatch.setenv("WEBHOOK_SCHEME", scheme.value)
    clients.secrets.values["webhook"] = SECRET
    assert isinstance(receive_webhook.receive_result().verifier(), verifier)


@pytest.mark.parametrize("text", ["", "{}", "whsec_!"])
def test_a_secret_without_a_key_is_unavailable_and_not_shown(clients: FakeClients, text: str) -> None:
    clients.secrets.values["delivery"] = text
    with pytest.raises(SecretUnavailableError, match="the secret delivery holds no usable signing secret"):
        deliver.deliver_webhook().posting.secrets()


def test_given_a_usable_secret_when_needed_then_it_is_read(clients: FakeClients) -> None:
    clients.secrets.values["delivery"] = SECRET
    assert len(deliver.deliver_webhook().posting.secrets()) == 1


def test_time_and_chance_are_the_machines() -> None:
    assert process.SystemClock().now() > 1_700_000_000_000
    assert 0 <= process.SystemRandomness().uniform() < 1
    assert str(uuid.UUID(process.SystemRandomness().new_id())) != process.SystemRandomness().new_id()


def test_the_console_knows_its_region_and_authorisation(clients: FakeClients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setenv("API_AUTH", "API_KEY")
    _forget(query.serve_console)
    html = query.serve_console().html
    _forget(query.serve_console)
    assert 'content="eu-west-3"' in html
    assert 'content="API_KEY"' in html


def test_the_clients_of_a_region_are_one_set(monkeypatch: pytest.MonkeyPatch) -> None:
    _forget(process.aws)
    assert process.aws() is process.aws()
    _forget(process.aws)
