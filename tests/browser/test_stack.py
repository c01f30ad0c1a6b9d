"""The console over the deployed pipeline: executions go through while it looks on, and what it decides takes place."""

import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.console import HEIGHTS, Console
from tests.stack.deployment import PUBLISHED_ACTION, Deployment

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SOON_MS = 20_000
each_width = pytest.mark.parametrize("width", HEIGHTS)


@contextmanager
def _console(browser: Browser, deployment: Deployment, width: int, at: str) -> Iterator[Console]:
    """Open the deployed page as the deployment's owner, and see to it that it kept its policy."""
    stack = deployment.stack
    console = Console.in_a_tab(browser, f"{stack.api_url}/console", width, "light")
    console.go(at)
    console.sign_in_with_aws(stack.access_key_id, stack.secret_access_key, "")
    yield console
    assert console.overflow() <= 0
    assert console.complaints() == []
    console.close()


def test_the_open_page_has_headers_that_isolate_it(deployment: Deployment) -> None:
    answer = deployment.http.request("GET", f"{deployment.stack.api_url}/console")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'sha256-")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


@each_width
def test_an_open_list_follows_a_submitted_execution(browser: Browser, deployment: Deployment, width: int) -> None:
    execution_id = str(uuid.uuid4())
    deployment.genesys.script({"delayMs": 5_000, "traceId": execution_id})
    with _console(browser, deployment, width, "#/executions") as console:
        console.settled()
        submitted = deployment.submit(actionId=PUBLISHED_ACTION, executionId=execution_id, timeout=10_000)
        assert submitted.status == 202
        deployment.when(execution_id, lambda each: each["status"] == "running")
        console.refresh()

        row = console.rows().filter(has=console.page.locator(f'a[title="{execution_id}"]'))
        expect(row).to_be_visible(timeout=SOON_MS)
        row.get_by_role("link").click()
        summary = console.card("Summary")
        expect(summary).to_contain_text("running", timeout=SOON_MS)
        expect(console.page.get_by_role("region", name="Attempts").get_by_role("button")).to_be_visible()
        expect(summary).to_contain_text("completed", timeout=SOON_MS)

        attempt = console.page.get_by_role("region", name="Attempts").get_by_role("button")
        expect(attempt).to_have_accessible_name(re.compile(r"^Attempt 1: .* completed"))
        console.button("Verify chain").click()
        expect(console.page.locator(".verdict")).to_contain_text("The chain is intact: 3 entries checked")
        console.keep_screenshot("stack-execution")
        assert console.faults() == []


@each_width
def test_a_resolved_unknown_records_who_resolved_it(browser: Browser, deployment: Deployment, width: int) -> None:
    execution_id = str(uuid.uuid4())
    deployment.genesys.script({"status": 500, "traceId": execution_id})
    found = deployment.run(actionId=PUBLISHED_ACTION, executionId=execution_id)
    assert found["status"] == "unknown"
    with _console(browser, deployment, width, "#/attention") as console:
        console.button(f"Resolve {execution_id[:8]}").click(timeout=SOON_MS)
        console.page.get_by_role("radio", name="completed").check()
        console.page.get_by_label("Result, as JSON").fill('{"orderId": "ord_7"}')
        console.page.get_by_label("How this is known").fill("seen in the CRM")
        console.keep_screenshot("stack-resolve")
        console.button("Put on record").click()

        expect(console.page.locator(".toast")).to_contain_text("is resolved.", timeout=SOON_MS)
        expect(console.button(f"Resolve {execution_id[:8]}")).to_have_count(0, timeout=SOON_MS)

    execution = deployment.api.execution(execution_id).document
    assert (execution["status"], execution["result"]) == ("completed", {"orderId": "ord_7"})
    resolved = next(each for each in deployment.history(execution_id) if each["event"] == "resolved")
    assert resolved["note"] == "seen in the CRM"
    assert resolved["actor"] == deployment.aws("sts").get_caller_identity()["Arn"]


@each_width
def test_a_given_up_delivery_reaches_the_receiver_again(browser: Browser, deployment: Deployment, width: int) -> None:
    name, url = deployment.hook()
    deployment.behave(name, statuses=[410])
    execution_id = deployment.run(actionId=PUBLISHED_ACTION, webhookUrl=url)["executionId"]
    deployment.when(execution_id, lambda each: each["webhookStatus"] == "failed")
    deployment.behave(name, statuses=[204])
    with _console(browser, deployment, width, "#/attention") as console:
        console.button(f"Redeliver {execution_id[:8]}").click(timeout=SOON_MS)
        console.button("Deliver again").click()
        expect(console.page.locator(".toast")).to_contain_text("is being delivered again.", timeout=SOON_MS)

        console.move(f"#/executions/{execution_id}")
        lane = console.page.get_by_role("region", name="Delivery to the caller")
        tries = lane.get_by_role("button", name=re.compile(r"^Delivery \d"))
        expect(tries).to_have_count(2, timeout=SOON_MS)
        expect(console.card("Summary")).to_contain_text("delivered", timeout=SOON_MS)
        console.keep_screenshot("stack-redelivered")

    assert [delivery["status"] for delivery in deployment.deliveries(name)] == [410, 204]


@each_width
def test_everything_on_the_overview_is_answered(browser: Browser, deployment: Deployment, width: int) -> None:
    with ThreadPoolExecutor(4) as callers:
        list(callers.map(lambda _: deployment.run(actionId=PUBLISHED_ACTION), range(4)))
    with _console(browser, deployment, width, "#/") as console:
        console.settled()
        expect(console.rows().first).to_be_visible(timeout=SOON_MS)
        expect(console.page.locator(".note")).to_have_count(0)
        expect(console.card("Queues")).to_contain_text("requests a minute")
        expect(console.card("Counts").locator(".value").first).to_contain_text("%", timeout=SOON_MS)
        console.keep_screenshot("stack-overview")
        assert console.faults() == []
