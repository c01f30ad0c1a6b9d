"""The webhook sink: verdicts on signatures, and what it records and answers over real HTTP."""

import base64
import hmac
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook
from urllib3.exceptions import ReadTimeoutError

from local.genesys.remote import RemoteSimulator
from local.genesys.serving import running
from local.sink import Behaviour, create_app
from local.sink.behaviour import Behaviours
from local.sink.signature import Verdict, judge, receiver_key, secret_key

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
HOST = "127.0.0.1:8080"
NOW = 1_700_000_000.0
BODY = b'{"type":"execution.completed"}'


def signed(body: bytes = BODY, *, at: float = NOW, secret: str = SECRET) -> dict[str, str]:
    key = base64.b64encode(receiver_key(secret_key(secret), HOST)).decode()
    signature = Webhook(key).sign("msg_1", datetime.fromtimestamp(at, UTC), body.decode())
    return {"host": HOST, "webhook-id": "msg_1", "webhook-timestamp": str(int(at)), "webhook-signature": signature}


class TestJudge:
    KEYS = (secret_key(SECRET),)

    def test_what_the_reference_library_signs_is_valid(self) -> None:
        assert judge(signed(), BODY, self.KEYS, NOW) is Verdict.VALID

    @pytest.mark.parametrize(("authority", "same"), [("127.0.0.1", True), ("127.0.0.1:9", True), ("127.0.0.2", False)])
    def test_the_key_is_the_hosts_own_on_any_port(self, authority: str, same: bool) -> None:
        verdict = judge(signed() | {"host": authority}, BODY, self.KEYS, NOW)
        assert verdict is (Verdict.VALID if same else Verdict.WRONG)

    @pytest.mark.parametrize("authority", ["[::1]", "[::1]:8080"])
    def test_an_ipv6_host_has_no_brackets_in_its_key(self, authority: str) -> None:
        assert receiver_key(b"k" * 32, authority) == hmac.digest(b"k" * 32, b"host:::1", "sha256")

    def test_one_of_several_signatures_is_enough(self) -> None:
        headers = signed()
        headers["webhook-signature"] = f"v1,AAAA v1a,ignored {headers['webhook-signature']}"
        assert judge(headers, BODY, self.KEYS, NOW) is Verdict.VALID

    @pytest.mark.parametrize(
        ("changed", "verdict"),
        [
            ({"webhook-id": "msg_2"}, Verdict.WRONG),
            ({"webhook-timestamp": "soon"}, Verdict.MALFORMED),
            ({"webhook-timestamp": "²"}, Verdict.MALFORMED),
            ({"webhook-signature": "v1,%%%"}, Verdict.MALFORMED),
            ({"webhook-signature": "v1,é"}, Verdict.MALFORMED),
            ({"webhook-signature": ""}, Verdict.MALFORMED),
        ],
    )
    def test_what_does_not_fit_is_named(self, changed: dict[str, str], verdict: Verdict) -> None:
        assert judge(signed() | changed, BODY, self.KEYS, NOW) is verdict

    def test_another_body_is_wrong_and_no_headers_are_missing(self) -> None:
        assert judge(signed(), BODY + b" ", self.KEYS, NOW) is Verdict.WRONG
        assert judge({}, BODY, self.KEYS, NOW) is Verdict.MISSING

    @pytest.mark.parametrize(("late", "verdict"), [(300, Verdict.VALID), (301, Verdict.STALE), (-301, Verdict.STALE)])
    def test_five_minutes_are_tolerated_either_way(self, late: int, verdict: Verdict) -> None:
        assert judge(signed(), BODY, self.KEYS, NOW + late) is verdict

    def test_without_a_secret_nothing_is_checked(self) -> None:
        assert judge({}, BODY, (), NOW) is Verdict.UNCHECKED

    @pytest.mark.parametrize("secret", ["plain", "whsec", "whsec_%"])
    def test_a_secret_that_is_none_is_refused(self, secret: str) -> None:
        with pytest.raises(ValueError, match=r"whsec_|base64|padding"):
            secret_key(secret)


class TestBehaviour:
    def test_the_list_is_gone_through_and_its_last_status_stays(self) -> None:
        behaviours = Behaviours()
        behaviours.put("a", Behaviour(statuses=(500, 429, 200)))
        assert [behaviours.next("a")[1] for _ in range(4)] == [500, 429, 200, 200]
        assert behaviours.next("b")[1] == 200

    def test_a_redirect_needs_an_address(self) -> None:
        with pytest.raises(ValidationError, match="redirectTo"):
            Behaviour(statuses=(307,))
        assert Behaviour(redirect_to="http://x/").status(0) == 302


@pytest.fixture(scope="module")
def server() -> Iterator[RemoteSimulator]:
    with running(create_app(secrets=[SECRET], clock=lambda: NOW)) as url, RemoteSimulator(url) as remote:
        yield remote


@pytest.fixture
def sink(server: RemoteSimulator) -> RemoteSimulator:
    server.call("POST", "/_control/reset")
    return server


class TestSink:
    def test_a_delivery_is_recorded_with_its_verdict(self, sink: RemoteSimulator) -> None:
        sink.call("POST", "/hooks/orders", body=BODY, headers=signed())
        sink.call("POST", "/any/other/path", body=b"\xff NaN")
        recorded = sink.call("GET", "/_control/deliveries").json()["deliveries"]
        assert [(each["name"], each["signature"]) for each in recorded] == [
            ("orders", "valid"),
            ("/any/other/path", "missing"),
        ]
        assert (recorded[0]["json"], recorded[0]["webhookId"]) == ({"type": "execution.completed"}, "msg_1")
        assert recorded[1]["json"] is None
        assert len(sink.call("GET", "/_control/deliveries?name=orders").json()["deliveries"]) == 1

    @pytest.mark.parametrize("body", [b"NaN", b"[" * 100_000, rb'"\ud800"'])
    def test_a_body_that_is_odd_json_does_not_break_the_record(self, sink: RemoteSimulator, body: bytes) -> None:
        assert sink.call("POST", "/hooks/odd", body=body).status == 200
        assert sink.call("GET", "/_control/deliveries").status == 200

    def test_it_answers_as_it_was_set_to(self, sink: RemoteSimulator) -> None:
        behaviour = {"statuses": [503, 410], "retryAfter": 7, "body": "later"}
        sink.call("PUT", "/_control/behaviour/orders", content=behaviour)
        first, second = (sink.call("POST", "/hooks/orders", body=BODY) for _ in range(2))
        assert (first.status, first.headers["Retry-After"], first.data) == (503, "7", b"later")
        assert second.status == 410

    def test_a_redirect_names_its_target(self, sink: RemoteSimulator) -> None:
        sink.call("PUT", "/_control/behaviour/moved", content={"redirectTo": "http://127.0.0.1:9/"})
        answer = sink.call("POST", "/hooks/moved", body=BODY)
        assert (answer.status, answer.headers["Location"]) == (302, "http://127.0.0.1:9/")

    def test_silence_is_recorded_too(self, sink: RemoteSimulator) -> None:
        sink.call("PUT", "/_control/behaviour/quiet", content={"hang": True})
        with pytest.raises(ReadTimeoutError):
            sink.call("POST", "/hooks/quiet", body=BODY, timeout=0.2)
        (delivery,) = sink.call("GET", "/_control/deliveries?name=quiet").json()["deliveries"]
        assert delivery["status"] is None

    def test_a_delay_is_kept(self, sink: RemoteSimulator) -> None:
        sink.call("PUT", "/_control/behaviour/slow", content={"delayMs": 80})
        started = time.monotonic()
        sink.call("POST", "/hooks/slow", body=BODY)
        assert time.monotonic() - started >= 0.08

    def test_wrong_behaviours_and_routes_are_refused(self, sink: RemoteSimulator) -> None:
        assert sink.call("PUT", "/_control/behaviour/x", content={"stats": [500]}).status == 422
        assert sink.call("POST", "/_control/behavior/x", content={}).status == 404

    def test_a_reset_forgets(self, sink: RemoteSimulator) -> None:
        sink.call("PUT", "/_control/behaviour/x", content={"statuses": [500]})
        sink.call("POST", "/hooks/x", body=BODY)
        sink.call("POST", "/_control/reset")
        assert sink.call("GET", "/_control/deliveries").json() == {"deliveries": []}
        assert sink.call("POST", "/hooks/x", body=BODY).status == 200
