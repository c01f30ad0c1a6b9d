"""Checks inputs against an action's contract. Faults are worded without the inputs' values.

The library is jsonschema-rs (ADR 47). It is imported when the first contract is compiled, since most deployments and
processes have none. It fetches nothing, and its patterns take linear time. The cost of a check is bounded here.

Lenient where Genesys Cloud is: ``1.0`` is an integer.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from actionrelay.catalogue.action import SchemaProblem
from actionrelay.catalogue.contract import names_known, parts_of, property_parts
from actionrelay.catalogue.schema_limits import problem_of, rules_in
from actionrelay.fault import Fault, cut
from actionrelay.likely_name import likely_name
from actionrelay.schemas import whole
from actionrelay.strict_json import Json, pointer

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

MAX_FOUND = 20
"""Faults of one request's inputs that are reported."""
MAX_WORK = 10_000_000
"""Values of the inputs times rules of the schema: a second at most. Beyond that, a fault says that none is checked."""
MAX_COPIED = 20_000_000
"""Bytes of the inputs times rules. The library copies the value with each fault, so beyond that one is reported."""
_PATTERN_BYTES = 1_000_000
_NAMES_LOOKED_AT = 5_000
_SHOWN = 120
_NO_SUCH_INPUT = "no input of this action has this name"
_DRAFT_4 = "http://json-schema.org/draft-04/schema"


@dataclass(frozen=True, slots=True)
class Contract:
    """A compiled contract."""

    schema: Mapping[str, Any] = field(repr=False)
    rules: int
    validator: "Validator" = field(repr=False)

    def faults(self, inputs: dict[str, Json], size: int) -> list[Fault]:
        """Return what is wrong with inputs of ``size`` bytes; pointers begin with ``/inputs``."""
        values = _count(inputs)
        if values * self.rules > MAX_WORK:
            said = f"{values} values are too many to be checked by this action's contract"
            return [Fault("/inputs", "contract", said)]
        unknown = list(islice(self._unknown(inputs), MAX_FOUND))
        broken = islice(self._broken(_whole_numbers(inputs), size), MAX_FOUND)
        named = tuple(fault.pointer for fault in unknown)
        return [*unknown, *(fault for fault in broken if not _is_among(fault, named))][:MAX_FOUND]

    def _broken(self, inputs: Any, size: int) -> Iterator[Fault]:
        if self.validator.is_valid(inputs):
            return
        if size * self.rules <= MAX_COPIED:
            for error in self.validator.iter_errors(inputs):
                yield from _faults_of(error)
            return
        # Not `validate`, which raises: a foreign exception would keep the inputs.
        yield Fault("/inputs", "contract", "breaks the action's contract; smaller inputs would be checked in detail")

    def _unknown(self, inputs: dict[str, Json]) -> Iterator[Fault]:
        """Find names that the contract does not have, in objects whose names it lists."""
        left = _NAMES_LOOKED_AT
        open_: list[tuple[tuple[str | int, ...], Any, list[Mapping[str, Any]]]] = [((), inputs, [self.schema])]
        known: dict[tuple[int, ...], tuple[str, ...] | None] = {}
        while open_ and left > 0:
            path, value, schemas = open_.pop()
            left -= 1
            if isinstance(value, list):
                items: list[Mapping[str, Any]] = [
                    rule for part in self._parts(schemas) if isinstance(rule := part.get("items"), dict)
                ]
                if items:
                    open_.extend(((*path, index), each, items) for index, each in enumerate(value[:left]))
            if not isinstance(value, dict):
                continue
            key = tuple(map(id, schemas))
            if key not in known:
                known[key] = self._names(schemas)
            names = known[key]
            for name, child in islice(value.items(), left):
                if names is not None and name not in names:
                    yield Fault(pointer("inputs", *path, name), "unknown_input", _meant(name, names))
                elif isinstance(child, dict | list):
                    within = [part for rule in schemas for part in property_parts(self.schema, rule, name)]
                    if within:
                        open_.append(((*path, name), child, within))

    def _names(self, schemas: list[Mapping[str, Any]]) -> tuple[str, ...] | None:
        names: dict[str, None] = {}
        for rule in schemas:
            some = names_known(self.schema, rule)
            if some is None:
                return None
            names |= dict.fromkeys(some)
        return tuple(names)

    def _parts(self, schemas: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        for rule in schemas:
            yield from parts_of(self.schema, rule)


def compile_contract(schema: Mapping[str, Any]) -> Contract | SchemaProblem:
    """Compile a schema to a contract, or return why it can't be.

    It is read as draft-04 if the schema names that or no draft, as half of all exports do. What draft-04 refuses is
    read by another draft that accepts it.
    """
    if problem := problem_of(schema):
        return problem
    import jsonschema_rs  # noqa: PLC0415 - only where there is a contract: 15 MB, 30 ms of a cold start

    options: dict[str, Any] = {
        "pattern_options": jsonschema_rs.RegexOptions(size_limit=_PATTERN_BYTES),
        "offline": True,
        "validate_formats": False,
    }
    unnamed = {name: rule for name, rule in schema.items() if name != "$schema"}
    named = schema.get("$schema")
    tried: list[Callable[[], Validator]] = [
        lambda: jsonschema_rs.Draft4Validator(unnamed, **options),
        lambda: jsonschema_rs.validator_for(unnamed, **options),
    ]
    if isinstance(named, str) and not named.startswith(_DRAFT_4):
        tried.insert(0, lambda: jsonschema_rs.validator_for(dict(schema), **options))
    for make in tried:
        try:
            return Contract(schema, rules_in(schema), make())
        except (ValueError, jsonschema_rs.ReferencingError):  # ValidationError and an unknown draft are ValueErrors
            continue
    return SchemaProblem.INVALID


def _faults_of(error: "ValidationError") -> Iterator[Fault]:
    """Return the faults of one error of the library. Its message is not used, since it repeats the value."""
    path, kind = ("inputs", *error.instance_path), error.kind
    said: dict[str, Any] = kind.as_dict()
    rule = str(error.schema_path[-1]) if error.schema_path else kind.name
    match kind.name:
        case "required":
            yield Fault(pointer(*path, said["property"]), "contract", "required")
        case "additionalProperties":
            for name in said["unexpected"]:
                yield Fault(pointer(*path, name), "unknown_input", _NO_SUCH_INPUT)
        case "falseSchema" if rule == "additionalProperties":
            yield Fault(pointer(*path), "unknown_input", "has members, and this action allows none here")
        case "type":
            yield Fault(pointer(*path), "contract", f"must be of type {' or '.join(said['types'])}")
        case "enum":
            yield Fault(pointer(*path), "contract", f"must be one of {_short(said['options'])}")
        case "pattern":
            yield Fault(pointer(*path), "contract", f"must match the pattern {_short(said['pattern'])}")
        case _ if "limit" in said and rule in _LIMITS:
            yield Fault(pointer(*path), "contract", _LIMITS[rule].format(said["limit"]))
        case _:
            yield Fault(pointer(*path), "contract", f"breaks the rule {rule} of the action's contract")


_LIMITS = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be more than {}",
    "exclusiveMaximum": "must be less than {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
    "minProperties": "must have at least {} members",
    "maxProperties": "must have at most {} members",
}


def _is_among(fault: Fault, named: tuple[str, ...]) -> bool:
    """Whether a fault is about a name that is already reported."""
    below = f"{fault.pointer}/"
    return fault.pointer in named or (fault.code == "unknown_input" and any(each.startswith(below) for each in named))


def _short(value: Any) -> str:
    return cut(json.dumps(value, ensure_ascii=False), _SHOWN)


def _meant(name: str, names: tuple[str, ...]) -> str:
    """Say which name was probably meant, or which ones there are."""
    if likely := likely_name(name, names):
        return f"{_NO_SUCH_INPUT}; did you mean {likely}?"
    return f"{_NO_SUCH_INPUT}; it has {cut(', '.join(names), _SHOWN) if names else 'none'}"


def _count(value: Any) -> int:
    """Count the values of a document, level by level."""
    total, level = 0, [value]
    while level:
        total += len(level)
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
    return total


def _whole_numbers(value: Any) -> Any:
    """Return a document in which every number without a fraction is an integer."""
    if isinstance(value, dict):
        return {name: _whole_numbers(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(child) for child in value]
    return whole(value)
