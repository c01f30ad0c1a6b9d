"""Genesys Cloud's published SDK against the simulator: whatever the simulator answers, the SDK's models hold.

What an answer has beyond the model, or in another type, is missing in what the model holds.
"""

import json
from typing import Any

import pytest
import urllib3

from local.genesys.catalogue import INPUTS, OUTPUT, actions_of
from local.genesys.errors import PLATFORM_CODES
from local.genesys.remote import RemoteSimulator
from tests.peer.conftest import CLIENT, PublishedSdk

pytestmark = pytest.mark.peer

API = "IntegrationsApi"
ALL = list(actions_of(40).values())
WRITTEN = [known for known in ALL if known["action"]["category"] != "Tables"]


def without_nulls(value: Any) -> Any:
    """Return a JSON value without fields that are null, which to a model are absent."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def token(genesys: RemoteSimulator) -> str:
    basic = urllib3.make_headers(basic_auth=":".join(CLIENT))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = genesys.call("POST", "/oauth/token", body=b"grant_type=client_credentials", headers=basic | form)
    return str(answer.json()["access_token"])


def published(*, auth: bool = False) -> set[str]:
    return {known["action"]["id"] for known in ALL if not known["draft"] and (auth or not known["auth"])}


def test_actions_are_listed_in_pages(sdk: PublishedSdk) -> None:
    pages = [sdk.call(API, "get_integrations_actions", page_size=25, page_number=number) for number in (1, 2, 3)]
    assert [page.type for page in pages] == ["ActionEntityListing"] * 3
    assert [page.read for page in pages] == [page.body for page in pages]
    assert [(page.read["pageCount"], len(page.read["entities"])) for page in pages] == [(3, 25), (3, 25), (3, 1)]
    assert {action["id"] for page in pages for action in page.read["entities"]} == published()


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({"include_auth_actions": True}, published(auth=True)),
        ({"secure": True}, {known["action"]["id"] for known in ALL if known["action"]["secure"]}),
        (
            {"category": "Functions"},
            {known["action"]["id"] for known in ALL if known["action"]["category"] == "Functions"},
        ),
        (
            {"name": "order status"},
            {known["action"]["id"] for known in ALL if "order status" in known["action"]["name"]},
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_list_keeps_to_its_filter(sdk: PublishedSdk, arguments: dict[str, Any], wanted: set[str]) -> None:
    page = sdk.call(API, "get_integrations_actions", page_size=100, **arguments)
    assert page.read == page.body
    assert {action["id"] for action in page.read["entities"]} == wanted


def test_drafts_have_a_list_of_their_own(sdk: PublishedSdk) -> None:
    page = sdk.call(API, "get_integrations_actions_drafts")
    assert page.read == page.body
    assert {action["id"] for action in page.read["entities"]} == {
        known["action"]["id"] for known in ALL if known["draft"]
    }


@pytest.mark.parametrize("known", WRITTEN, ids=lambda known: known["action"]["name"])
def test_an_action_comes_with_contract_and_config(sdk: PublishedSdk, known: dict[str, Any]) -> None:
    call = "get_integrations_action_draft" if known["draft"] else "get_integrations_action"
    action = sdk.call(API, call, action_id=known["action"]["id"], expand="contract", include_config=True)
    assert action.type == "Action"
    assert action.read == action.body
    assert action.read["config"] == known["config"]
    assert set(action.read["contract"]) == {"input", "output"}


def test_an_action_alone_has_neither(sdk: PublishedSdk) -> None:
    action = sdk.call(API, "get_integrations_action", action_id=WRITTEN[0]["action"]["id"])
    assert action.read == action.body == WRITTEN[0]["action"]


@pytest.mark.parametrize(("file", "part"), [(INPUTS, "inputs"), (OUTPUT, "output")])
def test_a_schema_comes_by_its_uri(sdk: PublishedSdk, file: str, part: str) -> None:
    (known,) = [known for known in ALL if known["by_uri"]]
    action = sdk.call(API, "get_integrations_action", action_id=known["action"]["id"], expand="contract")
    uris = [uri for side in action.read["contract"].values() for uri in side.values()]
    assert f"/api/v2/integrations/actions/{known['action']['id']}/schemas/{file}" in uris
    schema = sdk.call(API, "get_integrations_action_schema", action_id=known["action"]["id"], file_name=file)
    assert (schema.type, schema.read) == ("JsonSchemaDocument", known[part])


def test_an_execution_gets_the_bare_result(sdk: PublishedSdk, genesys: RemoteSimulator) -> None:
    inputs = {"orderId": "A-1", "lines": [1, 2.5], "gift": False}
    result = sdk.call(API, "post_integrations_action_execute", action_id="custom_-_1", body=inputs)
    assert result.read == result.body == {"echo": inputs, "actionId": "custom_-_1"}
    assert genesys.counts()["runs"]["byActionId"] == {"custom_-_1": 1}


@pytest.mark.parametrize(
    ("api", "call", "arguments", "type_"),
    [
        (
            "OrganizationApi",
            "get_organizations_limits_namespace",
            {"namespace_name": "dataactions"},
            "LimitsEntityListing",
        ),
        ("TokensApi", "get_tokens_me", {}, "TokenInfo"),
        ("AuthorizationApi", "get_authorization_subjects_me", {}, "AuthzSubject"),
    ],
)
def test_what_a_client_reads_of_itself(
    sdk: PublishedSdk, api: str, call: str, arguments: dict[str, Any], type_: str
) -> None:
    answer = sdk.call(api, call, **arguments)
    assert (answer.type, answer.read) == (type_, answer.body)


@pytest.mark.parametrize("status", PLATFORM_CODES)
def test_an_error_is_an_error_body(sdk: PublishedSdk, genesys: RemoteSimulator, status: int) -> None:
    genesys.script({"status": status})
    refused = sdk.refused(API, "post_integrations_action_execute", action_id="custom_-_1", body={"n": 1})
    assert refused.status == status
    body = json.loads(refused.body)
    assert sdk.read(refused.body, "ErrorBody") == body
    assert (body["code"], body["message"]) == PLATFORM_CODES[status]
    assert body["contextId"] == refused.headers["inin-correlation-id"]


@pytest.mark.parametrize("status", PLATFORM_CODES)
def test_an_error_of_an_older_service(sdk: PublishedSdk, genesys: RemoteSimulator, status: int) -> None:
    """No published model has all of its names; two that share them have."""
    genesys.script({"status": status, "dialect": "legacy"})
    refused = sdk.refused(API, "post_integrations_action_execute", action_id="custom_-_1", body={"n": 1})
    body = json.loads(refused.body)
    read = sdk.read(refused.body, "ErrorBody") | sdk.read(refused.body, "UserRoutingStatusErrorInfo")
    assert read == without_nulls(body)
    assert (body["errorCode"], body["userMessage"]) == PLATFORM_CODES[status]


def test_refusals_of_the_platform_are_error_bodies(sdk: PublishedSdk, genesys: RemoteSimulator) -> None:
    missing = sdk.refused(API, "get_integrations_action", action_id="custom_-_nobody")
    genesys.patch_scenario({"tokens": {"clients": {"local-client": {"viewsActions": False}}}})
    forbidden = sdk.refused(API, "get_integrations_actions")
    genesys.revoke_tokens()
    stranger = sdk.refused(API, "get_integrations_actions")
    refusals = [missing, forbidden, stranger]
    assert [refused.status for refused in refusals] == [404, 403, 401]
    assert [sdk.read(each.body, "ErrorBody") for each in refusals] == [json.loads(each.body) for each in refusals]


def test_the_429_of_the_rate_is_an_error_body(sdk: PublishedSdk, genesys: RemoteSimulator) -> None:
    """Asked for without the SDK, which would wait out the window."""
    genesys.patch_scenario({"rate": {"allowed": 0, "windowSeconds": 42}})
    refused = genesys.call("GET", "/api/v2/tokens/me", headers={"Authorization": f"Bearer {token(genesys)}"})
    assert (refused.status, refused.headers["Retry-After"]) == (429, "42")
    assert sdk.read(refused.data.decode(), "ErrorBody") == refused.json()


def test_a_429_is_repeated_when_its_header_says(sdk: PublishedSdk, genesys: RemoteSimulator) -> None:
    """The SDK's connections read Retry-After as a number of seconds, and send POST again."""
    genesys.script({"status": 429, "retryAfter": 0, "times": 2})
    sdk.call(API, "post_integrations_action_execute", action_id="custom_-_1", body={"n": 1})
    statuses = [each["status"] for each in genesys.requests() if each["path"].endswith("/execute")]
    assert (statuses, genesys.runs()) == ([429, 429, 200], 1)
