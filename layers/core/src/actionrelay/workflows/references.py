"""References to the results of other steps, in a step's inputs, ``when`` or ``forEach``.

``{"$from": "other", "path": "JMESPath"}`` is (a part of) another step's result; within a ``forEach`` step ``$item`` is
the item and ``$index`` its number. What ``{"$literal": …}`` holds is not searched for references.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from actionrelay.faults import Faults
from actionrelay.strict_json import Json
from actionrelay.workflows.expressions import Allowance, Expression, ExpressionFaultError

FROM, PATH, LITERAL = "$from", "path", "$literal"
ITEM, INDEX = "$item", "$index"
ITS_OWN = frozenset({ITEM, INDEX})
"""What a reference may name besides steps, in a ``forEach`` step."""

type Place = tuple[str | int, ...]
type Source = Callable[[str], Json]
"""Returns the value of a name: a step's result, the item, or its number."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference, and where it is."""

    place: Place
    name: str
    path: str | None


def is_reference(value: Json) -> bool:
    """Whether a value is a reference, valid or not."""
    return isinstance(value, dict) and FROM in value


def is_literal(value: Json) -> bool:
    """Whether a value is a literal."""
    return isinstance(value, dict) and value.keys() == {LITERAL}


def find_references(template: Json, place: Place, faults: Faults) -> Iterator[Reference]:
    """Yield the valid references of a template; add the faults of the others to ``faults``."""
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
    """Return a template with null for each reference, and with the content of each literal."""
    return _replaced(template, lambda _: None)


def has_references(template: Json) -> bool:
    """Return whether there is a reference anywhere in a template."""
    found: list[dict[str, Json]] = []
    _replaced(template, found.append)
    return bool(found)


def resolved(template: Json, source: Source, allowance: Allowance) -> Json:
    """Return a template with references replaced by their values, each paid for from the allowance.

    Each name is asked for once, and its value is released before the next: results may be large.

    Raises:
        ExpressionFaultError: an expression fails, a value is not JSON, or the allowance is used up.
    """
    by_name: dict[str, list[dict[str, Json]]] = {}
    _replaced(template, lambda reference: by_name.setdefault(str(reference[FROM]), []).append(reference))
    values: dict[int, Json] = {}
    for name, references in by_name.items():
        values |= _values(references, source(name), allowance)
    return _replaced(template, lambda reference: values[id(reference)])


def _values(references: Sequence[dict[str, Json]], whole: Json, allowance: Allowance) -> dict[int, Json]:
    """Return what references to one name mean, by the identity of each."""
    values: dict[int, Json] = {}
    for reference in references:
        value, path = whole, reference.get(PATH)
        if isinstance(path, str):
            value = Expression.compile(path).search(value, allowance)
        allowance.spend_on_json(value)
        values[id(reference)] = value
    return values


def _replaced(template: Json, look_up: Callable[[dict[str, Json]], Json]) -> Json:
    """Recurse into a template, which nests no deeper than a body may."""
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
    """Return the names that a valid template refers to, each once, in order."""
    return {reference.name: None for reference in find_references(template, (), Faults())}
