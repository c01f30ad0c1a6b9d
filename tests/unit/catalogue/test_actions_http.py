"""Requests to the API host about actions, over real connections, and the results of its answers."""

import pytest

from actionrelay.catalogue.actions_http import GenesysActions
from actionrelay.catalogue.ports import Answered, Seen
from actionrelay.genesys.http import new_pool
from tests.fakes.answers import cut, raw
from tests.fakes.genesys import a_token
from tests.fakes.loopback import LoopbackServer, answering, closed_port, resetting, saying, silent

WHOLE = answering(200, b'{"a":1}')
ACTIONS = b"GET /api/v2/integrations/actions"


def test_three_paths_and_no_other_are_asked() -> None:
    with LoopbackServer(WHOLE, WHOLE, WHOLE) as server:
        api = GenesysActions(new_pool(), server.url)
        seen = [
            api.page(3, a_token(), 5_000),
            api.definition("custom_-_1", a_token(), 5_000),
            api.schema("custom_-_1", "input.json", a_token(), 5_000),
        ]
    assert [request.partition(b" HTTP")[0] for request in server.requests] == [
        ACTIONS + b"?pageSize=100&pageNumber=3",
        ACTIONS + b"/custom_-_1?expand=contract&includeConfig=true",
        ACTIONS + b"/custom_-_1/schemas/input.json",
    ]
    assert all(f"Bearer {a_token().value}".encode() in request for request in server.requests)
    assert seen == [Seen(Answered.DOCUMENT, {"a": 1})] * 3


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        (answering(401), Seen(Answered.TOKEN_REFUSED)),
        (answering(403), Seen(Answered.FORBIDDEN)),
        (answering(404), Seen(Answered.MISSING)),
        (answering(429, Retry_After="42"), Seen(Answered.THROTTLED, retry_after="42")),
        (answering(500), Seen(Answered.FAILED)),
        (answering(503, Retry_After="7"), Seen(Answered.FAILED, retry_after="7")),
        (answering(307, Location="http://127.0.0.1:9/elsewhere"), Seen(Answered.FAILED)),
        (answering(299, b"{}"), Seen(Answered.FAILED)),
        (answering(200, b"<html>"), Seen(Answered.FAILED)),
        (answering(200, b'{"a":"' + b"x" * 1_100_000 + b'"}'), Seen(Answered.FAILED)),
        (saying(cut(raw(200, b'{"a":1}'), 3)), Seen(Answered.FAILED)),
        (resetting, Seen(Answered.FAILED)),
        (silent, Seen(Answered.FAILED)),
    ],
)
def test_an_answer_is_one_of_a_few_things(script: object, seen: Seen) -> None:
    with LoopbackServer(script) as server:  # type: ignore[arg-type]  # parametrize has no types
        assert GenesysActions(new_pool(), server.url).page(1, a_token(), 300) == seen
    assert len(server.requests) == 1, "no redirect is followed, and nothing is sent again"


def test_a_host_that_is_down_raises_nothing() -> None:
    api = GenesysActions(new_pool(), f"http://127.0.0.1:{closed_port()}")
    assert api.page(1, a_token(), 5_000) == Seen(Answered.FAILED)
