"""The platform over real HTTP: tokens, both contracts, limits, and every fault as a client sees it."""

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import IncompleteRead
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from local.genesys import SimulatorConfig, create_app
from local.genesys.remote import ControlError, RemoteSimulator
from local.genesys.serving import running

DATA_ACTIONS = "/api/v2/data/actions/execute"
INTEGRATIONS = "/api/v2/integrations/actions/custom_-_42/execute"


@dataclass
class Clock:
    """Time that moves on demand."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Genesys(RemoteSimulator):
    """A simulator and what a client of its platform does."""

    def __init__(self, url: str, clock: Clock) -> None:
        super().__init__(url)
        self.clock = clock
        self.token = ""

    def ask_token(
        self, *, secret: str = "local-secret", client: str = "local-client", form: str = ""
    ) -> urllib3.BaseHTTPResponse:
        basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
        return self.call(
            "POST",
            "/oauth/token",
            body=f"grant_type=client_credentials{form}".encode(),
            headers={"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
        )

    def log_in(self, form: str = "") -> None:
        self.token = self.ask_token(form=form).json()["access_token"]

    def execute(
        self, path: str = DATA_ACTIONS, *, trace_id: str = "t-1", timeout: float = 30.0, **fields: Any
    ) -> urllib3.BaseHTTPResponse:
        content = {"n": 1} if path == INTEGRATIONS else {"actionId": "a", "inputs": {"n": 1}} | fields
        headers = {"Authorization": f"Bearer {self.token}", "X-Trace-Id": trace_id}
        return self.call("POST", path, content=content, headers=headers, timeout=timeout)


@pytest.fixture(scope="module")
def server() -> Iterator[Genesys]:
    clock = Clock()
    with running(create_app(SimulatorConfig(seed=1, clock=clock))) as url, Genesys(url, clock) as remote:
        yield remote


@pytest.fixture
def genesys(server: Genesys) -> Genesys:
    server.reset(tokens=True)
    server.log_in()
    return server


class TestTokens:
    def test_a_token_has_its_lifetime_and_requested_scopes(self, genesys: Genesys) -> None:
        genesys.patch_scenario({"tokens": {"expiresIn": 300}})
        body = genesys.ask_token().json()
        assert (body["token_type"], body["expires_in"], "scope" in body) == ("bearer", 300, False)

    def test_requested_scopes_are_granted_unless_held_back(self, genesys: Genesys) -> None:
        asked = "&scope=data%3Aaction%3Aexecute%20data%3Aaction%3Aview"
        assert genesys.ask_token(form=asked).json()["scope"] == "data:action:execute data:action:view"
        genesys.patch_scenario({"tokens": {"grantedScopes": ["data:action:view"]}})
        assert genesys.ask_token(form=asked).json()["scope"] == "data:action:view"
        genesys.log_in(asked)
        refused = genesys.execute()
        assert (refused.status, refused.json()["code"]) == (403, "missing.permissions")
        assert "data:action:execute" in refused.json()["message"]

    @pytest.mark.parametrize(("client", "secret", "status"), [("stranger", "x", 400), ("local-client", "wrong", 401)])
    def test_bad_credentials_differ_by_error(self, genesys: Genesys, client: str, secret: str, status: int) -> None:
        refused = genesys.ask_token(client=client, secret=secret)
        assert (refused.status, refused.json()["error"]) == (status, "invalid_client")
        assert refused.json()["description"]

    @pytest.mark.parametrize(
        ("headers", "body", "error"),
        [
            ({}, b"grant_type=client_credentials", "invalid_request"),
            ({"Authorization": "Basic %%%"}, b"grant_type=client_credentials", "invalid_request"),
            ({"Authorization": "Basic YTpi"}, b"grant_type=password", "unsupported_grant_type"),
        ],
    )
    def test_a_malformed_token_request_is_400(
        self, genesys: Genesys, headers: dict[str, str], body: bytes, error: str
    ) -> None:
        refused = genesys.call("POST", "/oauth/token", body=body, headers=headers)
        assert (refused.status, refused.json()["error"]) == (400, error)

    def test_a_token_is_good_until_it_expires(self, genesys: Genesys) -> None:
        genesys.clock.now += 86_399
        assert genesys.execute().status == 200
        genesys.clock.now += 1
        assert (genesys.execute().status, genesys.counts()["unauthorized"]) == (401, 1)

    def test_a_revoked_token_is_401_and_the_next_one_is_good(self, genesys: Genesys) -> None:
        assert genesys.revoke_tokens() == 1
        assert genesys.execute().json()["code"] == "bad.credentials"
        genesys.log_in()
        assert genesys.execute().status == 200

    def test_no_token_at_all_is_401(self, genesys: Genesys) -> None:
        refused = genesys.call("POST", DATA_ACTIONS, content={"actionId": "a"})
        assert (refused.status, refused.json()["code"]) == (401, "authentication.required")

    def test_a_client_without_the_permission_is_403(self, genesys: Genesys) -> None:
        genesys.patch_scenario({"tokens": {"clients": {"local-client": {"permitted": False}}}})
        refused = genesys.execute(INTEGRATIONS)
        assert (refused.status, genesys.runs()) == (403, 0)
        assert "integrations:action:execute" in refused.json()["message"]

    def test_a_disabled_client_gets_no_token(self, genesys: Genesys) -> None:
        genesys.patch_scenario({"tokens": {"clients": {"local-client": {"enabled": False}}}})
        assert genesys.ask_token().status == 400

    def test_token_requests_are_counted_and_can_be_made_to_fail(self, genesys: Genesys) -> None:
        genesys.script({"on": "token", "status": 403}, {"on": "token", "status": 503, "retryAfter": 1}, {"on": "token"})
        answers = [genesys.ask_token() for _ in range(3)]
        assert [answer.status for answer in answers] == [403, 503, 200]
        assert answers[0].json()["error"] == "invalid_client"
        assert answers[1].headers["Retry-After"] == "1"
        assert (genesys.counts()["tokenRequests"], genesys.counts()["tokensIssued"]) == (4, 2)


class TestContracts:
    def test_data_actions_completed_carries_the_result(self, genesys: Genesys) -> None:
        genesys.patch_scenario({"mode": "completed"})
        answer = genesys.execute(executionId="e", webhookUrl="http://127.0.0.1:9/", cacheResults=False)
        assert answer.json() == {
            "executionId": "e",
            "status": "completed",
            "webhookStatus": "none",
            "result": {"echo": {"n": 1}, "actionId": "a"},
            "cacheStatus": "disabled",
        }
        assert answer.headers["ININ-Correlation-Id"]

    def test_data_actions_run_once_for_an_execution_id(self, genesys: Genesys) -> None:
        first, again = genesys.execute(executionId="e"), genesys.execute(executionId="e", trace_id="t-2")
        assert first.json() == again.json()
        assert genesys.counts()["runs"] == {
            "total": 1,
            "byExecutionId": {"e": 1},
            "byTraceId": {"t-1": 1},
            "byActionId": {"a": 1},
        }

    def test_integrations_answer_the_bare_result_and_run_every_time(self, genesys: Genesys) -> None:
        answers = [genesys.execute(INTEGRATIONS) for _ in range(2)]
        assert answers[0].json() == {"echo": {"n": 1}, "actionId": "custom_-_42"}
        assert genesys.counts()["runs"]["byTraceId"] == {"t-1": 2}

    def test_a_failed_action_without_a_callback_is_an_error_answer(self, genesys: Genesys) -> None:
        genesys.patch_scenario({"outcome": "failed"})
        refused = genesys.execute(INTEGRATIONS)
        assert (refused.status, refused.json()["code"], genesys.runs()) == (400, "action.failed", 1)

    @pytest.mark.parametrize(
        ("body", "content_type", "status"),
        [
            (b"{", "application/json", 400),
            (b"[]", "application/json", 400),
            (b"[" * 100_000, "application/json", 400),
            (b'{"inputs": {}}', "application/json", 400),
            (b'{"actionId": 3}', "application/json", 400),
            (b'{"actionId": "a", "inputs": []}', "application/json", 400),
            (b'{"actionId": "a/b"}', "application/json", 404),
            (b'{"actionId": "a"}', "text/plain", 415),
            (b" " * 516_097, "application/json", 413),
        ],
    )
    def test_what_cannot_be_executed_is_refused_and_runs_nothing(
        self, genesys: Genesys, body: bytes, content_type: str, status: int
    ) -> None:
        headers = {"Authorization": f"Bearer {genesys.token}", "Content-Type": content_type}
        assert genesys.call("POST", DATA_ACTIONS, body=body, headers=headers).status == status
        assert genesys.runs() == 0

    def test_an_unknown_path_or_method_gets_an_error_body(self, genesys: Genesys) -> None:
        assert genesys.call("GET", "/api/v2/nothing").json()["code"] == "not.found"
        assert genesys.call("GET", DATA_ACTIONS).json()["code"] == "method.not.allowed"


class TestLimits:
    def test_one_request_too_many_is_the_real_429(self, genesys: Genesys) -> None:
        genesys.patch_scenario({"rate": {"allowed": 1, "windowSeconds": 42}})
        assert genesys.execute().headers["inin-ratelimit-allowed"] == "1"
        refused = genesys.execute()
        correlation = refused.headers["ININ-Correlation-Id"]
        assert refused.json() == {
            "message": "Rate limit exceeded the maximum. Retry the request in [42] seconds",
            "code": "too.many.requests.retry.after",
            "status": 429,
            "contextId": correlation,
            "details": [],
            "errors": [],
        }
        assert (refused.headers["Retry-After"], refused.headers["inin-ratelimit-count"]) == ("42", "2")
        assert (genesys.runs(), genesys.counts()["rateLimited"]) == (1, 1)
        genesys.clock.now += 42
        assert genesys.execute().status == 200

    def test_the_wait_can_be_set_to_hours(self, genesys: Genesys) -> None:
        genesys.patch_scenario({"rate": {"allowed": 0, "retryAfter": 7200}})
        assert genesys.execute().headers["Retry-After"] == "7200"

    def test_it_can_be_switched_off(self, genesys: Genesys) -> None:
        genesys.patch_scenario({"rate": {"enabled": False, "allowed": 0}})
        answer = genesys.execute()
        assert (answer.status, "inin-ratelimit-count" in answer.headers) == (200, False)


class TestOrganization:
    """What a client can read about itself; nothing of it runs an action."""

    def look(self, genesys: Genesys, path: str) -> urllib3.BaseHTTPResponse:
        return genesys.call("GET", path, headers={"Authorization": f"Bearer {genesys.token}"})

    def test_a_token_is_known_and_a_stranger_is_401(self, genesys: Genesys) -> None:
        assert self.look(genesys, "/api/v2/tokens/me").json()["OAuthClient"] == {"id": "local-client"}
        genesys.token = "another"
        assert self.look(genesys, "/api/v2/tokens/me").status == 401
        assert genesys.runs() == 0

    def test_permissions_are_those_of_the_clients_role(self, genesys: Genesys) -> None:
        path = "/api/v2/authorization/subjects/me?includeFullRoles=true"
        allowed = self.look(genesys, path).json()["grants"][0]["role"]["policies"]
        assert {"domain": "integrations", "entityName": "action", "actions": ["execute", "view"]} in allowed
        genesys.patch_scenario({"tokens": {"clients": {"local-client": {"permitted": False}}}})
        fewer = self.look(genesys, path).json()["grants"][0]["role"]["policies"]
        assert [policy["actions"] for policy in fewer if policy["domain"] == "integrations"] == [["view"]]
        genesys.patch_scenario({"tokens": {"clients": {"local-client": {"viewsActions": False}}}})
        reduced = self.look(genesys, path).json()["grants"][0]["role"]["policies"]
        assert all(policy["domain"] != "integrations" for policy in reduced)

    def test_limits_are_the_scenarios_for_who_may_read_them(self, genesys: Genesys) -> None:
        path = "/api/v2/organizations/limits/namespaces/dataactions"
        genesys.patch_scenario({"limits": {"dataactions": {"requests.volume.max": 100}}})
        entities = self.look(genesys, path).json()["entities"]
        assert {"namespace": "dataactions", "key": "requests.volume.max", "value": 100} in entities
        assert self.look(genesys, path.replace("dataactions", "nothing")).status == 404
        genesys.patch_scenario({"tokens": {"clients": {"local-client": {"readsLimits": False}}}})
        refused = self.look(genesys, path)
        assert (refused.status, refused.json()["code"]) == (403, "missing.permissions")


class TestFaults:
    def test_errors_come_in_both_dialects_with_retry_after(self, genesys: Genesys) -> None:
        genesys.script(
            {"status": 429, "retryAfter": 2},
            {"status": 500, "dialect": "legacy"},
            {"status": 503, "retryAfter": "Wed, 21 Oct 2026 07:28:00 GMT"},
        )
        throttled, legacy, away = (genesys.execute() for _ in range(3))
        assert (throttled.status, throttled.headers["Retry-After"]) == (429, "2")
        assert throttled.json()["message"].endswith("[2] seconds")
        assert (legacy.status, legacy.json()["errorCode"]) == (500, "internal.server.error")
        assert away.headers["Retry-After"].endswith("GMT")
        assert genesys.runs() == 0

    def test_an_error_can_come_after_the_action_ran(self, genesys: Genesys) -> None:
        genesys.script({"status": 504, "ran": True})
        assert (genesys.execute().status, genesys.runs()) == (504, 1)

    @pytest.mark.parametrize(("point", "runs"), [("before_run", 0), ("after_run", 1)])
    @pytest.mark.parametrize("path", [DATA_ACTIONS, INTEGRATIONS])
    def test_a_reset_is_a_real_one(self, genesys: Genesys, path: str, point: str, runs: int) -> None:
        genesys.script({"reset": point})
        with pytest.raises(ProtocolError) as broken:
            genesys.execute(path)
        assert isinstance(broken.value.args[1], ConnectionResetError)
        assert genesys.runs() == runs
        (record,) = genesys.requests(path=path)
        assert (record["status"], record["fault"], record["ran"]) == (None, f"reset:{point}", bool(runs))
        assert genesys.execute(path).status == 200

    @pytest.mark.parametrize(("point", "runs"), [("before_run", 0), ("after_run", 1)])
    def test_an_answer_that_never_comes(self, genesys: Genesys, point: str, runs: int) -> None:
        genesys.script({"hang": point})
        with pytest.raises(ReadTimeoutError):
            genesys.execute(timeout=0.2)
        assert genesys.runs() == runs

    def test_a_truncated_body(self, genesys: Genesys) -> None:
        genesys.script({"body": "truncated"})
        with pytest.raises(ProtocolError) as broken:
            genesys.execute()
        assert isinstance(broken.value.args[1], IncompleteRead)
        assert genesys.runs() == 1

    @pytest.mark.parametrize(
        ("fault", "content_type", "start"),
        [
            ("not_json", "application/json", b"<html>"),
            ("wrong_content_type", "text/html; charset=utf-8", b'{"executionId"'),
            ("empty", "application/json", b""),
        ],
    )
    def test_a_useless_body(self, genesys: Genesys, fault: str, content_type: str, start: bytes) -> None:
        genesys.script({"body": fault})
        answer = genesys.execute()
        assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
        assert answer.data.startswith(start)
        assert bool(answer.data) == bool(start)

    def test_a_large_result(self, genesys: Genesys) -> None:
        genesys.script({"resultBytes": 3_000_000})
        assert len(genesys.execute(INTEGRATIONS).data) > 3_000_000

    def test_a_late_answer(self, genesys: Genesys) -> None:
        genesys.patch_scenario({"latency": {"minMs": 60, "maxMs": 60}})
        genesys.script({"delayMs": 60})
        started = time.monotonic()
        genesys.execute()
        assert time.monotonic() - started >= 0.12

    def test_a_script_entry_for_one_trace_leaves_the_others_alone(self, genesys: Genesys) -> None:
        genesys.script({"traceId": "t-9", "status": 500})
        assert [genesys.execute(trace_id=trace).status for trace in ("t-1", "t-9", "t-9")] == [200, 500, 200]

    def test_random_faults_repeat_after_a_reset(self, genesys: Genesys) -> None:
        def statuses() -> list[int]:
            genesys.reset()
            genesys.patch_scenario({"faults": [{"status": 502, "share": 0.5}]})
            return [genesys.execute().status for _ in range(20)]

        first = statuses()
        assert set(first) == {200, 502}
        assert statuses() == first


class TestControl:
    def test_the_index_names_every_control_route_that_answers(self, genesys: Genesys) -> None:
        for name in genesys.call("GET", "/_control").json():
            method, path = name.split(" ")
            assert genesys.call(method, path, content=[] if path.endswith("script") else {}).status == 200, name

    def test_a_misspelled_fault_is_422_and_changes_nothing(self, genesys: Genesys) -> None:
        before = genesys.call("GET", "/_control/scenario").json()
        with pytest.raises(ControlError, match="resset"):
            genesys.script({"resset": "after_run"})
        with pytest.raises(ControlError, match="latency"):
            genesys.put_scenario({"latency": {"minMs": -1}})
        assert genesys.call("PATCH", "/_control/scenario", body=b"{").status == 422
        assert genesys.call("GET", "/_control/scenario").json() == before
        assert genesys.counts()["scriptWaiting"] == 0

    def test_put_brings_everything_left_out_to_its_default(self, genesys: Genesys) -> None:
        genesys.patch_scenario({"rate": {"allowed": 1}})
        assert genesys.put_scenario({"mode": "completed"})["rate"]["allowed"] == 300

    def test_requests_are_recorded_without_the_token(self, genesys: Genesys) -> None:
        genesys.execute(executionId="e")
        (record,) = genesys.requests(executionId="e")
        assert (record["traceId"], record["contract"], record["ran"], record["status"]) == (
            "t-1",
            "data-actions",
            True,
            200,
        )
        assert record["headers"]["x-trace-id"] == "t-1"
        everything = genesys.call("GET", "/_control/requests").data.decode()
        assert genesys.token not in everything
        assert "local-secret" not in everything

    def test_a_reset_keeps_tokens_unless_asked_to_drop_them(self, genesys: Genesys) -> None:
        genesys.execute()
        genesys.reset()
        assert (genesys.runs(), genesys.execute().status) == (0, 200)
        genesys.reset(tokens=True)
        assert genesys.execute().status == 401

    def test_two_simulators_share_nothing(self, genesys: Genesys) -> None:
        clock = Clock()
        with running(create_app(SimulatorConfig(clock=clock))) as url, Genesys(url, clock) as other:
            other.token = genesys.token
            assert other.execute().status == 401
            assert genesys.counts()["executeRequests"] == 0
