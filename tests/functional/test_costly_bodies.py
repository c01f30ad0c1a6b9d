"""The cost of a body is bounded: for any body up to the limit, the answer's size, the memory and the time."""

import base64
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from actionrelay.webhooks.keys import parse_secret
from actionrelay.webhooks.signatures import StandardWebhooks
from tests.corpus import EVENTS, SIGNED_AT, WEBHOOK_SECRET
from tests.fakes.relay import ACTION_ID
from tests.functional.conftest import Functions

pytestmark = pytest.mark.repetitive

LIMIT = 512_000
"""``MaxPayloadBytes`` by default, as sent."""
MOST_ANSWER_BYTES = 1_000_000
MOST_MEMORY_BYTES = 200_000_000
MOST_STEPS = 8 * LIMIT
"""Lines and calls of Python. They are counted, since their number is the same on every machine."""
MOST_SECONDS = 3.0
"""Code in C is not counted. It takes some 0.3 s of a free core, and longer on a shared one."""


def _filled(head: str, part: Callable[[int], str], tail: str, separator: str = ",") -> bytes:
    """Repeat a part, which depends on its number, as often as fits."""
    parts: list[str] = []
    room = LIMIT - len(head) - len(tail)
    while (room := room - len(each := part(len(parts))) - len(separator)) >= 0:
        parts.append(each)
    return (head + separator.join(parts) + tail).encode()


def _submission(field: str) -> str:
    return f'{{"actionId":"{ACTION_ID}","inputs":{{}},{field}'


def _references(opening: str, part: Callable[[int], str], closing: str) -> bytes:
    return _filled(_submission('"actionReferences":{') + opening, part, closing + "}}")


LONG = "k" * 40_000
DEPTH = 90
CONTROL = "\\u0001" * 6_000
"""A character that takes six in an answer."""

FAMILIES: dict[str, bytes] = {
    "a long key before many faults": _references(f'"{LONG}":[', lambda _: "1", "]"),
    "a long key that must be escaped": _references(f'"{CONTROL}":[', lambda _: "1", "]"),
    "many long keys": _references("", lambda number: f'"{number}{"k" * 2_000}":[1,2,3]', ""),
    "many keys": _references("", lambda number: f'"{number}":1', ""),
    "keys of slashes": _references("", lambda number: f'"{number}{"/~" * 1_000}":[1,1]', ""),
    "a deep path before many faults": _references('"k":{' * DEPTH + '"k":[', lambda _: "1", "]" + "}" * DEPTH),
    "a deep path of long keys": _references(f'"{"k" * 4_000}":{{' * DEPTH + '"k":[', lambda _: "1", "]" + "}" * DEPTH),
    "a deep path before many names": _references('"k":{' * DEPTH, lambda number: f'"{number}":[]', "}" * DEPTH),
    "one cycle of many names": _references("", lambda number: f'"{number}":["{number + 1}"]', ',"x":["0"]'),
    "a ring": _filled(
        _submission('"actionReferences":{'), lambda number: f'"{number:06}":["{(number + 1) % 25_000:06}"]', "}}"
    ),
    "many back edges": _references(
        ",".join(f'"{number:05}":["{number + 1:05}"]' for number in range(9_000)) + ',"09000":[',
        lambda number: f'"{number % 9_000:05}"',
        "]",
    ),
    "many cycles": _references("", lambda number: f'"{number}":["{number}"]', ""),
    "a cycle of long names": _references(
        "", lambda number: f'"{number}{"k" * 20_000}":["{(number + 1) % 12}{"k" * 20_000}"]', ""
    ),
    "many unknown fields": _filled(_submission('"a":1,'), lambda number: f'"u{number}":0', "}"),
    "long unknown fields": _filled(_submission('"a":1,'), lambda number: f'"{number}{"u" * 2_000}":0', "}"),
    "a long action id": _filled('{"inputs":{},"actionId":"', lambda _: "x", '"}', separator=""),
    "a long webhook url": _filled(_submission('"webhookUrl":"https://'), lambda _: "x", '"}', separator=""),
    "a long execution id": _filled(_submission('"executionId":"'), lambda _: "x", '"}', separator=""),
    "too deep, everywhere": _filled(f'{{"actionId":"{ACTION_ID}","inputs":{{"a":[', lambda _: "[[[[[[1]]]]]]", "]}}"),
    "too deep below long keys": _filled(
        f'{{"actionId":"{ACTION_ID}","inputs":{{"{LONG}":{{"{LONG}":{{"{LONG}":{{"{LONG}":[', lambda _: "[1]", "]}}}}}}"
    ),
    "many empty objects": _filled(f'{{"actionId":"{ACTION_ID}","inputs":{{"a":[', lambda _: "{}", "]}}"),
    "many objects": _filled(f'{{"actionId":"{ACTION_ID}","inputs":{{"a":[', lambda _: '{"a":0}', "]}}"),
    "many keys in one object": _filled(f'{{"actionId":"{ACTION_ID}","inputs":{{', lambda number: f'"{number}":0', "}}"),
    "many numbers": _filled(f'{{"actionId":"{ACTION_ID}","inputs":{{"a":[', lambda _: "1.5", "]}}"),
    "long numbers": _filled(f'{{"actionId":"{ACTION_ID}","inputs":{{"a":[', lambda _: "9" * 300, "]}}"),
    "numbers that are too long": _filled(f'{{"actionId":"{ACTION_ID}","inputs":{{"a":[', lambda _: "9" * 4_000, "]}}"),
    "many strings with escapes": _filled(
        f'{{"actionId":"{ACTION_ID}","inputs":{{"a":[', lambda _: '"\\ud83d\\ude00"', "]}}"
    ),
    "nested too deep": b"[" * LIMIT,
    "nested too deep in an object": b'{"a":' + b"[" * (LIMIT - 5),
    "nested too deep, up and down": (b'{"a":' + b"[" * 150 + b"[]," * LIMIT)[:LIMIT],
    "a list of lists": _filled("[", lambda _: "[]", "]"),
    "a list of numbers": _filled("[", lambda _: "1", "]"),
    "one key many times": _filled("{", lambda _: '"k":0', "}"),
    "broken at its end": _filled("[", lambda _: "[]", ""),
    "zeros": b"\x00" * LIMIT,
    "no UTF-8": b"\xff" * LIMIT,
}
"""Bodies that are small and cost much, by what is many, long, deep or wide in them."""


def _event(function: str, name: str, body: bytes) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{function}/{name}.json").read_text(encoding="utf-8"))
    return event | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _to_submit(body: bytes) -> dict[str, Any]:
    return _event("validate", "accepted", body)


def _to_resolve(body: bytes) -> dict[str, Any]:
    return _event("validate", "resolve_invalid", body)


def _as_webhook(body: bytes) -> dict[str, Any]:
    event = _event("receive_webhook", "completed", body)
    signature = StandardWebhooks.sign(parse_secret(WEBHOOK_SECRET), "msg_1", SIGNED_AT, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(SIGNED_AT), "webhook-signature": signature}
    return event | {"headers": headers, "multiValueHeaders": {}}


ROUTES: dict[str, tuple[str, Callable[[bytes], dict[str, Any]]]] = {
    "submit": ("validate", _to_submit),
    "resolve": ("validate", _to_resolve),
    "webhook": ("receive_webhook", _as_webhook),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("route", ROUTES)
def test_what_a_body_costs_is_bounded(functions: Functions, route: str, family: str) -> None:
    function, event_of = ROUTES[route]
    body = FAMILIES[family]
    assert LIMIT * 0.9 < len(body) <= LIMIT
    event = event_of(body)
    answer, seconds = _timed(functions, function, event)
    steps = _steps_of(lambda: functions.call(function, event))
    assert answer["statusCode"] < 500
    assert len(json.dumps(answer["body"])) <= MOST_ANSWER_BYTES, "as Lambda passes it on"
    assert steps <= MOST_STEPS
    assert seconds <= MOST_SECONDS, "of a core"


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_body_takes_of_memory_is_bounded(functions: Functions, family: str) -> None:
    """Only submissions are measured, since they do all that the others do; measuring is ten times as slow."""
    assert _peak_memory(functions, "validate", _to_submit(FAMILIES[family])) <= MOST_MEMORY_BYTES


def _timed(functions: Functions, function: str, event: dict[str, Any]) -> tuple[dict[str, Any], float]:
    begun = time.process_time()
    answer = functions.call(function, event)
    return answer, time.process_time() - begun


def _steps_of(work: Callable[[], object]) -> int:
    """Return the number of lines and calls of Python that some work takes."""
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    watch, tool, events = sys.monitoring, sys.monitoring.PROFILER_ID, sys.monitoring.events
    watch.use_tool_id(tool, "steps")
    try:
        for event in (events.LINE, events.CALL):
            watch.register_callback(tool, event, count)
        watch.set_events(tool, events.LINE | events.CALL)
        work()
    finally:
        watch.set_events(tool, events.NO_EVENTS)
        watch.free_tool_id(tool)
    return steps


def _peak_memory(functions: Functions, function: str, event: dict[str, Any]) -> int:
    tracemalloc.start()
    try:
        functions.call(function, event)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
