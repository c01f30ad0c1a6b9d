"""JSON whose numbers stay what they are: a decimal is a ``Decimal``, an integer an ``int``, in both directions."""

import json
import math
from decimal import Decimal
from typing import Any, NoReturn

from actionrelay_client.errors import UnsendableError


def read(text: str | bytes, *, strict: bool = False) -> Any:
    """Read a JSON document; with ``strict`` as the API reads a request.

    Raises:
        ValueError: not JSON, ``NaN``, ``Infinity``, nested too deep; with ``strict`` also a key that comes twice in one
            object, and a number that a double can't hold.
    """
    try:
        return json.loads(
            text,
            parse_float=_held if strict else Decimal,
            parse_int=_held_whole if strict else None,
            parse_constant=_refuse,
            object_pairs_hook=_unique if strict else None,
        )
    except RecursionError:
        raise ValueError("nested too deep") from None


def to_text(value: Any) -> str:
    """Write a value as JSON on one line.

    Raises:
        UnsendableError: it is no JSON value: NaN, a date, half a surrogate pair.
    """
    try:
        text = _write(value)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UnsendableError(f"this is no JSON value: {error}") from None
    return text


def _write(value: Any) -> str:
    try:
        # The quick way, where no Decimal is in it.
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except TypeError:
        return _write_slowly(value)


def _write_slowly(value: Any) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no JSON number")
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_name(name)}:{_write(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_write(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _name(name: object) -> str:
    """Write a name as the standard library does, which takes numbers too."""
    return json.dumps({name: 0}, ensure_ascii=False, allow_nan=False, separators=(",", ":"))[1:-3]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _held(digits: str) -> Decimal:
    if not math.isfinite(float(digits)):
        raise ValueError("a number is too large for a double")
    return Decimal(digits)


def _held_whole(digits: str) -> int:
    _held(digits)
    return int(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {json.dumps(twice[:100])} comes twice in one object")
    return members
