"""JSON with one meaning: strict parsing (RFC 8259, with I-JSON's unique keys, RFC 7493) and one canonical form."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from math import inf, isfinite
from typing import Any, NamedTuple, Never, cast

import jiter

from actionrelay.errors import MalformedJsonError
from actionrelay.fault import cut

type Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

MAX_NESTING = 100
"""Twice what Genesys Cloud allows. Deeper documents are attacks on the parser, not inputs of an action."""
MAX_STEP_LENGTH = 80
"""Characters of one key in a pointer; ids and names of actions are shorter."""
MAX_PATHS_REPORTED = 10
"""Places named in one answer: enough to show a caller the pattern."""


class NestingTooDeepError(MalformedJsonError):
    """The document nests deeper than ``MAX_NESTING``."""


class Measured(NamedTuple):
    """A document and how deep it nests."""

    document: Json
    most_levels: int
    """An upper bound for the arrays and objects around any value: of few brackets, their number; else exact."""


def parse(raw: bytes) -> Json:
    """Parse a whole document.

    A parser in Rust reads it in one call, without calls back into Python (ADR 32). A document with a fault is read a
    second time for the reason.

    Raises:
        MalformedJsonError: not UTF-8, not JSON, a key twice in one object, NaN, Infinity, a number that a double
            can't hold, or half of a surrogate pair. Parsers disagree about each of these.
        NestingTooDeepError: nested deeper than ``MAX_NESTING``.
    """
    return measured(raw).document


def measured(raw: bytes) -> Measured:
    """Parse a whole document, as ``parse`` does, and measure how deep it nests."""
    text = raw.translate(_ALIKE, _WHITESPACE)
    brackets = text.count(b"[")
    # A quote inside a string follows a backslash. So in a text without backslashes each `":` ends a key, and the number
    # of keys is known. Counting them takes a third of the time that the parser needs to compare them.
    keys = text.count(b'":') if brackets > _FEW_BRACKETS and b"\\" not in raw else None
    document = _parse_at_once(raw, compare_keys=keys is None)
    levels = brackets
    if brackets > _FEW_BRACKETS:
        levels, found = _shape(document, brackets)
        if keys is not None and keys != found:
            document = _parse_with_reasons(raw)
    _check_numbers(document, text)
    if levels > MAX_NESTING:
        raise NestingTooDeepError(_TOO_DEEP)
    return Measured(document, levels)


def canonical(value: Json, number: Callable[[Any], float] | None = None) -> bytes:
    """Return the one form of a value: keys sorted, no spaces, UTF-8.

    ``number`` turns values that are not JSON into doubles; it is called in the order of the form.

    Key order and the form of numbers do not matter (``1e2`` is ``100.0``); ``1``, ``1.0`` and ``true`` differ.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=number)
    return text.encode()


def why_no_json(value: object) -> str | None:
    """Return why a computed value breaks the rules of ``parse``, or None.

    The contents of arrays and objects are not checked, except for the keys.
    """
    match value:
        case None | bool() | list():
            return None
        case str():
            return _why_no_text(value)
        case dict():
            return next(filter(None, map(_why_no_text, value)), None)
        case float():
            return None if isfinite(value) else "a number that a double can't hold"
        case int():
            return "a number that a double can't hold" if _is_beyond_double(value) else None
    return "what is no value"


def _why_no_text(text: object) -> str | None:
    if not isinstance(text, str):
        return "a key that is no text"
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return "half of a surrogate pair"
    return None


def digest(data: bytes) -> str:
    """Return the SHA-256 in hex, which identifies content without revealing it."""
    return hashlib.sha256(data).hexdigest()


def pointer(*steps: str | int) -> str:
    """Return a path as a JSON pointer (RFC 6901); without steps it is ``""``, the whole document.

    A step of more than ``MAX_STEP_LENGTH`` characters is cut and ends in an ellipsis, since a key may be as long as a
    body.
    """
    return "".join("/" + cut(str(step), MAX_STEP_LENGTH).replace("~", "~0").replace("/", "~1") for step in steps)


def paths_below(value: Json, limit: int) -> tuple[tuple[str | int, ...], ...]:
    """Return the paths of values more than ``limit`` steps below ``value``; an array index is a step too.

    Only the first value over the limit is returned, not those below it, and at most ``MAX_PATHS_REPORTED``.
    """
    if next(islice(_levels(value), limit + 1, None), None) is None:
        return ()
    return tuple(islice(_paths_at(value, limit + 1), MAX_PATHS_REPORTED))


def _paths_at(value: Json, depth: int) -> Iterator[tuple[str | int, ...]]:
    """Yield paths of exactly ``depth`` steps, in document order. ``depth`` is a setting, so recursion is bounded."""
    if depth == 0:
        yield ()
        return
    for step, child in _children(value):
        for path in _paths_at(child, depth - 1):
            yield (step, *path)


def _children(value: Json) -> Iterator[tuple[str | int, Json]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


_BEYOND_DOUBLE = 2**1024 - 2**970
"""The smallest number that rounds to more than the largest double (IEEE 754, binary64)."""
_ALIKE = bytes.maketrans(b"123456789E+{", b"000000000e0[")
"""Maps all digits to one, so that a plain search finds large numbers, and both brackets to one."""
_WHITESPACE = b" \t\r\n"
_LARGE_EXPONENT = b"0e000"
_LONG_NUMBER = b"0" * 200
"""A number with fewer digits and a two-digit exponent is far below the largest double."""
_BEFORE_A_NUMBER = b":,["
_MOST_LOOKS = 1_000
_FEW_BRACKETS = 16
"""Up to this many are only counted, not visited: visiting them costs as much as the rules about depth do."""
_TOO_DEEP = f"nested more than {MAX_NESTING} levels deep"


def _levels(document: Json) -> Iterator[list[Json]]:
    """Yield the values of a document by their depth, the document itself first.

    Level by level, so that the walk does not recurse. Visits each value once.
    """
    level = [document]
    while level:
        yield level
        # A parser makes only these classes, and the check is twice as fast as `isinstance` over 250,000 values.
        level = [
            child
            for value in level
            if value and (value.__class__ is dict or value.__class__ is list)
            for child in (value.values() if value.__class__ is dict else value)
        ]


def _containers(values: Iterable[Json]) -> list[Any]:
    """Return the objects and arrays among values."""
    return [value for value in values if value.__class__ is dict or value.__class__ is list]


def _within(containers: Iterable[Any]) -> Iterator[Json]:
    """Yield the values in objects and arrays, one level down."""
    return chain.from_iterable(value.values() if value.__class__ is dict else value for value in containers)


def _check_numbers(document: Json, text: bytes) -> None:
    """Refuse numbers that were read as infinity, and integers that a double can't hold.

    ``text`` is the document's text after ``_ALIKE``. It shows whether there can be any, so most documents are not
    walked.
    """
    long = _LONG_NUMBER in text
    if not long and not (_LARGE_EXPONENT in text and _may_be_exponent(text)):
        return
    for depth, level in enumerate(_levels(document)):
        if depth > MAX_NESTING:
            raise NestingTooDeepError(_TOO_DEEP)
        if inf in level or -inf in level or (long and any(map(_is_beyond_double, level))):
            raise MalformedJsonError("a number is too large for a double")


def _shape(document: Json, brackets: int) -> tuple[int, int]:
    """Return how deep a document nests, and how many keys its objects have; stop beyond ``MAX_NESTING``.

    The text has this many opening ``brackets``, some perhaps in strings. Once as many objects and arrays are found, the
    values below them, which are most, are not visited.
    """
    levels = keys = 0
    found = _containers((document,))
    while any(found):
        levels += 1
        if levels > MAX_NESTING:
            break
        keys += sum(len(each) for each in found if each.__class__ is dict)
        brackets -= len(found)
        if not brackets:
            break
        found = _containers(_within(found))
    return levels, keys


def _may_be_exponent(alike: bytes) -> bool:
    """Return whether a large exponent could belong to a number; half of all UUIDs look as if they had one."""
    place = -1
    for _ in range(_MOST_LOOKS):
        place = alike.find(_LARGE_EXPONENT, place + 1)
        if place < 0:
            return False
        before = alike[max(0, place - len(_LONG_NUMBER)) : place].rstrip(b"0.")
        if before.removesuffix(b"-")[-1:] in _BEFORE_A_NUMBER:  # an empty rest counts, too
            return True
    return True


def _is_beyond_double(value: Json) -> bool:
    return value.__class__ is int and abs(value) >= _BEYOND_DOUBLE


def _parse_at_once(raw: bytes, *, compare_keys: bool) -> Json:
    try:
        # The parser's cache of short strings would keep parts of requests after they have been answered.
        document: Json = jiter.from_json(raw, allow_inf_nan=False, catch_duplicate_keys=compare_keys, cache_mode="none")
    except ValueError:
        return _parse_with_reasons(raw)
    return document


def _parse_with_reasons(raw: bytes) -> Json:
    """Parse a document with the standard library, whose errors say where the fault is."""
    try:
        text = raw.decode("utf-8")
        document: Json = json.loads(text, object_pairs_hook=_unique, parse_constant=_not_a_number)
    except UnicodeDecodeError as error:
        raise MalformedJsonError(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise MalformedJsonError(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise NestingTooDeepError("nested too deep to be read") from None
    except ValueError:  # the only other cause: an integer of more digits than the interpreter converts
        raise MalformedJsonError("an integer has too many digits") from None
    try:
        canonical(document)
    except UnicodeEncodeError:
        raise MalformedJsonError("a string holds half of a surrogate pair") from None
    except RecursionError:
        raise NestingTooDeepError("nested too deep to be read") from None
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise MalformedJsonError(f"the key {json.dumps(key[:100])} occurs twice in one object")
            seen.add(key)
    return members


def _not_a_number(constant: str) -> Never:
    raise MalformedJsonError(f"{constant} is not JSON")


def as_json(document: Mapping[str, object]) -> dict[str, Json]:
    """Return a document typed as JSON; ``Json`` does not include types with fixed keys."""
    return cast("dict[str, Json]", document)
