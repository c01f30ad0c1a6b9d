"""Every failure of the client and of the boundary, with marked secrets: none may leak."""

import json
from typing import Any

import pytest

from actionrelay.boundary import http as boundary
from actionrelay.errors import ActionRelayError
from actionrelay.execute.client_http import GenesysClient
from actionrelay.execute.ports import ActionCall
from actionrelay.genesys.http import HttpAnswer, new_pool, post
from actionrelay.genesys.reported_error import ReportedError
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ledger.execution import ExecutionError, Outcome, PayloadRef, Status
from actionrelay.operate.bodies import Resolution
from actionrelay.receive.webhook_schema import ResultWebhook
from actionrelay.strict_json import parse
from actionrelay.submit.request import ExecutionRequest
from actionrelay.webhooks.keys import parse_secret
from actionrelay.wiring.settings import ExecuteSettings
from tests.fakes.asking import DATA_ACTIONS, INTEGRATIONS, Contract
from tests.fakes.deployment import ENVIRONMENT
from tests.fakes.loopback import LoopbackServer, answering, closed_port
from tests.fakes.marked import ECHOES, INPUTS, look_at, marked_relay, marked_token
from tests.fakes.marks import (
    AT_THE_CONSOLE,
    CLIENT_SECRET,
    EVERYTHING,
    INPUT,
    RESULT,
    SIGNING_KEY,
    TOKEN,
    Captured,
    failing,
    raising,
)
from tests.fakes.relay import EXECUTION_ID, WEBHOOK_URL, Relay


def test_the_net_has_no_hole() -> None:
    seen = Captured()
    try:
        try:
            raise ValueError(TOKEN)  # noqa: TRY301 - a chain is what is to be found
        except ValueError:
            raise KeyError("x") from None
    except KeyError as error:
        seen.error(error)
    seen.thing({"a": RESULT})
    assert [leak.partition(" ")[0] for leak in seen.leaks()] == [TOKEN, TOKEN, TOKEN, RESULT, RESULT]


# -- The client --


@pytest.mark.parametrize("contract", [DATA_ACTIONS, INTEGRATIONS], ids=["data-actions", "integrations"])
@pytest.mark.parametrize("name", ECHOES)
def test_an_answer_that_repeats_everything_leaks_nothing(captured: Captured, name: str, contract: Contract) -> None:
    with LoopbackServer(ECHOES[name]) as server:
        pool = new_pool()
        client = GenesysClient(pool, server.url, contract)
        relay = marked_relay(client, marked_token())
        relay.work()
        call = ActionCall(EXECUTION_ID, "a", "t", json.dumps(INPUTS), 1_000, cache_results=True)
        captured.thing(client.execute(call, marked_token(), 5_000))
        with failing(captured, always=False):
            captured.thing(post(pool, server.url, {"Authorization": TOKEN}, INPUT.encode(), 5.0))
        pool.clear()
    look_at(relay, captured)


@pytest.mark.parametrize("value", [f"{TOKEN}\r\nX: y", f"{TOKEN}€"])
def test_a_complaint_about_a_token_does_not_quote_it(captured: Captured, value: str) -> None:
    pool = new_pool()
    with LoopbackServer(answering(200)) as server:
        relay = marked_relay(GenesysClient(pool, server.url, DATA_ACTIONS), marked_token(value))
        relay.work()
        with failing(captured):
            post(pool, server.url, {"Authorization": value}, b"{}", 5.0)
        pool.clear()
    look_at(relay, captured)


def test_an_unreachable_host_leaks_nothing(captured: Captured) -> None:
    pool = new_pool()
    url = f"http://127.0.0.1:{closed_port()}"
    relay = marked_relay(GenesysClient(pool, url, INTEGRATIONS), marked_token())
    relay.work()
    look_at(relay, captured)
    with failing(captured):
        post(pool, url, {"Authorization": TOKEN}, INPUT.encode(), 1.0)


# -- The boundary, settings, and what holds things --


def test_bugs_and_faults_show_only_kinds_and_places(
    captured: Captured,
) -> None:
    bug = RuntimeError(EVERYTHING)
    bug.__cause__ = KeyError(EVERYTHING)
    event = {
        **AT_THE_CONSOLE,
        "requestContext": {"requestId": "r"},
        "headers": {"Authorization": TOKEN},
        "body": EVERYTHING,
    }
    captured.text("answer", json.dumps(boundary.serve(event, {"getConsole": raising(bug)})))
    with failing(captured):
        parse(EVERYTHING.encode())
    with failing(captured):
        parse(f"\xff{EVERYTHING}".encode("latin-1"))
    with failing(captured):
        parse(f'{{"a":"{EVERYTHING}","a":1}}'.encode())
    body = {
        "actionId": INPUT,
        "inputs": {"a": {"b": {"c": {"d": {"e": {"f": INPUT}}}}}},
        "timeout": INPUT,
        "idempotent": INPUT,
    }
    with failing(captured):
        Relay().submitting.submit(json.dumps(body).encode())


def test_refused_settings_do_not_show_a_password(captured: Captured) -> None:
    for name in ("GENESYS_API_URL", "GENESYS_LOGIN_URL", "REQUESTS_PER_MINUTE", "GENESYS_REGION"):
        with failing(captured):
            ExecuteSettings.read(ENVIRONMENT | {name: f"https://user:{CLIENT_SECRET}@host/"})


def test_what_holds_a_secret_hides_it_when_shown(captured: Captured) -> None:
    ref = PayloadRef("key", 10, "digest", RESULT.encode())
    error = ExecutionError("code", EVERYTHING)
    outcome = Outcome(Status.COMPLETED, ref, error)
    relay = Relay()
    relay.given_completed(RESULT, webhook_url=WEBHOOK_URL)
    things: list[Any] = [
        marked_token(),
        parse_secret(SIGNING_KEY),
        ref,
        error,
        outcome,
        relay.record,
        ActionCall("e", "a", "t", json.dumps(INPUTS), 1, cache_results=True),
        Reply(ReplyKind.SUCCEEDED, 1, result=RESULT.encode(), error=error),
        HttpAnswer(200, {"X-Echo": EVERYTHING}, EVERYTHING.encode(), complete=True),
        ExecutionRequest.model_validate({"actionId": "a", "inputs": INPUTS}),
        ResultWebhook.model_validate(
            {"executionId": "e", "status": "completed", "result": RESULT, "error": EVERYTHING}
        ),
        Resolution.model_validate({"status": "completed", "result": RESULT, "note": "seen"}),
        ReportedError.model_validate({"message": EVERYTHING}),
    ]
    for thing in things:
        captured.thing(thing)


def _translate(kind: type[ActionRelayError]) -> None:
    try:
        raise ValueError(TOKEN)  # noqa: TRY301 - the context is the point
    except ValueError:
        raise kind.__new__(kind) from None


def test_every_error_of_ours_forgets_what_it_was_made_from() -> None:
    for kind in _tree(ActionRelayError):
        with pytest.raises(kind) as raised:
            _translate(kind)
        assert raised.value.__context__ is None


def _tree(kind: type[ActionRelayError]) -> list[type[ActionRelayError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in _tree(child))]
