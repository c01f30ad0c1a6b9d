"""What is sent again, when, and how often; what an answer becomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay_client import (
    AccessDeniedError,
    ActionRelayError,
    BacklogFullError,
    Client,
    NoAnswerError,
    PayloadTooLargeError,
    Repeats,
    ThrottledError,
    UnavailableError,
    UnreadableAnswerError,
)
from actionrelay_client.errors import api_error
from actionrelay_client.repeats import retry_after
from actionrelay_client.settings import Settings
from actionrelay_client.signing import KeySigner, Signer
from actionrelay_client.transport import Transport, Wait
from fake_relay import API_KEY, FakeRelay
from fake_time import Time

ACTION = "custom_-_8f14e456"


@pytest.mark.parametrize(
    "what",
    [
        {"status": 429, "code": "throttled", "retry_after": "2"},
        {"status": 429, "code": "backlog_full", "retry_after": "7"},
        {"status": 503, "code": "store_unavailable", "retry_after": "3"},
        {"status": 503, "code": "queue_unavailable"},
        {"status": 504, "code": "no_answer"},
        {"status": 502, "body": b"<html>Bad Gateway</html>"},
        {"lose": "before"},
        {"lose": "after"},
    ],
    ids=lambda what: str(what.get("code") or what.get("lose") or "a page"),
)
def test_a_submission_is_repeated_and_runs_once(
    relay: FakeRelay, client: Client, time_: Time, what: dict[str, object]
) -> None:
    relay.trouble("POST", "/executions", times=3, **what)
    done = client.submit(ACTION, {"a": 1})
    assert relay.runs == {done.execution_id: 1}
    assert len(time_.slept) == 3
    floor = float(str(what.get("retry_after", 0)))
    assert all(floor <= slept <= floor + 20 for slept in time_.slept)


@pytest.mark.parametrize(
    ("status", "code"), [(422, "invalid_request"), (409, "x"), (500, "internal_error"), (403, "y")]
)
def test_what_a_repeat_can_not_mend_is_not_repeated(
    relay: FakeRelay, client: Client, time_: Time, status: int, code: str
) -> None:
    relay.trouble("POST", "/executions", status=status, code=code)
    with pytest.raises(ActionRelayError) as refused:
        client.submit(ACTION, {})
    assert (refused.value.status, refused.value.code, time_.slept) == (status, code, [])


def test_repeats_are_bounded_by_their_number(relay: FakeRelay, client: Client, time_: Time) -> None:
    relay.trouble("POST", "/executions", times=100)
    with pytest.raises(UnavailableError) as refused:
        client.submit(ACTION, {}, execution_id="0d9f7f0e-6f0e-4a57-9d53-0f6f6f9f5f11")
    assert len(relay.seen) == 8
    assert refused.value.execution_id == "0d9f7f0e-6f0e-4a57-9d53-0f6f6f9f5f11"


def test_a_wait_beyond_patience_is_the_callers(relay: FakeRelay, client: Client, time_: Time) -> None:
    relay.trouble("POST", "/executions", status=429, code="backlog_full", retry_after="3600")
    with pytest.raises(BacklogFullError) as refused:
        client.submit(ACTION, {})
    assert (refused.value.retry_after, time_.slept) == (3600.0, [])
    assert isinstance(refused.value, ThrottledError)


def test_who_looks_on_hears_of_each_wait(relay: FakeRelay, time_: Time) -> None:
    heard: list[Wait] = []
    transport = Transport(relay.url, KeySigner(API_KEY), on_wait=heard.append, sleep=time_.sleep)
    relay.trouble("GET", "/metrics", status=503, retry_after="4")
    Client(settings=Settings(relay.url), transport=transport).metrics()
    assert [(wait.error.code, wait.seconds >= 4) for wait in heard] == [("store_unavailable", True)]


def test_no_connection_is_no_answer_without_a_trace(time_: Time) -> None:
    with FakeRelay() as gone:
        url = gone.url
    transport = Transport(url, KeySigner(API_KEY), Repeats(tries=3), sleep=time_.sleep)
    with pytest.raises(NoAnswerError, match=r"no connection to 127\.0\.0\.1") as lost:
        Client(settings=Settings(url), transport=transport).metrics()
    assert API_KEY not in str(lost.value)
    assert "object at 0x" not in str(lost.value)
    assert len(time_.slept) == 2


def test_a_page_of_somebody_else_is_no_answer_of_the_api(relay: FakeRelay, client: Client) -> None:
    relay.trouble("GET", "/metrics", status=404, body=b"<html>nginx</html>")
    with pytest.raises(UnreadableAnswerError, match="is the URL the stack's ApiUrl"):
        client.metrics()
    relay.trouble("GET", "/metrics", status=200, body=b"<html>welcome</html>")
    with pytest.raises(UnreadableAnswerError):
        client.metrics()


def test_redirects_are_not_followed(relay: FakeRelay, client: Client) -> None:
    relay.trouble("GET", "/metrics", status=302, body=b"")
    with pytest.raises(ActionRelayError):
        client.metrics()
    assert len(relay.seen) == 1


class Renewing(Signer):
    """Credentials that have expired until somebody looks again."""

    def __init__(self) -> None:
        self.renewed = 0

    def headers(self, method: str, url: str, headers: object, body: object) -> dict[str, str]:
        return {"x-api-key": API_KEY}

    def renew(self) -> bool:
        self.renewed += 1
        return True


def test_expired_credentials_are_looked_for_once_more(relay: FakeRelay, time_: Time) -> None:
    signer = Renewing()
    client = Client(settings=Settings(relay.url), transport=Transport(relay.url, signer, sleep=time_.sleep))
    relay.trouble("GET", "/metrics", status=403, code="expired_token")
    client.metrics()
    relay.trouble("GET", "/metrics", status=403, code="expired_token", times=2)
    with pytest.raises(AccessDeniedError) as refused:
        client.metrics()
    assert (refused.value.code, signer.renewed, time_.slept) == ("expired_token", 2, [])


def test_a_body_that_is_too_large_has_a_class_of_its_own(relay: FakeRelay, client: Client) -> None:
    relay.max_payload_bytes = 100
    with pytest.raises(PayloadTooLargeError):
        client.submit(ACTION, {"a": "x" * 200})


# -- Pure -------------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
MEMBERS = st.sampled_from(["code", "detail", "title", "errors", "traceId", "allowed", "status"])


@given(st.integers(300, 599), st.dictionaries(MEMBERS, JSON))
def test_any_problem_document_becomes_an_error(status: int, problem: dict[str, object]) -> None:
    error = api_error(status, problem)
    assert error.status == status
    assert error.code
    assert str(error)
    assert all(isinstance(fault.pointer, str) for fault in error.errors)


@given(st.integers(1, 1000), st.none() | st.floats(0, 1e6), st.floats(0, 1))
def test_a_delay_is_above_its_floor_and_bounded(tried: int, floor: float | None, drawn: float) -> None:
    delay = Repeats().delay(tried, floor, lambda: drawn)
    assert (floor or 0) <= delay <= (floor or 0) + 20


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Thu, 01 Jan 1970 00:20:00 GMT", 200.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("\uff11\uff12", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=1000) == seconds
