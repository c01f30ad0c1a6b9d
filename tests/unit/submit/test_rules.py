"""The rules for a request: every field, its limits, and all faults in one answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import InvalidRequestError, MalformedJsonError, PayloadTooLargeError
from actionrelay.fault import MAX_FAULTS, Fault
from actionrelay.faults import Faults
from actionrelay.genesys.contract import GenesysApi
from actionrelay.receive.webhook_schema import ResultWebhook
from actionrelay.schemas import read
from actionrelay.strict_json import MAX_NESTING
from actionrelay.submit.idempotency import execution_id
from actionrelay.submit.request import ExecutionRequest
from tests.fakes.relay import ACTION_ID, EXECUTION_ID, TRACE_ID, Relay, a_request, encoded

TUTORIAL = {
    "actionId": "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e",
    "inputs": {
        "customerId": "cust_998877",
        "transactionBatch": ["tx_001", "tx_002"],
        "transformationRules": {"normalizeCurrency": True, "applyTaxRate": 0.0825},
    },
    "timeout": 120_000,
    "cacheResults": True,
    "executionId": EXECUTION_ID,
    "actionReferences": {
        "normalizeCurrency": ["applyTaxRate"],
        "applyTaxRate": ["calculateTotal"],
        "calculateTotal": [],
    },
}


def accepted(document: Any, api: GenesysApi = GenesysApi.DATA_ACTIONS, key: str | None = None) -> ExecutionRequest:
    return Relay(api=api).rules.read(encoded(document), key)


def faults(document: Any, api: GenesysApi = GenesysApi.DATA_ACTIONS, key: str | None = None) -> tuple[Fault, ...]:
    with pytest.raises(InvalidRequestError) as refused:
        Relay(api=api).rules.read(encoded(document), key)
    return refused.value.faults


def places(document: Any, api: GenesysApi = GenesysApi.DATA_ACTIONS, key: str | None = None) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in faults(document, api, key)]


def test_the_tutorials_example_with_a_real_id_is_accepted() -> None:
    request = accepted(TUTORIAL)
    assert request.execution_id == EXECUTION_ID
    assert request.inputs == TUTORIAL["inputs"]
    assert request.timeout == 120_000


def test_the_tutorials_own_id_is_refused() -> None:
    [fault] = faults(TUTORIAL | {"executionId": "exec-2024-001"})
    assert (fault.pointer, fault.code) == ("/executionId", "schema")
    assert "must be a UUID such as" in fault.detail


def test_the_smallest_request_has_the_defaults() -> None:
    request = accepted(a_request())
    assert (request.timeout, request.cache_results, request.idempotent) == (60_000, True, False)
    assert (request.webhook_url, request.execution_id, request.trace_id) == (None, None, None)
    assert request.action_references is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timeout", 1),
        ("timeout", 300_000),
        ("timeout", 60_000.0),
        ("cacheResults", False),
        ("idempotent", True),
        ("inputs", {}),
        ("webhookUrl", None),
        ("webhookUrl", "https://hooks.example.com/done?tenant=7"),
        ("executionId", None),
        ("traceId", TRACE_ID),
        ("actionReferences", None),
        ("actionReferences", {}),
        ("actionReferences", {"a": {"b": {}}, "c": ["a"]}),
    ],
)
def test_a_value_at_the_border_of_a_rule_is_accepted(field: str, value: Any) -> None:
    assert read(ExecutionRequest, a_request(**{field: value})) == accepted(a_request(**{field: value}))


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("actionId", ..., ("/actionId", "schema")),
        ("actionId", "", ("/actionId", "schema")),
        ("actionId", 5, ("/actionId", "schema")),
        ("actionId", None, ("/actionId", "schema")),
        ("actionId", "not-a-uuid", ("/actionId", "schema")),
        ("actionId", ACTION_ID + "\n", ("/actionId", "schema")),
        ("actionId", "a" * 129, ("/actionId", "schema")),
        ("inputs", ..., ("/inputs", "schema")),
        ("inputs", [], ("/inputs", "schema")),
        ("inputs", None, ("/inputs", "schema")),
        ("inputs", "{}", ("/inputs", "schema")),
        ("inputs", {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}, ("/inputs/a/b/c/d/e/f", "depth")),
        ("inputs", {"a": [[[[[1]]]]]}, ("/inputs/a/0/0/0/0/0", "depth")),
        ("timeout", 0, ("/timeout", "schema")),
        ("timeout", -1, ("/timeout", "schema")),
        ("timeout", 300_001, ("/timeout", "schema")),
        ("timeout", True, ("/timeout", "schema")),
        ("timeout", 5.5, ("/timeout", "schema")),
        ("timeout", "60000", ("/timeout", "schema")),
        ("lane", "fast", ("/lane", "schema")),
        ("lane", 1, ("/lane", "schema")),
        ("cacheResults", 1, ("/cacheResults", "schema")),
        ("cacheResults", "true", ("/cacheResults", "schema")),
        ("executionId", "", ("/executionId", "schema")),
        ("executionId", 5, ("/executionId", "schema")),
        ("executionId", EXECUTION_ID.replace("-", ""), ("/executionId", "schema")),
        ("traceId", "trace", ("/traceId", "schema")),
        ("actionReferences", [], ("/actionReferences", "schema")),
        ("actionReferences", {"a": "b"}, ("/actionReferences/a", "schema")),
        ("actionReferences", {"a": ["a"]}, ("/actionReferences/a", "cycle")),
        ("webhookUrl", "", ("/webhookUrl", "schema")),
        ("webhookUrl", 5, ("/webhookUrl", "schema")),
        ("webhookUrl", "https://example.com/" + "a" * 2_048, ("/webhookUrl", "schema")),
        ("webhookUrl", "http://hooks.example.com/", ("/webhookUrl", "webhook_url")),
        ("webhookUrl", "https://user:pw@hooks.example.com/", ("/webhookUrl", "webhook_url")),
        ("webhookUrl", "https://hooks.example.com:8443/", ("/webhookUrl", "webhook_url")),
        ("webhookUrl", "https://localhost/", ("/webhookUrl", "webhook_url")),
        ("webhookUrl", "https://169.254.169.254/", ("/webhookUrl", "webhook_url")),
        ("action_id", ACTION_ID, ("/action_id", "schema")),
        ("mystery", 1, ("/mystery", "schema")),
        ("a/b~c", 1, ("/a~1b~0c", "schema")),
    ],
)
def test_a_broken_rule_is_reported_at_its_place(field: str, value: Any, place: tuple[str, str]) -> None:
    assert places(a_request(**{field: value})) == [place]


@pytest.mark.parametrize("field", sorted({str(field.alias) for field in ExecutionRequest.model_fields.values()}))
def test_null_means_absent_where_absence_is_allowed(field: str) -> None:
    if field in {"actionId", "inputs"}:
        assert places(a_request(**{field: None})) == [(f"/{field}", "schema")]
    else:
        assert read(ExecutionRequest, a_request(**{field: None})) == read(ExecutionRequest, a_request())


@pytest.mark.parametrize("document", [[], "text", 5, None, True])
def test_a_body_that_is_no_object_is_the_fault(document: Any) -> None:
    [fault] = faults(document, key=EXECUTION_ID)
    assert (fault.pointer, fault.code, fault.detail) == ("", "schema", "must be an object")


def test_many_broken_rules_are_named_in_one_answer() -> None:
    document = {
        "inputs": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}},
        "timeout": 0,
        "webhookUrl": "https://10.0.0.1/",
        "executionId": "exec-2024-001",
        "traceId": "x",
        "actionReferences": {"a": ["b"], "b": ["a"], "c": 7},
        "surprise": None,
    }
    assert set(places(document)) == {
        ("/actionId", "schema"),
        ("/inputs/a/b/c/d/e/f", "depth"),
        ("/timeout", "schema"),
        ("/webhookUrl", "webhook_url"),
        ("/executionId", "schema"),
        ("/traceId", "schema"),
        ("/actionReferences/a", "cycle"),
        ("/actionReferences/c", "schema"),
        ("/surprise", "schema"),
    }


def test_faults_are_in_the_order_of_the_document() -> None:
    document = {"traceId": "x", "surprise": 1, "inputs": [], "executionId": "x"}
    assert [place for place, _ in places(document)] == ["/actionId", "/traceId", "/surprise", "/inputs", "/executionId"]


def test_missing_and_unknown_fields_are_named_plainly() -> None:
    details = {fault.pointer: fault.detail for fault in faults({"inputs": [], "surprise": 1})}
    assert details == {"/actionId": "required", "/inputs": "must be an object", "/surprise": "unknown field"}


def test_ids_in_capitals_are_kept_in_lower_case() -> None:
    request = accepted(
        a_request(actionId=ACTION_ID.upper(), executionId=EXECUTION_ID.upper(), traceId=TRACE_ID.upper())
    )
    assert (request.action_id, request.execution_id, request.trace_id) == (ACTION_ID, EXECUTION_ID, TRACE_ID)


# -- The published API's contract --


@pytest.mark.parametrize("action_id", ["custom_-_" + ACTION_ID, "A", "a" * 128])
def test_an_action_id_of_the_contracts_form_is_kept(action_id: str) -> None:
    assert accepted(a_request(actionId=action_id), GenesysApi.INTEGRATIONS).action_id == action_id


@pytest.mark.parametrize("action_id", ["a/b", "ü", "a b", "a.b", "a\n"])
def test_an_action_id_outside_the_contracts_form_is_refused(action_id: str) -> None:
    assert places(a_request(actionId=action_id), GenesysApi.INTEGRATIONS) == [("/actionId", "schema")]


def test_the_published_contracts_timeout_is_at_most_a_minute() -> None:
    assert accepted(a_request(timeout=60_000), GenesysApi.INTEGRATIONS).timeout == 60_000
    assert places(a_request(timeout=60_001), GenesysApi.INTEGRATIONS) == [("/timeout", "schema")]
    assert places(a_request(timeout=60_001.0), GenesysApi.INTEGRATIONS) == [("/timeout", "schema")]
    assert places(a_request(timeout=300_001), GenesysApi.INTEGRATIONS) == [("/timeout", "schema")]


# -- Size and form of the body --


def test_the_size_limit_is_exact() -> None:
    relay = Relay()
    frame = encoded(a_request(inputs={"a": ""}))
    body = frame.replace(b'""', b'"' + b"x" * (512_000 - len(frame)) + b'"')
    assert len(body) == 512_000
    assert relay.rules.read(body).action_id == ACTION_ID
    with pytest.raises(PayloadTooLargeError, match="512001 bytes, 512000 are allowed"):
        relay.rules.read(body + b" ")


def test_an_oversized_body_is_refused_for_its_size_alone() -> None:
    with pytest.raises(PayloadTooLargeError):
        Relay(max_payload_bytes=10).rules.read(b"\xff" * 11)


def test_given_malformed_json_when_read_then_no_rule_is_tried() -> None:
    with pytest.raises(MalformedJsonError):
        Relay().rules.read(b'{"actionId":')


@given(steps=st.integers(0, 8), siblings=st.integers(0, 30), last=st.sampled_from([1, "[[[", [], {}]))
def test_a_limit_of_depth_holds_beside_any_number_of_others(steps: int, siblings: int, last: Any) -> None:
    inputs: Any = last
    for _ in range(steps):
        inputs = {"a": inputs}
    document = TUTORIAL | {"inputs": {"a": inputs, "b": [{}] * siblings}}
    if steps + 1 > 5:
        assert places(document) == [("/inputs" + "/a" * 6, "depth")]
    else:
        assert accepted(document).inputs == document["inputs"]


def test_endless_nesting_is_a_fault_of_depth() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        Relay().rules.read(b"[" * 200_000)
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("", "depth")]


@pytest.mark.parametrize("levels", [90, 1_000])
def test_senselessly_nested_references_get_an_answer(levels: int) -> None:
    references = "{}"
    for number in range(levels):
        references = f'{{"n{number}":{references}}}'
    body = f'{{"actionId":"{ACTION_ID}","inputs":{{}},"actionReferences":{references}}}'.encode()
    if levels < MAX_NESTING:
        assert Relay().rules.read(body).action_id == ACTION_ID
    else:
        with pytest.raises(InvalidRequestError) as refused:
            Relay().rules.read(body)
        assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("", "depth")]


# -- The Idempotency-Key header --


@pytest.mark.parametrize("header", [EXECUTION_ID, f'"{EXECUTION_ID}"', f"  {EXECUTION_ID} ", EXECUTION_ID.upper()])
def test_the_header_alone_is_the_execution_id(header: str) -> None:
    assert accepted(a_request(), key=header).execution_id == EXECUTION_ID
    assert accepted(a_request(executionId=None), key=header).execution_id == EXECUTION_ID


def test_an_id_in_header_and_field_ignores_case() -> None:
    assert accepted(a_request(executionId=EXECUTION_ID.upper()), key=EXECUTION_ID).execution_id == EXECUTION_ID


def test_a_header_that_differs_from_the_field_is_refused() -> None:
    assert places(a_request(executionId=EXECUTION_ID), key=TRACE_ID) == [("/executionId", "schema")]


def test_a_key_and_an_execution_id_that_it_means_agree() -> None:
    meant = execution_id("order-4711", None)
    assert accepted(a_request(executionId=meant.upper()), key="order-4711").execution_id == meant
    assert places(a_request(executionId=EXECUTION_ID), key="order-4711") == [("/executionId", "schema")]


@pytest.mark.parametrize("header", ["", '""', " ", "two words", "x" * 256, "größe", "a\tb", "a\x00", "a\x7f"])
def test_a_header_that_holds_no_key_is_refused_at_its_place(header: str) -> None:
    [fault] = faults(a_request(), key=header)
    assert (fault.pointer, fault.code) == ("/header/Idempotency-Key", "schema")
    assert "1 to 255 visible ASCII characters" in fault.detail


# -- Webhook addresses --


def test_a_name_that_leads_inside_is_refused_without_details() -> None:
    relay = Relay()
    relay.resolver.addresses["rebind.example.com"] = ("93.184.216.34", "10.1.2.3")
    with pytest.raises(InvalidRequestError) as refused:
        relay.rules.read(encoded(a_request(webhookUrl="https://rebind.example.com/")))
    [fault] = refused.value.faults
    assert (fault.pointer, fault.code) == ("/webhookUrl", "webhook_url")
    assert "10.1.2.3" not in fault.detail


def test_a_name_that_does_not_resolve_yet_is_accepted() -> None:
    relay = Relay()
    relay.resolver.addresses["later.example.com"] = ()
    url = "https://later.example.com/"
    assert relay.rules.read(encoded(a_request(webhookUrl=url))).webhook_url == url


# -- Documents of any shape --


@given(
    st.dictionaries(
        st.sampled_from(["actionId", "inputs", "timeout", "cacheResults", "webhookUrl", "executionId", "x"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.integers(), max_size=2),
    ),
    st.sampled_from(GenesysApi),
)
def test_any_object_is_a_request_or_a_list_of_faults(document: Any, api: GenesysApi) -> None:
    rules = Relay(api=api).rules
    try:
        request = rules.read(encoded(document))
    except InvalidRequestError as error:
        refused = error
    else:
        assert 1 <= request.timeout <= 300_000
        return
    assert refused.faults
    assert all(fault.pointer == "" or fault.pointer.startswith("/") for fault in refused.faults)


def test_a_webhooks_error_is_known_in_either_form() -> None:
    text = read(ResultWebhook, {"executionId": "x", "status": "failed", "error": "broken", "extra": 1})
    full = read(ResultWebhook, {"executionId": "x", "status": "failed", "error": {"code": "c", "mystery": 1}})
    assert isinstance(text, ResultWebhook)
    assert isinstance(full, ResultWebhook)
    assert text.error == "broken"


@pytest.mark.parametrize(
    ("error", "pointers"),
    [
        ({"code": 5}, ["/error", "/error/code"]),
        ({"code": 5, "status": "x"}, ["/error", "/error/code", "/error/status"]),
        (5, ["/error"]),
        ([1], ["/error"]),
    ],
    ids=str,
)
def test_a_malformed_webhook_error_names_its_places(error: Any, pointers: list[str]) -> None:
    found = read(ResultWebhook, {"executionId": "x", "status": "failed", "error": error})
    assert isinstance(found, Faults)
    assert sorted({fault.pointer for fault in found.kept}) == pointers


def test_a_list_in_place_of_a_document_is_the_fault() -> None:
    found = read(ResultWebhook, [1])
    assert isinstance(found, Faults)
    assert [(fault.pointer, fault.detail) for fault in found.kept] == [("", "must be an object")]


def test_of_more_faults_than_an_answer_holds_all_are_counted() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        Relay().rules.read(encoded(a_request(**{f"u{number}": 0 for number in range(250)}, actionReferences={"a": 1})))
    assert len(refused.value.faults) == MAX_FAULTS
    assert refused.value.message == "251 faults found: the first 100, and 151 more that are not listed"
    assert refused.value.faults[0].pointer == "/u0", "in the order of the document"


@pytest.mark.parametrize(
    "action_id",
    [
        "custom_-_d356a0e2-77b8-42c8-989e-f1e23ac2f853",
        "static_-_GetOrder_-_d356a0e2-77b8-42c8-989e-f1e23ac2f853",
        "static_e7b86b86-77b8-42c8-989e-f1e23ac2f853",
        "CUSTOM_-_d356a0e2-77b8-42c8-989e-f1e23ac2f853",
    ],
)
def test_an_id_of_the_other_contract_names_its_parameter(action_id: str) -> None:
    document = {"actionId": action_id, "inputs": {}}
    [fault] = faults(document)
    assert (fault.pointer, fault.code) == ("/actionId", "schema")
    assert "GenesysApi" in fault.detail
    assert "integrations" in fault.detail
    assert "must be a UUID" in fault.detail


def test_any_other_text_names_no_other_contract() -> None:
    [fault] = faults({"actionId": "lookup", "inputs": {}})
    assert "GenesysApi" not in fault.detail
