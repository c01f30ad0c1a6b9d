"""The catalogue as callers see it: the list, one action, and a requested reading."""

from typing import Any

import pytest

from actionrelay.catalogue.action import Action, Entry, SchemaProblem
from actionrelay.catalogue.actions import ReadActions, RequestSync
from actionrelay.catalogue.contract import MAX_ROWS, inputs_of
from actionrelay.catalogue.defaults import learn
from actionrelay.catalogue.document import action_document
from actionrelay.catalogue.ports import SyncMessage
from actionrelay.catalogue.state import Reason
from actionrelay.errors import ActionNotFoundError, NoCatalogueError
from actionrelay.genesys.contract import GenesysApi
from local.genesys.catalogue import action_id, actions_of
from tests.fakes.catalogue import Reading


@pytest.fixture
def reading() -> Reading:
    made = Reading()
    made.read()
    return made


def listing(reading: Reading, **query: str) -> list[str]:
    document: Any = ReadActions(reading.store).listing(query)
    return [each["name"] for each in document["actions"]]


def test_actions_are_listed_by_name(reading: Reading) -> None:
    names = listing(reading)
    assert names == sorted(names, key=str.casefold)
    assert "Get order status" in names
    assert "Log in" not in names


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"name": "ORDER"}, ["Get order status"]),
        ({"category": "functions"}, ["Quote shipping", "Score churn"]),
        ({"category": "Func"}, []),
        ({"name": "quote", "category": "Functions"}, ["Quote shipping"]),
        ({"name": " "}, None),
    ],
)
def test_a_list_is_narrowed_by_name_and_category(
    reading: Reading, query: dict[str, str], names: list[str] | None
) -> None:
    assert listing(reading, **query) == (listing(reading) if names is None else names)


def test_an_action_is_shown_with_its_contract(reading: Reading) -> None:
    shown: Any = ReadActions(reading.store).action(action_id("Get order status"))
    assert shown["inputs"] == [
        {"name": "orderId", "type": "string", "required": True, "description": "As on the receipt"},
        {"name": "language", "type": "string", "required": False, "description": None},
    ]
    assert shown["inputSchema"]["required"] == ["orderId"]
    assert set(shown["outputSchema"]["properties"]) == {"status", "total"}
    assert (shown["requestType"], shown["timeoutSeconds"], shown["secure"]) == ("GET", 20, False)
    assert (shown["category"], shown["version"], shown["contractProblem"]) == ("Shop", "1", None)
    assert shown["checkedAt"] == "2026-11-24T12:00:00.000Z"
    assert shown["defaults"] == {
        "idempotent": "true: the action is a GET",
        "cacheResults": "true: the action is a GET",
        "timeout": "20000: the action's own",
    }


@pytest.mark.parametrize("wanted", [action_id("Log in"), "custom_-_none", "../state", "x" * 500])
def test_an_action_that_is_not_there_is_not_found(reading: Reading, wanted: str) -> None:
    with pytest.raises(ActionNotFoundError):
        ReadActions(reading.store).action(wanted)


def test_an_operator_asks_for_a_reading(reading: Reading) -> None:
    before: Any = RequestSync(GenesysApi.INTEGRATIONS, reading.store, reading.queue).request()
    assert (before["count"], before["complete"], before["underWay"], before["problem"]) == (11, True, False, None)
    assert [message for message, _ in reading.queue.sent] == [SyncMessage(Reason.OPERATOR)]


def test_the_other_contract_has_no_catalogue(reading: Reading) -> None:
    with pytest.raises(NoCatalogueError):
        RequestSync(GenesysApi.DATA_ACTIONS, reading.store, reading.queue).request()
    assert not reading.queue.sent


# -- The table -----------------------------------------------------------------------------------------------------


def table(schema: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(row.name, row.type, row.required) for row in inputs_of(schema)]


def test_nested_inputs_are_named_by_their_path() -> None:
    schema = next(each["inputs"] for each in actions_of(0).values() if each["action"]["name"] == "Quote shipping")
    assert table(schema) == [
        ("address", "object", True),
        ("address.street", "string", False),
        ("address.city", "string", True),
        ("address.postalCode", "string", False),
        ("items", "array", False),
        ("items[].sku", "string", True),
        ("items[].count", "integer", False),
    ]


@pytest.mark.parametrize(
    ("schema", "rows"),
    [
        ({}, []),
        ({"properties": {"a": {}}}, [("a", "", False)]),
        ({"properties": {"a": {"type": ["string", "null"]}}}, [("a", "string | null", False)]),
        ({"properties": {"a": True, "b": {"type": 5}}}, [("a", "", False), ("b", "", False)]),
        ({"allOf": [{"properties": {"a": {}}, "required": ["a"]}]}, [("a", "", True)]),
        ({"oneOf": [{"properties": {"a": {}}, "required": ["a"]}]}, [("a", "", False)]),
        ({"properties": {"a": {"$ref": "#/definitions/t"}}, "definitions": {"t": {"type": "string"}}},
         [("a", "string", False)]),
    ],
)  # fmt: skip
def test_the_table_is_made_of_any_schema(schema: dict[str, Any], rows: list[tuple[str, str, bool]]) -> None:
    assert table(schema) == rows


def test_the_table_has_so_many_rows_at_most() -> None:
    wide = {"properties": {f"p{number}": {"type": "string"} for number in range(2_000)}}
    assert len(table(wide)) == MAX_ROWS


@pytest.mark.parametrize("problem", [SchemaProblem.REMOTE, SchemaProblem.RECURSIVE])
def test_a_contract_that_is_not_used_is_shown_and_said(problem: SchemaProblem) -> None:
    reference = "http://elsewhere.example/x" if problem is SchemaProblem.REMOTE else "#"
    schema = {"properties": {"a": {"$ref": reference}}}
    shown = action_document(Action(Entry("a", "A"), schema, problem=problem))
    assert (shown["inputs"], shown["inputSchema"], shown["contractProblem"]) == ([], schema, problem)


# -- What is learned -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "idempotent", "cached", "timeout"),
    [
        (Entry("a", "A", request_type="GET", timeout_seconds=20), True, True, 20_000),
        (Entry("a", "A", request_type="GET", secure=True), True, False, None),
        (Entry("a", "A", request_type="POST", timeout_seconds=60), False, False, 60_000),
        (Entry("a", "A", request_type="PATCH", timeout_seconds=900), False, False, 60_000),
        (Entry("a", "A", request_type="DELETE"), False, False, None),
        (Entry("a", "A", request_type="POST", secure=True), False, False, None),
        (Entry("a", "A"), False, False, None),
        (None, False, False, None),
    ],
)
def test_defaults_follow_from_the_definition(
    entry: Entry | None, idempotent: bool, cached: bool, timeout: int | None
) -> None:
    learned = learn(entry)
    assert (learned.idempotent.value, learned.cache_results.value) == (idempotent, cached)
    assert (learned.timeout.value if learned.timeout else None) == timeout
    assert learned.never_cached is (entry is not None and entry.secure)
    assert all(text.partition(": ")[2] for text in learned.document().values())
