"""The two contracts: what is sent, and what a success returns."""

import json
from typing import Any
from urllib.parse import unquote

from hypothesis import example, given
from hypothesis import strategies as st

from actionrelay.genesys.verdict import ReplyKind
from tests.fakes.asking import COMPLETED, INTEGRATIONS, RECEIPT_URL, ask
from tests.fakes.genesys import a_token
from tests.fakes.loopback import LoopbackServer, answering
from tests.fakes.relay import ACTION_ID, EXECUTION_ID, INPUTS, TRACE_ID


def body_of(request: bytes) -> Any:
    return json.loads(request.partition(b"\r\n\r\n")[2])


def test_data_actions_sends_the_contracts_request() -> None:
    with LoopbackServer(answering(200, COMPLETED)) as server:
        ask(server.url)
    [request] = server.requests
    assert request.startswith(b"POST /api/v2/data/actions/execute HTTP/1.1\r\n")
    assert f"Authorization: Bearer {a_token().value}".encode() in request
    assert f"X-Trace-Id: {TRACE_ID}".encode() in request
    assert body_of(request) == {
        "actionId": ACTION_ID,
        "inputs": INPUTS,
        "timeout": 10_000,
        "cacheResults": True,
        "webhookUrl": RECEIPT_URL,
        "executionId": EXECUTION_ID,
        "traceId": TRACE_ID,
    }


def test_integrations_sends_bare_inputs_to_the_actions_path() -> None:
    with LoopbackServer(answering(200, b'{"total":3}')) as server:
        reply = ask(server.url, INTEGRATIONS, action_id="a/../b c")
    [request] = server.requests
    assert request.startswith(b"POST /api/v2/integrations/actions/a%2F..%2Fb%20c/execute HTTP/1.1\r\n")
    assert body_of(request) == INPUTS
    assert (reply.kind, reply.result) == (ReplyKind.SUCCEEDED, b'{"total":3}')


@given(st.text(min_size=1, max_size=60))
@example("..")
@example(".")
@example("../../../tokens/me")
@example("a/b")
@example("%2e%2e")
@example("%")
@example("a?b#c")
@example("a b\r\nX-Evil: 1")
@example("\u00fc\u4e2d\U0001f600")
@example("custom_-_8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e")
def test_any_action_id_is_one_path_segment(action_id: str) -> None:
    with LoopbackServer(answering(200, b"{}")) as server:
        ask(server.url, INTEGRATIONS, action_id=action_id)
    [request] = server.requests
    method, target, version = request.partition(b"\r\n")[0].decode("ascii").split(" ")
    before, segment, after = target.rpartition("/execute")[0].rpartition("/")[0], target.split("/")[-2], target[-8:]
    assert (method, version, before, after) == ("POST", "HTTP/1.1", "/api/v2/integrations/actions", "/execute")
    assert target.count("/") == 6
    assert unquote(segment, errors="strict") == action_id


def test_an_overrides_path_comes_before_the_contracts() -> None:
    with LoopbackServer(answering(200, COMPLETED)) as server:
        ask(server.url + "/gateway/genesys")
    assert server.requests[0].startswith(b"POST /gateway/genesys/api/v2/data/actions/execute HTTP/1.1\r\n")
