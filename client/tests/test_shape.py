"""How a row becomes inputs: mapping, types, key, contract."""

import contextlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay_client.bulk.contract import Contract, contract_of, read_cell
from actionrelay_client.bulk.order import Order, content_key
from actionrelay_client.bulk.shape import Prepared, Shape
from actionrelay_client.bulk.table import Row, TableError, open_table
from actionrelay_client.documents import Action

ACTION = {
    "actionId": "custom_-_1",
    "inputs": [{"name": "extra", "type": "string", "required": False}],
    "inputSchema": {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "minLength": 2, "maxLength": 4},
            "count": {"type": "integer", "minimum": 1, "maximum": 9},
            "amount": {"type": ["number", "null"]},
            "active": {"type": "boolean"},
            "tags": {"type": "array"},
            "size": {"type": "string", "enum": ["S", "M"]},
            "free": {},
        },
    },
}
CONTRACT = contract_of(Action.of(ACTION))
assert CONTRACT is not None


def shaped(values: dict[str, Any], *, typed: bool = False, **shape: Any) -> Prepared:
    return Shape(**{"contract": CONTRACT, **shape}).read(Row(1, 2, values), typed=typed)


def test_a_contract_is_read_out_of_an_action() -> None:
    assert CONTRACT is not None
    assert dict(CONTRACT.types) == {
        "id": "string",
        "count": "integer",
        "amount": "number",
        "active": "boolean",
        "tags": "array",
        "size": "string",
        "free": "",
        "extra": "string",
    }
    assert CONTRACT.required == {"id"}


@pytest.mark.parametrize(
    "document", [{}, {"inputs": 1}, {"inputSchema": []}, {"inputSchema": {"properties": {"a": 1}, "required": 2}}]
)
def test_an_action_without_inputs_has_no_contract(document: dict[str, object]) -> None:
    assert contract_of(Action.of(document)) is None


NESTED = {
    "inputs": [
        {"name": "address", "type": "object", "required": False},
        {"name": "address.city", "type": "string", "required": True},
        {"name": "items", "type": "array", "required": True},
        {"name": "items[].sku", "type": "string", "required": True},
        {"name": "items[].sku.part", "type": "string", "required": True},
        {"name": "item", "type": "string | null", "required": False},
    ]
}


@pytest.mark.parametrize("schema", [None, {"properties": {"address": {}, "items": {}, "item": {}}}])
def test_what_is_within_an_input_is_not_asked_of_a_row(schema: dict[str, Any] | None) -> None:
    contract = contract_of(Action.of({**NESTED, "inputSchema": schema}))
    assert contract is not None
    assert list(contract.types) == ["address", "items", "item"]
    assert contract.required == {"items"}
    assert shaped({"items": []}, typed=True, contract=contract).faults == ()
    assert shaped({}, typed=True, contract=contract).faults == ("items is required",)
    assert shaped({"items": [], "address.city": "B"}, typed=True, contract=contract).faults == (
        "address.city is no input of the action; it has address, items, item",
    )
    assert shaped({"items": "[]", "item": "01"}, contract=contract).inputs == {"items": [], "item": "01"}


def test_names_with_a_dot_of_their_own_are_inputs() -> None:
    table = [{"name": "a", "required": False}, {"name": "a.b", "required": False}, {"name": "c.d", "required": True}]
    schema = {"properties": {"a": {}, "a.b": {}, "c.d": {}}, "required": ["a.b"]}
    contract = contract_of(Action.of({"inputs": table, "inputSchema": schema}))
    assert contract is not None
    assert contract.required == {"a.b", "c.d"}
    assert shaped({"a.b": 1, "c.d": 1}, typed=True, contract=contract).faults == ()


@pytest.mark.parametrize("value", [None, True, False])
def test_null_is_taken_where_the_schema_has_it(value: bool | None) -> None:
    contract = contract_of(Action.of({"inputSchema": {"properties": {"copy": {"type": ["boolean", "null"]}}}}))
    assert shaped({"copy": value}, typed=True, contract=contract).faults == ()
    assert shaped({"copy": 1}, typed=True, contract=contract).faults == ("copy must be of type boolean or null",)
    assert shaped({"copy": "TRUE"}, contract=contract).inputs == {"copy": True}


FREE = [
    {"additionalProperties": {"type": "string"}},
    {"patternProperties": {"^x": {}}},
    {"$ref": "#/definitions/any", "definitions": {"any": {}}},
    {"allOf": [{"$ref": "#/definitions/a~1%62/0"}], "definitions": {"a/b": [{"patternProperties": {"^x": {}}}]}},
]


@pytest.mark.parametrize("invitation", FREE)
def test_free_names_are_taken_where_they_are_invited(invitation: dict[str, Any]) -> None:
    contract = contract_of(Action.of({"inputSchema": {"properties": {"id": {"type": "string"}}, **invitation}}))
    assert shaped({"id": "1", "xyz": "1"}, contract=contract).faults == ()
    # A key may be an input as well, and to leave an input out would be worse than to send one too many.
    assert shaped({"id": "1", "xyz": "1"}, contract=contract, key="xyz").inputs == {"id": "1", "xyz": "1"}


@pytest.mark.parametrize(
    "closed",
    [
        {"additionalProperties": True},
        {"additionalProperties": {}},
        {"additionalProperties": False},
        {"oneOf": [{"properties": {"other": {}}}]},
        {"allOf": [{"$ref": "#"}, {"$ref": "#/nowhere/0"}, {"$ref": "https://example.com/schema"}, 1]},
    ],
)
def test_names_are_refused_where_none_are_invited(closed: dict[str, Any]) -> None:
    contract = contract_of(Action.of({"inputSchema": {"properties": {"id": {"type": "string"}}, **closed}}))
    assert shaped({"xyz": "1"}, contract=contract).faults
    assert shaped({"other": "1"}, contract=contract).faults == () or "oneOf" not in closed


def test_nothing_is_refused_by_a_contract_that_is_not_used() -> None:
    contract = contract_of(Action.of({**ACTION, "contractProblem": "schema_recursive"}))
    assert shaped({"count": "3", "other": "1"}, contract=contract).inputs == {"count": 3, "other": "1"}
    assert shaped({"count": "12"}, contract=contract).faults == ()


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("0.99999999999999999999", {"minimum": 1}),
        ("1.00000000000000000001", {"maximum": 1, "type": "integer"}),
        ("0.1000000000000000000001", {"enum": [Decimal("0.1")]}),
        ("1E-400", {"type": "integer"}),
        ("1", {"maximum": 10**400, "minimum": -(10**400)}),
    ],
)
def test_numbers_are_compared_as_the_deployment_reads_them(number: str, rule: dict[str, Any]) -> None:
    contract = Contract({"n": ""}, rules={"n": rule})
    assert list(contract.faults({"n": Decimal(number)})) == []


def test_cells_have_the_contracts_types_and_empty_is_absent() -> None:
    cells = {"id": "0012", "count": "3", "amount": "10.10", "active": "TRUE", "tags": "[1]", "size": "", "free": "12"}
    prepared = shaped(cells)
    assert prepared.faults == ()
    assert prepared.inputs == {
        "id": "0012",
        "count": 3,
        "amount": Decimal("10.10"),
        "active": True,
        "tags": [1],
        "free": "12",
    }
    assert str(prepared.inputs["amount"]) == "10.10"


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"id": "12", "count": "1.5"}, "count must be an integer"),
        ({"id": "12", "count": "1e308"}, "count must be at most 9"),
        ({"id": "12", "amount": "1e999999999"}, "amount must be a number that a double can hold"),
        ({"id": "12", "count": "1e-999999999"}, "count must be an integer"),
        ({"id": "12", "count": "0"}, "count must be at least 1"),
        ({"id": "12", "count": "10"}, "count must be at most 9"),
        ({"id": "12", "amount": "1,5"}, "amount must be a number such as 12 or 10.50"),
        ({"id": "12", "amount": "1" * 500}, "amount must be a number"),
        ({"id": "12", "active": "maybe"}, "active must be true or false"),
        ({"id": "12", "tags": "[1"}, "tags must be JSON"),
        ({"id": "12", "tags": "{}"}, "tags must be of type array"),
        ({"id": "12", "size": "XL"}, 'size must be one of ["S","M"]'),
        ({"id": "1"}, "id must have at least 2 characters"),
        ({"id": "12345"}, "id must have at most 4 characters"),
        ({"id": ""}, "id is required"),
        ({"id": "12", "cuont": "1"}, "cuont is no input of the action; it has id, count"),
    ],
)
def test_a_row_that_breaks_the_contract_says_how(cells: dict[str, str], fault: str) -> None:
    assert any(each.startswith(fault) for each in shaped(cells).faults)


def test_json_values_are_checked_as_they_are() -> None:
    assert shaped({"id": "12", "count": Decimal("2.0")}, typed=True).faults == ()
    assert shaped({"id": "12", "count": True}, typed=True).faults == ("count must be of type integer",)
    assert shaped({"id": 12}, typed=True).faults == ("id must be of type string",)
    assert shaped({"id": "12", "free": None}, typed=True).inputs == {"id": "12", "free": None}


def test_mapped_columns_are_inputs_and_no_others() -> None:
    prepared = shaped({"kunde": "12", "other": "x"}, columns={"kunde": "id"}, key="other")
    assert (prepared.inputs, prepared.key) == ({"id": "12"}, "x")


def test_a_key_that_is_no_input_is_left_out() -> None:
    assert shaped({"id": "12", "row": "7"}, key="row").inputs == {"id": "12"}
    assert shaped({"id": "12", "row": "7"}, key="row", contract=None).inputs == {"id": "12", "row": "7"}
    assert shaped({"id": "12"}, key="id").inputs == {"id": "12"}


def test_types_can_be_named_where_there_is_no_contract() -> None:
    prepared = shaped({"a": "1", "b": "2"}, contract=None, types={"a": "integer"})
    assert prepared.inputs == {"a": 1, "b": "2"}


@pytest.mark.parametrize("value", ["", None, True, Decimal("1.5"), [], "x" * 1001])
def test_a_key_must_differ_in_every_row(value: object) -> None:
    assert shaped({"key": value}, typed=True, contract=None, key="key").faults


def test_too_deep_inputs_are_seen() -> None:
    assert shaped({"a": {"b": {"c": {"d": {"e": 1}}}}}, typed=True, contract=None).faults == ()
    assert shaped({"a": {"b": {"c": {"d": [[1]]}}}}, typed=True, contract=None).faults


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("customer,amount\n")
    with pytest.raises(TableError, match="did you mean 'customer'"):
        Shape(key="custmer").fit(open_table(tmp_path / "rows.csv"))
    with pytest.raises(TableError, match="it has customer, amount"):
        Shape({"zzz": "a"}).fit(open_table(tmp_path / "rows.csv"))


@given(st.text(min_size=1), st.text(min_size=1))
def test_ids_follow_from_name_and_key_alone(name: str, key: str) -> None:
    assert Order(name, "a").execution_id(key) == Order(name, "b", {"timeout": 1}).execution_id(key)
    assert Order(name, "a").execution_id(key) != Order(name + "x", "a").execution_id(key)
    assert Order(name, "a").execution_id(key) != Order(name, "a").execution_id(key + "x")


def test_ids_stay_what_they_are() -> None:
    """A release that changed them would run every row of a resumed file again."""
    order = Order("customers", "a")
    assert str(order.run_id) == "a7c39ba3-936d-5926-b550-1277d9553238"
    assert str(order.execution_id("1")) == "4a1f0c89-6414-585f-87c2-050d8598a015"


@given(st.dictionaries(st.text(), st.integers() | st.text()))
def test_a_rows_content_is_a_key_whatever_its_order(inputs: dict[str, object]) -> None:
    assert content_key(inputs) == content_key(dict(reversed(inputs.items())))


@given(st.text() | st.from_regex(r"-?[0-9]{1,9}(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,9})?", fullmatch=True))
@pytest.mark.parametrize("kind", ["string", "integer", "number", "boolean", "json"])
def test_any_cell_is_read_or_refused_in_words(kind: str, text: str) -> None:
    with contextlib.suppress(ValueError):
        assert read_cell(text, kind) is not ...


@given(
    st.dictionaries(
        st.sampled_from(["type", "enum", "minimum", "maximum", "minLength"]),
        st.none() | st.text() | st.integers() | st.lists(st.text()),
    )
)
def test_any_schema_can_be_judged_by(rule: dict[str, Any]) -> None:
    contract = Contract({"a": ""}, rules={"a": rule})
    values: list[Any] = ["x", 1, True, None, [], Decimal(1)]
    for value in values:
        assert all(isinstance(fault, str) for fault in contract.faults({"a": value}))
