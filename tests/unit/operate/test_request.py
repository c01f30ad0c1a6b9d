"""The request as accepted, for an operator: unchanged except for what is masked; each read is on record."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import ExecutionNotFoundError, StoreUnavailableError
from actionrelay.json_text import MASK, masked, to_text
from actionrelay.ledger import steps as ledger
from tests.fakes.chance import NOON
from tests.fakes.relay import ACTION_ID, EXECUTION_ID, TRACE_ID, WEBHOOK_URL, Relay, a_request

INPUTS = '{"b": 10.10, "a": [1e2, 12345678901234567.891, {"Card": 4711}], "card": {"no": 1}}'
REFERENCES = '{"z": ["a"], "a": {"card": {}}}'


def submitted(relay: Relay, **changes: Any) -> None:
    fields = {"executionId": EXECUTION_ID, "traceId": TRACE_ID, **changes}
    body = json.dumps(a_request(inputs=..., **fields))[:-1]
    relay.submitting.submit(f'{body}, "inputs": {INPUTS}, "actionReferences": {REFERENCES}}}'.encode())


def shown(relay: Relay, execution_id: str = EXECUTION_ID) -> str:
    return to_text(relay.showing_requests.request(execution_id, "operator"))


def test_a_request_is_shown_as_it_came(relay: Relay) -> None:
    submitted(relay, webhookUrl=WEBHOOK_URL, timeout=7_000, cacheResults=False, idempotent=True)
    text = shown(relay)
    assert f'"inputs":{INPUTS},' in text
    assert f'"actionReferences":{REFERENCES},' in text
    document = json.loads(text)
    del document["inputs"], document["actionReferences"]
    assert document == {
        "executionId": EXECUTION_ID,
        "actionId": ACTION_ID,
        "traceId": TRACE_ID,
        "inputsStored": True,
        "timeout": 7_000,
        "cacheResults": False,
        "webhookUrl": WEBHOOK_URL,
        "idempotent": True,
        "lane": "interactive",
        "createdAt": "2026-11-24T12:00:00.000Z",
    }


def test_what_goes_out_is_what_is_shown(relay: Relay) -> None:
    submitted(relay)
    relay.work()
    [(call, *_)] = relay.client.calls
    assert call.inputs == INPUTS


def test_masked_values_are_never_shown(relay: Relay) -> None:
    relay.masks = frozenset({"card"})
    submitted(relay)
    document = json.loads(shown(relay))
    assert document["inputs"] == {"b": 10.1, "a": [100.0, 12345678901234567.891, {"Card": MASK}], "card": MASK}
    assert document["actionReferences"] == {"z": ["a"], "a": {"card": MASK}}
    assert "12345678901234567.891" in shown(relay)


def test_a_read_is_on_record_and_changes_nothing_else(relay: Relay) -> None:
    submitted(relay)
    before = relay.record
    relay.clock.advance(5_000)
    shown(relay)
    after = relay.record
    assert replace(after, version=before.version, audit=before.audit) == before
    entry = relay.audit.entries(EXECUTION_ID)[-1]
    assert (entry.event, entry.actor, entry.timestamp) == ("request_read", "operator", NOON + 5_000)
    assert relay.recalling.history(EXECUTION_ID, verified=True)["verification"]["intact"]  # type: ignore[index,call-overload]


def test_a_read_that_is_not_on_record_shows_nothing(relay: Relay) -> None:
    submitted(relay)
    relay.store.trouble.before("save", StoreUnavailableError("x"))
    with pytest.raises(StoreUnavailableError):
        shown(relay)


def test_others_may_write_meanwhile(relay: Relay) -> None:
    submitted(relay)
    relay.store.someone_writes_first(lambda seen: ledger.claim(seen, "attempt", NOON, NOON + 1))
    shown(relay)
    assert relay.events[-2:] == ["attempt_started", "request_read"]


def test_a_request_whose_payload_is_gone_says_so(relay: Relay) -> None:
    relay.payloads.inline_max = 0
    submitted(relay)
    assert json.loads(shown(relay))["inputsStored"]
    relay.payloads.objects.clear()
    document = json.loads(shown(relay))
    assert (document["inputs"], document["inputsStored"], document["actionReferences"]) == (None, False, None)
    assert (document["actionId"], document["idempotent"]) == (ACTION_ID, False)


def test_what_an_earlier_release_did_not_keep_is_null(relay: Relay) -> None:
    relay.given_queued()
    document = json.loads(shown(relay))
    assert (document["actionReferences"], document["idempotent"]) == (None, None)
    assert document["inputs"] == {"customerId": "cust_998877"}


@pytest.mark.parametrize("references", ["null", None])
def test_no_references_are_null(relay: Relay, references: str | None) -> None:
    member = "" if references is None else f', "actionReferences": {references}'
    body = f'{{"actionId": "{ACTION_ID}", "inputs": {{}}, "executionId": "{EXECUTION_ID}"{member}}}'
    relay.submitting.submit(body.encode())
    assert json.loads(shown(relay))["actionReferences"] is None
    assert relay.record.references is None


def test_inputs_and_references_share_the_room_of_a_record(relay: Relay) -> None:
    relay.payloads.inline_max = len(INPUTS) + len(REFERENCES) - 1
    submitted(relay)
    assert [ref.inline is None for ref in (relay.record.request, relay.record.references) if ref] == [False, True]
    assert f'"actionReferences":{REFERENCES},' in shown(relay)


def test_an_unknown_execution_is_not_found(relay: Relay) -> None:
    with pytest.raises(ExecutionNotFoundError):
        shown(relay)


def test_past_its_retention_a_request_is_gone(relay: Relay) -> None:
    submitted(relay)
    relay.clock.advance(31 * 86_400_000)
    with pytest.raises(ExecutionNotFoundError):
        shown(relay)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["pin", "PIN"]), inner),
    max_leaves=20,
)


def without(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: MASK if name.casefold() == "pin" else without(each) for name, each in value.items()}
    return [without(each) for each in value] if isinstance(value, list) else value


@given(VALUES)
def test_masking_changes_masked_values_alone(value: Any) -> None:
    assert json.loads(masked(json.dumps(value), frozenset({"pin"}))) == without(value)
