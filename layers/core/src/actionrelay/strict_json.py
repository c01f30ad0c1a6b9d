"""JSON with one meaning: strict reading (RFC 8259, and I-JSON's unique keys, RFC 7493) and one canonical form."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Never, cast

from actionrelay.errors import MalformedJsonError, cut

type Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

MAX_NESTING = 100
"""Twice what Genesys Cloud follows; deeper documents are meant for the parser, not for an action."""
MAX_STEP_LENGTH = 80
"""Characters of one key in a pointer; ids and names of actions are shorter."""
MAX_PATHS_REPORTED = 10
"""Places named in one answer; a caller who broke a rule in more has seen the pattern by then."""


class NestingTooDeepError(MalformedJsonError):
    """The document nests deeper than any parser should follow."""


def parse(raw: bytes, *, unique_keys: bool = True) -> Json:
    """Read a whole document; of a key that occurs twice the last one counts where ``unique_keys`` is false.

    Raises:
        MalformedJsonError: not UTF-8, not JSON, a key twice in one object, NaN, Infinity, a number that a double
            can't hold, or half of a surrogate pair. Each would mean one thing here and another elsewhere.
        NestingTooDeepError: nested deeper than ``MAX_NESTING``.
    """
    try:
        text = raw.decode("utf-8")
        document: Json = json.loads(
            text,
            object_pairs_hook=_unique if unique_keys else None,
            parse_constant=_not_a_number,
            parse_float=_finite,
            parse_int=_holdable,
        )
    except UnicodeDecodeError as error:
        raise MalformedJsonError(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise MalformedJsonError(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise NestingTooDeepError("nested too deep to be read") from None
    except ValueError:  # the only other one: an integer of more digits than the interpreter converts
        raise MalformedJsonError("an integer has too many digits") from None
    _refuse_deep_nesting(document)
    if "\\u" in text:  # only an escape can bring in a lone surrogate
        _refuse_lone_surrogates(document)
    return document


def canonical(value: Json) -> bytes:
    """Return the one form of a value: keys sorted, no spaces, UTF-8.

    Key order and the form of numbers do not matter (``1e2`` is ``100.0``); ``1``, ``1.0`` and ``true`` stay apart.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(data: bytes) -> str:
    """SHA-256 in hex: names content without holding it."""
    return hashlib.sha256(data).hexdigest()


def pointer(*steps: str | int) -> str:
    """Spell a path as a JSON pointer (RFC 6901); no step is the whole document, ``""``.

    A step of more than ``MAX_STEP_LENGTH`` characters is cut and ends in an ellipsis: a key may be as long as a body.
    """
    return "".join("/" + cut(str(step), MAX_STEP_LENGTH).replace("~", "~0").replace("/", "~1") for step in steps)


def paths_below(value: Json, limit: int) -> tuple[tuple[str | int, ...], ...]:
    """Return the paths of values more than ``limit`` steps below ``value``; an array index is a step too.

    The first value over the limit counts for all below it, and at most ``MAX_PATHS_REPORTED`` are returned.
    """
    found: list[tuple[str | int, ...]] = []
    for path in _paths_at(value, limit + 1):
        found.append(path)
        if len(found) == MAX_PATHS_REPORTED:
            break
    return tuple(found)


def _paths_at(value: Json, depth: int) -> Iterator[tuple[str | int, ...]]:
    """Paths of exactly ``depth`` steps, in document order; ``depth`` is a setting, so recursion is bounded."""
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


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise MalformedJsonError("a number is too large for a double")
    return number


def _holdable(digits: str) -> int:
    number = int(digits)
    try:
        float(number)
    except OverflowError:
        raise MalformedJsonError("a number is too large for a double") from None
    return number


def _refuse_deep_nesting(document: Json) -> None:
    """Walk level by level, so that the walk itself needs no depth."""
    level: list[Json] = [document]
    for _ in range(MAX_NESTING + 1):
        level = [child for value in level if isinstance(value, dict | list) for _, child in _children(value)]
        if not level:
            return
    raise NestingTooDeepError(f"nested more than {MAX_NESTING} levels deep")


def _refuse_lone_surrogates(document: Json) -> None:
    try:
        canonical(document)
    except UnicodeEncodeError:
        raise MalformedJsonError("a string holds half of a surrogate pair") from None


def as_json(document: Mapping[str, object]) -> dict[str, Json]:
    """Take a document for what it is when it is sent; types with fixed keys are none of ``Json``'s."""
    return cast("dict[str, Json]", document)
