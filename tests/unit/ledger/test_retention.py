"""An execution after its retention that DynamoDB has not deleted yet: gone, for every reader."""

from collections.abc import Callable
from typing import Any

import pytest

from actionrelay.errors import ExecutionNotFoundError
from actionrelay.ledger.execution import CacheStatus, Outcome, Status
from actionrelay.ledger.ports import CachedResult
from actionrelay.strict_json import canonical
from actionrelay.submit.submission import Disposition, cache_key
from tests.fakes.relay import ACTION_ID, EXECUTION_ID, INPUTS, RETENTION_MS, Relay, a_request, encoded

DAY_MS = 86_400_000
OPERATOR = "someone"
ASKED: dict[str, Callable[[Relay], Any]] = {
    "get": lambda relay: relay.reading.execution(EXECUTION_ID),
    "retry": lambda relay: relay.operating.retry(EXECUTION_ID, OPERATOR),
    "resolve": lambda relay: relay.operating.resolve(EXECUTION_ID, encoded({"status": "completed"}), OPERATOR),
    "cancel": lambda relay: relay.operating.cancel(EXECUTION_ID, OPERATOR),
    "redeliver": lambda relay: relay.operating.redeliver(EXECUTION_ID, OPERATOR),
    "audit": lambda relay: relay.recalling.history(EXECUTION_ID, verified=True),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("past_ms", [0, DAY_MS])
@pytest.mark.parametrize("status", [Status.QUEUED, Status.UNKNOWN])
def test_past_its_retention_it_is_not_found(
    relay: Relay, ask: Callable[[Relay], Any], past_ms: int, status: Status
) -> None:
    if status is Status.QUEUED:
        relay.given_queued()
    else:
        relay.given_ended(Outcome(status))
    relay.clock.advance(RETENTION_MS + past_ms)
    with pytest.raises(ExecutionNotFoundError):
        ask(relay)


def test_a_list_ends_where_retention_does(relay: Relay) -> None:
    relay.given_queued()
    relay.clock.advance(RETENTION_MS - 1)
    assert len(listed(relay)) == 1
    relay.clock.advance(1)
    assert listed(relay) == []


def listed(relay: Relay) -> list[Any]:
    executions: Any = relay.listing.page({"traceId": relay.record.trace_id})["executions"]
    return list(executions)


@pytest.mark.parametrize(("past_ms", "hit"), [(-1, CacheStatus.HIT), (0, CacheStatus.ENABLED)])
def test_a_result_past_its_retention_is_no_cache_hit(relay: Relay, past_ms: int, hit: CacheStatus) -> None:
    key = cache_key(ACTION_ID, canonical(INPUTS))
    relay.given_completed({"total": 3}, cache_key=key)
    relay.cache.remember(CachedResult(key, EXECUTION_ID, relay.clock.now() + 2 * RETENTION_MS))
    relay.clock.advance(RETENTION_MS + past_ms)
    execution = relay.submitting.submit(encoded(a_request())).execution
    assert execution
    assert execution.cache_status is hit


@pytest.mark.parametrize("content", [{}, {"timeout": 1_000}], ids=["the same", "other content"])
def test_an_id_past_its_retention_is_free(relay: Relay, content: dict[str, Any]) -> None:
    body = encoded(a_request(executionId=EXECUTION_ID, cacheResults=False))
    relay.submitting.submit(body)
    relay.clock.advance(RETENTION_MS - 1)
    assert relay.submitting.submit(body).disposition is Disposition.REPEATED
    relay.clock.advance(1 + DAY_MS)
    again = relay.submitting.submit(encoded(a_request(executionId=EXECUTION_ID, cacheResults=False, **content)))
    assert again.disposition is Disposition.ACCEPTED
    assert relay.record.created_at == relay.clock.now()


def test_a_worker_ends_what_began_on_the_last_day(relay: Relay) -> None:
    relay.given_awaiting()
    relay.clock.advance(RETENTION_MS + DAY_MS)
    assert relay.receive(status="completed", result={"total": 3}).status is Status.COMPLETED
