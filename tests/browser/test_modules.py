"""The modules that only reckon: signatures, times and numbers in words, and where an execution's time went."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.fake_api import IDENTITY, REGION, FakeApi, authorization
from tests.browser.trails import Trail


@pytest.fixture(scope="module")
def page(browser: Browser, _fake_api: FakeApi) -> Iterator[Page]:
    opened = browser.new_page(timezone_id="UTC")
    opened.goto(f"{_fake_api.url}/blank")
    yield opened
    opened.close()


def _call(page: Page, module: str, function: str, *arguments: Any) -> Any:
    script = "async ([module, name, given]) => (await import(`/modules/${module}`))[name](...given)"
    return page.evaluate(script, [module, function, list(arguments)])


# -- Signatures -------------------------------------------------------------------------------------------------------

TARGETS = [
    "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/v1/executions",
    "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/v1/executions/3f0c2b1a-5d4e-4f60-8a7b-9c0d1e2f3a4b/audit?verify=true",
    "http://127.0.0.1:4566/_aws/execute-api/abc/v1/metrics?to=2026-11-24&from=2026-11-01",
    "https://relay.example.com/v1/executions?traceId=&status=failed%2Cunknown&next=abc%3D%3D&limit=50",
    "https://relay.example.com/v1/executions/custom_-_x%20y%2Fz%25/retry",
    "https://relay.example.com/v1/executions/gr%C3%BC%C3%9Fe~!'()*;:@&=+$,/retry?b=2&a=1&a=0&A=3",
    "https://relay.example.com//v1///executions/",
    "https://relay.example.com/",
    "https://relay.example.com:8443/v1?flag&empty=&x=%7E~%20+",
]


@pytest.mark.parametrize("url", TARGETS)
@pytest.mark.parametrize(("method", "body"), [("GET", ""), ("POST", '{"status":"failed","note":"späť 💶"}')])
def test_the_signature_equals_botocores(page: Page, url: str, method: str, body: str) -> None:
    script = """async ([method, url, body, credentials, region, now]) => {
        const { signed } = await import("/modules/signing.js");
        const headers = body ? { "Content-Type": "application/json;  charset=utf-8 " } : {};
        const target = new URL(url);
        return [target.href, await signed({ method, url: target, headers, body, credentials, region, now })];
    }"""
    credentials = {
        "accessKeyId": IDENTITY.access_key,
        "secretAccessKey": IDENTITY.secret_key,
        "sessionToken": IDENTITY.token,
    }

    target, sent = page.evaluate(script, [method, url, body, credentials, REGION, time.time() * 1_000])

    headers = {"content-type": "application/json;  charset=utf-8 "} if body else {}
    assert sent["X-Amz-Security-Token"] == IDENTITY.token
    assert sent["Authorization"] == authorization(method, target, headers, body.encode(), sent["X-Amz-Date"])


def test_a_query_escapes_all_but_unreserved_characters(page: Page) -> None:
    query = _call(page, "signing.js", "strictQuery", {"a b": "!'()*~-._+/=&", "none": "", "gone": None, "zero": 0})

    assert query == "a%20b=%21%27%28%29%2A~-._%2B%2F%3D%26&zero=0"


# -- In words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (None, "\u2013"),
        (0, "0 ms"),
        (812.4, "812 ms"),
        (3_200, "3.2 s"),
        (10_000, "10 s"),
        (59_949, "59.9 s"),
        (59_999, "1 min"),
        (75_000, "1 min 15 s"),
        (3_599_900, "1 h"),
        (90_061_000, "1 d 1 h"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(page: Page, ms: float | None, said: str) -> None:
    assert _call(page, "formatting.js", "span", ms) == said


@pytest.mark.parametrize(
    ("fraction", "said"),
    [(None, "\u2013"), (1, "100 %"), (0.99999, "99.99 %"), (0.9842, "98.4 %"), (0.00001, "0.01 %"), (0, "0 %")],
)
def test_a_share_is_never_rounded_to_all_or_nothing(page: Page, fraction: float | None, said: str) -> None:
    assert _call(page, "formatting.js", "share", fraction) == said


# -- Where the time went ----------------------------------------------------------------------------------------------

HOOK = "https://hooks.example.com/done"


def _history(page: Page, trail: Trail, now: float) -> list[tuple[str, str, float, bool, str | None]]:
    found = _call(page, "spans.js", "history", trail.document(), trail.entries, now)
    return [
        (each["lane"], each["label"], each["to"] - each["from"], each["open"], each["ended"]) for each in found["spans"]
    ]


def test_a_simple_execution_is_a_wait_an_attempt_and_a_delivery(page: Page) -> None:
    trail = Trail("a", 1_764_000_000_000, HOOK).step("accepted").step("attempt_started", 120).step("completed", 900)
    trail.step("webhook_delivered", 350, latencyMs=200)

    assert _history(page, trail, trail.at + 99_999) == [
        ("wait", "Queue wait", 120, False, None),
        ("attempt", "Attempt 1", 900, False, "completed"),
        ("delivery", "Wait for delivery", 150, False, None),
        ("delivery", "Delivery 1", 200, False, "delivered"),
    ]


def test_retries_and_webhook_waits_are_spans_of_their_own(page: Page) -> None:
    trail = Trail("a", 1_764_000_000_000).step("accepted").step("attempt_started", 10)
    trail.step("retry_planned", 20, code="http_429").step("attempt_started", 60_000)
    trail.step("awaiting_webhook", 300).step("webhook_received", 5_000).step("completed")

    assert _history(page, trail, trail.at) == [
        ("wait", "Queue wait", 10, False, None),
        ("attempt", "Attempt 1", 20, False, "to be tried again"),
        ("wait", "Retry wait", 60_000, False, None),
        ("attempt", "Attempt 2", 300, False, "taken by Genesys Cloud"),
        ("result", "Wait for the result", 5_000, False, "received"),
    ]


@pytest.mark.parametrize(
    ("steps", "last"),
    [
        (("accepted",), ("wait", "Queue wait")),
        (("accepted", "attempt_started"), ("attempt", "Attempt 1")),
        (("accepted", "attempt_started", "retry_planned"), ("wait", "Retry wait")),
        (("accepted", "attempt_started", "awaiting_webhook"), ("result", "Wait for the result")),
        (("accepted", "attempt_started", "completed"), ("delivery", "Wait for delivery")),
    ],
)
def test_the_last_span_of_a_live_execution_ends_now(page: Page, steps: tuple[str, ...], last: tuple[str, str]) -> None:
    trail = Trail("a", 1_764_000_000_000, HOOK)
    for event in steps:
        trail.step(event, 100)

    spans = _history(page, trail, trail.at + 7_000)

    assert [(lane, label) for lane, label, _, is_open, _ in spans if is_open] == [last]
    assert spans[-1][2] == 7_000


def test_a_running_attempt_starts_when_the_execution_says(page: Page) -> None:
    trail = Trail("a", 1_764_000_000_000).step("accepted")
    document = {**trail.document(), "status": "running", "attempts": 1, "updatedAt": "2025-11-24T16:00:01.000Z"}
    script = "async ([d, e, n]) => (await import('/modules/spans.js')).history(d, e, n).spans"

    wait, attempt = page.evaluate(script, [document, trail.entries, trail.at + 4_000])

    assert (wait["label"], wait["to"] - wait["from"], wait["open"]) == ("Queue wait", 1_000, False)
    assert (attempt["label"], attempt["to"] - attempt["from"], attempt["open"]) == ("Attempt 1", 3_000, True)


def test_the_time_before_an_operators_retry_is_no_span(page: Page) -> None:
    trail = Trail("a", 1_764_000_000_000, HOOK).step("accepted").step("attempt_started", 10).step("unknown", 65_000)
    trail.step("rerun_requested", 3_600_000).step("attempt_started", 20).step("completed", 30)

    spans = _history(page, trail, trail.at)

    assert [length for _, _, length, is_open, _ in spans if not is_open] == [10, 65_000, 20, 30]


def test_given_a_cancelled_execution_then_nothing_goes_on(page: Page) -> None:
    trail = Trail("a", 1_764_000_000_000, HOOK).step("accepted").step("cancelled", 500)

    assert _history(page, trail, trail.at + 5_000) == [("wait", "Queue wait", 500, False, "cancelled")]


def test_a_compressed_timeline_shows_hours_and_ms_in_order(page: Page) -> None:
    trail = Trail("a", 1_764_000_000_000).step("accepted").step("attempt_started", 6 * 3_600_000).step("completed", 300)
    script = """async ([execution, entries]) => {
        const { history, needsCompressing, scaleOf } = await import("/modules/spans.js");
        const found = history(execution, entries, 0);
        const shares = (scale) => found.spans.map((each) => scale.at(each.to) - scale.at(each.from));
        return [needsCompressing(found), shares(scaleOf(found, false)), shares(scaleOf(found, true))];
    }"""

    advised, fair, compressed = page.evaluate(script, [trail.document(), trail.entries])

    assert advised is True
    assert fair[1] < 0.0001
    assert compressed[1] > 0.02
    assert sum(compressed) == pytest.approx(1)
    assert compressed[0] > compressed[1]


# -- Pages and answers ------------------------------------------------------------------------------------------------


def test_older_rows_stop_at_what_fits(page: Page) -> None:
    script = """async () => {
        const { Pages } = await import("/modules/pages.js");
        const row = (at) => ({ executionId: `e${at}`, createdAt: new Date(1e12 - at * 1000).toISOString() });
        const ask = async (next) => {
            const start = Number(next ?? 0);
            return { executions: Array.from({ length: 50 }, (_, at) => row(start + at)), next: String(start + 50) };
        };
        const pages = new Pages();
        await pages.refresh(ask, false);
        let read = 1;
        for (; pages.goesOn && read < 50; read += 1) await pages.older(ask);
        return [read, pages.rows.length, pages.full, pages.rows.at(-1).executionId];
    }"""

    assert page.evaluate(script) == [10, 500, True, "e499"]


def test_a_cut_connection_counts_as_no_answer(page: Page) -> None:
    script = """async () => {
        const { Api } = await import("/modules/api.js");
        const real = window.fetch;
        const start = (stream) => {
            stream.enqueue(new TextEncoder().encode('{"queues": ['));
            stream.error(new TypeError("network error"));
        };
        window.fetch = async () => new Response(new ReadableStream({ start }), { status: 200 });
        const credentials = { current: { apiKey: "k" } };
        try {
            await new Api({ base: location.href, way: "API_KEY", region: "eu-central-1", credentials }).get("queues");
            return "read";
        } catch (error) {
            return [error.status, error.code];
        } finally {
            window.fetch = real;
        }
    }"""

    assert page.evaluate(script) == [0, "no_connection"]
