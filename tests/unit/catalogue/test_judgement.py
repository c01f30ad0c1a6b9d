"""Whether inputs fit an action: as the library decides, with the right name, and at a bounded cost."""

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.catalogue.action import SchemaProblem
from actionrelay.catalogue.judgement import MAX_FOUND, Contract, compile_contract
from actionrelay.fault import Fault
from local.genesys.catalogue import actions_of

SCHEMAS: dict[str, dict[str, Any]] = {known["action"]["name"]: known["inputs"] for known in actions_of(1).values()}
DRAFT_4 = "http://json-schema.org/draft-04/schema#"


def compiled(schema: dict[str, Any]) -> Contract:
    made = compile_contract(schema)
    assert isinstance(made, Contract), made
    return made


def faults(schema: dict[str, Any], inputs: Any) -> list[tuple[str, str, str]]:
    found = compiled(schema).faults(inputs, len(json.dumps(inputs)))
    return [(fault.pointer, fault.code, fault.detail) for fault in found]


# -- As the library has it -----------------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 60),
    st.floats(-2, 5, allow_nan=False),
    st.sampled_from(["de", "en", "12345", "", "Support", "2026-01-01T00:00:00Z"]),
)
NAMES = st.sampled_from(
    sorted(
        {name for schema in SCHEMAS.values() for name in schema.get("properties", {})} | {"city", "sku", "count", "x"}
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)


def like(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that mostly fit a schema: what its rules name is hit often, and missed often enough."""
    if "enum" in schema:
        return st.one_of(st.sampled_from(schema["enum"]), SCALARS)
    match schema.get("type"):
        case "object":
            named = {name: like(rule) for name, rule in schema.get("properties", {}).items()}
            free = {name: values for name, values in named.items() if name not in schema.get("required", ())}
            fitting = st.fixed_dictionaries({name: named[name] for name in schema.get("required", ())}, optional=free)
            return st.one_of(fitting, st.dictionaries(NAMES, SCALARS, max_size=4), VALUES)
        case "array":
            return st.one_of(st.lists(like(schema.get("items", {})), max_size=3), SCALARS)
        case "integer":
            return st.one_of(st.integers(0, 6), st.sampled_from([1.0, 2.5]), SCALARS)
    return SCALARS


@pytest.mark.parametrize("name", SCHEMAS)
@given(data=st.data())
def test_our_judgement_is_the_librarys(name: str, data: st.DataObject) -> None:
    schema = SCHEMAS[name]
    inputs = data.draw(like(schema).filter(lambda value: isinstance(value, dict)))
    found = compiled(schema).faults(inputs, len(json.dumps(inputs)))
    # Draft-04 takes 1.0 for no integer; every later draft does, and so does Genesys Cloud.
    library = jsonschema_rs.Draft6Validator({**schema, "$schema": "http://json-schema.org/draft-06/schema#"})
    closed = "additionalProperties" in json.dumps(schema) and "false" in json.dumps(schema)
    judged = [fault for fault in found if fault.code == "contract" or closed]
    if library.is_valid(inputs):
        assert [fault for fault in judged if fault.code == "contract"] == []
    else:
        assert judged, inputs


@given(st.integers(-(2**53), 2**53))
def test_a_whole_number_is_an_integer_however_it_is_written(number: int) -> None:
    schema = {"$schema": DRAFT_4, "properties": {"n": {"type": "integer"}}}
    assert faults(schema, {"n": float(number)}) == []
    assert faults(schema, {"n": number + 0.5}) == (
        [("/inputs/n", "contract", "must be of type integer")] if not float(number + 0.5).is_integer() else []
    )


# -- What is said --------------------------------------------------------------------------------------------------

QUOTE = SCHEMAS["Quote shipping"]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, [("/inputs/address", "contract", "required")]),
        ({"address": {"city": 5}}, [("/inputs/address/city", "contract", "must be of type string")]),
        (
            {"address": {"city": "B", "postalCode": "1"}},
            [("/inputs/address/postalCode", "contract", 'must match the pattern "^[0-9]{5}$"')],
        ),
        (
            {"address": {"city": "B"}, "items": [{"sku": "a", "count": 0}]},
            [("/inputs/items/0/count", "contract", "must be at least 1")],
        ),
        (
            {"address": {"city": "B"}, "items": [{"sku": "a"}] * 51},
            [("/inputs/items", "contract", "must have at most 50 items")],
        ),
        (
            {"adress": {"city": "B"}},
            [
                ("/inputs/adress", "unknown_input", "no input of this action has this name; did you mean address?"),
                ("/inputs/address", "contract", "required"),
            ],
        ),
        (
            {"address": {"city": "B", "Postal_Code": "12345"}},
            [
                (
                    "/inputs/address/Postal_Code",
                    "unknown_input",
                    "no input of this action has this name; did you mean postalCode?",
                )
            ],
        ),
        (
            {"address": {"city": "B"}, "items": [{"sku": "a", "zzz": 1}]},
            [("/inputs/items/0/zzz", "unknown_input", "no input of this action has this name; it has sku, count")],
        ),
    ],
)
def test_a_fault_says_where_and_what_is_meant(inputs: dict[str, Any], said: list[tuple[str, str, str]]) -> None:
    assert faults(QUOTE, inputs) == said


def test_an_enum_names_what_may_be() -> None:
    schema = SCHEMAS["Get order status"]
    assert faults(schema, {"orderId": "1", "language": "xx"}) == [
        ("/inputs/language", "contract", 'must be one of ["de", "en", "fr"]')
    ]


def test_a_misspelled_name_is_found_where_the_schema_takes_any() -> None:
    schema = SCHEMAS["Find customer"]
    assert schema["additionalProperties"] is True
    assert faults(schema, {"phonenumber": "+49"}) == [
        ("/inputs/phonenumber", "unknown_input", "no input of this action has this name; did you mean phoneNumber?")
    ]


@pytest.mark.parametrize(
    ("schema", "unknown"),
    [
        ({"type": "object"}, False),
        ({"type": "object", "properties": {}}, True),
        ({"properties": {"a": {}}, "additionalProperties": {"type": "string"}}, False),
        ({"properties": {"a": {}}, "additionalProperties": {}}, True),
        ({"properties": {"a": {}}, "patternProperties": {"^x": {}}}, False),
        ({"additionalProperties": False}, True),
        ({"properties": {"a": {}}, "allOf": [{"properties": {"xy": {}}}]}, False),
        ({"properties": {"a": {}}, "oneOf": [{"properties": {"xy": {}}}, {"required": ["b"]}]}, False),
        ({"$ref": "#/definitions/it", "definitions": {"it": {"properties": {"xy": {}}}}}, False),
        ({"$ref": "#/definitions/it", "definitions": {"it": {"properties": {"b": {}}}}}, True),
    ],
)
def test_a_name_is_unknown_where_names_are_known(schema: dict[str, Any], unknown: bool) -> None:
    assert [code for _, code, _ in faults(schema, {"xy": "1"})] == (["unknown_input"] if unknown else [])


def test_no_detail_repeats_a_value() -> None:
    secret = "4111-1111-1111-1111"
    schema = {
        "properties": {
            "a": {"type": "integer"},
            "b": {"enum": [1]},
            "c": {"pattern": "^x$"},
            "d": {"maxLength": 1},
            "e": {"not": {"type": "string"}},
            "f": {"anyOf": [{"type": "integer"}, {"maxLength": 2}]},
            "g": {"uniqueItems": True},
            "h": {"oneOf": [{}, {}]},
        }
    }
    inputs: dict[str, Any] = dict.fromkeys("abcdefh", secret)
    found = faults(schema, {**inputs, "g": [secret, secret]})
    assert {pointer for pointer, _, _ in found} == {f"/inputs/{name}" for name in "abcdefgh"}
    assert secret not in repr(found)


# -- Hostile schemas, hostile inputs -------------------------------------------------------------------------------


def _nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"properties": {"a": schema}}
    return schema


def _doubling(levels: int) -> dict[str, Any]:
    """A schema that is ten lines long and has 2^levels rules."""
    definitions = {f"d{level}": {"allOf": [{"$ref": f"#/definitions/d{level + 1}"}] * 2} for level in range(levels)}
    return {"$ref": "#/definitions/d0", "definitions": {**definitions, f"d{levels}": {"type": "object"}}}


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"properties": {f"p{number}": {"type": "string"} for number in range(3_000)}}, SchemaProblem.TOO_LARGE),
        ({"enum": ["x" * 70_000]}, SchemaProblem.TOO_LARGE),
        (_nested(40), SchemaProblem.TOO_LARGE),
        (_nested(5_000), SchemaProblem.TOO_LARGE),
        (_doubling(30), SchemaProblem.TOO_LARGE),
        ({"pattern": "a" * 1_001}, SchemaProblem.TOO_LARGE),
        ({"$ref": "#"}, SchemaProblem.RECURSIVE),
        ({"properties": {"a": {"$ref": "#"}}}, SchemaProblem.RECURSIVE),
        ({"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#/definitions/a"}}}, SchemaProblem.RECURSIVE),
        ({"anyOf": [{"$ref": "#/anyOf/0"}]}, SchemaProblem.RECURSIVE),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, SchemaProblem.REMOTE),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, SchemaProblem.REMOTE),
        ({"properties": {"a": {"$ref": "other.json#/definitions/a"}}}, SchemaProblem.REMOTE),
        ({"$ref": "#/definitions/none"}, SchemaProblem.INVALID),
        ({"type": "nonsense"}, SchemaProblem.INVALID),
        ({"properties": {"a": {"pattern": "(?=x)y"}}}, SchemaProblem.INVALID),
        ({"pattern": "((((a{1,100}){1,100}){1,100}){1,100})"}, SchemaProblem.INVALID),
        ({"properties": 5}, SchemaProblem.INVALID),
    ],
)
def test_a_schema_that_could_cost_or_fetch_is_not_used(schema: dict[str, Any], problem: SchemaProblem) -> None:
    assert compile_contract(schema) is problem


def test_a_name_like_a_reference_is_a_name() -> None:
    assert faults({"properties": {"$ref": {"type": "string"}}}, {"$ref": "x"}) == []


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|aa)+$", "(.*a){20}$", "(x+x+)+y"])
def test_a_pattern_that_explodes_elsewhere_takes_linear_time(pattern: str) -> None:
    """By backtracking each of these takes longer than the sun lasts; the test ends, or it does not."""
    schema = {"properties": {"a": {"type": "string", "pattern": pattern}}}
    assert len(faults(schema, {"a": "a" * 100_000 + "!"})) == 1


def test_what_is_named_of_many_faults_is_bounded() -> None:
    schema = {"properties": {"a": {"items": {"type": "integer"}}}, "required": [f"r{number}" for number in range(200)]}
    found = faults(schema, {"a": ["x"] * 1_000, **{f"z{number}": 1 for number in range(1_000)}})
    assert len(found) == MAX_FOUND


def test_large_inputs_are_not_copied_for_each_fault() -> None:
    schema = {"required": [f"r{number}" for number in range(500)]}
    found = faults(schema, {"text": "x" * 400_000})
    assert [pointer for pointer, _, _ in found] == ["/inputs"]


def test_too_much_to_look_at_is_said_and_not_looked_at() -> None:
    schema = {"properties": {"a": {"items": {"allOf": [{"type": "integer"}] * 1_000}}}}
    [fault] = faults(schema, {"a": [1] * 20_000})
    assert fault == ("/inputs", "contract", "20002 values are too many to be checked by this action's contract")


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": DRAFT_4, "properties": {"n": {"minimum": 0, "exclusiveMinimum": True}}},
        {"properties": {"n": {"minimum": 0, "exclusiveMinimum": True}}},
        {"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"n": {"exclusiveMinimum": 0}}},
        {"properties": {"n": {"exclusiveMinimum": 0}}},
        {"$schema": "https://example.com/our-own", "properties": {"n": {"exclusiveMinimum": 0}}},
    ],
)
def test_every_draft_that_an_export_names_is_read(schema: dict[str, Any]) -> None:
    assert [code for _, code, _ in faults(schema, {"n": 0})] == ["contract"]
    assert faults(schema, {"n": 1}) == []


def test_faults_are_those_of_requests() -> None:
    assert isinstance(compiled(QUOTE).faults({}, 2)[0], Fault)
