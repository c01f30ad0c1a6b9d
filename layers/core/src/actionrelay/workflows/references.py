"""References: what a step takes from the results of others, anywhere in its inputs, as its ``when`` or its ``forEach``.

``{"$from": "other", "path": "JMESPath"}`` is (a part of) another step's result; within a ``forEach`` step ``$item`` is
the item and ``$index`` its number. ``{"$literal": …}`` is taken as it is, whatever is in it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from actionrelay.faults import Faults
from actionrelay.strict_json import Json
from actionrelay.workflows.expressions import Allowance, Expression, ExpressionFaultError

FROM, PATH, LITERAL = "$from", "path", "$literal"
ITEM, INDEX = "$item", "$index"
ITS_OWN = frozenset({ITEM, INDEX})
"""What a reference may name besides steps, within a ``forEach`` step."""

type Place = tuple[str | int, ...]
type Source = Callable[[str], Json]
"""Gives the value of a name: the result of a step, the item, or its number."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference, and where it is."""

    place: Place
    name: str
    path: str | None


def is_reference(value: Json) -> bool:
    """Whether a value is meant as a reference."""
    return isinstance(value, dict) and FROM in value


def is_literal(value: Json) -> bool:
    """Whether a value is taken as it is."""
    return isinstance(value, dict) and value.keys() == {LITERAL}


def find_references(template: Json, place: Place, faults: Faults) -> Iterator[Reference]:
    """Give the references of a template that are written as they should be; take what is wrong with the others."""
    pending: list[tuple[Place, Json]] = [(place, template)]
    while pending:
        where, value = pending.pop()
        if isinstance(value, dict) and FROM in value:
            if reference := _read(where, value, faults):
                yield reference
        elif isinstance(value, dict) and LITERAL in value:
            if not is_literal(value):
                faults.add(where, "schema", f"has {LITERAL} and other members")
        elif isinstance(value, dict):
            pending.extend(((*where, name), child) for name, child in reversed(value.items()))
        elif isinstance(value, list):
            pending.extend(((*where, index), child) for index, child in reversed(list(enumerate(value))))


def _read(where: Place, value: dict[str, Json], faults: Faults) -> Reference | None:
    name, path = value[FROM], value.get(PATH)
    unknown = value.keys() - {FROM, PATH}
    for member in sorted(unknown):
        faults.add((*where, member), "schema", "unknown field of a reference")
    if not isinstance(name, str):
        faults.add((*where, FROM), "schema", "must be the name of a step")
        return None
    if path is not None and not isinstance(path, str):
        faults.add((*where, PATH), "schema", "must be a JMESPath expression")
        return None
    if path is not None:
        try:
            Expression.compile(path)
        except ExpressionFaultError as fault:
            faults.add((*where, PATH), "expression", str(fault))
    return Reference(where, name, path)


def without_references(template: Json) -> Json:
    """Return a template with null in place of each reference, and what each literal holds: what is known of it now."""
    return _replaced(template, lambda _: None)


def resolved(template: Json, source: Source, allowance: Allowance) -> Json:
    """Return a template with its references replaced by their values, each of them paid for by the allowance.

    Raises:
        ExpressionFaultError: one of them fails or comes to what is no JSON, or all together to more than is allowed.
    """

    def look_up(reference: dict[str, Json]) -> Json:
        value, path = source(str(reference[FROM])), reference.get(PATH)
        if isinstance(path, str):
            value = Expression.compile(path).search(value, allowance)
        allowance.spend_on_json(value)
        return value

    return _replaced(template, look_up)


def _replaced(template: Json, look_up: Callable[[dict[str, Json]], Json]) -> Json:
    """Walk a template, which nests no deeper than a body may."""
    if isinstance(template, dict):
        if FROM in template:
            return look_up(template)
        if LITERAL in template:
            return template[LITERAL]
        return {name: _replaced(value, look_up) for name, value in template.items()}
    if isinstance(template, list):
        return [_replaced(value, look_up) for value in template]
    return template


def names_in(template: Json) -> Mapping[str, None]:
    """Return the names that a sound template refers to, each once, in order."""
    return {reference.name: None for reference in find_references(template, (), Faults())}
