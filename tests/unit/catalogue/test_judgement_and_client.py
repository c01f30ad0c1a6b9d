"""The client checks a file's rows before it sends them: it never refuses what the deployment accepts."""

import json
from decimal import Decimal
from typing import Any

import pytest
from actionrelay_client import json_text
from actionrelay_client.bulk.contract import contract_of
from actionrelay_client.documents import Action as ClientsAction
from hypothesis import given
from hypothesis import strategies as st

from actionrelay import strict_json
from actionrelay.catalogue.action import Action, Entry, SchemaProblem
from actionrelay.catalogue.document import action_document
from actionrelay.catalogue.judgement import compile_contract
from actionrelay.fault import Fault
from local.genesys.catalogue import actions_of

SIMULATED: dict[str, dict[str, Any]] = {known["action"]["name"]: known["inputs"] for known in actions_of(1).values()}
NAMES = ["a", "b", "a.b", "a[]", "a[].b", "b.c", "x1"]
KINDS = ["string", "integer", "number", "boolean", "array", "object", "null"]

NUMBERS = st.one_of(
    st.integers(-2, 4),
    st.sampled_from(["1.0", "2.5", "0.10", "0.99999999999999999999", "1.00000000000000000001", "1E-400"]).map(Decimal),
    st.integers(2**53 - 1, 2**53 + 1),
)
TEXTS = st.sampled_from(["", "de", "12345", "Support"])
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)),
    max_leaves=6,
)


def rules(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Schemas, with all that the client reads of them, and what changes the meaning of that."""
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(KINDS) | st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True),
            "enum": st.lists(VALUES, min_size=1, max_size=3),
            "minimum": NUMBERS,
            "maximum": NUMBERS,
            "minLength": st.integers(0, 3),
            "maxLength": st.integers(2, 6),
            "items": inner,
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "$ref": st.sampled_from(["#/definitions/one", "#/definitions/two"]),
            **members(inner),
        },
    )


def members(inner: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    names = st.sampled_from(NAMES)
    return {
        "properties": st.dictionaries(names, inner, min_size=1, max_size=4),
        "required": st.lists(names, min_size=1, max_size=2, unique=True),
        "additionalProperties": st.booleans() | st.just({}) | inner,
        "patternProperties": st.dictionaries(st.sampled_from(["^x", "b$"]), inner, max_size=1),
        "anyOf": st.lists(inner, min_size=1, max_size=2),
        "oneOf": st.lists(inner, min_size=1, max_size=2),
    }


INNER = st.recursive(st.just({}) | rules(st.just({})), rules, max_leaves=3)
DEFINED = st.fixed_dictionaries(
    {}, optional={"type": st.sampled_from(KINDS), **members(st.fixed_dictionaries({"type": st.sampled_from(KINDS)}))}
)
SCHEMAS = st.fixed_dictionaries(
    {
        "properties": st.dictionaries(st.sampled_from(NAMES), INNER, max_size=4),
        "definitions": st.fixed_dictionaries({"one": DEFINED, "two": DEFINED}),
    },
    optional={
        "$schema": st.sampled_from(
            ["http://json-schema.org/draft-04/schema#", "https://json-schema.org/draft/2020-12/schema"]
        ),
        "$ref": st.sampled_from(["#/definitions/one", "#/definitions/nowhere"]),
        "allOf": st.lists(INNER, min_size=1, max_size=1),
        **{name: strategy for name, strategy in members(INNER).items() if name != "properties"},
    },
)


def like(schema: Any) -> st.SearchStrategy[Any]:
    """Values that mostly fit a schema."""
    if not isinstance(schema, dict):
        return VALUES
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | SCALARS
    kind = schema.get("type")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            return st.one_of(objects_like(schema), VALUES)
        case "array":
            return st.lists(like(schema.get("items", {})), max_size=2) | VALUES
        case "integer" | "number":
            return st.one_of(NUMBERS, NUMBERS, SCALARS)
        case "string":
            return st.one_of(TEXTS, TEXTS, SCALARS)
    return VALUES


def objects_like(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects that mostly fit a schema."""
    named = {name: like(rule) for name, rule in schema.get("properties", {}).items()}
    wanted = {name: named.get(name, VALUES) for name in schema.get("required", ())}
    free = {name: values for name, values in named.items() if name not in wanted}
    fitting = st.fixed_dictionaries(wanted, optional=free)
    return st.one_of(fitting, fitting, st.dictionaries(st.sampled_from([*NAMES, *named]), VALUES, max_size=3))


def judged(schema: dict[str, Any], inputs: dict[str, Any]) -> tuple[list[Fault], list[str]]:
    """Return what the deployment finds and what the client does, each by the document and inputs as it reads them."""
    read: dict[str, Any] = json.loads(json_text.to_text(schema))
    compiled = compile_contract(read)
    problem = compiled if isinstance(compiled, SchemaProblem) else None
    document = action_document(Action(Entry("id", "name"), input_schema=read, problem=problem))
    contract = contract_of(ClientsAction.of(json_text.read(json.dumps(document))))
    text = json_text.to_text(inputs).encode()
    parsed = strict_json.parse(text)
    assert isinstance(parsed, dict)
    found = [] if isinstance(compiled, SchemaProblem) else compiled.faults(parsed, len(text))
    return found, [] if contract is None else list(contract.faults(json_text.read(text, strict=True)))


@pytest.mark.parametrize("name", SIMULATED)
@given(data=st.data())
def test_no_row_that_is_taken_is_refused_before(name: str, data: st.DataObject) -> None:
    found, refused = judged(SIMULATED[name], data.draw(objects_like(SIMULATED[name])))
    assert found or not refused


@given(data=st.data(), schema=SCHEMAS)
def test_that_holds_for_any_schema(data: st.DataObject, schema: dict[str, Any]) -> None:
    found, refused = judged(schema, data.draw(objects_like(schema)))
    assert found or not refused


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("Quote shipping", {"address": {"city": "B"}}),
        ("Quote shipping", {"address": {"city": "B"}, "items": [{"sku": "a", "count": Decimal("1.0")}]}),
        ("Score churn", {"customerId": "c", "weights": {"anything": 1}}),
        ("Get invoice", {"invoiceId": "123", "copy": None}),
    ],
)
def test_rows_of_the_simulated_actions_are_taken_by_both(name: str, inputs: dict[str, Any]) -> None:
    assert judged(SIMULATED[name], inputs) == ([], [])


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("Quote shipping", {"address": {"city": "B"}, "item": []}),
        ("Quote shipping", {"items": []}),
        ("Get invoice", {"invoiceId": "12"}),
        ("Get invoice", {"invoiceId": "123", "copy": "yes"}),
    ],
)
def test_rows_with_a_plain_fault_are_refused_by_both(name: str, inputs: dict[str, Any]) -> None:
    found, refused = judged(SIMULATED[name], inputs)
    assert (len(found), len(refused)) == (1, 1)
