"""Callbacks: their signatures, against known answers and a reference library, and their delivery."""

import base64
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from local.genesys import SimulatorConfig, create_app
from local.genesys.callbacks import plan_callbacks, signature_headers
from local.genesys.remote import RemoteSimulator
from local.genesys.rules import CallbackRules, Outcome, SignatureScheme, Signing, Tampering
from local.genesys.serving import running
from local.sink import create_app as create_sink

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
BODY = b'{"executionId":"e"}'


class TestSignatures:
    def test_the_reference_library_accepts_our_signatures(self) -> None:
        other = "whsec_" + base64.b64encode(b"o" * 32).decode()
        headers = signature_headers(Signing(secrets=(other, SECRET)), "msg_1", time.time(), BODY)
        assert Webhook(SECRET).verify(BODY, headers) == {"executionId": "e"}
        assert Webhook(other).verify(BODY, headers) == {"executionId": "e"}

    def test_the_published_example_comes_out(self) -> None:
        signing = Signing(secrets=("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",))
        headers = signature_headers(signing, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
        assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    def test_the_hub_scheme_signs_the_body_alone_in_either_encoding(self) -> None:
        def signature(scheme: SignatureScheme) -> bytes:
            signing = Signing(scheme=scheme, secrets=("It's a Secret to Everybody",))
            headers = signature_headers(signing, "m", 0, b"Hello, World!")
            encoded = headers["X-Hub-Signature-256"].removeprefix("sha256=")
            return bytes.fromhex(encoded) if scheme is SignatureScheme.HUB_HEX else base64.b64decode(encoded)

        known = bytes.fromhex("757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
        assert signature(SignatureScheme.HUB_HEX) == signature(SignatureScheme.HUB_BASE64) == known

    @pytest.mark.parametrize("tampering", [each for each in Tampering if each is not Tampering.NONE])
    def test_a_spoilt_signature_is_refused_by_the_reference_library(self, tampering: Tampering) -> None:
        headers = signature_headers(Signing(secrets=(SECRET,)), "msg_1", time.time(), BODY, tampering)
        with pytest.raises((WebhookVerificationError, ValueError)):
            Webhook(SECRET).verify(BODY, headers)


def test_a_plan_has_the_copies_and_then_the_contradiction() -> None:
    rules = CallbackRules(copies=2, gap_ms=10, delay_ms=5, contradict=True)
    plan = plan_callbacks(
        execution_id="e",
        trace_id=None,
        url="http://receiver",
        outcome=Outcome.COMPLETED,
        result={"a": 1},
        correlation_id="c",
        rules=rules,
    )
    assert [(message.wait_ms, message.outcome) for message in plan] == [
        (5, Outcome.COMPLETED),
        (15, Outcome.COMPLETED),
        (25, Outcome.FAILED),
    ]
    assert plan[0].webhook_id == plan[1].webhook_id != plan[2].webhook_id
    assert (plan[0].body["result"], plan[0].body["error"]) == ({"a": 1}, None)
    assert (plan[2].body["result"], plan[2].body["error"]["correlationId"]) == (None, "c")


class World:
    """A simulator and a sink, with a token in hand."""

    def __init__(self, genesys: RemoteSimulator, sink: RemoteSimulator, secret: str) -> None:
        self.secret = secret
        self.genesys = genesys
        self.sink = sink
        self.token = ""

    def log_in(self) -> None:
        basic = base64.b64encode(b"local-client:local-secret").decode()
        answer = self.genesys.call(
            "POST",
            "/oauth/token",
            body=b"grant_type=client_credentials",
            headers={"Authorization": f"Basic {basic}"},
        )
        self.token = answer.json()["access_token"]

    def execute(self, **fields: Any) -> dict[str, Any]:
        content = {
            "actionId": "a",
            "inputs": {"n": 1},
            "executionId": str(uuid.uuid4()),
            "webhookUrl": f"{self.sink.url}/hooks/genesys",
        } | fields
        answer = self.genesys.call(
            "POST",
            "/api/v2/data/actions/execute",
            content=content,
            headers={"Authorization": f"Bearer {self.token}", "X-Trace-Id": "trace-1"},
        )
        assert answer.status == 200
        return dict(answer.json())

    def deliveries(self) -> list[dict[str, Any]]:
        return list(self.sink.call("GET", "/_control/deliveries").json()["deliveries"])

    def delivered(self, count: int) -> list[dict[str, Any]]:
        return eventually(self.deliveries, lambda found: len(found) >= count)


def eventually[T](look: Callable[[], T], done: Callable[[T], bool], seconds: float = 10.0) -> T:
    """Look again and again until it is `done`; fails with what was seen last."""
    deadline = time.monotonic() + seconds
    while not done(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.01)
    return seen


@pytest.fixture(scope="module")
def servers() -> Iterator[World]:
    scenario = SimulatorConfig().scenario.patched({"callbacks": {"delayMs": 0, "gapMs": 5, "retryDelayMs": 5}})
    with (
        running(create_app(SimulatorConfig(scenario=scenario, seed=1))) as genesys_url,
        running(create_sink(secrets=list(scenario.signing.secrets))) as sink_url,
        RemoteSimulator(genesys_url) as genesys,
        RemoteSimulator(sink_url) as sink,
    ):
        yield World(genesys, sink, scenario.signing.secrets[0])


@pytest.fixture
def world(servers: World) -> World:
    servers.genesys.reset(tokens=True)
    servers.sink.call("POST", "/_control/reset")
    servers.log_in()
    return servers


class TestDelivery:
    def test_the_result_arrives_signed_after_a_queued_answer(self, world: World) -> None:
        answer = world.execute()
        (delivery,) = world.delivered(1)
        assert (answer["status"], answer["webhookStatus"], answer["result"]) == ("queued", "pending", None)
        # The inbound secret signs as it is; the sink looks for a receiver's own key, which a callback has not.
        assert Webhook(world.secret).verify(delivery["body"], delivery["headers"]) == delivery["json"]
        assert delivery["headers"]["x-trace-id"] == "trace-1"
        assert delivery["json"] == {
            "executionId": answer["executionId"],
            "status": "completed",
            "result": {"echo": {"n": 1}, "actionId": "a"},
            "error": None,
        }

    def test_an_early_callback_is_received_before_the_answer(self, world: World) -> None:
        world.genesys.script({"callbacks": {"when": "before_answer"}})
        world.execute()
        assert len(world.deliveries()) == 1

    def test_without_a_callback_a_repeat_finds_out(self, world: World) -> None:
        world.genesys.script({"callbacks": {"when": "never"}})
        first = world.execute()
        again = world.execute(executionId=first["executionId"])
        assert (first["status"], again["status"], world.deliveries(), world.genesys.runs()) == (
            *("queued", "completed"),
            [],
            1,
        )

    def test_a_repeat_after_the_callback_gets_the_result(self, world: World) -> None:
        first = world.execute()
        world.delivered(1)
        again = world.execute(executionId=first["executionId"])
        assert (again["status"], again["result"]["echo"]) == ("completed", {"n": 1})
        assert (world.genesys.runs(), world.genesys.counts()["repeats"]) == (1, 1)

    def test_copies_share_an_id_and_the_contradiction_has_its_own(self, world: World) -> None:
        world.genesys.script({"callbacks": {"copies": 2, "contradict": True}})
        world.execute()
        deliveries = world.delivered(3)
        assert [delivery["json"]["status"] for delivery in deliveries] == ["completed", "completed", "failed"]
        assert len({delivery["webhookId"] for delivery in deliveries}) == 2

    def test_reordered_callbacks_come_newest_first(self, world: World) -> None:
        world.genesys.patch_scenario({"callbacks": {"reorder": 3}})
        sent = [world.execute()["executionId"] for _ in range(3)]
        assert [delivery["json"]["executionId"] for delivery in world.delivered(3)] == sent[::-1]

    def test_what_is_held_for_reordering_goes_out_in_the_end(self, world: World) -> None:
        world.genesys.patch_scenario({"callbacks": {"reorder": 3, "reorderHoldMs": 20}})
        world.execute()
        world.delivered(1)

    def test_a_failed_outcome_says_why(self, world: World) -> None:
        world.genesys.script({"outcome": "failed"})
        world.execute()
        (delivery,) = world.delivered(1)
        assert (delivery["json"]["status"], delivery["json"]["result"]) == ("failed", None)
        assert delivery["json"]["error"]["code"] == "action.failed"

    @pytest.mark.parametrize("tampering", ["unsigned", "malformed", "wrong_secret", "stale", "changed_body"])
    def test_a_spoilt_callback_does_not_pass(self, world: World, tampering: str) -> None:
        world.genesys.script({"callbacks": {"tampering": tampering}})
        world.execute()
        assert world.delivered(1)[0]["signature"] not in ("valid", "unchecked")

    def test_5xx_is_tried_again_under_the_same_id_and_4xx_is_not(self, world: World) -> None:
        world.sink.call("PUT", "/_control/behaviour/genesys", content={"statuses": [500, 503, 200, 404]})
        world.execute()
        assert len({delivery["webhookId"] for delivery in world.delivered(3)}) == 1
        refused = world.execute()["executionId"]
        callback = eventually(
            lambda: world.genesys.callbacks(executionId=refused),
            lambda found: bool(found and found[0]["attempts"]),
        )[0]
        assert (callback["attempts"], callback["delivered"]) == ([404], False)
        assert world.genesys.counts()["callbacks"] == {"started": 2, "attempts": 4, "delivered": 1}

    def test_a_receiver_that_is_not_there_is_tried_a_few_times(self, world: World) -> None:
        world.genesys.patch_scenario({"callbacks": {"attempts": 3}})
        world.execute(webhookUrl="http://127.0.0.1:9/hooks/nobody")
        (callback,) = eventually(world.genesys.callbacks, lambda found: bool(found) and len(found[0]["attempts"]) == 3)
        assert callback["attempts"] == ["ConnectError"] * 3

    def test_an_action_calls_back_though_its_answer_was_lost(self, world: World) -> None:
        world.genesys.script({"status": 502, "ran": True})
        answer = world.genesys.call(
            "POST",
            "/api/v2/data/actions/execute",
            content={"actionId": "a", "executionId": "e", "webhookUrl": f"{world.sink.url}/hooks/genesys"},
            headers={"Authorization": f"Bearer {world.token}"},
        )
        assert answer.status == 502
        assert world.delivered(1)[0]["json"]["status"] == "completed"
