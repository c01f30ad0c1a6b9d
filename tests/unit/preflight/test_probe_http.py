"""The preflight's requests to the API host, over real connections."""

import pytest

from actionrelay.genesys.contract import GenesysApi
from actionrelay.genesys.http import new_pool
from actionrelay.genesys.verdict import RateReading
from actionrelay.preflight.checks import Sight
from actionrelay.preflight.probe_http import GenesysProbe
from tests.fakes.answers import cut, raw
from tests.fakes.genesys import a_token
from tests.fakes.loopback import LoopbackServer, answering, closed_port, resetting, saying, silent

ABOUT = {
    GenesysApi.DATA_ACTIONS: b"GET /api/v2/tokens/me HTTP/1.1\r\n",
    GenesysApi.INTEGRATIONS: b"GET /api/v2/authorization/subjects/me?includeFullRoles=true HTTP/1.1\r\n",
}
WHOLE = answering(
    200, b'{"a":1}', Date="Tue, 24 Nov 2026 12:00:00 GMT", inin_ratelimit_allowed="300", inin_ratelimit_count="1"
)


def a_probe(url: str, api: GenesysApi = GenesysApi.INTEGRATIONS) -> GenesysProbe:
    return GenesysProbe(new_pool(), url, api)


@pytest.mark.parametrize("api", ABOUT)
def test_one_get_asks_about_the_client(api: GenesysApi) -> None:
    with LoopbackServer(WHOLE) as server:
        sight = a_probe(server.url, api).about_client(a_token(), 5_000)
    [request] = server.requests
    assert request.startswith(ABOUT[api])
    assert f"\r\nAuthorization: Bearer {a_token().value}\r\n".encode() in request
    assert sight == Sight(200, document={"a": 1}, date="Tue, 24 Nov 2026 12:00:00 GMT", rate=RateReading(1, 300, None))


def test_without_a_token_none_is_sent() -> None:
    with LoopbackServer(answering(401)) as server:
        sight = a_probe(server.url).about_client(None, 5_000)
    assert b"\r\nauthorization:" not in server.requests[0].lower()
    assert sight.status == 401


def test_limits_are_those_of_data_actions() -> None:
    with LoopbackServer(WHOLE) as server:
        a_probe(server.url).limits(a_token(), 5_000)
    assert server.requests[0].startswith(b"GET /api/v2/organizations/limits/namespaces/dataactions HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("script", "sight"),
    [
        (resetting, Sight(None, "ProtocolError")),
        (saying(b""), Sight(None, "ProtocolError")),
        (saying(cut(raw(200, b'{"a":1}'), 3)), Sight(None, "ProtocolError")),
        (saying(cut(raw(403, b'{"a":1}'), 3)), Sight(403)),
        (answering(200, b"<html>"), Sight(200)),
        (answering(307, Location="/elsewhere"), Sight(307)),
        (silent, Sight(None, "ReadTimeoutError")),
    ],
    ids=["reset", "closed", "cut off", "an error cut off", "html", "redirect", "silent"],
)
def test_no_answer_raises_or_is_sent_again(script: object, sight: Sight) -> None:
    with LoopbackServer(script) as server:  # type: ignore[arg-type]  # parametrize has no types
        assert a_probe(server.url).about_client(a_token(), 200) == sight
    assert len(server.requests) == 1


def test_a_host_that_is_down_is_seen_as_down() -> None:
    assert a_probe(f"http://127.0.0.1:{closed_port()}").limits(a_token(), 5_000) == Sight(None, "NewConnectionError")
