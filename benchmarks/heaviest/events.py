"""The heaviest event of each function that its rules allow: some have several, each heavy in another way."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.heaviest import contents, works
from benchmarks.heaviest.contents import MB
from benchmarks.heaviest.records import Records
from benchmarks.heaviest.works import PAYLOAD_BYTES, RESULT_BYTES, http, messages, signed_report
from benchmarks.samples import ACTION

_DEFAULTS_BYTES = 19 * 1_024


@dataclass(frozen=True, slots=True)
class Heaviest:
    """An event, with what its function finds when it handles it."""

    function: str
    what: str
    event: Callable[[Records], Any] = field(repr=False)
    """Puts on record what it needs, and returns the event as Lambda gives it."""
    asks: Mapping[str, int] = field(default_factory=dict)
    """How often the function has to ask for what, at least, or it was not the event that was meant."""


def _validate(resource: str, document: Mapping[str, Any]) -> Callable[[Records], Any]:
    return lambda _: http("POST", resource, json.dumps(document, separators=(",", ":"), ensure_ascii=False))


def _five_deep(size: int) -> list[Any]:
    """Return lists as deep as inputs may nest."""
    inner: list[Any] = [[[[]]]]
    return [inner] * (size // len("[[[[]]]],"))


def _batch() -> dict[str, Any]:
    """Return a batch whose defaults count as much as they may, once for each of its executions."""
    own = {"actionId": ACTION, "inputs": {"many": _five_deep((PAYLOAD_BYTES - _DEFAULTS_BYTES) // 103)}}
    return {"defaults": {"inputs": {"x": _five_deep(_DEFAULTS_BYTES)}}, "executions": [own] * 100}


def _execute(*results: str) -> Callable[[Records], Any]:
    def event(records: Records) -> Any:
        answers = tuple(f'{{"status":"completed","result":{result}}}'.encode() for result in results)
        records.services.genesys = {"/execute": answers}
        return messages({"executionId": records.queued().execution_id, "version": 2} for _ in range(10))

    return event


def _report(result: str) -> Callable[[Records], Any]:
    return lambda records: signed_report(records.awaiting().execution_id, result)


def _deliver(result: str) -> Callable[[Records], Any]:
    def event(records: Records) -> Any:
        # Two hosts, since a receiver's owner has eight places of the ten.
        port = records.services.url.rpartition(":")[2]
        urls = [f"http://{host}:{port}/receiver" for host in ("127.0.0.1", "localhost") for _ in range(5)]
        done = [records.completed(result, webhook_url=url) for url in urls]
        return messages({"executionId": each.execution_id, "version": each.version} for each in done)

    return event


def _shown(result: str) -> Callable[[Records], Any]:
    def event(records: Records) -> Any:
        name = records.completed(result).execution_id
        return http("GET", "/executions/{executionId}", parameters={"executionId": name})

    return event


HEAVIEST: tuple[Heaviest, ...] = (
    Heaviest(
        "validate",
        "512,000 bytes of nested lists",
        _validate("/executions", {"actionId": ACTION, "inputs": {"x": _five_deep(PAYLOAD_BYTES - 200)}}),
        {"PutItem": 2, "SendMessage": 1},
    ),
    Heaviest("validate", "a batch of 100 with defaults of 19 KB", _validate("/batches", _batch()), {"PutItem": 200}),
    Heaviest(
        "validate",
        "a workflow of 100 steps, 512,000 bytes",
        _validate(
            "/workflows",
            {
                "steps": {
                    f"s{number}": {"actionId": ACTION, "inputs": {"x": _five_deep(PAYLOAD_BYTES // 100 - 100)}}
                    for number in range(100)
                }
            },
        ),
        {"PutItem": 1},
    ),
    Heaviest(
        "execute",
        "ten results of 5 MB: two of nested lists, the others text with an emoji",
        _execute(contents.nested_lists(RESULT_BYTES), *[contents.wide_text(RESULT_BYTES)] * 4),
        {"genesys": 10, "PutObject": 10},
    ),
    Heaviest(
        "receive_webhook",
        "a result of 5 MB, nested lists",
        _report(contents.nested_lists(RESULT_BYTES)),
        {"PutObject": 1},
    ),
    Heaviest(
        "deliver",
        "ten results of 5 MB, text with an emoji",
        _deliver(contents.wide_text(RESULT_BYTES)),
        {"GetObject": 10, "webhooks": 10},
    ),
    Heaviest(
        "query", "a result of 5 MB, text with an emoji", _shown(contents.wide_text(RESULT_BYTES)), {"GetObject": 1}
    ),
    Heaviest("query", "a workflow of 1,000 executions, 4 MB of results", works.large_workflow, {"GetObject": 10}),
    Heaviest("query", "a page of 100 executions", works.list_page, {"BatchGetItem": 2}),
    Heaviest(
        "workflows",
        "ten steps, each on two results of 4 MB, nested lists",
        works.steps_on(contents.nested_lists(4 * MB - 64)),
        {"GetObject": 20, "SendMessage": 10},
    ),
    Heaviest(
        "decide",
        "ten parts, each execution resolved with 511,000 bytes of nested lists",
        works.decisions(contents.nested_lists(511_000)),
        {"PutObject": 20},
    ),
    Heaviest(
        "catalogue",
        "definitions of 1 MB, nested lists",
        works.definitions(contents.nested_lists(MB - 1_000)),
        {"genesys": 4},
    ),
    Heaviest("count", "500 changes, 4 MB", works.changes, {"TransactWriteItems": 1}),
    Heaviest("export", "a day of 20 MB", works.day, {"PutObject": 2}),
    Heaviest(
        "preflight",
        "an answer of 256 KB, nested lists",
        works.deep_health(contents.nested_lists(255 * 1_024)),
        {"genesys": 1},
    ),
)
