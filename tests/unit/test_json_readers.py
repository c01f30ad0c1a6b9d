"""The reader of requests, compared with its predecessor, which used the standard library."""

import json
import math
import random
from collections.abc import Callable
from typing import Any, Never

import pytest

from actionrelay.errors import MalformedJsonError
from actionrelay.strict_json import MAX_NESTING, parse

DOCUMENTS = 100_000


class RefusedError(Exception):
    """By the reader before."""


def read_before(raw: bytes) -> Any:
    """Read a document as ``strict_json.parse`` did before ADR 32."""
    try:
        text = raw.decode()
        document = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refused, parse_float=_finite, parse_int=_holdable
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError, ValueError) as error:
        raise RefusedError from error
    if _depth(document) > MAX_NESTING:
        raise RefusedError
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise RefusedError from error
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise RefusedError
    return dict(pairs)


def _refused(_: str) -> Never:
    raise RefusedError


def _finite(digits: str) -> float:
    if not math.isfinite(float(digits)):
        raise RefusedError
    return float(digits)


def _holdable(digits: str) -> int:
    try:
        float(int(digits))
    except OverflowError as error:
        raise RefusedError from error
    return int(digits)


def _depth(value: Any) -> int:
    level, depth = [value], -1
    while level:
        depth += 1
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
    return depth


PARTS = (
    *("{", "}", "[", "]", ":", ",", '"', "\\", " ", "\n", "-", "+", ".", "e", "E", "0", "1", "9", "a"),
    *(
        "null",
        "true",
        "false",
        "NaN",
        "Infinity",
        "1e400",
        "-1E+999",
        "1e-400",
        "0e999",
        "9" * 400,
        "123456789012345678901",
    ),
    *('"a":1', '"a":', '"\\u0061"', '"\\ud83d"', '"\\ude00"', '"\\ud83d\\ude00"', '"3e1234"', '"\x01"', "\ufeff", "é"),
    *("[" * 101, "]" * 101, "[" * 300, '{"a":' * 60, "1.7976931348623159e308", "1.7976931348623157e308", "4.9e-324"),
)


def _value(chance: random.Random, depth: int) -> Any:
    kinds: list[Callable[[], Any]] = [
        lambda: chance.choice((None, True, False)),
        lambda: chance.randrange(-(10 ** chance.choice((1, 5, 20))), 10 ** chance.choice((1, 5, 20))),
        lambda: chance.uniform(-1, 1) * 10 ** chance.randrange(-300, 300),
        lambda: "".join(chance.choice('ab"\\/e0123é😀\x7f\u2028') for _ in range(chance.randrange(8))),
        lambda: [_value(chance, depth - 1) for _ in range(chance.randrange(4))] if depth else [],
        lambda: (
            {chance.choice("abc") * 2: _value(chance, depth - 1) for _ in range(chance.randrange(4))} if depth else {}
        ),
    ]
    return chance.choice(kinds)()


def _mutated(chance: random.Random, text: str) -> str:
    for _ in range(chance.randrange(3)):
        at, until = chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)
        match chance.randrange(4):
            case 0:
                text = text[:at] + chance.choice(PARTS) + text[at:]
            case 1:
                text = text[:at] + text[at + 1 :]
            case 2:
                text = text[: max(at, until)]
            case _:
                text = text[:at] + text[min(at, until) : max(at, until)] + text[at:]
    return text


@pytest.mark.repetitive
@pytest.mark.parametrize("seed", range(4))
def test_both_readers_take_and_refuse_the_same(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - what it makes is no secret
    outcomes = {"read": 0, "refused": 0}
    for _ in range(DOCUMENTS // 4):
        text = json.dumps(_value(chance, 4), ensure_ascii=chance.random() < 0.5)
        raw = _mutated(chance, text).encode("utf-8", "surrogatepass")
        if chance.random() < 0.02:
            raw = raw.replace(b"a", b"\xff")
        before, now = _outcome(read_before, raw), _outcome(parse, raw)
        assert now == before, raw
        outcomes["refused" if now is None else "read"] += 1
    assert min(outcomes.values()) > DOCUMENTS // 20, "it has seen enough of both"


def _outcome(read: Callable[[bytes], Any], raw: bytes) -> str | None:
    """What was read, to the sign of a nought and the last digit; None where it was refused."""
    try:
        return repr(read(raw))
    except (RefusedError, MalformedJsonError):
        return None
