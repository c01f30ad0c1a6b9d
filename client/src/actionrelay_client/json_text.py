"""JSON whose numbers stay what they are: a decimal is a ``Decimal``, an integer an ``int``, in both directions."""

import json
from decimal import Decimal
from typing import Any, NoReturn

from actionrelay_client.errors import UnsendableError


def read(text: str | bytes, *, unique_keys: bool = False) -> Any:
    """Read a JSON document; with ``unique_keys`` a key may come once in an object.

    Raises:
        ValueError: not JSON, ``NaN``, ``Infinity``, nested too deep, or a key that comes twice.
    """
    try:
        return json.loads(
            text,
            parse_float=Decimal,
            parse_constant=_refuse,
            object_pairs_hook=_unique if unique_keys else None,
        )
    except RecursionError:
        raise ValueError("nested too deep") from None


def spell(value: Any) -> str:
    """Spell a value as JSON on one line.

    Raises:
        UnsendableError: it is no JSON value: NaN, a date, half a surrogate pair.
    """
    try:
        text = _spell(value)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UnsendableError(f"this is no JSON value: {error}") from None
    return text


def _spell(value: Any) -> str:
    try:
        # The quick way, where no Decimal is in it.
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except TypeError:
        return _spell_slowly(value)


def _spell_slowly(value: Any) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no JSON number")
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_name(name)}:{_spell(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_spell(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _name(name: object) -> str:
    """Spell a name as the standard library does, which takes numbers too."""
    return json.dumps({name: 0}, ensure_ascii=False, allow_nan=False, separators=(",", ":"))[1:-3]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {json.dumps(twice[:100])} comes twice in one object")
    return members
